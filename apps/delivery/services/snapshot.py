"""Freezes a mailing's audience into rows, chunk by chunk; a kill loses at most the chunk in hand."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from apps.core.errors import DomainError, Invalid
from apps.core.fields import known_zones
from apps.delivery import faults, sources
from apps.delivery.addresses import domain_of, normalise
from apps.delivery.models import Mailing
from apps.delivery.selectors import database_now
from apps.delivery.services import mailings
from apps.delivery.sources import Recipient

logger = logging.getLogger(__name__)
State = Mailing.State
NO_ADDRESS = "There is no usable mail address."

# The rows come as one JSON document: the driver would spend longer on eleven arrays than the database on storing
# them. What is suppressed keeps its row, so that figures add up to the audience; what cannot be mailed has failed
# from the start.
_INSERT = """
WITH given AS (
    SELECT * FROM json_to_recordset(%s::json)
           AS t (kind text, id bigint, name text, account text, sender bigint, sent_from text, address text,
                 domain text, zone text, language text, context jsonb, not_before timestamptz)
), judged AS (
    SELECT g.*,
           CASE WHEN g.address = '' THEN 'failed'
                WHEN EXISTS (SELECT FROM delivery_suppression s
                              WHERE s.kind = 'address' AND s.value = g.address AND s.topic IN ('', %s))
                  OR EXISTS (SELECT FROM delivery_suppression s
                              WHERE s.kind = 'domain' AND s.value = g.domain AND s.topic IN ('', %s))
                THEN 'suppressed' ELSE 'ready' END AS state
      FROM given g
)
INSERT INTO delivery_delivery
       (mailing_id, recipient_kind, recipient_id, name, account, sender_id, from_address, address, domain, zone,
        language, context, state, not_before, attempts, round, message_id, provider_id, reply, reason, settled_at)
SELECT %s, kind, id, name, account, sender, sent_from, address, domain, zone, language, context, state,
       GREATEST(%s, judged.not_before, statement_timestamp()), 0, 1,
       '<' || kind || '.' || id || '.1.' || %s || '>', '', '',
       CASE state WHEN 'failed' THEN %s WHEN 'suppressed' THEN 'Suppressed before the start.' ELSE '' END,
       CASE state WHEN 'ready' THEN NULL ELSE statement_timestamp() END
  FROM judged
    ON CONFLICT DO NOTHING
"""


# Who of the chunk got no row since the address has one: told, not just dropped.
_NOTE_DUPLICATES = """
INSERT INTO delivery_duplicate (mailing_id, recipient_kind, recipient_id, name, account, first_id)
SELECT d.mailing_id, g.kind, g.id, g.name, g.account, d.id
  FROM json_to_recordset(%s::json) AS g (kind text, id bigint, name text, account text, address text)
  JOIN delivery_delivery d ON d.mailing_id = %s AND d.address = g.address AND d.address <> ''
 WHERE (d.recipient_kind, d.recipient_id) <> (g.kind, g.id)
    ON CONFLICT DO NOTHING
"""


def continue_snapshots() -> int:
    """Work on every mailing that collects recipients, one chunk each; returns the chunks made."""
    made = 0
    for pk in (
        Mailing.objects.filter(state=State.SNAPSHOTTING).order_by("starts_at").values_list("pk", flat=True)
    ):
        try:
            made += store_chunk(pk)
        except DomainError as error:
            # Its source is gone or refuses: a person has to look, the others go on.
            _pause(pk, error.message)
        except (OperationalError, InterfaceError):
            # The database is away or a lock was lost: the worker comes back to it, the mailing is not to blame.
            raise
        except Exception as error:
            logger.exception("the source of mailing %s failed", pk)
            _pause(pk, f"its source failed ({type(error).__name__}); the log says where.")
    return made


def store_chunk(mailing_id: int) -> int:
    """Store the next 5,000 recipients with the cursor behind them in one transaction.

    Returns 0 if there is nothing to do or another worker is at it. Raises what the source raises.
    """
    limit = settings.DELIVERY_SNAPSHOT_CHUNK
    with transaction.atomic():
        mailing = (
            Mailing.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=mailing_id, state=State.SNAPSHOTTING)
            .first()
        )
        if mailing is None:
            return 0
        found = list(sources.get(mailing.source).recipients(mailing, mailing.cursor, limit))
        stored = _insert(mailing, found) if found else 0
        mailing.recipients += stored
        mailing.duplicates += len(found) - stored
        if found:
            mailing.cursor = found[-1].cursor
        if len(found) < limit:
            mailing.state = State.RUNNING
            mailing.snapshot_at = database_now()
            mailing.version += 1
            with connection.cursor() as cursor:
                # Statements that were planned for a smaller table are planned again.
                cursor.execute("ANALYZE delivery_delivery")
        mailing.save()
        faults.point("in_snapshot")
    return 1


def _insert(mailing: Mailing, found: Sequence[Recipient]) -> int:
    zones = known_zones()
    rows = []
    for recipient in found:
        try:
            address = normalise(recipient.address)
        except Invalid:
            address = ""
        rows.append(
            {
                "kind": recipient.kind,
                "id": recipient.id,
                "name": _line(recipient.name),
                "account": _line(recipient.account),
                "sender": recipient.sender_id,
                "sent_from": recipient.from_address.strip().lower()[:254],
                "address": address,
                "domain": domain_of(address),
                "zone": recipient.zone if recipient.zone in zones else mailing.zone,
                "language": recipient.language[:20],
                "context": recipient.context,
                "not_before": recipient.not_before.isoformat() if recipient.not_before else None,
            }
        )
    given = json.dumps(rows, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                given,
                mailing.topic,
                mailing.topic,
                mailing.pk,
                mailing.starts_at,
                f"{mailing.key}@{settings.DELIVERY_MESSAGE_DOMAIN}",
                NO_ADDRESS,
            ],
        )
        stored = int(cursor.rowcount)
        if stored < len(rows):
            cursor.execute(_NOTE_DUPLICATES, [given, mailing.pk])
        return stored


def _line(text: str) -> str:
    """A name as a row keeps it: without null characters, at most 200 characters."""
    return text.replace("\x00", "")[:200]


def _pause(pk: int, reason: str) -> None:
    logger.warning("mailing %s cannot collect its recipients: %s", pk, reason)
    with transaction.atomic():
        mailing = mailings.lock(pk)
        if mailing.state == State.SNAPSHOTTING:
            mailings.hold(mailing, f"Its recipients cannot be collected: {reason}")
