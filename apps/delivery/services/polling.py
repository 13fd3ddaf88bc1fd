"""What the doorbell starts: one worker for a minute, in one of the installation's slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from apps.core import bell
from apps.delivery.services import mailings, worker

_LOCK = 0x6D61696C  # the first half of the advisory locks' keys; the second is the slot


def poll() -> int:
    """Send for about a minute if a slot is free; ring for the next worker if something is left."""
    with slot() as free:
        if not free:
            return 0
        if worker.nothing_due() and not worker.housekeep() and worker.nothing_due():
            return 0
        sent = worker.Worker(seconds=settings.DELIVERY_TASK_SECONDS).run()
    if not worker.nothing_due():
        bell.ring(mailings.BELL)
    return sent


@contextmanager
def slot() -> Iterator[bool]:
    """Whether one of `DELIVERY_SLOTS` was free. The database frees it again when this process dies."""
    held = None
    with connection.cursor() as cursor:
        for number in range(settings.DELIVERY_SLOTS):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, number])
            if cursor.fetchone() == (True,):
                held = number
                break
    try:
        yield held is not None
    finally:
        if held is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, held])
