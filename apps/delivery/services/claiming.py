"""Takes rows that are due, under a lease, so that no two workers hold the same one."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from apps.delivery import faults
from apps.delivery.models import Bucket, Epoch, Mailing
from apps.delivery.services import buckets
from apps.delivery.sources import Claimed

# MATERIALIZED matters: else the planner may run the locking SELECT more than once and lease more than the limit.
_CLAIM = """
WITH c AS MATERIALIZED (
    SELECT id, not_before FROM delivery_delivery
     WHERE mailing_id = %(mailing)s AND state = 'ready' AND not_before <= statement_timestamp()
       AND (not_before, id) > (%(floor_at)s, %(floor_id)s)
     ORDER BY not_before, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE delivery_delivery d
   SET state = 'leased', lease = %(lease)s,
       lease_until = statement_timestamp() + %(seconds)s * interval '1 second'
  FROM c WHERE d.id = c.id AND d.state = 'ready'
RETURNING d.id, d.mailing_id, d.recipient_kind, d.recipient_id, d.name, d.account, d.sender_id, d.from_address,
          d.address, d.domain, d.zone, d.language, d.context::text, d.attempts, d.message_id,
          statement_timestamp(), c.not_before::text
"""
_START = ("-infinity", 0)


class Claimer:
    """Takes rows for one worker, in turn from each running mailing.

    Rows that were taken leave dead entries at the head of the index until a vacuum may remove them, which an
    open transaction anywhere forbids. So it remembers where it got to and looks from there; whatever becomes
    ready again gets a later `not_before`. When it finds too little it looks from the beginning once.
    """

    def __init__(self) -> None:
        self._floors: dict[int, tuple[str, int]] = {}
        self._last: int = 0
        self.at = datetime.now(UTC)  # when the last rows were taken, by the database's clock

    def claim(self, limit: int) -> tuple[Mailing | None, list[Claimed]]:
        """Up to `limit` rows of the next mailing that has some, and may send some, just now."""
        running = list(
            Mailing.objects.filter(
                state=Mailing.State.RUNNING, epoch__in=Epoch.objects.values("number")
            ).order_by("pk")
        )
        self._floors = {mailing.pk: self._floors.get(mailing.pk, _START) for mailing in running}
        turn = [m for m in running if m.pk > self._last] + [m for m in running if m.pk <= self._last]
        for mailing in turn:
            self._last = mailing.pk
            if rows := self._from(mailing, limit):
                faults.point("after_claim")
                return mailing, rows
        return None, []

    def _from(self, mailing: Mailing, limit: int) -> list[Claimed]:
        if mailing.rate:
            if not has_due(mailing.pk):
                return []
            limit = buckets.take(Bucket.Kind.MAILING, str(mailing.pk), limit, mailing.rate).count
            if not limit:
                return []
        rows = self._take(mailing.pk, limit)
        if len(rows) < limit and self._floors[mailing.pk] != _START:
            self._floors[mailing.pk] = _START
            rows += self._take(mailing.pk, limit - len(rows))
        return _within_rates(rows)

    def _take(self, mailing_id: int, limit: int) -> list[Claimed]:
        lease = uuid.uuid4()
        floor = self._floors[mailing_id]
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM,
                {
                    "mailing": mailing_id,
                    "floor_at": floor[0],
                    "floor_id": floor[1],
                    "limit": limit,
                    "lease": lease,
                    "seconds": settings.DELIVERY_LEASE_SECONDS,
                },
            )
            found = cursor.fetchall()
        found.sort(key=lambda row: (row[-1], row[0]))
        if found:
            self.at = found[0][-2]
            self._floors[mailing_id] = (found[-1][-1], found[-1][0])
        return [_claimed(row, lease) for row in found]


def has_due(mailing_id: int) -> bool:
    """Whether a row of this mailing may be taken now, so that no tokens are taken for nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM delivery_delivery WHERE mailing_id = %s AND state = 'ready'"
            " AND not_before <= statement_timestamp() ORDER BY not_before LIMIT 1",
            [mailing_id],
        )
        return cursor.fetchone() is not None


def release(rows: Iterable[Claimed], *, seconds: float = 0, reason: str = "") -> int:
    """Give rows back that were not tried, to be taken again after so many seconds."""
    held = list(rows)
    if not held:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE delivery_delivery
               SET state = 'ready', lease = NULL, lease_until = NULL, reason = %s,
                   not_before = statement_timestamp() + %s * interval '1 second'
             WHERE id = ANY(%s) AND lease = ANY(%s) AND state = 'leased'
            """,
            [reason[:500], seconds, [row.id for row in held], list({row.lease for row in held})],
        )
        return int(cursor.rowcount)


def _within_rates(rows: list[Claimed]) -> list[Claimed]:
    """The rows that sender's and domain's rates let through; the others go back until they would."""
    for kind, rate, key in (
        (Bucket.Kind.SENDER, settings.DELIVERY_SENDER_RATE, "from_address"),
        (Bucket.Kind.DOMAIN, settings.DELIVERY_DOMAIN_RATE, "domain"),
    ):
        if not rate or not rows:
            continue
        wanted = Counter(getattr(row, key) for row in rows)
        passing: list[Claimed] = []
        # Always in the same order, so that no two workers wait for each other.
        for name in sorted(wanted):
            own = [row for row in rows if getattr(row, key) == name]
            taken = buckets.take(kind, name, len(own), rate)
            passing += own[: taken.count]
            _put_off(own[taken.count :], taken.wait, rate)
        rows = sorted(passing, key=lambda row: row.id)
    return rows


def _put_off(rows: Sequence[Claimed], wait: float, rate: float) -> None:
    """Back into the queue, each for when its own token will be there."""
    chunk = max(1, int(rate * buckets.BURST_SECONDS))
    for at in range(0, len(rows), chunk):
        release(rows[at : at + chunk], seconds=wait + at / rate)


def _claimed(row: tuple[Any, ...], lease: uuid.UUID) -> Claimed:
    return Claimed(*row[:12], json.loads(row[12]), *row[13:15], lease)  # type: ignore[call-arg]  # sixteen in all
