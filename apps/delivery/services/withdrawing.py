"""Takes single recipients off mailings that have not got to them yet."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from apps.delivery.models import Mailing


def withdraw(*, mailings: Iterable[int], recipient_kind: str, recipient_id: int, reason: str) -> int:
    """Cancel what one recipient was still to get of these mailings; returns how many messages.

    Also what a worker holds: without its lease the fence lets it not out. What is being sent goes on. Whether it
    may be done is the caller's to check, who also writes the audit entry.

    The lock waits for recipients that are just being stored, and lets none be collected before the caller commits
    the reason for leaving this one out.
    """
    wanted = list(mailings)
    over = [Mailing.State.FINISHED, Mailing.State.CANCELLED]
    with transaction.atomic(), connection.cursor() as cursor:
        rows = Mailing.objects.filter(pk__in=wanted).exclude(state__in=over).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
        cursor.execute(
            """
            WITH withdrawn AS (
                UPDATE delivery_delivery
                   SET state = 'cancelled', reason = %s, lease = NULL, lease_until = NULL,
                       settled_at = statement_timestamp()
                 WHERE mailing_id = ANY(%s) AND recipient_kind = %s AND recipient_id = %s
                   AND state IN ('ready', 'leased')
                RETURNING id, mailing_id, attempts
            )
            INSERT INTO delivery_deliveryevent
                   (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
            SELECT id, mailing_id, 'cancelled', statement_timestamp(), attempts, %s, '' FROM withdrawn
            """,
            [reason[:500], wanted, recipient_kind, recipient_id, reason[:500]],
        )
        return int(cursor.rowcount)
