"""Reading announcements for colleagues: lists, one with all that belongs to it, what waits."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from apps.announcements.models import Announcement
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches.models import Launch, Member
from apps.launches.policies import can_see_launch
from apps.launches.selectors import visible_launches

State = Announcement.State


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
        .prefetch_related("teams", "translations")
        .annotate(pressure=_BY_PRESSURE)
        .order_by("pressure", "starts_at", "-id")
    )


def announcement(actor: Actor, pk: int, launch: Launch | None = None) -> Announcement:
    """One announcement, or `NotFound`, also when its launch is not shared with the actor. Three queries."""
    found = (
        Announcement.objects.filter(pk=pk)
        .select_related("launch", "owner", "team", "placement", "approved_by", "written_by", "submitted_by")
        .prefetch_related("teams", "translations")
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
    mine = Q(authors__contains=[person.pk]) | Q(submitted_by=person.pk)
    return waiting.exclude(mine & Q(launch__self_approval=False)).order_by("updated_at")
