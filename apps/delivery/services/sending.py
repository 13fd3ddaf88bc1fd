"""The statements around every message: the intent before it goes out, and the record of what came of it.

They are the hot path, so they are prepared statements on the connection itself. The intent is in `exchange`.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.delivery import faults
from apps.delivery.sources import Claimed
from apps.delivery.transports import Answer, Result

logger = logging.getLogger(__name__)

# The fence: lease, pause, cancel, epoch and the last-second unsubscribe; who uses it adds row, lease and quiet hours.
# COALESCE keeps the planner from the small index of leases, whose dead entries it would read one by one.
FENCE = """
       d.state = 'leased' AND COALESCE(d.lease_until, '-infinity') > statement_timestamp()
   AND m.id = d.mailing_id AND m.state = 'running' AND m.epoch = (SELECT number FROM delivery_epoch)
   AND NOT EXISTS (SELECT FROM delivery_suppression s
                    WHERE s.kind = 'address' AND s.value = d.address AND s.topic IN ('', m.topic))
   AND NOT EXISTS (SELECT FROM delivery_suppression s
                    WHERE s.kind = 'domain' AND s.value = d.domain AND s.topic IN ('', m.topic))
"""

# A late answer lands on a row that was found uncertain meanwhile, but on none that a person decided about: that
# takes the lease away.
_RECORD = """
WITH done AS (
    UPDATE delivery_delivery
       SET state = %(state)s, reply = %(reply)s, reason = %(reason)s, provider_id = %(provider)s,
           lease_until = NULL,
           not_before = CASE WHEN %(state)s = 'ready'
                        THEN statement_timestamp() + %(wait)s * interval '1 second' ELSE not_before END,
           settled_at = CASE WHEN %(state)s IN ('ready', 'uncertain') THEN NULL
                        ELSE statement_timestamp() END
     WHERE id = %(id)s AND lease = %(lease)s AND state IN ('attempting', 'uncertain')
       AND NOT (state = 'uncertain' AND %(state)s = 'uncertain')
    RETURNING id, mailing_id, attempts
)
INSERT INTO delivery_deliveryevent (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
SELECT id, mailing_id, %(kind)s, statement_timestamp(), attempts, %(reply)s, '' FROM done
RETURNING delivery_id
"""

# Why the fence said no, and what follows from it.
_EXPLAIN = """
WITH looked AS MATERIALIZED (
    SELECT d.id, m.state AS mailing_state,
           EXISTS (SELECT FROM delivery_suppression s WHERE s.topic IN ('', m.topic)
                      AND ((s.kind = 'address' AND s.value = d.address)
                        OR (s.kind = 'domain' AND s.value = d.domain))) AS suppressed
      FROM delivery_delivery d JOIN delivery_mailing m ON m.id = d.mailing_id
     WHERE d.id = %(id)s AND d.lease = %(lease)s AND d.state = 'leased' FOR NO KEY UPDATE OF d
), settled AS (
    UPDATE delivery_delivery d
       SET state = CASE WHEN l.mailing_state = 'cancelled' THEN 'cancelled'
                        WHEN l.suppressed THEN 'suppressed' ELSE 'ready' END,
           reason = CASE WHEN l.mailing_state = 'cancelled' THEN 'The mailing was cancelled.'
                         WHEN l.suppressed THEN 'Suppressed right before it was to be sent.'
                         ELSE %(reason)s END,
           settled_at = CASE WHEN l.suppressed OR l.mailing_state = 'cancelled' THEN statement_timestamp() END,
           not_before = GREATEST(statement_timestamp(), %(not_before)s),
           lease = NULL, lease_until = NULL
      FROM looked l WHERE d.id = l.id
    RETURNING d.id, d.mailing_id, d.attempts, d.state
)
INSERT INTO delivery_deliveryevent (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
SELECT id, mailing_id, state, statement_timestamp(), attempts, '', '' FROM settled WHERE state <> 'ready'
"""


def execute(query: str, values: dict[str, Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run a prepared statement on this thread's connection, past Django's own cursor."""
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    try:
        if raw.prepare_threshold is None:
            # Django turns preparing off; so high a number turns it on for those only that ask for it. Each of ours
            # finds its rows by their ids, whatever the parameters: planning it anew would cost as much as running it.
            raw.execute("SET plan_cache_mode = force_generic_plan")
            raw.prepare_threshold = 1_000_000
        return psycopg.Cursor(raw).execute(query, values, prepare=True)
    except psycopg.OperationalError as error:
        raise OperationalError(*error.args) from error
    except psycopg.InterfaceError as error:
        raise InterfaceError(*error.args) from error


def take_back(row: Claimed) -> None:
    """What was announced and provably not sent is only held again."""
    execute(
        """
        UPDATE delivery_delivery SET state = 'leased', attempts = attempts - 1,
               lease_until = statement_timestamp() + %(seconds)s * interval '1 second'
         WHERE id = %(id)s AND lease = %(lease)s AND state = 'attempting'
        """,
        {"id": row.id, "lease": row.lease, "seconds": settings.DELIVERY_LEASE_SECONDS},
    )


def step_back(row: Claimed, *, not_before: datetime, reason: str = "") -> None:
    """After the fence said no: suppressed and cancelled rows are settled, others wait until `not_before`."""
    execute(_EXPLAIN, {"id": row.id, "lease": row.lease, "not_before": not_before, "reason": reason})


def refuse(row: Claimed, reason: str) -> None:
    """There is nothing to send to this one: it fails without an attempt."""
    execute(
        """
        WITH done AS (
            UPDATE delivery_delivery SET state = 'failed', reason = %(reason)s, lease_until = NULL,
                   settled_at = statement_timestamp()
             WHERE id = %(id)s AND lease = %(lease)s AND state = 'leased'
            RETURNING id, mailing_id, attempts
        )
        INSERT INTO delivery_deliveryevent (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
        SELECT id, mailing_id, 'failed', statement_timestamp(), attempts, %(reason)s, '' FROM done
        """,
        {"id": row.id, "lease": row.lease, "reason": _clean(reason)},
    )


def record(row: Claimed, answer: Answer) -> bool:
    """Write down what came of an attempt; says whether it landed.

    A known answer is worth waiting for: while the database is away it is tried again for two minutes. Past
    that the row becomes uncertain when its lease ends, which is what it then is.
    """
    values = consequence(row, answer)
    until = time.monotonic() + settings.DELIVERY_RECORD_SECONDS
    pause = 0.05
    while True:
        try:
            landed = execute(_RECORD, values).fetchone() is not None
            break
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(pause)
            pause = min(2.0, pause * 2)
    faults.point("after_record")
    return landed


def consequence(row: Claimed, answer: Answer) -> dict[str, Any]:
    """What an answer means for its row, as parameters of the record."""
    state, kind, wait, reason = _meaning(row, answer)
    return {
        "state": state,
        "kind": kind,
        "reply": _clean(answer.reply),
        "reason": reason,
        "provider": _clean(answer.provider_id)[:200],
        "wait": wait,
        "id": row.id,
        "lease": row.lease,
    }


def _meaning(row: Claimed, answer: Answer) -> tuple[str, str, float, str]:
    """State, kind of event, seconds until the next try, reason."""
    match answer.result:
        case Result.ACCEPTED:
            return "accepted", "accepted", 0.0, ""
        case Result.FAILED:
            return "failed", "failed", 0.0, "The relay refused it for good."
        case Result.UNCERTAIN:
            return "uncertain", "uncertain", 0.0, "The connection broke after the message, before an answer."
        case Result.DEFERRED:
            waits = settings.DELIVERY_RETRY_SECONDS
            if row.attempts > len(waits):
                return "dead", "dead", 0.0, f"Given up after {row.attempts} attempts."
            jitter = 1 + settings.DELIVERY_RETRY_JITTER * random.uniform(-1, 1)  # noqa: S311  # spreads retries
            return "ready", "deferred", waits[row.attempts - 1] * jitter, "To be tried again."


def _clean(text: str) -> str:
    return text.replace("\x00", "")[:500]
