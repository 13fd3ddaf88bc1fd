"""Reading announcements: lists for colleagues, the feed for customers' products."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Now

from apps.announcements.models import Announcement, Receipt
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches.models import Launch, Member
from apps.launches.policies import can_see_launch
from apps.launches.selectors import visible_launches

State = Announcement.State

# A paused launch hides its announcements, a cancelled or archived one has none; a completed one lets those
# that are live run to their end; what was scheduled in it went back to approved.
SHOWING_LAUNCHES = (Launch.State.DRAFT, Launch.State.ACTIVE, Launch.State.COMPLETED)
STARTING_LAUNCHES = (Launch.State.DRAFT, Launch.State.ACTIVE)

FEED_LIMIT = 50
FEED_FIELDS = (
    "id", "title", "body", "html", "action_label", "action_url", "surfaces", "priority", "went_live_at",
    "ends_at", "version",
)  # fmt: skip


def feed(*, account: str, user: str, surface: str = "") -> list[dict[str, Any]]:
    """What this user of a customer's account is to see now, most pressing first. One query.

    Live, in its window by the database's clock, its launch running, not dismissed by this user on any
    surface. With a `surface`, what is meant for it or for any; without, everything. At most 50.

    Whether the launch is restricted does not count: that says which of the portal's own people see the plan,
    while the feed is for the company's product, whose users see nothing of the launch but what was approved
    and scheduled for them. Who is in `teams` and reads of it in their inbox does depend on it.
    """
    dismissed = Receipt.objects.filter(
        announcement=OuterRef("pk"), account=account, user=user, dismissed_at__isnull=False
    )
    showing = Announcement.objects.filter(_in_window(), ~Exists(dismissed))
    if surface:
        showing = showing.filter(Q(surfaces=[]) | Q(surfaces__contains=[surface]))
    return list(showing.order_by("-priority", "-went_live_at", "-id").values(*FEED_FIELDS)[:FEED_LIMIT])


def showing_now() -> QuerySet[Announcement]:
    """What the feed has for somebody who dismissed nothing."""
    return Announcement.objects.filter(_in_window())


def _in_window() -> Q:
    return Q(
        Q(ends_at=None) | Q(ends_at__gt=Now()),
        state=State.LIVE,
        starts_at__lte=Now(),
        launch__state__in=SHOWING_LAUNCHES,
    )


def holding_places() -> QuerySet[Announcement]:
    """Those whose calendar item cannot have another: all but what was cancelled or missed (`gave_up`)."""
    missed = Q(state=State.FINISHED, went_live_at=None)
    return Announcement.objects.exclude(Q(state=State.CANCELLED) | missed)


def visible(actor: Actor) -> QuerySet[Announcement]:
    """Every announcement of launches the actor may see."""
    return Announcement.objects.filter(launch__in=visible_launches(actor).values("pk")).select_related(
        "launch", "owner", "team", "placement", "approved_by", "written_by", "submitted_by"
    )


_BY_PRESSURE = Case(
    *(
        When(state=state, then=Value(place))
        for place, state in enumerate(
            (
                State.LIVE,
                State.PAUSED,
                State.SCHEDULED,
                State.APPROVED,
                State.IN_REVIEW,
                State.DRAFT,
                State.FINISHED,
                State.CANCELLED,
            )
        )
    ),
    output_field=IntegerField(),
)


def announcements(launch: Launch) -> QuerySet[Announcement]:
    """A launch's announcements, what is live first and what is over last."""
    return (
        Announcement.objects.filter(launch=launch)
        .select_related("launch", "owner", "team", "placement", "approved_by")
        .prefetch_related("teams")
        .annotate(pressure=_BY_PRESSURE)
        .order_by("pressure", "starts_at", "-id")
    )


def announcement(actor: Actor, pk: int, launch: Launch | None = None) -> Announcement:
    """One announcement, or `NotFound`, also when its launch is not shared with the actor. Two queries."""
    found = (
        Announcement.objects.filter(pk=pk)
        .select_related("launch", "owner", "team", "placement", "approved_by", "written_by", "submitted_by")
        .prefetch_related("teams")
        .first()
    )
    if found is None or (launch and found.launch_id != launch.pk) or not can_see_launch(actor, found.launch):
        raise NotFound("There is no such announcement, or its launch is not shared with you.")
    return found


def waiting_for_approval(actor: Actor) -> QuerySet[Announcement]:
    """Announcements in review that this person could approve."""
    person = actor.user
    if person is None:
        return Announcement.objects.none()
    waiting = visible(actor).filter(state=State.IN_REVIEW, launch__state__in=["draft", "active", "paused"])
    if not getattr(person, "is_administrator", False):
        waiting = waiting.filter(
            launch__members__user=person.pk, launch__members__role__in=[Member.Role.OWNER, Member.Role.EDITOR]
        )
    mine = Q(written_by=person.pk) | Q(submitted_by=person.pk)
    return waiting.exclude(mine & Q(launch__self_approval=False)).order_by("updated_at")


def figures(announcement: Announcement) -> dict[str, int]:
    """How many users saw, clicked and dismissed it. One query."""
    return Receipt.objects.filter(announcement=announcement).aggregate(
        seen=Count("pk", filter=Q(first_seen_at__isnull=False)),
        clicked=Count("pk", filter=Q(clicked_at__isnull=False)),
        dismissed=Count("pk", filter=Q(dismissed_at__isnull=False)),
    )


def database_now() -> datetime:
    """The instant by the clock that decides what is live. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]
