"""Tasks of the platform itself."""

from __future__ import annotations

from celery import shared_task

from apps.core import heartbeats
from apps.core.models import Heartbeat


@shared_task(name="core.tick")
def tick(queue: str) -> None:
    """Show that a message got from beat through this queue to a worker."""
    heartbeats.show(Heartbeat.Kind.ROUND_TRIP, queue)
