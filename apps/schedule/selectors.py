"""Reading placements: what is due, late, next, done, per team and launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.clock import now
from apps.launches.models import Launch, Phase
from apps.launches.policies import can_see_launch
from apps.launches.selectors import visible_launches
from apps.schedule.models import Placement
from apps.schedule.spans import Anchors
from apps.schedule.standing import PlacementNow, with_standing

# Launches whose work the pages of all launches show.
OPEN_STATES = ("draft", "active", "paused")
# What counts as work on the calendar; phases and routines have dates but nobody finishes them by hand.
WORK = (
    "calendar_entry",
    "training",
    "education",
    "enablement",
    "recognition",
    "story",
    "review",
    "announcement",
    "campaign",
)


def anchors_of(launch: Launch) -> Anchors:
    """What a launch's offsets count from. Two queries."""
    placed = Placement.objects.filter(launch=launch)
    return Anchors(
        launch_day=launch.launch_day,
        rollout_start=launch.rollout_start,
        zone=launch.zone,
        launch_time=launch.launch_time,
        holidays=frozenset(date.fromisoformat(day) for day in launch.holidays),
        phases=dict(placed.exclude(phase=None).values_list("phase_id", "starts_on")),
        placements=dict(placed.filter(followers__isnull=False).values_list("pk", "starts_on")),
    )


def placements(
    launch: Launch, at: datetime | None = None, *, kinds: Sequence[str] = WORK
) -> QuerySet[PlacementNow]:
    """A launch's dated work with `now_standing`, earliest first. One query."""
    return (
        with_standing(Placement.objects.filter(launch=launch, kind__in=kinds), at)
        .select_related("team", "owner", "launch")
        .order_by("starts_on", "starts_at", "id")
    )


def visible_placements(actor: Actor, at: datetime | None = None) -> QuerySet[PlacementNow]:
    """All dated work of open launches the actor may see, with `now_standing`."""
    launches = visible_launches(actor).filter(state__in=OPEN_STATES)
    return (
        with_standing(Placement.objects.filter(kind__in=WORK, launch__in=launches.values("pk")), at)
        .select_related("team", "owner", "launch")
        .order_by("starts_on", "starts_at", "id")
    )


def placement(actor: Actor, pk: int, at: datetime | None = None) -> Placement | None:
    """One dated thing, whatever it is, if the actor may see its launch. One query and that of the roles."""
    found = (
        with_standing(Placement.objects.filter(pk=pk), at).select_related("team", "owner", "launch").first()
    )
    return found if found is not None and can_see_launch(actor, found.launch) else None


@dataclass(frozen=True)
class Progress:
    """Counts of a set of placements at one instant. `total` leaves cancelled ones out."""

    done: int = 0
    due: int = 0
    late: int = 0
    blocked: int = 0
    upcoming: int = 0
    undated: int = 0

    @property
    def total(self) -> int:
        return self.done + self.due + self.late + self.upcoming + self.undated

    @property
    def percent(self) -> int:
        """Share done, rounded down; 0 for nothing at all."""
        return self.done * 100 // self.total if self.total else 0


_COUNTS = {
    "done": Count("pk", filter=Q(now_standing="done")),
    "due": Count("pk", filter=Q(now_standing="due")),
    "late": Count("pk", filter=Q(now_standing="late")),
    "blocked": Count("pk", filter=Q(state="planned") & ~Q(blocked_by="")),
    "upcoming": Count("pk", filter=Q(now_standing="upcoming")),
    "undated": Count("pk", filter=Q(now_standing="undated")),
}


def _progress_of(row: Mapping[str, Any]) -> Progress:
    return Progress(**{name: row[name] for name in _COUNTS})


def progress(queryset: QuerySet[PlacementNow]) -> Progress:
    """Progress over placements that carry `now_standing`. One query."""
    return Progress(**queryset.order_by().aggregate(**_COUNTS))


def progress_and_ends(
    queryset: QuerySet[PlacementNow], kind: str = ""
) -> tuple[Progress, tuple[date | None, date | None], int]:
    """Progress, the first and the last day on which any of it begins, and how many are of a kind. One query."""
    row = queryset.order_by().aggregate(
        **_COUNTS, first=Min("starts_on"), last=Max("starts_on"), of_kind=Count("pk", filter=Q(kind=kind))
    )
    return _progress_of(row), (row["first"], row["last"]), row["of_kind"]


def progress_by_team(queryset: QuerySet[PlacementNow]) -> list[tuple[str, Progress]]:
    """(team name or "No team", progress), by name. One query."""
    rows = queryset.order_by().values("team__name").annotate(**_COUNTS).order_by("team__name")
    return [(row["team__name"] or "No team", _progress_of(row)) for row in rows]


def progress_by_launch(launch_ids: Sequence[int], at: datetime | None = None) -> dict[int, Progress]:
    """Progress of many launches. One query."""
    rows = (
        with_standing(Placement.objects.filter(launch_id__in=launch_ids, kind__in=WORK), at)
        .values("launch_id")
        .annotate(**_COUNTS)
        .order_by()
    )
    return {row["launch_id"]: _progress_of(row) for row in rows}


def in_week_of(queryset: QuerySet[PlacementNow], day: date) -> QuerySet[PlacementNow]:
    """Those whose span touches the ISO week (Monday first) that holds `day`."""
    monday = day - timedelta(days=day.weekday())
    return queryset.filter(starts_on__lte=monday + timedelta(days=6)).filter(
        Q(ends_on=None) | Q(ends_on__gte=monday)
    )


def mine(queryset: QuerySet[PlacementNow], user: User) -> QuerySet[PlacementNow]:
    """What a person owns, and what nobody owns but one of their teams."""
    return queryset.filter(Q(owner=user) | Q(owner=None, team__in=user.teams.all()))


def begun(queryset: QuerySet[PlacementNow], at: datetime) -> QuerySet[PlacementNow]:
    """What is late or due. The day behind tomorrow's in UTC has begun nowhere, so an index leaves it out."""
    bound = at.astimezone(UTC).date() + timedelta(days=1)
    return queryset.filter(state="planned", starts_on__lte=bound, now_standing__in=["late", "due"])


def ahead(queryset: QuerySet[PlacementNow], at: datetime) -> QuerySet[PlacementNow]:
    """What is to come, in the same way."""
    bound = at.astimezone(UTC).date() - timedelta(days=1)
    return queryset.filter(state="planned", starts_on__gte=bound, now_standing="upcoming")


def first(queryset: QuerySet[PlacementNow], count: int) -> list[PlacementNow]:
    """The first of many in their order: what hangs on them is joined to these alone. One query."""
    chosen = queryset.select_related(None).values("pk")[:count]
    return list(queryset.filter(pk__in=chosen))


def troubles_by_launch(launches: QuerySet[Any], at: datetime | None = None) -> dict[int, int]:
    """How much is late or blocked in each launch that has such work, {launch id: count}. One query."""
    rows = (
        with_standing(Placement.objects.filter(launch__in=launches, kind__in=WORK, state="planned"), at)
        .filter(Q(now_standing="late") | ~Q(blocked_by=""))
        .values("launch_id")
        .annotate(troubles=_COUNTS["late"] + _COUNTS["blocked"])
        .order_by()
    )
    return {row["launch_id"]: row["troubles"] for row in rows}


def next_up(queryset: QuerySet[PlacementNow], limit: int = 5) -> list[PlacementNow]:
    """Late, due and coming work, the most pressing first. One query."""
    return list(
        queryset.filter(now_standing__in=["late", "due", "upcoming"]).order_by(
            "starts_on", "starts_at", "id"
        )[:limit]
    )


def phase_spans(launch: Launch) -> list[Phase]:
    """The launch's phases in order with their placements. One query."""
    return list(
        Phase.objects.filter(launch=launch).select_related("placement", "owner").order_by("position", "id")
    )


def changed_standing(at: datetime | None = None) -> QuerySet[PlacementNow]:
    """Open work whose standing is not the one last announced, in launches that are being worked on."""
    return with_standing(
        Placement.objects.filter(state="planned", launch__state__in=["active", "paused"]), at or now()
    ).exclude(now_standing=F("standing"))
