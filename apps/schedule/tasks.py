"""The doorbell of the calendar's clock."""

from celery import shared_task

from apps.schedule.services import clock


@shared_task(name="schedule.follow_the_clock")
def follow_the_clock() -> int:
    """Announce what became due or late; polled by beat, harmless when repeated."""
    return clock.follow_the_clock()
