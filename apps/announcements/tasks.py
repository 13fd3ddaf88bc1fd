"""The doorbell of announcements."""

from celery import shared_task

from apps.announcements.services import clock


@shared_task(name="announcements.go_live")
def go_live() -> None:
    """Show what is due and end what is over; polled twice a second, harmless when repeated."""
    clock.go_live()
