"""Counts who followed which link of their mail."""

from __future__ import annotations

import hashlib

from django.db import connection, transaction

from apps.core.actors import Actor
from apps.delivery.models import Delivery, DeliveryEvent
from apps.delivery.selectors import database_now


def count(*, actor: Actor, delivery_id: int, url: str) -> bool:
    """Count one following of a link; its first makes an event. Says whether it was. No entry in the audit log.

    A row that is gone counts for nothing: the link leads on all the same.
    """
    link = hashlib.sha256(url.encode()).hexdigest()
    with transaction.atomic():
        row = Delivery.objects.filter(pk=delivery_id).first()
        if row is None:
            return False
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO delivery_click (delivery_id, link, url, count, first_at, last_at)
                VALUES (%s, %s, %s, 1, statement_timestamp(), statement_timestamp())
                ON CONFLICT (delivery_id, link) DO UPDATE
                   SET count = delivery_click.count + 1, last_at = EXCLUDED.last_at
                RETURNING count
                """,
                [delivery_id, link, url],
            )
            found = cursor.fetchone()
        assert found is not None
        if found[0] > 1:
            return False
        DeliveryEvent.objects.create(
            delivery=row, mailing_id=row.mailing_id, kind=DeliveryEvent.Kind.CLICKED, at=database_now(),
            detail=url[:500], provider_event=f"click:{delivery_id}:{link}",
        )  # fmt: skip
    return True
