"""Reading how a launch's dated things hang together: what waits for what, slack, and what a delay brings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.clock import now, today_in
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches
from apps.schedule.critical import Link, Linked, Task, delays, delays_in, linked, path_of, slack
from apps.schedule.models import Dependency, Placement
from apps.schedule.selectors import WORK
from apps.schedule.standing import PlacementNow, with_standing

# Whatever a launch holds, a page shows no more than this of what waits.
MOST_WAITS = 200


@dataclass(frozen=True)
class Network:
    """A launch's things with what links them. `slack` holds days by id, of linked open things only."""

    rows: list[PlacementNow]
    dependencies: list[Dependency]
    links: list[Link]
    slack: dict[int, int]
    today: date

    @property
    def critical(self) -> set[int]:
        """Linked things that cannot slip by a day without delaying something."""
        return {pk for pk, days in self.slack.items() if days <= 0}

    @property
    def critical_links(self) -> set[tuple[int, int]]:
        return path_of(self.critical, self.links)

    @cached_property
    def _linked(self) -> Linked:
        return linked(tasks_of(self.rows), self.links)

    @cached_property
    def titles(self) -> dict[int, str]:
        return {row.pk: row.title for row in self.rows}

    def delayed_by(self, pk: int) -> list[tuple[str, int]]:
        """What a late thing delays if it ends today: titles and days, the most delayed first."""
        found = delays_in(self._linked, {pk: self.today})
        return sorted(((self.titles[each], days) for each, days in found.items()), key=lambda each: -each[1])


@dataclass(frozen=True)
class Waiting:
    """`after` waits for `before`, which is not done. `late`: it should have been over."""

    before: Placement
    after: Placement
    dependency: Dependency
    late: bool


@dataclass(frozen=True)
class Consequence:
    """Something that starts `days` later because something else is late. `fixed`: it would have to give way."""

    placement: Placement
    days: int
    fixed: bool


def dated(launch: Launch, at: datetime | None = None) -> QuerySet[PlacementNow]:
    """A launch's work and phases with `now_standing`, the undated last. One query."""
    return (
        with_standing(Placement.objects.filter(launch=launch, kind__in=[*WORK, "phase"]), at)
        .select_related("team", "owner", "phase")
        .order_by("starts_on", "starts_at", "id")
    )


def network_of(launch: Launch, at: datetime | None = None) -> Network:
    """Everything dated of a launch and how it hangs together. Two queries."""
    at = at or now()
    today = today_in(launch.zone, at)
    rows = list(dated(launch, at).exclude(state=Placement.State.CANCELLED))
    for row in rows:
        row.launch = launch
    dependencies = list(Dependency.objects.filter(launch=launch))
    links = links_of(rows, dependencies)
    return Network(
        rows=rows,
        dependencies=dependencies,
        links=links,
        slack=slack(tasks_of(rows), links, launch_day=launch.launch_day, today=today),
        today=today,
    )


def tasks_of(rows: Iterable[Placement]) -> list[Task]:
    """What is open and dated, as the critical path sees it. What has no end counts by its start."""
    return [
        Task(row.pk, row.starts_on, row.ends_on or row.starts_on, fixed=row.is_fixed)
        for row in rows
        if row.state == Placement.State.PLANNED and row.starts_on is not None
    ]


def links_of(rows: Iterable[Placement], dependencies: Iterable[Dependency]) -> list[Link]:
    """Dependencies, and what hangs on a phase or another thing."""
    rows = list(rows)
    phases = {row.phase_id: row.pk for row in rows if row.phase_id}
    found = [Link(each.before_id, each.after_id, each.lag) for each in dependencies]
    for row in rows:
        if row.anchor == Placement.Anchor.PHASE and row.anchor_phase_id in phases:
            found.append(Link(phases[row.anchor_phase_id], row.pk, hung=True))
        elif row.anchor == Placement.Anchor.PLACEMENT and row.anchor_placement_id is not None:
            found.append(Link(row.anchor_placement_id, row.pk, hung=True))
    return found


def consequences(placement: Placement, at: datetime | None = None) -> list[Consequence]:
    """What a thing delays if it ends today (when it is late) or a day later than planned: the most delayed
    first. Empty for what is done, has no date, or nothing waits for. Two queries."""
    if placement.state != Placement.State.PLANNED or placement.starts_on is None:
        return []
    launch = placement.launch
    today = today_in(launch.zone, at)
    rows = list(
        Placement.objects.filter(launch=launch, state=Placement.State.PLANNED, starts_on__isnull=False)
    )
    planned = placement.ends_on or placement.starts_on
    ended = today if planned < today else planned + timedelta(days=1)
    late = delays(
        tasks_of(rows), links_of(rows, Dependency.objects.filter(launch=launch)), {placement.pk: ended}
    )
    found = [Consequence(row, late[row.pk], row.is_fixed) for row in rows if row.pk in late]
    return sorted(found, key=lambda each: (-each.days, each.placement.starts_on, each.placement.pk))


def waits_for(
    actor: Actor, launch: Launch | None = None, at: datetime | None = None, *, mine: bool = False
) -> list[Waiting]:
    """Who waits for whom: open things behind others that are not done, the nearest first, at most 200.

    In one launch, or in all that are being worked on and that the actor may see; with `mine` only where the
    actor waits or is waited for. One query.
    """
    found = Dependency.objects.filter(
        before__state=Placement.State.PLANNED, after__state=Placement.State.PLANNED
    ).select_related("before__owner", "before__team", "after__owner", "after__team", "launch")
    if launch is not None:
        found = found.filter(launch=launch)
    else:
        visible = visible_launches(actor).filter(state__in=["draft", "active", "paused"])
        found = found.filter(launch__in=visible.values("pk"))
    if mine and isinstance(actor.user, User):
        found = found.filter(before__owner=actor.user) | found.filter(after__owner=actor.user)
    at = at or now()
    rows = []
    for each in found.order_by("after__starts_on", "pk")[:MOST_WAITS]:
        each.before.launch = each.after.launch = each.launch
        end = each.before.ends_on
        late = end is not None and end < today_in(each.launch.zone, at)
        rows.append(Waiting(each.before, each.after, each, late))
    return rows


def links_beside(placement: Placement) -> tuple[Sequence[Dependency], Sequence[Dependency]]:
    """What a thing waits for, and what waits for it. Two queries."""
    before = placement.waits_on.select_related("before__owner", "after").order_by("before__starts_on", "pk")
    after = placement.leads_to.select_related("after__owner", "before").order_by("after__starts_on", "pk")
    return list(before[:MOST_WAITS]), list(after[:MOST_WAITS])
