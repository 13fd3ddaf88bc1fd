"""Seeing a mail before anybody gets it: as any recipient, and in one's own mailbox."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.audience.models import Contact
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.delivery.services import mailings
from apps.outreach import policies, wording
from apps.outreach.models import Campaign, TestSend
from apps.outreach.services.storing import record
from apps.outreach.source import TEST, TOPIC, audience, from_of, message_parts, values_of

SAMPLE = 20
NO_LINK = "https://example.com/"


@dataclass(frozen=True)
class Preview:
    """A mail as one contact would get it, or why they would get none."""

    contact: Contact
    subject: str = ""
    text: str = ""
    html: str = ""
    sender: str = ""
    reply_to: str = ""
    refusal: str = ""


def preview(*, actor: Actor, campaign: Campaign, contact_id: int | None = None) -> Preview | None:
    """The mail as a contact of the audience would get it, the first one unless told; None without any."""
    policies.require("outreach.recipients", actor, campaign)
    found = audience(campaign).select_related("account__csm").order_by("pk")
    contact = found.first() if contact_id is None else found.filter(pk=contact_id).first()
    if contact is None:
        if contact_id is not None:
            raise NotFound("This contact is not in the audience.")
        return None
    sender, reply_to = from_of(contact.account.csm)
    sender = sender or settings.DEFAULT_FROM_EMAIL
    try:
        subject, text, html = message_parts(campaign, values_of(contact, campaign), NO_LINK)
    except wording.MissingValue as error:
        return Preview(contact, refusal=f"“{error.name}” is not known and the text has no fallback for it.")
    except Invalid as error:
        return Preview(contact, refusal=error.message)
    return Preview(contact, subject, text, html, sender, reply_to or sender)


def send_test(*, actor: Actor, campaign: Campaign, contact_id: int | None = None) -> TestSend:
    """A copy to oneself, on the way every mail goes. Raises `Invalid` where the contact would get none."""
    policies.require("outreach.edit", actor, campaign)
    if not isinstance(actor.user, User):
        raise NotAllowed("Only a person can send a test to themselves.")
    shown = preview(actor=actor, campaign=campaign, contact_id=contact_id)
    if shown is None:
        raise Invalid("Nobody is in the audience yet, so there is nothing to show.")
    if shown.refusal:
        raise Invalid(shown.refusal)
    with transaction.atomic():
        sent = TestSend.objects.create(
            campaign=campaign, person=actor.user, sender=shown.sender, reply_to=shown.reply_to,
            subject=shown.subject, text=shown.text, html=shown.html,
        )  # fmt: skip
        mailing = mailings.create_mailing(
            actor=actor, source=TEST, source_id=sent.pk, title=f"Test of {campaign.title}"[:200], topic=TOPIC,
            launch_id=campaign.launch_id, error_share=None,
        )  # fmt: skip
        mailing = mailings.approve(actor=SYSTEM, mailing=mailing)
        sent.mailing = mailings.schedule(actor=SYSTEM, mailing=mailing)
        sent.save(update_fields=["mailing"])
        record(campaign, actor=actor, verb="tested")
    return sent
