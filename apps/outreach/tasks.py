"""The doorbells of campaigns."""

from celery import shared_task

from apps.outreach.services import following, places


@shared_task(name="outreach.make_follow_ups")
def make_follow_ups() -> int:
    """Make what started campaigns ask their CSMs to do; polled by beat, harmless when repeated."""
    return following.make_due()


@shared_task(name="outreach.follow_calendar")
def follow_calendar() -> int:
    """Bring the calendar in line with campaigns that moved on; rung for and polled, harmless when repeated."""
    return places.follow_all()
