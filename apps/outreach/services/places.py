"""A campaign's place on the calendar: its own, or that of the calendar item it is.

Where a campaign stands is decided by its mailing, which workers move on without asking anybody. So the calendar
follows: after each change and by a poll, one campaign a transaction, the launch locked before the item, the
placement after it, and the campaign only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from apps.content.models import CalendarItem
from apps.content.services.places import follow_status, lock_placement, place_of
from apps.core import bell
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.delivery.models import Mailing
from apps.delivery.services import mailings
from apps.launches import policies as launch_policies
from apps.launches.services.launch import hold
from apps.outreach import policies
from apps.outreach.models import Campaign
from apps.schedule.models import Placement
from apps.schedule.services.pinning import close, minute_of, pin, place_undated, unpin

KIND = "campaign"
BELL = "outreach.follow_calendar"
AT_ONCE = 500
Status = CalendarItem.Status


@dataclass(frozen=True)
class Standing:
    """What the calendar should say of a campaign. `status` None: leave the item's as it is."""

    state: str
    at: datetime | None
    status: str | None


def standing_of(campaign: Campaign) -> Standing:
    """Begun is published, from the minute it began; only what is scheduled is pinned to its minute."""
    mailing = campaign.mailing
    starts_at = minute_of(mailing.starts_at) if mailing is not None and mailing.starts_at else None
    if campaign.has_begun:
        return Standing(Placement.State.DONE, starts_at, Status.PUBLISHED)
    state = campaign.state
    if state == Mailing.State.CANCELLED:
        return Standing(Placement.State.CANCELLED, None, None)
    if state in {Mailing.State.SCHEDULED, Mailing.State.PAUSED}:
        return Standing(Placement.State.PLANNED, starts_at, Status.SCHEDULED)
    statuses = {"draft": Status.DRAFTING, "in_review": Status.IN_REVIEW, "approved": Status.APPROVED}
    return Standing(Placement.State.PLANNED, None, statuses[state])


def attach(*, actor: Actor, campaign: Campaign, item: CalendarItem) -> None:
    """Let a new campaign be this calendar item. Raises `Invalid` if another one is, or of another launch."""
    if item.launch_id != campaign.launch_id:
        raise Invalid("The calendar item belongs to another launch.", field="item")
    launch_policies.require("records.work", actor, item)
    placement = place_of(item)
    former = Campaign.objects.filter(placement=placement).first()
    if former is not None:
        if former.state != Mailing.State.CANCELLED:
            raise Invalid("This calendar item has a campaign already.", code="taken", field="item")
        Campaign.objects.filter(pk=former.pk).update(placement=None)
    campaign.placement = placement


def follow_all() -> int:
    """Bring the calendar in line with every campaign that moved on; says how many. Safe to run at once twice.

    Two queries while all are in line.
    """
    found = list(
        _read()
        .filter(Q(placement=None) | Q(placement__state="planned"))
        .order_by("-mailing__updated_at", "-id")[:AT_ONCE]
    )
    shared = [each.item_id for each in found if each.item_id is not None]
    statuses = dict(CalendarItem.objects.filter(pk__in=shared).values_list("pk", "status"))
    behind = [each.pk for each in found if not _is_in_line(each, statuses.get(each.item_id or 0))]
    return sum(follow(pk) for pk in behind)


def follow(pk: int) -> bool:
    """Bring the calendar in line with one campaign; False if it or its place went away meanwhile."""
    campaign = _read().filter(pk=pk).first()
    if campaign is None:
        return False
    with transaction.atomic():
        launch = hold(campaign.launch_id)
        placement = lock_placement(campaign.placement_id)
        campaign = _read().filter(pk=pk).first()  # as it is now that nobody else moves its place
        if campaign is None or campaign.placement_id != (placement.pk if placement else None):
            return False
        if placement is None:
            placement = place_undated(
                launch=launch, kind=KIND, record_id=campaign.pk, title=campaign.title,
                owner=campaign.owner, team=None,
            )  # fmt: skip
            Campaign.objects.filter(pk=campaign.pk, placement=None).update(placement=placement)
        placement.launch = launch
        _apply(campaign, placement)
    return True


def follow_item(*, actor: Actor, item: CalendarItem) -> None:
    """Somebody gave the calendar item another time: a scheduled campaign starts then.

    If that time is no exact minute, it leaves the schedule and stays approved. The item is locked by the caller.
    """
    campaign = _of_item(item)
    if campaign is None or campaign.mailing is None or campaign.placement is None or campaign.has_begun:
        return
    placement = campaign.placement
    waits = campaign.mailing.state == Mailing.State.SCHEDULED
    if not waits or placement.fixed_at is not None or placement.state != Placement.State.PLANNED:
        return
    policies.require("outreach.run", actor, campaign)
    if placement.precision == Placement.Precision.MINUTE and placement.starts_at is not None:
        mailings.schedule(actor=actor, mailing=campaign.mailing, starts_at=placement.starts_at)
        item.__dict__["_placement"] = pin(placement, instant=placement.starts_at)
        return
    mailings.unschedule(
        actor=actor, mailing=campaign.mailing, reason="Its calendar item has no exact time any more."
    )
    follow_status(placement, Status.APPROVED, only_from=(Status.SCHEDULED,))
    item.refresh_from_db(fields=["status", "version", "updated_at"])


def follow_placement(*, actor: Actor, placement: Placement, state: str) -> None:
    """A cancelled calendar item takes its unsent campaign with it."""
    if placement.kind == KIND and not actor.is_system:
        raise Invalid("A campaign is finished on its own page.", code="linked")
    if state != Placement.State.CANCELLED or actor.is_system:
        return
    campaign = Campaign.objects.select_related("launch", "mailing").filter(placement=placement).first()
    if campaign is None or campaign.mailing is None:
        return
    if campaign.has_begun or campaign.state == Mailing.State.CANCELLED:
        return
    policies.require("outreach.run", actor, campaign)
    mailings.cancel(actor=actor, mailing=campaign.mailing, reason="Its calendar item was cancelled.")


def leave_item(*, item: CalendarItem) -> None:
    """The calendar item is about to be removed: its campaign gets a place of its own."""
    found = Campaign.objects.filter(placement__kind=CalendarItem.kind, placement__record_id=item.pk)
    if found.update(placement=None, version=F("version") + 1):
        bell.ring(BELL)


def _of_item(item: CalendarItem) -> Campaign | None:
    return (
        Campaign.objects.select_related("launch", "mailing", "placement__launch")
        .filter(placement__kind=CalendarItem.kind, placement__record_id=item.pk)
        .first()
    )


def _read() -> QuerySet[Campaign]:
    return Campaign.objects.select_related("launch", "mailing", "placement", "owner")


def _is_in_line(campaign: Campaign, status: str | None) -> bool:
    """Whether the calendar says of it what it should; `status` is that of the item it is, if it is one."""
    placement, wanted = campaign.placement, standing_of(campaign)
    if placement is None:
        return False
    if placement.kind == KIND:
        copied = (placement.title, placement.owner_id) == (campaign.title, campaign.owner_id)
        return copied and (placement.state, placement.fixed_at) == (wanted.state, wanted.at)
    if wanted.status is None:
        return placement.fixed_at is None and status != Status.SCHEDULED
    return (placement.fixed_at, status) == (wanted.at, wanted.status)


def _apply(campaign: Campaign, placement: Placement) -> None:
    wanted = standing_of(campaign)
    if placement.state != Placement.State.PLANNED:
        return  # what is done stays where it was; what somebody cancelled is theirs to open again
    placement = pin(placement, instant=wanted.at) if wanted.at else unpin(placement)
    if placement.kind != KIND:
        if wanted.status is None:
            # What was its campaign's status only is the item's own business again.
            follow_status(placement, Status.DRAFTING, only_from=(Status.SCHEDULED,))
        else:
            follow_status(placement, wanted.status)
        return
    Placement.objects.filter(pk=placement.pk).update(
        title=campaign.title, owner=campaign.owner, updated_at=now()
    )
    placement.title, placement.owner = campaign.title, campaign.owner
    if wanted.state != Placement.State.PLANNED:
        close(placement, wanted.state)
