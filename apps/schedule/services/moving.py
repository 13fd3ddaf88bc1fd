"""Moving an anchor: the full difference first, then exactly that, or nothing."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Literal, NamedTuple

from django.db import connection, transaction

from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.services.launch import lock_launch, set_anchors
from apps.schedule.models import TEN_YEARS_IN_DAYS, Placement
from apps.schedule.spans import Anchors, Place, Span, is_working_day, span_of

AnchorName = Literal["launch_day", "rollout_start"]
LANDINGS = ("keep", "before", "after")

_STAYS = {
    Placement.State.DONE.value: "done",
    Placement.State.CANCELLED.value: "cancelled",
}


class Item(NamedTuple):
    """The columns of a placement that a move reads and shows. Ten thousand whole rows would take too long."""

    pk: int
    version: int
    kind: str
    record_id: int
    title: str
    wording: str
    state: str
    phase_id: int | None
    starts_on: date | None
    ends_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    anchor: str
    unit: str
    offset: int | None
    end_offset: int | None
    open_ended: bool
    pinned_start: date | None
    pinned_end: date | None
    local_time: time | None
    time_zone: str
    landing: str
    anchor_phase_id: int | None
    anchor_placement_id: int | None
    fixed_at: datetime | None

    @property
    def span(self) -> Span:
        return Span(self.starts_on, self.ends_on, self.starts_at, self.ends_at)

    @property
    def place(self) -> Place:
        return Place._make(self[_FIRST_OF_PLACE:])


# The last columns are those of a place, in its order.
_FIRST_OF_PLACE = Item._fields.index("anchor")


class Row(NamedTuple):
    """One placement in a preview. `reason` says why it stays; empty when it moves."""

    placement: Item
    old: Span
    new: Span
    reason: str
    off_day: bool

    @property
    def moves(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class MovePreview:
    """Everything a move would do. `fingerprint` stands for exactly this; applying it wants it back."""

    launch: Launch
    anchor: AnchorName
    old: date | None
    to: date
    anchors: dict[str, list[date | None]]
    rows: list[Row]
    landing: str
    fingerprint: str

    @property
    def moving(self) -> list[Row]:
        return [row for row in self.rows if row.moves]

    @property
    def staying(self) -> list[Row]:
        return [row for row in self.rows if not row.moves]

    @property
    def off_days(self) -> list[Row]:
        return [row for row in self.rows if row.off_day]


def preview_move(
    *, actor: Actor, launch: Launch, anchor: str, to: date, landing: str = "keep"
) -> MovePreview:
    """What moving `launch_day` or `rollout_start` to a date (in the launch's zone) would change.

    The rollout moves along with launch day by the same number of days. `landing` says what single days
    that would fall on a weekend or holiday do: keep, before or after. Three queries; changes nothing.
    Raises `Invalid` for an unknown anchor or a date out of range.
    """
    policies.require("schedule.move_launch", actor, launch)
    return _preview(launch, _known(anchor), to, landing)


def apply_move(
    *,
    actor: Actor,
    launch: Launch,
    anchor: str,
    to: date,
    fingerprint: str,
    landing: str = "keep",
    reason: str = "",
) -> MovePreview:
    """Do what the preview with this fingerprint showed, in one transaction.

    Raises `Conflict` if anything it showed has changed since, and leaves everything as it is.
    """
    policies.require("schedule.move_launch", actor, launch)
    with transaction.atomic():
        launch = lock_launch(launch)
        preview = _preview(launch, _known(anchor), to, landing, lock=True)
        if preview.fingerprint != fingerprint:
            raise Conflict(
                "Something changed since this preview was made. Look at the new one and apply that.",
                code="preview_outdated",
                version=launch.version,
            )
        set_anchors(actor=actor, launch=launch, changes=preview.anchors, reason=reason)
        _write(preview.moving, landing)
    return preview


def recompute(launch: Launch) -> int:
    """Recompute all open placements of a launch after its zone, holidays or anchors changed otherwise."""
    with transaction.atomic():
        rows = _rows(launch, _after(launch, {}), "keep", lock=True)
        moving = [row for row in rows if row.moves or _differs(row)]
        _write(moving, "keep")
    return len(moving)


def _differs(row: Row) -> bool:
    # A pinned time stays on its day, but its instant follows the launch's zone; a fixed minute may change days.
    return row.placement.state == Placement.State.PLANNED and row.old != row.new


def _known(anchor: str) -> AnchorName:
    if anchor not in ("launch_day", "rollout_start"):
        raise Invalid(f"“{anchor[:40]}” is no anchor: move launch_day or rollout_start.", field="anchor")
    return anchor  # type: ignore[return-value]


def _preview(
    launch: Launch, anchor: AnchorName, to: date, landing: str, *, lock: bool = False
) -> MovePreview:
    if landing not in LANDINGS:
        raise Invalid("Choose what happens on days nobody works: keep, before or after.", field="landing")
    old: date | None = getattr(launch, anchor)
    if not 1990 <= to.year <= 2200 or (old and abs((to - old).days) > TEN_YEARS_IN_DAYS):
        raise Invalid(f"{to} is more than ten years away.", code="too_far", field="to")
    changes: dict[str, list[date | None]] = {anchor: [old, to]}
    if anchor == "launch_day" and launch.rollout_start and old:
        changes["rollout_start"] = [launch.rollout_start, launch.rollout_start + (to - old)]
    rows = _rows(launch, _after(launch, changes), landing, lock=lock)
    return MovePreview(
        launch=launch,
        anchor=anchor,
        old=old,
        to=to,
        anchors=changes,
        rows=rows,
        landing=landing,
        fingerprint=_fingerprint(launch, changes, rows, landing),
    )


def _after(launch: Launch, changes: dict[str, list[date | None]]) -> Anchors:
    return Anchors(
        launch_day=changes.get("launch_day", [None, launch.launch_day])[1],
        rollout_start=changes.get("rollout_start", [None, launch.rollout_start])[1],
        zone=launch.zone,
        launch_time=launch.launch_time,
        holidays=frozenset(date.fromisoformat(day) for day in launch.holidays),
    )


def _rows(launch: Launch, anchors: Anchors, landing: str, *, lock: bool) -> list[Row]:
    queryset = Placement.objects.filter(launch=launch).order_by("starts_on", "id")
    stored = (queryset.select_for_update() if lock else queryset).values_list(*Item._fields)
    items = [Item._make(columns) for columns in stored]
    spans = _spans_in_order(items, anchors, landing)
    rows = []
    for item in items:
        old, new = item.span, spans[item.pk]
        reason = _reason(item, old, new)
        single = new.starts_on is not None and new.starts_on == new.ends_on
        # What did not move does not ask about weekends; what moved keeps asking until it is told to go.
        off = single and not reason and not is_working_day(new.starts_on or date.min, anchors.holidays)
        rows.append(Row(item, old, new, reason, off))
    return rows


def _reason(placement: Item, old: Span, new: Span) -> str:
    if placement.state in _STAYS:
        return _STAYS[placement.state]
    if placement.fixed_at is not None:
        return "scheduled for that minute"
    if placement.anchor == Placement.Anchor.PINNED:
        return "pinned to its date" if placement.pinned_start else "only roughly dated"
    if placement.anchor == Placement.Anchor.NONE:
        return "has no date"
    return "hangs on another anchor" if old == new else ""


def _spans_in_order(items: Sequence[Item], anchors: Anchors, landing: str) -> dict[int, Span]:
    """Spans of all, followers after what they follow. Done and cancelled ones keep theirs."""
    spans: dict[int, Span] = {}
    phase_days: dict[int, date | None] = {}
    item_days: dict[int, date | None] = {}
    anchors = replace(anchors, phases=phase_days, placements=item_days)
    phases = {item.phase_id for item in items if item.phase_id}
    known = {item.pk for item in items}
    followers: dict[tuple[str, int | None], list[Item]] = defaultdict(list)

    def settle(first: Item) -> None:
        """Settle one and all that wait for it, without recursion: chains may be long."""
        ready = [first]
        while ready:
            item = ready.pop()
            if item.state != Placement.State.PLANNED:
                span = item.span
            else:
                place = item.place
                span = span_of(place if landing == "keep" else place._replace(landing=landing), anchors)
            spans[item.pk] = span
            item_days[item.pk] = span.starts_on
            ready += followers.pop(("placement", item.pk), ())
            if item.phase_id:
                phase_days[item.phase_id] = span.starts_on
                ready += followers.pop(("phase", item.phase_id), ())

    free = []
    for item in items:
        if item.anchor == Placement.Anchor.PHASE and item.anchor_phase_id in phases:
            followers["phase", item.anchor_phase_id].append(item)
        elif item.anchor == Placement.Anchor.PLACEMENT and item.anchor_placement_id in known:
            followers["placement", item.anchor_placement_id].append(item)
        else:  # also what follows something outside this launch: there is nothing to compute it from
            free.append(item)
    for item in free:
        settle(item)
    for item in items:  # what is left follows itself in a circle
        if item.pk not in spans:
            settle(item)
    return spans


def _fingerprint(launch: Launch, changes: dict[str, list[Any]], rows: Sequence[Row], landing: str) -> str:
    digest = hashlib.sha256()
    digest.update(repr((launch.pk, launch.zone, launch.holidays, sorted(changes.items()), landing)).encode())
    # Numbers instead of dates: their text takes a tenth of the time.
    told = [
        (row.placement.pk, row.placement.version, row.reason, *_numbers(row.old), *_numbers(row.new))
        for row in sorted(rows, key=lambda row: row.placement.pk)
    ]
    digest.update(repr(told).encode())
    return digest.hexdigest()[:32]


def _numbers(span: Span) -> tuple[float | None, ...]:
    starts_on, ends_on, starts_at, ends_at = span
    return (
        starts_on.toordinal() if starts_on else None,
        ends_on.toordinal() if ends_on else None,
        starts_at.timestamp() if starts_at else None,
        ends_at.timestamp() if ends_at else None,
    )


def _write(rows: Sequence[Row], landing: str) -> None:
    """Store the new spans of many rows in one statement (a CASE per row, as bulk_update writes it, takes
    seconds at 10,000)."""
    if not rows:
        return
    ids: list[int] = [row.placement.pk for row in rows]
    days: list[tuple[date | None, date | None, datetime | None, datetime | None]] = [
        (row.new.starts_on, row.new.ends_on, row.new.starts_at, row.new.ends_at) for row in rows
    ]
    starts_on, ends_on, starts_at, ends_at = (list(column) for column in zip(*days, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE schedule_placement AS p
               SET starts_on = n.starts_on, ends_on = n.ends_on, starts_at = n.starts_at, ends_at = n.ends_at,
                   landing = CASE WHEN %s = 'keep' THEN p.landing ELSE %s END,
                   version = p.version + 1, updated_at = now()
              FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::timestamptz[], %s::timestamptz[])
                   AS n(id, starts_on, ends_on, starts_at, ends_at)
             WHERE p.id = n.id
            """,
            [landing, landing, ids, starts_on, ends_on, starts_at, ends_at],
        )
