"""The doorbell of outgoing mail."""

from celery import shared_task

from apps.delivery.services import polling

# Longer than the relay's answer to the final dot may take (DELIVERY_FINAL_SECONDS), shorter than a message stays
# invisible to other workers (900 s).
SOFT_SECONDS, HARD_SECONDS = 780, 840


@shared_task(name="delivery.poll", soft_time_limit=SOFT_SECONDS, time_limit=HARD_SECONDS)
def poll() -> None:
    """Send what is due for about a minute; polled every two seconds, harmless when repeated or at once."""
    polling.poll()
