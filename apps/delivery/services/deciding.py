"""What a person decides: whether an uncertain message went out, and what is worth another try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

from apps.audit import services as audit
from apps.core import bell
from apps.core.actors import Actor
from apps.core.errors import Invalid, NotFound
from apps.delivery import policies
from apps.delivery.models import Delivery, DeliveryEvent, Mailing
from apps.delivery.selectors import database_now
from apps.delivery.services import mailings

State = Delivery.State
Decision = Literal["sent", "not_sent", "send_again"]
_MEANING: dict[str, tuple[str, str]] = {
    "sent": (State.ACCEPTED, "A person found that it was sent."),
    "not_sent": (State.FAILED, "A person found that it was not sent."),
    "send_again": (State.READY, "A person had it sent again."),
}


def decide(*, actor: Actor, delivery: Delivery, decision: Decision, reason: str) -> Delivery:
    """Settle an uncertain row. `send_again` risks a second copy, so it gets a Message-ID of its own.

    A late answer of the relay no longer lands after this. Raises `Invalid` without a reason, if the row is not
    uncertain any more, or if nothing of the mailing may be sent again.
    """
    if decision not in _MEANING:
        raise Invalid("Decide sent, not_sent or send_again.", field="decision")
    if not reason.strip():
        raise Invalid("Say how you know.", code="no_reason", field="reason")
    with transaction.atomic():
        mailing = mailings.lock(delivery.mailing_id)
        policies.require("decide", actor, mailing)
        row = Delivery.objects.select_for_update(no_key=True).filter(pk=delivery.pk).first()
        if row is None:
            raise NotFound("There is no such message.")
        if row.state != State.UNCERTAIN:
            raise Invalid(
                f"This message is {row.get_state_display().lower()} by now.", code="transition", field="state"
            )
        if decision == "send_again" and mailing.state == Mailing.State.CANCELLED:
            raise Invalid("The mailing was cancelled: nothing of it is sent.", code="transition")
        now = database_now()
        row.state, row.reason = _MEANING[decision]
        row.lease, row.lease_until = None, None
        if decision == "send_again":
            row.not_before, row.settled_at = now, None
            row.attempts, row.round, row.provider_id = 0, row.round + 1, ""
            row.message_id = message_id(mailing, row.recipient_kind, row.recipient_id, row.round)
            mailings.run_again(mailing, actor)
            bell.ring(mailings.BELL)
        else:
            row.settled_at = now
        row.save()
        DeliveryEvent.objects.create(
            delivery=row,
            mailing_id=mailing.pk,
            kind=DeliveryEvent.Kind.DECIDED,
            at=now,
            detail=f"{decision} ({actor.label}): {reason}"[:500],
        )
        audit.record(
            actor=actor,
            verb="delivery.decided",
            obj=row,
            launch_id=mailing.launch_id,
            changes={"state": [State.UNCERTAIN, row.state]},
            reason=reason,
        )
    return row


def requeue(
    *, actor: Actor, mailing: Mailing, reason: str, ids: Iterable[int] | None = None, failed: bool = False
) -> int:
    """Give dead rows (with `failed` the refused ones too) a fresh set of attempts; returns how many.

    None of them was sent, so they keep their Message-IDs. Raises `Invalid` for a mailing that is cancelled, or
    that is over and whose source lets nothing out now.
    """
    states = [State.DEAD.value, State.FAILED.value] if failed else [State.DEAD.value]
    chosen = None if ids is None else list(ids)
    with transaction.atomic():
        mailing = mailings.lock(mailing.pk)
        policies.require("requeue", actor, mailing)
        if mailing.state == Mailing.State.CANCELLED:
            raise Invalid("The mailing was cancelled: nothing of it is sent.", code="transition")
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH found AS (
                    UPDATE delivery_delivery
                       SET state = 'ready', not_before = statement_timestamp(), attempts = 0, lease = NULL,
                           lease_until = NULL, settled_at = NULL, reason = 'Put back by a person.'
                     WHERE mailing_id = %s AND state = ANY(%s) AND address <> ''
                       AND (%s::bigint[] IS NULL OR id = ANY(%s::bigint[]))
                    RETURNING id, mailing_id
                )
                INSERT INTO delivery_deliveryevent
                       (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
                SELECT id, mailing_id, 'requeued', statement_timestamp(), 0, %s, '' FROM found
                """,
                [mailing.pk, states, chosen, chosen, f"{actor.label}: {reason}"[:500]],
            )
            count = int(cursor.rowcount)
        if count:
            mailings.run_again(mailing, actor)
            bell.ring(mailings.BELL)
        audit.record(
            actor=actor,
            verb="mailing.requeued",
            obj=mailing,
            launch_id=mailing.launch_id,
            changes={"rows": [0, count]},
            reason=reason,
        )
    return count


def message_id(mailing: Mailing, kind: str, recipient_id: int, number: int) -> str:
    """The Message-ID of the `number`th copy for a recipient, as the snapshot writes the first one."""
    return f"<{kind}.{recipient_id}.{number}.{mailing.key}@{settings.DELIVERY_MESSAGE_DOMAIN}>"
