"""From draft to sent: asked for, approved by somebody else, scheduled, paused, resumed, cancelled."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.core import bell
from apps.core.actors import SYSTEM, Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.delivery.models import Delivery, DeliveryEvent, Mailing
from apps.delivery.selectors import database_now
from apps.delivery.services import mailings, withdrawing
from apps.launches.models import Launch, Member
from apps.outreach import policies
from apps.outreach.models import Campaign
from apps.outreach.services.places import BELL
from apps.outreach.services.storing import lock, record, require_state, save

UNSENT = (
    Mailing.State.DRAFT, Mailing.State.APPROVED, Mailing.State.SCHEDULED, Mailing.State.SNAPSHOTTING,
    Mailing.State.RUNNING, Mailing.State.PAUSED,
)  # fmt: skip


def submit(*, actor: Actor, campaign: Campaign, version: int | None = None) -> Campaign:
    """Ask for approval. Those who may approve find it in their inbox."""
    with transaction.atomic():
        campaign = lock(campaign, version)
        policies.require("outreach.edit", actor, campaign)
        require_state(campaign, "draft", to="submitted for approval")
        _complete(campaign)
        campaign.submitted_at = now()
        campaign.submitted_by = actor.user if isinstance(actor.user, User) else None
        save(campaign, actor=actor, verb="submitted", changes={"state": ["draft", "in_review"]})
        notify(
            users=_approvers(campaign),
            kind="approval",
            title=f"For your approval: {campaign.title}"[:500],
            body=campaign.launch.name,
            url=reverse("outreach:detail", args=[campaign.launch.slug, campaign.pk]),
            source=f"campaign:{campaign.pk}:submitted:{campaign.version}",
            launch_id=campaign.launch_id,
        )
    return campaign


def approve(*, actor: Actor, campaign: Campaign, version: int | None = None) -> Campaign:
    """Approve exactly what it says now. Nobody approves their own work unless the launch's owner allows it."""
    with transaction.atomic():
        campaign = lock(campaign, version)
        policies.require("outreach.approve", actor, campaign)
        require_state(campaign, "draft", "in_review", to="approved")
        _complete(campaign)
        campaign.mailing = mailings.approve(
            actor=actor, mailing=_mailing(campaign), content_hash=campaign.content_hash
        )
        save(campaign, actor=actor, verb="approved")
    return campaign


def send_back(*, actor: Actor, campaign: Campaign, reason: str = "", version: int | None = None) -> Campaign:
    """Not like this: back to draft, with what to mend."""
    with transaction.atomic():
        campaign = lock(campaign, version)
        policies.require("outreach.approve", actor, campaign)
        require_state(campaign, "in_review", "approved", to="sent back")
        if _mailing(campaign).state == Mailing.State.APPROVED:
            campaign.mailing = mailings.reopen(actor=actor, mailing=_mailing(campaign))
        campaign.submitted_at = campaign.submitted_by = None
        save(campaign, actor=actor, verb="sent_back", reason=reason)
    return campaign


def schedule(
    *, actor: Actor, campaign: Campaign, starts_at: datetime | None = None, version: int | None = None
) -> Campaign:
    """Let an approved campaign start at an instant, at once without one."""
    with transaction.atomic():
        campaign = lock(campaign, version)
        policies.require("outreach.run", actor, campaign)
        require_state(campaign, "approved", "scheduled", to="scheduled")
        _require_launch(campaign)
        mailing = _mailing(campaign)
        if mailing.content_hash != campaign.content_hash:
            raise Invalid("It changed since it was approved.", code="transition", field="state")
        campaign.mailing = mailings.schedule(actor=actor, mailing=mailing, starts_at=starts_at)
        save(
            campaign, actor=actor, verb="scheduled", changes={"starts_at": [None, campaign.mailing.starts_at]}
        )
    return campaign


def pause(*, actor: Actor, campaign: Campaign, reason: str = "") -> Campaign:
    """Hold it before the next mail."""
    campaign.mailing = mailings.pause(actor=actor, mailing=_mailing(campaign), reason=reason)
    bell.ring(BELL)
    return campaign


def resume(*, actor: Actor, campaign: Campaign) -> Campaign:
    """Go on where it was paused."""
    _require_launch(campaign)
    campaign.mailing = mailings.resume(actor=actor, mailing=_mailing(campaign))
    bell.ring(BELL)
    return campaign


def cancel(*, actor: Actor, campaign: Campaign, reason: str = "") -> Campaign:
    """End it before the next mail. What was sent is not called back; follow-ups stay with who has them."""
    campaign.mailing = mailings.cancel(actor=actor, mailing=_mailing(campaign), reason=reason)
    bell.ring(BELL)
    return campaign


def mark_replied(*, actor: Actor, campaign: Campaign, delivery: Delivery) -> None:
    """A person noted that this recipient answered. A second time changes nothing."""
    policies.require("outreach.recipients", actor, campaign)
    policies.require("outreach.edit", actor, campaign)
    if delivery.mailing_id != campaign.mailing_id:
        raise Invalid("This mail belongs to another campaign.")
    with transaction.atomic():
        Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
        if DeliveryEvent.objects.filter(delivery=delivery, kind=DeliveryEvent.Kind.REPLIED).exists():
            return
        DeliveryEvent.objects.create(
            delivery=delivery,
            mailing_id=delivery.mailing_id,
            kind=DeliveryEvent.Kind.REPLIED,
            at=database_now(),
            detail=f"Noted by {actor.label}."[:500],
        )
        _stop_sequence(actor, campaign, delivery)


def note_answer(*, actor: Actor, delivery: Delivery) -> None:
    """The recipient of this message wrote back. Nothing follows from an answer to other mail than campaigns'."""
    campaign = Campaign.objects.filter(mailing=delivery.mailing_id).first()
    if campaign is not None:
        with transaction.atomic():
            _stop_sequence(actor, campaign, delivery)


def _stop_sequence(actor: Actor, campaign: Campaign, delivery: Delivery) -> None:
    """No second mail to who answered the first: not to be collected, and what waits already is taken back."""
    withdrawing.withdraw(
        mailings=_seconds(campaign),
        recipient_kind=delivery.recipient_kind,
        recipient_id=delivery.recipient_id,
        reason="They answered an earlier mail.",
    )
    record(campaign, actor=actor, verb="replied", changes={"delivery": [None, delivery.pk]})


def _seconds(campaign: Campaign) -> list[int]:
    """The mailings of all that follow a campaign, also the third after the second."""
    found: list[int] = []
    known, latest = {campaign.pk}, [campaign.pk]
    while latest:
        rows = list(Campaign.objects.filter(second_to__in=latest).exclude(pk__in=known))
        latest = [row.pk for row in rows]
        known.update(latest)
        found += [row.mailing_id for row in rows if row.mailing_id is not None]
    return found


def tell_held(*, mailing: Mailing, reason: str) -> None:
    """A campaign's mailing paused itself: who wrote it, owns it or runs the launch finds it in their inbox."""
    campaign = Campaign.objects.select_related("launch").filter(mailing=mailing).first()
    if campaign is None:
        return
    editors = Member.objects.filter(
        launch=campaign.launch_id, role__in=[Member.Role.OWNER, Member.Role.EDITOR]
    ).values("user")
    concerned = [pk for pk in (campaign.owner_id, campaign.written_by_id) if pk]
    notify(
        users=User.objects.filter(Q(pk__in=editors) | Q(pk__in=concerned), is_active=True),
        kind="campaign_held",
        title=f"Paused by itself: {campaign.title}"[:500],
        body=reason,
        url=reverse("outreach:detail", args=[campaign.launch.slug, campaign.pk]),
        source=f"campaign:{campaign.pk}:held:{mailing.version}",
        launch_id=campaign.launch_id,
    )


def follow_launch(*, launch: Launch, state: str) -> None:
    """A cancelled or archived launch cancels what is unsent; a paused one holds what is under way."""
    found = Mailing.objects.filter(pk__in=Campaign.objects.filter(launch=launch).values("mailing"))
    if state in {Launch.State.CANCELLED, Launch.State.ARCHIVED}:
        for mailing in found.filter(state__in=UNSENT).order_by("pk"):
            mailings.cancel(actor=SYSTEM, mailing=mailing, reason=f"The launch was {state}.")
    elif state in {Launch.State.PAUSED, Launch.State.COMPLETED}:
        at_work = (Mailing.State.SCHEDULED, Mailing.State.SNAPSHOTTING, Mailing.State.RUNNING)
        for mailing in found.filter(state__in=at_work).order_by("pk"):
            mailings.pause(actor=SYSTEM, mailing=mailing, reason=f"The launch was {state}.")


def _require_launch(campaign: Campaign) -> None:
    """Raise unless the launch lets mail out."""
    if why := policies.held_by_launch(campaign.launch):
        raise Invalid(why, code="transition", field="state")


def _mailing(campaign: Campaign) -> Mailing:
    assert campaign.mailing is not None
    return campaign.mailing


def _complete(campaign: Campaign) -> None:
    """Raise unless there is everything to approve."""
    missing: dict[str, list[str]] = {}
    if campaign.sends_mail:
        missing |= {
            name: ["This is needed."] for name in ("subject", "body") if not getattr(campaign, name).strip()
        }
    if campaign.makes_follow_ups and not campaign.follow_up_title.strip():
        missing["follow_up_title"] = ["This is needed."]
    if missing:
        raise Invalid("Something is missing before it can be approved.", errors=missing)


def _approvers(campaign: Campaign) -> list[User]:
    editors = Member.objects.filter(
        launch=campaign.launch_id, role__in=[Member.Role.OWNER, Member.Role.EDITOR]
    ).values("user")
    people = User.objects.filter(Q(pk__in=editors), is_active=True)
    mine = {*campaign.authors, campaign.submitted_by_id}
    return [person for person in people if campaign.launch.self_approval or person.pk not in mine]
