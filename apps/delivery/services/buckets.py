"""Rates that hold across all workers: a bucket's row fills by the database's clock and is taken from per batch."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from apps.delivery.models import Bucket

# A bucket holds what comes in so many seconds, and at least one message.
BURST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """How many may go now, and in how many seconds the next one may."""

    count: int
    wait: float


def take(kind: Bucket.Kind, name: str, wanted: int, rate: float) -> Taken:
    """Take up to `wanted` whole tokens of a bucket that fills at `rate` a second; the fraction stays in it.

    Commits by itself: a worker that dies with tokens has sent less than it might, never more.
    """
    burst = max(1.0, rate * BURST_SECONDS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery_bucket (kind, name, tokens, filled_at) VALUES (%s, %s, %s, clock_timestamp())"
            " ON CONFLICT DO NOTHING",
            [str(kind), name, burst],
        )
        cursor.execute(
            "SELECT id, tokens, filled_at FROM delivery_bucket WHERE kind = %s AND name = %s FOR NO KEY UPDATE",
            [str(kind), name],
        )
        pk, tokens, filled_at = cursor.fetchone()
        # Asked once the row is ours: somebody else may have filled it while we waited.
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
        available = min(burst, tokens + rate * max(0.0, (now - filled_at).total_seconds()))
        count = min(wanted, int(available))
        left = available - count
        cursor.execute(
            "UPDATE delivery_bucket SET tokens = %s, filled_at = %s WHERE id = %s",
            [left, max(now, filled_at), pk],
        )
    return Taken(count, 0.0 if left >= 1 else (1 - left) / rate)
