"""Stops a mailing that goes wrong: too many errors among its latest results."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from apps.delivery.models import Mailing
from apps.delivery.services import mailings

# Bounces and complaints come by webhook and count as well.
_SHARE = """
SELECT count(*), count(*) FILTER (WHERE kind <> 'accepted')
  FROM (SELECT kind FROM delivery_deliveryevent
         WHERE mailing_id = %s AND at > %s
           AND kind IN ('accepted', 'deferred', 'failed', 'dead', 'uncertain', 'bounced', 'complained')
         ORDER BY id DESC LIMIT %s) AS latest
"""


def pause_if_failing(mailing: Mailing) -> bool:
    """Pause a running mailing whose latest results hold too many errors; says whether. One or two queries."""
    if mailing.error_share is None or mailing.resumed_at is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_SHARE, [mailing.pk, mailing.resumed_at, settings.DELIVERY_ERROR_WINDOW])
        row = cursor.fetchone()
    assert row is not None
    count, errors = int(row[0]), int(row[1])
    if count < settings.DELIVERY_ERROR_LEAST or errors < mailing.error_share * count:
        return False
    reason = f"{errors} of the last {count} messages were not accepted."
    return mailings.pause_by_itself(mailing.pk, reason)


def note_problem(mailing_id: int, text: str) -> None:
    """Show why nothing goes out (or, empty, that it does again); writes only if that changed."""
    Mailing.objects.filter(pk=mailing_id).exclude(problem=text[:500]).update(problem=text[:500])
