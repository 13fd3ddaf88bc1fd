"""Reading campaigns: a launch's list, one with its figures, its recipients."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.delivery import selectors as delivered
from apps.delivery.models import Delivery, Duplicate, Mailing
from apps.delivery.selectors import deliveries
from apps.launches.models import Launch
from apps.launches.policies import can_see_launch
from apps.outreach import policies
from apps.outreach.models import Campaign
from apps.work.models import FollowUp


def campaigns(launch: Launch) -> QuerySet[Campaign]:
    """A launch's campaigns, the newest first."""
    return (
        Campaign.objects.filter(launch=launch)
        .select_related("mailing", "owner", "launch", "placement")
        .order_by("-id")
    )


def campaign(actor: Actor, pk: int, launch: Launch | None = None) -> Campaign:
    """One campaign, or `NotFound`, also when its launch is not shared with the actor."""
    found = (
        Campaign.objects.select_related(
            "launch", "mailing", "mailing__approved_by", "owner", "second_to", "submitted_by", "placement"
        )
        .filter(pk=pk)
        .first()
    )
    if found is None or (launch and found.launch_id != launch.pk) or not can_see_launch(actor, found.launch):
        raise NotFound("There is no such campaign, or its launch is not shared with you.")
    return found


@dataclass(frozen=True)
class Line:
    """A campaign in a list, with how much of it went out."""

    campaign: Campaign
    accepted: int
    total: int


def lines(launch: Launch) -> list[Line]:
    """Two queries."""
    found = list(campaigns(launch)[:200])
    rows = (
        Delivery.objects.filter(mailing__in=[each.mailing_id for each in found if each.mailing_id])
        .order_by()
        .values("mailing")
        .annotate(total=Count("pk"), accepted=Count("pk", filter=Q(state="accepted")))
    )
    counts = {row["mailing"]: (row["accepted"], row["total"]) for row in rows}
    return [Line(each, *counts.get(each.mailing_id or 0, (0, 0))) for each in found]


def recipients(actor: Actor, of: Campaign, *states: str) -> QuerySet[Delivery]:
    """Who gets it or got it, for those who may see that."""
    policies.require("outreach.recipients", actor, of)
    return deliveries(of.mailing, *states) if of.mailing else Delivery.objects.none()


def duplicates(actor: Actor, of: Campaign) -> QuerySet[Duplicate]:
    """Contacts without a mail of their own, since their address has one, for those who may see that."""
    policies.require("outreach.recipients", actor, of)
    return delivered.duplicates(of.mailing) if of.mailing else Duplicate.objects.none()


def recipient(actor: Actor, of: Campaign, pk: int) -> Delivery:
    """One recipient's mail, or `NotFound`."""
    found = recipients(actor, of).select_related("mailing", "sender").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such mail in this campaign.")
    return found


def follow_ups(of: Campaign) -> dict[str, int]:
    """How many follow-ups it made, and how they stand. One query."""
    rows = FollowUp.objects.filter(source__startswith=f"campaign:{of.pk}:")
    return rows.aggregate(
        total=Count("pk"), open=Count("pk", filter=Q(state="open")), done=Count("pk", filter=Q(state="done"))
    )


def items_without_campaign(launch: Launch) -> QuerySet[CalendarItem]:
    """The open calendar items of a launch that are no campaign yet."""
    taken = Campaign.objects.filter(placement__kind=CalendarItem.kind, launch=launch)
    taken = taken.exclude(mailing__state=Mailing.State.CANCELLED)
    return (
        CalendarItem.objects.filter(launch=launch)
        .exclude(status__in=[CalendarItem.Status.PUBLISHED, CalendarItem.Status.CANCELLED])
        .exclude(pk__in=taken.values("placement__record_id"))
        .select_related("launch")
    )
