"""What the pages across apps read, composed of selectors of the apps below, in bounded numbers of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Min, Q, QuerySet

from apps.accounts.models import User
from apps.announcements.models import Announcement
from apps.announcements.selectors import waiting_for_approval
from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.content.selectors import Entry, entries
from apps.content.selectors.approvals import to_approve
from apps.core.actors import Actor
from apps.core.clock import now, today_in
from apps.launches import kinds, policies
from apps.launches.models import Launch, LaunchRecord, Phase
from apps.launches.rows import SectionView, list_of
from apps.launches.selectors import comment_counts, visible_launches
from apps.metrics.facets import TargetsFacet
from apps.metrics.models import Target
from apps.plans.selectors import notes_of
from apps.rollouts.models import RollbackCriterion
from apps.rollouts.selectors import exposure
from apps.schedule.models import Placement
from apps.schedule.selectors import (
    Progress,
    ahead,
    begun,
    first,
    mine,
    next_up,
    placements,
    progress_by_launch,
    troubles_by_launch,
    visible_placements,
)
from apps.schedule.spans import first_instant
from apps.schedule.standing import with_standing

OPEN_STATES = ("draft", "active", "paused")
MOST_IN_A_LIST = 12
MOST_AT_RISK = 6


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
            launches = launches.filter(pk__in=policies.parts_of(actor).values("launch"))
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
    pressing = begun(own, at)
    due = first(pressing, MOST_IN_A_LIST + 1)
    coming = first(ahead(own, at), 8)
    sessions = _sessions(actor, user, today, at)
    shown = entries([*due[:MOST_IN_A_LIST], *coming, *sessions], actor)
    cut, end = min(len(due), MOST_IN_A_LIST), min(len(due), MOST_IN_A_LIST) + len(coming)
    monday = sunday - timedelta(days=6)
    items, announcements = approvals(actor)
    return Week(
        due=shown[:cut],
        due_total=len(due) if len(due) <= MOST_IN_A_LIST else pressing.count(),
        approvals=items,
        announcements=announcements,
        sessions=shown[end:],
        at_risk=_at_risk(actor, at),
        next=shown[cut:end],
        finished=own.filter(state="done", done_at__gte=first_instant(monday, time(0), user.zone)).count(),
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


def approvals(actor: Actor) -> tuple[list[CalendarItem], list[Announcement]]:
    """What waits for the actor's word, at most a list's length of each. Three queries."""
    return to_approve(actor, MOST_IN_A_LIST), list(waiting_for_approval(actor)[:MOST_IN_A_LIST])


def _at_risk(actor: Actor, at: datetime) -> list[LaunchLine]:
    """Open launches of the person with something late or blocked, or a phase on hold, the worst first."""
    own = visible_launches(actor).filter(state__in=["active", "paused"])
    if not policies.is_administrator(actor):
        own = own.filter(pk__in=policies.parts_of(actor).values("launch"))
    troubles = troubles_by_launch(own.values("pk"), at)
    held = Phase.objects.filter(launch__in=own.values("pk"), state=Phase.State.HELD)
    for launch_id in held.values_list("launch", flat=True):
        troubles.setdefault(launch_id, 0)
    worst = sorted(troubles, key=lambda launch_id: (-troubles[launch_id], launch_id))[:MOST_AT_RISK]
    found = own.in_bulk(worst)
    return launch_lines([found[launch_id] for launch_id in worst], at)


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
