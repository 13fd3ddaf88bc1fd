"""One commit for what all lanes of a worker want written at the same moment.

Each lane, right before a body goes out, has the record of its last message and the intent of its next one. The
first that comes leads: it writes its own and those of all lanes that came meanwhile in one statement, while later
ones wait for the next. No lane sends before the commit that holds its intent, so at most one message per lane is
under way, as if each had committed alone; the disk is asked once for all of them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.delivery import faults
from apps.delivery.services import sending
from apps.delivery.sources import Claimed
from apps.delivery.transports import Answer

_RECORDED = """
WITH answers AS (
    SELECT * FROM unnest(%(done_ids)s::bigint[], %(done_leases)s::uuid[], %(states)s::text[], %(kinds)s::text[],
                         %(replies)s::text[], %(reasons)s::text[], %(providers)s::text[], %(waits)s::float8[])
           AS t (id, lease, state, kind, reply, reason, provider, wait)
), done AS (
    UPDATE delivery_delivery d
       SET state = a.state, reply = a.reply, reason = a.reason, provider_id = a.provider, lease_until = NULL,
           not_before = CASE WHEN a.state = 'ready' THEN statement_timestamp() + a.wait * interval '1 second'
                        ELSE d.not_before END,
           settled_at = CASE WHEN a.state IN ('ready', 'uncertain') THEN NULL ELSE statement_timestamp() END
      FROM answers a
     WHERE d.id = a.id AND d.lease = a.lease AND d.state IN ('attempting', 'uncertain')
       AND NOT (d.state = 'uncertain' AND a.state = 'uncertain')
    RETURNING d.id, d.mailing_id, d.attempts, a.kind, a.reply
), told AS (
    INSERT INTO delivery_deliveryevent (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
    SELECT id, mailing_id, kind, statement_timestamp(), attempts, reply, '' FROM done
), """
# The fence of sending.INTENT for several rows.
_ANNOUNCED = """going AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(leases)s::uuid[], %(open_until)s::timestamptz[])
           AS t (id, lease, open_until)
)
UPDATE delivery_delivery d
   SET state = 'attempting', attempts = d.attempts + 1, attempt_at = statement_timestamp(),
       lease_until = statement_timestamp() + %(seconds)s * interval '1 second'
  FROM going g, delivery_mailing m
 WHERE d.id = g.id AND d.lease = g.lease AND statement_timestamp() < g.open_until AND {fence}
RETURNING d.id, d.attempts
"""
_EXCHANGE = _RECORDED + _ANNOUNCED.format(fence=sending.FENCE)


@dataclass(eq=False, slots=True)
class Request:
    """What one lane wants written, and what came of it: `attempts` is 0 where the fence said no."""

    row: Claimed
    open_until: datetime
    after: tuple[Claimed, Answer] | None
    attempts: int = 0
    settled: bool = False
    error: Exception | None = None


class Exchange:
    """Shared by the lanes of one worker."""

    def __init__(self) -> None:
        self._waiting: list[Request] = []
        self._adding = threading.Lock()
        self._leading = threading.Lock()

    def intend(
        self, row: Claimed, *, open_until: datetime, after: tuple[Claimed, Answer] | None = None
    ) -> bool:
        """Announce that this message goes out now; False means it must not.

        `open_until` is when quiet hours begin at the recipient's (an instant; a past one while they last).
        `after`, an attempt and its answer, is recorded in the same commit.
        """
        request = Request(row, open_until, after)
        with self._adding:
            self._waiting.append(request)
        with self._leading:
            if not request.settled:
                with self._adding:
                    batch, self._waiting = self._waiting, []
                _run(batch)
        if request.error is not None:
            if connection.in_atomic_block or not isinstance(request.error, OperationalError | InterfaceError):
                raise request.error
            # Nobody knows whether it was committed. The record may be written twice without harm, and of the
            # other message nothing has gone out.
            connection.close()
            if after is not None:
                sending.record(*after)
            sending.take_back(row)
            return False
        if after is not None:
            faults.point("after_record")
        if not request.attempts:
            return False
        row.attempts = request.attempts
        faults.point("after_intent")
        return True


def _run(batch: list[Request]) -> None:
    """Write all of a batch; an error is every lane's to deal with, on its own connection."""
    done = [sending.consequence(*request.after) for request in batch if request.after is not None]
    values = {
        "ids": [request.row.id for request in batch],
        "leases": [request.row.lease for request in batch],
        "open_until": [request.open_until for request in batch],
        "seconds": settings.DELIVERY_ATTEMPT_SECONDS,
        "done_ids": [one["id"] for one in done],
        "done_leases": [one["lease"] for one in done],
        "states": [one["state"] for one in done],
        "kinds": [one["kind"] for one in done],
        "replies": [one["reply"] for one in done],
        "reasons": [one["reason"] for one in done],
        "providers": [one["provider"] for one in done],
        "waits": [one["wait"] for one in done],
    }
    try:
        found = dict(sending.execute(_EXCHANGE, values).fetchall())
    except Exception as error:  # noqa: BLE001  # raised again in each lane
        for request in batch:
            request.error, request.settled = error, True
        return
    for request in batch:
        request.attempts, request.settled = found.get(request.row.id, 0), True
