"""Due and late: one rule, once as Python for single things and once as SQL for lists."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from django.db import models
from django.db.models import Case, CharField, DateField, F, Func, Q, QuerySet, Value, When

from apps.core.clock import now, today_in
from apps.schedule.models import Placement

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

Standing = Placement.Standing
# What is due to the minute has that minute: what goes live by itself must not count as late meanwhile.
LAST_MINUTE = timedelta(minutes=1)


class Clocked(TypedDict):
    """What `with_standing` adds to a placement."""

    now_standing: str
    local_today: date


# A placement together with how it stands at the instant of its query.
if TYPE_CHECKING:
    PlacementNow: TypeAlias = WithAnnotations[Placement, Clocked]
else:
    PlacementNow = Placement


def standing_of(placement: Placement, at: datetime | None = None) -> str:
    """How a placement stands at an instant, in its launch's zone.

    Due: its days contain today. Late: they ended undone (with a time of day: that minute is over).
    What has no end is due from its start and never late.
    """
    if placement.state != Placement.State.PLANNED:
        return placement.state
    at = at or now()
    today = today_in(placement.launch.zone, at)
    if placement.starts_on is None:
        return Standing.UNDATED
    if placement.ends_at is not None:
        if placement.ends_at < at - LAST_MINUTE:
            return Standing.LATE
    elif placement.ends_on is not None and placement.ends_on < today:
        return Standing.LATE
    return Standing.DUE if placement.starts_on <= today else Standing.UPCOMING


def with_standing(queryset: QuerySet[Placement], at: datetime | None = None) -> QuerySet[PlacementNow]:
    """Annotate `now_standing` and `local_today` for an instant, each launch in its own zone."""
    at = at or now()
    local_today = Func(
        Func(F("launch__zone"), Value(at, output_field=models.DateTimeField()), function="timezone"),
        template="(%(expressions)s)::date",
        output_field=DateField(),
    )
    return queryset.annotate(local_today=local_today).annotate(
        now_standing=Case(
            When(state="done", then=Value(Standing.DONE)),
            When(state="cancelled", then=Value(Standing.CANCELLED)),
            When(starts_on=None, then=Value(Standing.UNDATED)),
            When(ends_at__lt=at - LAST_MINUTE, then=Value(Standing.LATE)),
            When(Q(ends_at=None) & Q(ends_on__lt=F("local_today")), then=Value(Standing.LATE)),
            When(starts_on__lte=F("local_today"), then=Value(Standing.DUE)),
            default=Value(Standing.UPCOMING),
            output_field=CharField(),
        )
    )
