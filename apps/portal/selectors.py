"""What the pages across apps read, composed of selectors of the apps below, in bounded numbers of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Min, Q, QuerySet

from apps.accounts.models import User
from apps.announcements.models import Announcement
from apps.announcements.selectors import waiting_for_approval
from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.content.selectors import Entry, entries
from apps.core.actors import Actor
from apps.core.clock import now, today_in
from apps.launches import kinds, policies
from apps.launches.models import Launch, LaunchRecord, Member, Phase
from apps.launches.rows import SectionView, list_of
from apps.launches.selectors import comment_counts, visible_launches
from apps.metrics.facets import TargetsFacet
from apps.metrics.models import Target
from apps.plans.selectors import notes_of
from apps.rollouts.models import RollbackCriterion
from apps.rollouts.selectors import exposure
from apps.schedule.models import Placement
from apps.schedule.selectors import (
    WORK,
    Progress,
    mine,
    next_up,
    placements,
    progress_by_launch,
    visible_placements,
)
from apps.schedule.standing import PlacementNow, with_standing

OPEN_STATES = ("draft", "active", "paused")
MOST_IN_A_LIST = 12


@dataclass
class LaunchLine:
    """A launch as a list shows it."""

    launch: Launch
    progress: Progress
    phase: Phase | None
    exposed: Decimal | None
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def day(self) -> date | None:
        return self.launch.launch_day


@dataclass(frozen=True)
class LaunchFilter:
    """Which launches a list shows, as its address says it."""

    state: str = ""
    text: str = ""
    mine: bool = False

    def apply(self, launches: QuerySet[Launch], actor: Actor) -> QuerySet[Launch]:
        if self.state == "open":
            launches = launches.filter(state__in=OPEN_STATES)
        elif self.state:
            launches = launches.filter(state=self.state)
        if self.text:
            launches = launches.filter(Q(name__icontains=self.text) | Q(launch_type__icontains=self.text))
        if self.mine:
            launches = launches.filter(pk__in=policies.roles_of(actor))
        return launches

    def as_query(self) -> dict[str, str]:
        given = {"state": self.state, "q": self.text, "mine": "1" if self.mine else ""}
        return {name: value for name, value in given.items() if value}


def launches_in_order(actor: Actor) -> QuerySet[Launch]:
    """Visible launches, those with a launch day first and by it; drafts without one by age."""
    return visible_launches(actor).order_by(F("launch_day").asc(nulls_last=True), "-created_at", "-id")


def launch_lines(launches: Sequence[Launch], at: datetime | None = None) -> list[LaunchLine]:
    """Launches with their progress, running phase, exposure and first and last day. Four queries."""
    ids = [launch.pk for launch in launches]
    figures = progress_by_launch(ids, at)
    reached = exposure(ids)
    running = {
        phase.launch_id: phase
        for phase in Phase.objects.filter(launch__in=ids, state__in=[Phase.State.ACTIVE, Phase.State.HELD])
    }
    days = {
        row["launch_id"]: (row["first"], row["last"])
        for row in Placement.objects.filter(launch__in=ids, starts_on__isnull=False)
        .order_by()
        .values("launch_id")
        .annotate(first=Min("starts_on"), last=Max("ends_on"))
    }
    return [
        LaunchLine(
            launch,
            figures.get(launch.pk, Progress()),
            running.get(launch.pk),
            reached.get(launch.pk),
            *days.get(launch.pk, (None, None)),
        )
        for launch in launches
    ]


@dataclass(frozen=True)
class Week:
    """A person's week: what is due or late, what waits for their word, what they attend, what is at risk."""

    due: list[Entry]
    due_total: int
    approvals: list[CalendarItem]
    announcements: list[Announcement]
    sessions: list[Entry]
    at_risk: list[LaunchLine]
    next: list[Entry]
    finished: int

    @property
    def approvals_total(self) -> int:
        return len(self.approvals) + len(self.announcements)

    @property
    def is_empty(self) -> bool:
        return not (self.due or self.approvals_total or self.sessions or self.at_risk or self.next)


def my_week(actor: Actor, at: datetime | None = None) -> Week:
    """Everything the signed-in person's start page shows. At most fifteen queries."""
    at = at or now()
    user = actor.user
    assert isinstance(user, User)  # pages are for people
    own = mine(visible_placements(actor, at), user)
    today = today_in(user.zone, at)
    sunday = today + timedelta(days=6 - today.weekday())
    pressing = own.filter(now_standing__in=["late", "due"]).order_by("ends_on", "starts_on", "id")
    due = list(pressing[: MOST_IN_A_LIST + 1])
    coming = list(own.filter(now_standing="upcoming").order_by("starts_on", "starts_at", "id")[:8])
    sessions = _sessions(actor, user, today, at)
    shown = entries([*due[:MOST_IN_A_LIST], *coming, *sessions], actor)
    cut, end = min(len(due), MOST_IN_A_LIST), min(len(due), MOST_IN_A_LIST) + len(coming)
    monday = sunday - timedelta(days=6)
    return Week(
        due=shown[:cut],
        due_total=len(due) if len(due) <= MOST_IN_A_LIST else pressing.count(),
        approvals=_items_to_approve(actor),
        announcements=list(waiting_for_approval(actor)[:MOST_IN_A_LIST]),
        sessions=shown[end:],
        at_risk=_at_risk(actor, at),
        next=shown[cut:end],
        finished=own.filter(state="done", done_at__date__gte=monday).count(),
    )


def _sessions(actor: Actor, user: User, today: date, at: datetime) -> list[Placement]:
    """Trainings and office hours of the next two weeks that the person or one of their teams holds."""
    launches = visible_launches(actor).filter(state__in=OPEN_STATES)
    found = with_standing(
        Placement.objects.filter(
            launch__in=launches.values("pk"), kind__in=["training", "office_hours"], state="planned"
        ),
        at,
    ).select_related("team", "owner", "launch")
    return list(
        mine(found, user)
        .filter(starts_on__lte=today + timedelta(days=13))
        .filter(Q(ends_on=None) | Q(ends_on__gte=today))
        .order_by("starts_on", "starts_at", "id")[:6]
    )


def _items_to_approve(actor: Actor) -> list[CalendarItem]:
    """Calendar items in review in launches the person edits; not their own unless the launch allows it."""
    user = actor.user
    waiting = CalendarItem.objects.filter(
        status=CalendarItem.Status.IN_REVIEW,
        launch__state__in=OPEN_STATES,
        launch__in=visible_launches(actor).values("pk"),
    )
    if not policies.is_administrator(actor):
        editing = [
            launch
            for launch, (role, _) in policies.roles_of(actor).items()
            if role in {Member.Role.OWNER, Member.Role.EDITOR}
        ]
        waiting = waiting.filter(launch__in=editing)
    waiting = waiting.exclude(Q(owner=user) & Q(launch__self_approval=False))
    return list(waiting.select_related("launch", "owner", "channel").order_by("updated_at")[:MOST_IN_A_LIST])


def _at_risk(actor: Actor, at: datetime) -> list[LaunchLine]:
    """Open launches of the person with something late or blocked, or a phase on hold, the worst first."""
    own = visible_launches(actor).filter(state__in=["active", "paused"])
    if not policies.is_administrator(actor):
        own = own.filter(pk__in=policies.roles_of(actor))
    lines = launch_lines(list(own[:200]), at)
    risky = [
        line
        for line in lines
        if line.progress.late
        or line.progress.blocked
        or (line.phase is not None and line.phase.state == Phase.State.HELD)
    ]
    return sorted(risky, key=lambda line: -(line.progress.late + line.progress.blocked))[:6]


def next_entries(launch: Launch, actor: Actor, at: datetime | None = None, limit: int = 5) -> list[Entry]:
    """What a launch does next, the most pressing first. Two queries."""
    return entries(next_up(placements(launch, at), limit), actor)


def blocked_entries(launch: Launch, actor: Actor, at: datetime | None = None) -> list[Entry]:
    """Work that waits for something. Two queries."""
    blocked = placements(launch, at).filter(state="planned").exclude(blocked_by="")
    return entries(list(blocked[:MOST_IN_A_LIST]), actor)


def activity(launch: Launch, limit: int = 8) -> QuerySet[Event]:
    """What happened last in a launch."""
    return Event.objects.filter(launch_id=launch.pk)[:limit]


def plan_document(actor: Actor, launch: Launch, *, most: int | None = None) -> list[SectionView]:
    """The whole plan, section by section, with the notes of its document where they stand.

    `most` is how many records of a kind are shown; the others are counted. One query per kind, and six for
    all their times, targets, comments and notes.
    """
    records = {kind.key: _records(launch, kind) for kind in kinds.all_kinds()}
    _attach_placements(launch, records)
    _attach_targets(launch, records)
    said = comment_counts(launch)
    notes: dict[str, list[dict[str, Any]]] = {}
    for note in notes_of(launch):
        notes.setdefault(str(note.get("section") or ""), []).append(note)
    known = {section.key for section in kinds.SECTIONS}
    stray = [note for section, each in notes.items() if section not in known for note in each]
    sections = []
    for section in kinds.SECTIONS:
        lists = [
            list_of(actor, launch, kind, records[kind.key], comments=said, most=most)
            for kind in kinds.in_section(section.key)
        ]
        own = notes.get(section.key, [])
        sections.append(SectionView(section, lists, [*stray, *own] if section.key == "overview" else own))
    return sections


def _records(launch: Launch, kind: kinds.Kind) -> list[LaunchRecord]:
    relations = {
        field.name
        for field in kind.model._meta.get_fields()
        if field.is_relation and field.many_to_one and field.name in kind.fields
    }
    found = list(
        kind.model._default_manager.filter(launch=launch, **kind.where).select_related(
            "owner", *sorted(relations - {"owner"})
        )
    )
    for record in found:
        record.launch = launch
    return found


def _attach_placements(launch: Launch, records: dict[str, list[LaunchRecord]]) -> None:
    """What the facet "when" would load kind by kind, in one query."""
    placed = {
        (placement.kind, placement.record_id): placement
        for placement in with_standing(Placement.objects.filter(launch=launch))
    }
    for key, found in records.items():
        if "when" in kinds.facets(kinds.get(key)):
            for record in found:
                placement = placed.get((key, record.pk))
                if placement is not None:
                    placement.launch = launch
                record.__dict__["_placement"] = placement


def _attach_targets(launch: Launch, records: dict[str, list[LaunchRecord]]) -> None:
    """What the facet "targets" would load kind by kind, in two queries."""
    found: dict[tuple[str, int], list[Target]] = {}
    fields = TargetsFacet.owner_fields
    for target in Target.objects.filter(metric__launch=launch).order_by("position", "id"):
        for key, field in fields.items():
            pk = getattr(target, f"{field}_id")
            if pk is not None:
                found.setdefault((key, pk), []).append(target)
    links = RollbackCriterion.targets.through.objects.filter(rollbackcriterion__launch=launch)
    for link in links.select_related("target").order_by("target__position", "target_id"):
        found.setdefault(("rollback_criterion", link.rollbackcriterion_id), []).append(link.target)
    for key in (*fields, "rollback_criterion"):
        for record in records.get(key, []):
            record.__dict__["_targets"] = found.get((key, record.pk), [])


def calendar_of_all(actor: Actor, at: datetime | None = None) -> QuerySet[PlacementNow]:
    """All dated work of the open launches the actor may see, earliest first."""
    return visible_placements(actor, at).filter(kind__in=WORK, starts_on__isnull=False)
