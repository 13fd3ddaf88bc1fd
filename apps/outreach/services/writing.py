"""Making and changing campaigns. A change of what an approval covers makes it a draft again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Invalid
from apps.delivery.models import Mailing
from apps.delivery.services import mailings
from apps.launches.models import Launch
from apps.outreach import policies, wording
from apps.outreach.models import Campaign
from apps.outreach.services.places import attach
from apps.outreach.services.storing import content_hash, lock, record, save
from apps.outreach.source import CAMPAIGN, TOPIC

FIELDS = (
    "title", "goal", "owner", "rule", "roles", "sends_mail", "subject", "body", "second_to", "wait_days",
    "track_links",
    "makes_follow_ups", "follow_up_kind", "follow_up_title", "follow_up_script", "follow_up_days",
)  # fmt: skip
# Kept by the mailing: how it goes out, which no approval covers.
SENDING = ("zone", "quiet_from", "quiet_until", "rate", "error_share")


def create(
    *, actor: Actor, launch: Launch, values: Mapping[str, Any], item: CalendarItem | None = None
) -> Campaign:
    """A draft. With an `item`, which the actor may work on, it is that item and shares its place on the calendar.

    Raises `Invalid` for what cannot be."""
    policies.require("outreach.create", actor, launch)
    own, sending = _parted(values)
    campaign = Campaign(launch=launch, written_by=_person(actor), authors=actor.added_to(), **own)
    _check(campaign)
    with transaction.atomic():
        campaign.content_hash = content_hash(campaign)
        if item is not None:
            attach(actor=actor, campaign=campaign, item=item)
        campaign.save()
        campaign.mailing = mailings.create_mailing(
            actor=actor,
            source=CAMPAIGN,
            source_id=campaign.pk,
            title=campaign.title,
            topic=TOPIC,
            launch_id=launch.pk,
            **{"zone": launch.zone, **sending},
        )
        campaign.save(update_fields=["mailing"])
        record(campaign, actor=actor, verb="created", changes={"title": [None, campaign.title]})
    return campaign


def change(
    *, actor: Actor, campaign: Campaign, values: Mapping[str, Any], version: int | None = None
) -> Campaign:
    """Change a campaign nobody was collected for yet. Raises `Conflict` for a stale version."""
    own, sending = _parted(values)
    with transaction.atomic():
        campaign = lock(campaign, version)
        policies.require("outreach.edit", actor, campaign)
        if own and not campaign.may_be_edited:
            raise Invalid(
                "What goes out or went out stays as it was approved.", code="transition", field="state"
            )
        before = {name: getattr(campaign, name) for name in own}
        for name, value in own.items():
            setattr(campaign, name, value)
        _check(campaign)
        changes = audit.difference(before, own)
        if changes:
            was, campaign.content_hash = campaign.content_hash, content_hash(campaign)
            if was != campaign.content_hash:
                campaign.written_by = _person(actor)
                approved = campaign.state not in {"draft", "in_review"}
                campaign.authors = actor.added_to(() if approved else campaign.authors)
                back_to_draft(campaign)
            save(campaign, actor=actor, verb="changed", changes=changes)
        mailing = campaign.mailing
        if mailing is not None and ("title" in changes or sending):
            # How fast it goes may be changed while it runs; who may run it decides that.
            if sending:
                policies.require(
                    "outreach.run" if not campaign.may_be_edited else "outreach.edit", actor, campaign
                )
            set_mailing(campaign, title=campaign.title, **sending)
    return campaign


def back_to_draft(campaign: Campaign) -> None:
    """A locked campaign whose content changed asks for approval again."""
    campaign.submitted_at = campaign.submitted_by = None
    mailing = campaign.mailing
    if mailing is not None and mailing.state in {Mailing.State.APPROVED, Mailing.State.SCHEDULED}:
        campaign.mailing = mailings.reopen(actor=SYSTEM, mailing=mailing)


def set_mailing(campaign: Campaign, **values: Any) -> None:
    """Bring the settings of the campaign's mailing along; asked of who may was before."""
    assert campaign.mailing is not None
    if campaign.mailing.state not in {Mailing.State.FINISHED, Mailing.State.CANCELLED}:
        campaign.mailing = mailings.change_mailing(actor=SYSTEM, mailing=campaign.mailing, **values)


def _parted(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the campaign holds, and what its mailing does."""
    unknown = set(values) - {*FIELDS, *SENDING}
    if unknown:
        raise Invalid(f"A campaign has no “{min(unknown)[:60]}”.")
    own = {name: value for name, value in values.items() if name in FIELDS}
    return own, {name: value for name, value in values.items() if name in SENDING}


def _check(campaign: Campaign) -> None:
    try:
        campaign.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    if not campaign.sends_mail and not campaign.makes_follow_ups:
        raise Invalid("A campaign sends a mail, makes follow-ups, or both.", field="sends_mail")
    for name in ("subject", "body", "follow_up_title", "follow_up_script"):
        wording.check(getattr(campaign, name), what=name)
    first = campaign.second_to
    if first is not None:
        if first.launch_id != campaign.launch_id or first.pk == campaign.pk:
            raise Invalid("A second mail follows another campaign of the same launch.", field="second_to")
        if not first.sends_mail:
            raise Invalid("The first one sends no mail.", field="second_to")


def _person(actor: Actor) -> User | None:
    return actor.user if isinstance(actor.user, User) else None
