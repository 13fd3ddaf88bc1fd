"""When people host elsewhere or are out of office."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime, time, timedelta

from apps.meetings.assigning import Engagements, Span
from apps.meetings.models import Absence, Hosting
from apps.schedule.spans import first_instant


def engagements(
    people: Collection[int], first: datetime, last: datetime, *, besides: Collection[int] = ()
) -> Engagements:
    """Their time between two instants, leaving out the sessions of the series `besides`. Two queries."""
    busy: dict[int, list[Span]] = defaultdict(list)
    rows = Hosting.objects.filter(user__in=people, during__overlap=(first, last)).exclude(
        occurrence__series__in=besides
    )
    for person, during in rows.values_list("user", "during"):
        busy[person].append((during.lower, during.upper))
    return Engagements(busy, absences(people, first, last))


def absences(people: Collection[int], first: datetime, last: datetime) -> dict[int, list[Span]]:
    """When they are out of office, as instants: whole days on their own clocks. One query."""
    day = timedelta(days=1)
    away: dict[int, list[Span]] = defaultdict(list)
    rows = Absence.objects.filter(
        user__in=people, starts_on__lte=(last + day).date(), ends_on__gte=(first - day).date()
    )
    for person, zone, starts, ends in rows.values_list("user", "user__zone", "starts_on", "ends_on"):
        away[person].append((first_instant(starts, time(0), zone), first_instant(ends + day, time(0), zone)))
    return away


def hosted(series: Collection[int], before: datetime) -> Counter[int]:
    """How often people hosted sessions of these series that began before an instant. One query."""
    rows = Hosting.objects.filter(occurrence__series__in=series, occurrence__starts_at__lt=before)
    return Counter(rows.values_list("user", flat=True))
