"""Finds rows whose worker is gone: what it had only taken goes back, what it was sending becomes uncertain."""

from __future__ import annotations

from django.db import connection

BATCH = 1000
LOST = "Its worker was gone before the relay's answer was written down."


def reap() -> tuple[int, int]:
    """Look after up to 1,000 expired leases; returns how many became ready and how many uncertain.

    Nothing here sends anything again: between the intent and the record nobody knows what the relay did.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH c AS MATERIALIZED (
                SELECT id, state FROM delivery_delivery
                 WHERE state IN ('leased', 'attempting') AND lease_until < statement_timestamp()
                 ORDER BY lease_until LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
            ), found AS (
                UPDATE delivery_delivery d
                   SET state = CASE c.state WHEN 'leased' THEN 'ready' ELSE 'uncertain' END,
                       reason = CASE c.state WHEN 'leased' THEN '' ELSE %s END,
                       lease = CASE c.state WHEN 'leased' THEN NULL ELSE d.lease END,
                       lease_until = NULL,
                       not_before = CASE c.state WHEN 'leased' THEN statement_timestamp() ELSE d.not_before END
                  FROM c WHERE d.id = c.id
                RETURNING d.id, d.mailing_id, d.attempts, d.state
            ), told AS (
                INSERT INTO delivery_deliveryevent
                       (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
                SELECT id, mailing_id, 'uncertain', statement_timestamp(), attempts, %s, ''
                  FROM found WHERE state = 'uncertain'
            )
            SELECT count(*) FILTER (WHERE state = 'ready'), count(*) FILTER (WHERE state = 'uncertain') FROM found
            """,
            [BATCH, LOST, LOST],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
