"""Making the sessions of published series as time goes on: each day of a series is looked at once."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.meetings import planning
from apps.meetings.assigning import assign
from apps.meetings.comparing import Step
from apps.meetings.models import Series
from apps.meetings.recurrence import LAST
from apps.meetings.selectors.engaged import engagements, hosted
from apps.meetings.services.publishing import AHEAD, HORIZON_OF_ENDED, make

logger = logging.getLogger(__name__)
# A series is extended by a week at least, so that most runs have nothing to do.
STEP = timedelta(days=7)
BATCH = 100


def extend(*, at: datetime | None = None, ahead: timedelta = AHEAD) -> int:
    """Make what is missing up to `ahead` of the instant `at`; how many sessions. Safe to run twice or at once.

    What is over, or will not go on, is never looked at again.
    """
    at = at or now()
    until = (at + ahead).date()
    made = 0
    due = Series.objects.filter(published__isnull=False, made_until__lt=until - STEP).order_by(
        "made_until", "pk"
    )
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        try:
            made += _extend(pk, at, until)
        except IntegrityError as error:
            if "host_not_twice_at_once" not in str(error):
                raise
            # Somebody gave a host other work at this very moment; the next run sees that.
            logger.info("series %s waits for the next run: %s", pk, error)
    return made


def _extend(pk: int, at: datetime, until: date) -> int:
    """As published, whatever its draft says by now."""
    with transaction.atomic():
        series = (
            Series.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
            .select_related("launch")
            .filter(pk=pk, made_until__lt=until)
            .first()
        )
        plan = series.published_plan if series is not None else None
        if series is None or plan is None or series.made_until is None:
            return 0
        day = timedelta(days=1)
        holidays = [date.fromisoformat(each) for each in series.launch.holidays]
        found = [
            each
            for each in planning.sessions(plan, after=series.made_until + day, until=until, holidays=holidays)
            if each.starts > at and not each.cancelled
        ]
        if found:
            people = {*plan.hosts, *(person for each in found for person in each.change.hosts or ())}
            span = (found[0].starts, max(each.ends for each in found))
            roster = assign(
                plan, found, present={}, engagements=engagements(people, *span), counts=hosted([pk], span[0])
            )
            make([Step(series, plan, each, None, roster.hosts[each.at]) for each in found])
        goes_on = next(plan.starts(after=until + day, until=LAST), None) is not None and not plan.called_off
        series.made_until = until if goes_on else HORIZON_OF_ENDED
        series.save(update_fields=["made_until", "updated_at"])
    return len(found)
