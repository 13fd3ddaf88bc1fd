"""What a move would do: every row that moves, what stays and why, and what stands against it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple

from apps.core.actors import Actor
from apps.core.errors import Invalid, NotFound
from apps.launches import kinds, policies
from apps.launches.models import Launch, Phase
from apps.schedule.graph import reached
from apps.schedule.models import TEN_YEARS_IN_DAYS, Dependency, Placement
from apps.schedule.saying import precision_of, words_of
from apps.schedule.solving import Item, Refusal, Solution, Wait, edges, solve
from apps.schedule.spans import Anchors, Place, Span, is_working_day

AnchorName = Literal["launch_day", "rollout_start", "phase", "placement"]
ANCHORS = ("launch_day", "rollout_start", "phase", "placement")
LANDINGS = ("keep", "before", "after")
NAMES = {"launch_day": "Launch day", "rollout_start": "The rollout"}

_STAYS = {
    Placement.State.DONE.value: "done",
    Placement.State.CANCELLED.value: "cancelled",
}


class Said(NamedTuple):
    """A place said anew, with its words."""

    place: Place
    precision: str
    wording: str


class Row(NamedTuple):
    """One placement in a preview. `reason` says why it stays; empty when it moves. `cause` says why it moves
    where it is not that its anchor moves, `said` how its time is said from then on where that changes."""

    placement: Item
    old: Span
    new: Span
    reason: str
    off_day: bool
    cause: str = ""
    said: Said | None = None

    @property
    def moves(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class MovePreview:
    """Everything a move would do. `fingerprint` stands for exactly this; applying it wants it back.

    `pk` is the id of the phase or placement that moves, `target` its row. While `refusals` are there it cannot
    be applied.
    """

    launch: Launch
    anchor: AnchorName
    old: date | None
    to: date
    anchors: dict[str, list[date | None]]
    rows: list[Row]
    landing: str
    fingerprint: str
    refusals: list[Refusal]
    pk: int | None = None
    target: Item | None = None

    @property
    def moving(self) -> list[Row]:
        return [row for row in self.rows if row.moves]

    @property
    def staying(self) -> list[Row]:
        return [row for row in self.rows if not row.moves]

    @property
    def off_days(self) -> list[Row]:
        return [row for row in self.rows if row.off_day]

    @property
    def name(self) -> str:
        """What moves, in words."""
        return f"“{self.target.title[:120]}”" if self.target else NAMES[self.anchor]

    @property
    def along(self) -> list[Row]:
        """What moves with it."""
        own = self.target.pk if self.target else None
        return [row for row in self.moving if row.placement.pk != own]


def preview_move(
    *, actor: Actor, launch: Launch, anchor: str, to: date, landing: str = "keep", pk: int | None = None
) -> MovePreview:
    """What moving launch day, the rollout, a phase or a placement (`pk`) to a date would change.

    Dates are days in the launch's zone. The rollout moves along with launch day by the same number of days.
    `landing` says what single days that would fall on a weekend or holiday do: keep, before or after. Five
    queries; changes nothing. Raises `Invalid` for an unknown anchor, a date out of range or a thing that does
    not move, `NotFound` for an id that is not this launch's, and `NotAllowed`.
    """
    target = find_target(launch, anchor, pk)
    require_mover(actor, launch, target)
    return make_preview(launch, known(anchor), to, landing, target=target)


def known(anchor: str) -> AnchorName:
    if anchor not in ANCHORS:
        raise Invalid(
            f"“{anchor[:40]}” is no anchor: move launch_day, rollout_start, phase or placement.",
            field="anchor",
        )
    return anchor  # type: ignore[return-value]


def find_target(launch: Launch, anchor: str, pk: int | None) -> Placement | None:
    """The placement that moves; None for the launch's own dates."""
    if known(anchor) in NAMES:
        if pk is not None:
            raise Invalid(f"{NAMES[anchor]} is the launch's own: leave out the id.", field="id")
        return None
    if pk is None:
        raise Invalid(f"Which {'phase' if anchor == 'phase' else 'item'}? Give its id.", field="id")
    where: dict[str, Any] = {"phase": pk} if anchor == "phase" else {"pk": pk}
    found = Placement.objects.filter(launch=launch, **where).first() if 0 < pk < 2**63 else None
    if found is None and anchor == "phase" and Phase.objects.filter(launch=launch, pk=pk).exists():
        raise Invalid("This phase says no time yet: give it one first.", code="undated", field="id")
    if found is None:
        raise NotFound(f"There is no such {'phase' if anchor == 'phase' else 'item'} in this launch.")
    found.launch = launch
    return found


def require_mover(actor: Actor, launch: Launch, target: Placement | None) -> None:
    """Anchors and phases are for editors, an item is for whoever may work on it."""
    if target is None or target.phase_id:
        policies.require("schedule.move_launch", actor, launch)
    else:
        policies.require("schedule.move_item", actor, target)


def make_preview(
    launch: Launch,
    anchor: AnchorName,
    to: date,
    landing: str,
    *,
    target: Placement | None = None,
    lock: bool = False,
) -> MovePreview:
    """The preview itself; permission was checked. With `lock` the rows stay locked."""
    if landing not in LANDINGS:
        raise Invalid("Choose what happens on days nobody works: keep, before or after.", field="landing")
    if target is not None:
        require_movable(target)
    old: date | None = target.starts_on if target is not None else getattr(launch, anchor)
    if not 1990 <= to.year <= 2200 or (old and abs((to - old).days) > TEN_YEARS_IN_DAYS):
        raise Invalid(f"{to} is more than ten years away.", code="too_far", field="to")
    changes: dict[str, list[date | None]] = {}
    if target is None:
        changes[anchor] = [old, to]
        if anchor == "launch_day" and launch.rollout_start and old:
            changes["rollout_start"] = [launch.rollout_start, launch.rollout_start + (to - old)]
    items, waits = load(launch, lock=lock), waits_of(launch)
    anchors = anchors_after(launch, changes)
    solution = solve(
        items, anchors, landing=landing, waits=waits, targets={target.pk: to} if target is not None else None
    )
    if target is not None and target.pk not in solution.places:
        raise Invalid(f"“{target.title[:80]}” cannot be moved to {to}.", code="too_far", field="to")
    if target is not None:
        near = reached(edges(items, waits), target.pk)
        items = [item for item in items if item.pk in near]
    rows = rows_of(items, solution, anchors, None if target is None else {target.pk})
    moved = next((item for item in items if target is not None and item.pk == target.pk), None)
    preview = MovePreview(
        launch=launch,
        anchor=anchor,
        old=old,
        to=to,
        anchors=changes,
        rows=rows,
        landing=landing,
        fingerprint="",
        refusals=solution.refusals,
        pk=(target.phase_id if anchor == "phase" else target.pk) if target is not None else None,
        target=moved,
    )
    return replace(preview, fingerprint=_fingerprint(preview, waits))


def require_movable(target: Placement) -> None:
    name = f"“{target.title[:80]}”"
    if target.state != Placement.State.PLANNED:
        raise Invalid(f"{name} is {target.state}: it does not move any more.", code="fixed", field="id")
    if target.fixed_at is not None:
        raise Invalid(
            f"{name} is scheduled for its minute: take it back first, or schedule it anew on its own page.",
            code="fixed",
            field="id",
        )
    if target.kind not in {kind.key for kind in kinds.all_kinds()}:
        raise Invalid(f"{name} gets its time on its own page.", code="own_page", field="id")


def anchors_after(launch: Launch, changes: Mapping[str, list[date | None]]) -> Anchors:
    return Anchors(
        launch_day=changes.get("launch_day", [None, launch.launch_day])[1],
        rollout_start=changes.get("rollout_start", [None, launch.rollout_start])[1],
        zone=launch.zone,
        launch_time=launch.launch_time,
        holidays=frozenset(date.fromisoformat(day) for day in launch.holidays),
    )


def load(launch: Launch, *, lock: bool = False) -> list[Item]:
    """All dated things of a launch in their order. One query."""
    queryset = Placement.objects.filter(launch=launch).order_by("starts_on", "id")
    stored = (queryset.select_for_update() if lock else queryset).values_list(*Item._fields)
    return [Item._make(columns) for columns in stored]


def waits_of(launch: Launch) -> list[Wait]:
    """All dependencies of a launch. One query."""
    rows = Dependency.objects.filter(launch=launch).order_by("pk")
    return [
        Wait._make(columns)
        for columns in rows.values_list("pk", "version", "before_id", "after_id", "lag", "on_move")
    ]


def rows_of(
    items: Sequence[Item], solution: Solution, anchors: Anchors, targets: Set[int] | None = None
) -> list[Row]:
    """A row for each item; `targets` are the ids of what moves of itself.

    One query for the titles of phases, where any place is said anew.
    """
    phases: dict[int, str] = {}
    if any(place.anchor == "phase" for place in solution.places.values()):
        wanted = [place.anchor_phase_id for place in solution.places.values() if place.anchor_phase_id]
        phases = dict(Phase.objects.filter(pk__in=wanted).values_list("pk", "title"))
    titles = {item.pk: item.title for item in items}
    hung_on = {place.anchor_placement_id or 0 for place in solution.places.values()}
    missing = hung_on - {0} - set(titles)
    if missing:
        titles |= dict(Placement.objects.filter(pk__in=missing).values_list("pk", "title"))
    rows = []
    for item in items:
        old, new = item.span, solution.spans[item.pk]
        reason = _reason(item, old, new, solution, targets)
        said = None
        place = solution.places.get(item.pk)
        if place is not None and not reason:
            precision = precision_of(place, item.precision)
            said = Said(place, precision, words_of(place, titles, phases, precision))
        cause = ""
        if item.pk in solution.pushed_by and not reason:
            cause = f"pushed by “{titles.get(solution.pushed_by[item.pk], '')[:80]}”"
        elif targets is not None and item.pk not in targets and not reason:
            cause = "hangs on what moves"
        single = new.starts_on is not None and new.starts_on == new.ends_on
        # What did not move does not ask about weekends; what moved keeps asking until it is told to go.
        off = single and not reason and not is_working_day(new.starts_on or date.min, anchors.holidays)
        rows.append(Row(item, old, new, reason, off, cause, said))
    return rows


def _reason(item: Item, old: Span, new: Span, solution: Solution, targets: Set[int] | None) -> str:
    if item.state in _STAYS:
        return _STAYS[item.state]
    if item.fixed_at is not None:
        return "scheduled for that minute"
    if targets is not None and item.pk in targets:
        return "it is there already" if old == new else ""
    if item.anchor == Placement.Anchor.PINNED:
        return "pinned to its date" if item.pinned_start else "only roughly dated"
    if item.anchor == Placement.Anchor.NONE:
        return "has no date"
    if old != new:
        return ""
    return "hangs on another anchor" if targets is None else "has time enough where it is"


def _fingerprint(preview: MovePreview, waits: Sequence[Wait]) -> str:
    launch = preview.launch
    asked = (preview.anchor, preview.pk, preview.to, sorted(preview.anchors.items()), preview.landing)
    digest = hashlib.sha256()
    digest.update(repr((launch.pk, launch.zone, launch.holidays, asked)).encode())
    near = {row.placement.pk for row in preview.rows}
    digest.update(repr([wait for wait in waits if wait.before in near or wait.after in near]).encode())
    digest.update(repr([(refusal.wait.pk, refusal.days) for refusal in preview.refusals]).encode())
    # Numbers instead of dates: their text takes a tenth of the time.
    told = [
        (row.placement.pk, row.placement.version, row.reason, *_numbers(row.old), *_numbers(row.new))
        for row in sorted(preview.rows, key=lambda row: row.placement.pk)
    ]
    digest.update(repr(told).encode())
    digest.update(repr([row.said for row in preview.rows if row.said is not None]).encode())
    return digest.hexdigest()[:32]


def _numbers(span: Span) -> tuple[float | None, ...]:
    starts_on, ends_on, starts_at, ends_at = span
    return (
        starts_on.toordinal() if starts_on else None,
        ends_on.toordinal() if ends_on else None,
        starts_at.timestamp() if starts_at else None,
        ends_at.timestamp() if ends_at else None,
    )
