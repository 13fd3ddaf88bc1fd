"""The doorbell of follow-ups."""

from celery import shared_task

from apps.work import services


@shared_task(name="work.escalate_overdue")
def escalate_overdue() -> int:
    """Tell of what is overdue; polled by beat, harmless when repeated."""
    return services.escalate_overdue()
