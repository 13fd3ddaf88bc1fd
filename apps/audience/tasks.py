"""The doorbell of imports."""

from celery import shared_task

from apps.audience.services import importing


@shared_task(name="audience.import", soft_time_limit=600, time_limit=660)
def run_import(pk: int) -> None:
    """Check or load a file, whichever it waits for."""
    importing.work_on(pk)


@shared_task(name="audience.find_imports")
def find_imports() -> None:
    """Go on with imports whose bell was lost or whose worker died."""
    for pk in importing.waiting():
        run_import.delay(pk)
