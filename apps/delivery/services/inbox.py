"""Mail that comes to us, by webhook or by pipe: what it means for the message it is about."""

from __future__ import annotations

import logging

from django.conf import settings

from apps.core.actors import Actor
from apps.core.errors import Invalid, NotFound
from apps.delivery import incoming, links, selectors
from apps.delivery.addresses import normalise
from apps.delivery.incoming import Mail
from apps.delivery.models import DeliveryEvent
from apps.delivery.reports import Outcome, Report, Stops, is_lasting, key_of
from apps.delivery.services import feedback, suppression

logger = logging.getLogger(__name__)
Kind = DeliveryEvent.Kind
# RFC 3464, 2.3.3. Relayed and expanded mean that nobody further on will tell.
_ACTIONS: dict[str, str] = {
    "failed": Kind.BOUNCED, "delayed": Kind.DELAYED, "delivered": Kind.DELIVERED, "relayed": Kind.DELIVERED,
    "expanded": Kind.DELIVERED,
}  # fmt: skip
# RFC 5965 and its registry; not-spam takes a complaint back, which nobody acts on.
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other"})
_OPTED_OUT = frozenset({"opt-out", "opt-out-list"})


def receive(*, actor: Actor, mail: Mail) -> Outcome:
    """Take one mail. What is about no message of ours changes nothing; a second time nothing is new."""
    kind = incoming.report_type(mail.message)
    if kind == "delivery-status":
        outcome = _bounced(actor, mail)
    elif kind == "feedback-report":
        outcome = _complained(actor, mail)
    elif kind:
        outcome = Outcome.IGNORED
    elif _is_unsubscribing(mail):
        outcome = _unsubscribed(mail)
    else:
        outcome = _answered(actor, mail)
    logger.info("a mail was %s: %s", outcome, mail.key)
    return outcome


def _bounced(actor: Actor, mail: Mail) -> Outcome:
    """A delivery status notification. Only one that returns our Message-ID is believed: addresses can be made up."""
    message_id = incoming.original_message_id(mail.message)
    outcome = Outcome.UNKNOWN
    for number, status in enumerate(incoming.statuses(mail.message)):
        kind = _ACTIONS.get(status.action)
        if kind is None or not message_id:
            continue
        words = f"{status.status} {status.diagnostic}".strip()
        lasting = kind == Kind.BOUNCED and is_lasting(words, otherwise=False)
        report = Report(
            kind=kind, key=key_of(mail.key, str(number)), address=status.address, detail=f"Bounce mail: {words}",
            message_id=message_id, stops=Stops.BOUNCE if lasting else Stops.NOTHING,
        )  # fmt: skip
        outcome = feedback.take(actor=actor, report=report)
    return outcome


def _complained(actor: Actor, mail: Mail) -> Outcome:
    message_id = incoming.original_message_id(mail.message)
    kind = incoming.feedback_type(mail.message)
    if not message_id:
        return Outcome.UNKNOWN
    if kind not in _COMPLAINTS | _OPTED_OUT:
        return Outcome.IGNORED
    complaint = kind in _COMPLAINTS
    report = Report(
        kind=Kind.COMPLAINED if complaint else Kind.UNSUBSCRIBED,
        key=mail.key,
        detail=f"Feedback report: {kind}",
        message_id=message_id,
        stops=Stops.COMPLAINT if complaint else Stops.TOPIC,
    )
    return feedback.take(actor=actor, report=report)


def _is_unsubscribing(mail: Mail) -> bool:
    mailbox = settings.DELIVERY_UNSUBSCRIBE_MAILBOX
    if not mailbox or not incoming.unsubscribe_token(mail.message):
        return False
    try:
        return normalise(mailbox) in incoming.recipients(mail)
    except Invalid:
        return False


def _unsubscribed(mail: Mail) -> Outcome:
    """The `mailto:` of List-Unsubscribe (RFC 2369). Its token is what allows it, whoever sends it."""
    try:
        delivery = selectors.delivery_with_mailing(
            links.delivery_of(incoming.unsubscribe_token(mail.message))
        )
    except NotFound:
        return Outcome.UNKNOWN
    actor = Actor(kind="link", id=delivery.pk, label="Recipient")
    suppression.unsubscribe(actor=actor, delivery=delivery)
    return Outcome.RECORDED


def _answered(actor: Actor, mail: Mail) -> Outcome:
    message = mail.message
    senders = incoming.addresses(message, "From") or incoming.addresses(message, "Sender")
    if not senders or selectors.are_our_own(senders):
        # A manager who writes on in the same thread is not the customer answering.
        return Outcome.IGNORED
    delivery_id = selectors.answered_by(incoming.references(message))
    if delivery_id is None:
        delivery_id = selectors.latest_to(
            min(senders), written_to=incoming.recipients(mail), days=settings.DELIVERY_REPLY_DAYS
        )
    if delivery_id is None:
        return Outcome.UNKNOWN
    automatic = incoming.is_automatic(mail)
    report = Report(
        kind=Kind.AUTOREPLIED if automatic else Kind.REPLIED,
        key=mail.key,
        detail=f"Subject: {incoming.header(message, 'Subject')[:200]}",
    )
    return feedback.note(actor=actor, delivery_id=delivery_id, report=report)
