"""The doorbells of the calendar's clock."""

from celery import shared_task

from apps.schedule.services import clock, digesting, reminding


@shared_task(name="schedule.follow_the_clock")
def follow_the_clock() -> int:
    """Announce what became due or late; polled by beat, harmless when repeated."""
    return clock.follow_the_clock()


@shared_task(name="schedule.remind")
def remind() -> int:
    """Remind owners of what comes up or is late; polled by beat, harmless when repeated."""
    return reminding.remind()


@shared_task(name="schedule.send_digests")
def send_digests() -> int:
    """Send everybody whose hour has come their week; polled by beat, harmless when repeated."""
    return digesting.send_digests()
