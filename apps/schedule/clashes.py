"""What stands in each other's way on a calendar: checks that apps register, as it is and as a move would make it.

A check is a function over a `Scene` (one launch's open dated things where they are, or would be after a move)
that gives a `Clash` for each thing it finds. Apps above register theirs by name when they are ready.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncWeek

from apps.core.actors import Actor
from apps.core.clock import today_in
from apps.core.dates import day_words, monday_of, span_words
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches
from apps.schedule.models import Dependency, Freeze, Placement
from apps.schedule.selectors import WORK
from apps.schedule.solving import shortfall
from apps.schedule.spans import Span, is_working_day

if TYPE_CHECKING:
    from apps.schedule.services.moving import MovePreview


class Dated(NamedTuple):
    """An open dated thing as checks see it."""

    pk: int
    kind: str
    record_id: int
    title: str
    owner_id: int | None
    owner_name: str | None
    team_id: int | None
    starts_on: date | None
    ends_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None

    @property
    def span(self) -> Span:
        return Span(self.starts_on, self.ends_on, self.starts_at, self.ends_at)

    @property
    def is_work(self) -> bool:
        return self.kind in WORK

    @property
    def is_one_day(self) -> bool:
        return self.starts_on is not None and self.starts_on == self.ends_on


@dataclass(frozen=True)
class Clash:
    """One thing in the way. `placements` are ids in this launch, the one to look at first in front; `subject`
    tells it from others of its kind, before and after a move. `day` or `week` (its Monday) say when."""

    kind: str
    title: str
    words: str
    placements: tuple[int, ...]
    subject: tuple[Any, ...]
    day: date | None = None
    week: date | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.kind, *self.subject)

    @property
    def label(self) -> str:
        """What kind of clash it is, in words."""
        return _checks[self.kind][0]


@dataclass
class Scene:
    """What checks look at: the launch's open dated things, its days off and freezes, who asks."""

    launch: Launch
    actor: Actor
    today: date
    rows: Sequence[Dated]
    freezes: Sequence[Freeze]
    waits: Sequence[Dependency]
    memo: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def holidays(self) -> frozenset[date]:
        return frozenset(date.fromisoformat(day) for day in self.launch.holidays)

    @cached_property
    def by_pk(self) -> dict[int, Dated]:
        return {row.pk: row for row in self.rows}

    @cached_property
    def ahead(self) -> list[Dated]:
        """Dated work from today on: what went by clashes with nothing."""
        return [row for row in self.rows if row.is_work and row.starts_on and row.starts_on >= self.today]

    def elsewhere(self, *, visible: bool = True) -> QuerySet[Placement]:
        """Open dated work from today on in other launches that are being worked on. With `visible` only what
        the actor may see: name nothing else. Its query is the check's."""
        launches = visible_launches(self.actor) if visible else Launch.objects.all()
        return Placement.objects.filter(
            state=Placement.State.PLANNED,
            kind__in=WORK,
            starts_on__gte=monday_of(self.today),
            launch__in=launches.filter(state__in=["draft", "active", "paused"]).values("pk"),
        ).exclude(launch=self.launch)

    def after(self, spans: Mapping[int, Span]) -> Scene:
        """The same with things where a move would put them. What was read for one is read for both."""
        rows = [row._replace(**spans[row.pk]._asdict()) if row.pk in spans else row for row in self.rows]
        return replace(self, rows=rows)


Check = Callable[[Scene], Iterable[Clash]]
_checks: dict[str, tuple[str, Check]] = {}


def register(kind: str, label: str, check: Check) -> None:
    """Add a check under its name; called from `AppConfig.ready`, so twice is the same as once."""
    _checks[kind] = (label, check)


def kinds_of_clashes() -> dict[str, str]:
    """The names of all checks, with their labels."""
    return {kind: label for kind, (label, _) in _checks.items()}


def scene_of(actor: Actor, launch: Launch, at: datetime | None = None) -> Scene:
    """A launch as it is. Three queries, whatever it holds."""
    rows = Placement.objects.filter(launch=launch, state=Placement.State.PLANNED).order_by("starts_on", "id")
    columns = ("pk", "kind", "record_id", "title", "owner_id", "owner__name", "team_id")
    days = ("starts_on", "ends_on", "starts_at", "ends_at")
    return Scene(
        launch=launch,
        actor=actor,
        today=today_in(launch.zone, at),
        rows=[Dated._make(row) for row in rows.values_list(*columns, *days)],
        freezes=list(Freeze.objects.filter(Q(launch=launch) | Q(launch=None))),
        waits=list(Dependency.objects.filter(launch=launch)),
    )


def clashes_in(scene: Scene) -> list[Clash]:
    """Every clash, the nearest first."""
    found = [clash for _, check in _checks.values() for clash in check(scene)]
    return sorted(
        found, key=lambda clash: (clash.day or clash.week or date.max, clash.kind, clash.placements)
    )


def clashes_of(actor: Actor, launch: Launch, at: datetime | None = None) -> list[Clash]:
    """What clashes in a launch now. Three queries and those of the checks."""
    return clashes_in(scene_of(actor, launch, at))


def caused_by(actor: Actor, preview: MovePreview, at: datetime | None = None) -> list[Clash]:
    """The clashes a move would bring that are not there already. Three queries and those of the checks."""
    scene = scene_of(actor, preview.launch, at)
    there = {clash.key for clash in clashes_in(scene)}
    launch = Launch(**{name: getattr(preview.launch, name) for name in _FIELDS})
    for name, (_, new) in preview.anchors.items():
        setattr(launch, name, new)
    moved = replace(scene.after({row.placement.pk: row.new for row in preview.moving}), launch=launch)
    return [clash for clash in clashes_in(moved) if clash.key not in there]


_FIELDS = [each.attname for each in Launch._meta.concrete_fields]


def on_days_off(scene: Scene) -> Iterable[Clash]:
    """Single days of work that fall on a weekend or a holiday of the launch."""
    for row in scene.ahead:
        day = row.starts_on
        if day is None or not row.is_one_day or is_working_day(day, scene.holidays):
            continue
        what = "a holiday" if day in scene.holidays else "a weekend"
        words = f"“{row.title[:80]}” falls on {what}, {day_words(day)}."
        yield Clash("day_off", row.title, words, (row.pk,), (row.pk, day), day=day)


def in_freezes(scene: Scene) -> Iterable[Clash]:
    """Work that lies wholly within days on which nothing should go out."""
    for freeze in scene.freezes:
        for row in scene.ahead:
            if row.starts_on is None or row.ends_on is None:
                continue
            if freeze.starts_on <= row.starts_on and row.ends_on <= freeze.ends_on:
                days = span_words(freeze.starts_on, freeze.ends_on)
                words = f"“{row.title[:80]}” falls into “{freeze.title}”, {days}."
                yield Clash("freeze", row.title, words, (row.pk,), (row.pk, freeze.pk), day=row.starts_on)


def broken_dependencies(scene: Scene) -> Iterable[Clash]:
    """What starts before something it waits for has ended."""
    for wait in scene.waits:
        before, after = scene.by_pk.get(wait.before_id), scene.by_pk.get(wait.after_id)
        if before is None or after is None:
            continue
        short = shortfall(before.span, after.span, wait.lag)
        if short:
            count = f"{short} day{'' if short == 1 else 's'}"
            words = f"“{after.title[:80]}” starts {count} too early behind “{before.title[:80]}”."
            yield Clash(
                "dependency", after.title, words, (after.pk, before.pk), (wait.pk,), day=after.starts_on
            )


def overloads(scene: Scene) -> Iterable[Clash]:
    """Weeks in which one person has more open work than `CLASH_OPEN_ITEMS`, in all launches together.

    A thing counts in the week it starts. Others' launches only count: they are not named. One query.
    """
    own: dict[tuple[int, date], list[Dated]] = defaultdict(list)
    for row in scene.ahead:
        if row.owner_id is not None and row.starts_on is not None:
            own[row.owner_id, monday_of(row.starts_on)].append(row)
    most: int = settings.CLASH_OPEN_ITEMS
    others = _open_elsewhere(scene)
    for (owner, week), rows in own.items():
        total = len(rows) + others[owner, week]
        if total <= most:
            continue
        name = rows[0].owner_name or "Somebody"
        where = f", {others[owner, week]} of them in other launches" if others[owner, week] else ""
        words = f"{name} has {total} open items in the week of {day_words(week, weekday=False)}{where}."
        yield Clash("overload", name, words, tuple(row.pk for row in rows), (owner, week), week=week)


def _open_elsewhere(scene: Scene) -> Counter[tuple[int, date]]:
    """How much open work people have in other launches, by person and week. Read once for before and after."""
    owners = frozenset(row.owner_id for row in scene.ahead if row.owner_id is not None)
    held: dict[frozenset[int], Counter[tuple[int, date]]] = scene.memo.setdefault("elsewhere", {})
    if owners not in held:
        counted = (
            scene.elsewhere(visible=False)
            .filter(owner__in=owners)
            .order_by()
            .values_list("owner_id", TruncWeek("starts_on"))
            .annotate(count=Count("pk"))
        )
        held[owners] = Counter(
            {(owner or 0, week): count for owner, week, count in counted} if owners else {}
        )
    return held[owners]


def register_own() -> None:
    """The checks of this app."""
    register("dependency", "Broken dependency", broken_dependencies)
    register("overload", "Too much for one person", overloads)
    register("freeze", "In a freeze", in_freezes)
    register("day_off", "On a day off", on_days_off)
