"""Saying a place anew so that it falls on another day: T-5 becomes T-3, Week -2 becomes Week -1. Pure.

The anchor stays, and so does the unit where the new day can be said in it; else days are counted.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from apps.schedule.spans import Anchors, Place, add_business_days, base_of, span_of

COUNTED_IN_MONTHS = {"month": 1, "quarter": 3}


def shifted(place: Place, anchors: Anchors, to: date) -> Place | None:
    """The place whose first day (in the launch's zone) is `to`, as long as it was; None if there is none.

    What had no time counts from launch day where that is known; else, and with only a rough date, it is pinned.
    """
    found = _shifted(place, anchors, to)
    # A time in another zone may fall on the neighbour of the day it names, on either side of a clock change.
    for correction in (0, 1, -1):
        if found is None:
            return None
        tried = _by_days(found, anchors, correction) if correction else found
        if tried is not None and span_of(tried, anchors).starts_on == to:
            return tried
    return None


def _shifted(place: Place, anchors: Anchors, to: date) -> Place | None:
    plain = place._replace(landing="keep")
    span = span_of(plain, anchors)
    base, _ = base_of(place, anchors)
    if place.anchor == "none" and anchors.launch_day is not None:
        from_day = place._replace(anchor="launch_day", landing="keep")
        return from_day._replace(unit="day", offset=_day_number(anchors.launch_day, to, ordinal=False))
    if place.anchor == "none" or (place.anchor == "pinned" and place.pinned_start is None):
        return _pinned(plain, to)
    if span.starts_on is None:
        # It hangs on something without a date: only the day itself can be said.
        return _pinned(plain, to)
    if place.unit in {"minute", "hour"} and place.anchor != "pinned":
        if base is None:
            return None
        local = span.starts_at.astimezone(ZoneInfo(anchors.zone)) if span.starts_at else None
        timed = plain._replace(
            unit="day", end_offset=None, local_time=local.time() if local else place.local_time, time_zone=""
        )
        return _counted(timed, anchors, to, to)
    return _by_days(plain, anchors, (to - span.starts_on).days)


def _pinned(place: Place, to: date) -> Place:
    return place._replace(
        anchor="pinned",
        unit="",
        offset=None,
        end_offset=None,
        open_ended=False,
        pinned_start=to,
        pinned_end=None,
        anchor_phase_id=None,
        anchor_placement_id=None,
    )


def _by_days(place: Place, anchors: Anchors, days: int) -> Place | None:
    by = timedelta(days=days)
    try:
        if place.anchor == "pinned":
            if place.pinned_start is None:
                return None
            end = place.pinned_end + by if place.pinned_end else None
            return place._replace(pinned_start=place.pinned_start + by, pinned_end=end)
        # Where it is in its own zone, before a time of day may take it over midnight.
        bare = span_of(place._replace(local_time=None, landing="keep", open_ended=False), anchors)
        if bare.starts_on is None or bare.ends_on is None:
            return None
        return _counted(place, anchors, bare.starts_on + by, bare.ends_on + by, days)
    except OverflowError:
        return None


def _counted(place: Place, anchors: Anchors, first: date, last: date, days: int = 1) -> Place | None:
    """The place from `first` to `last`, in its own unit if these days can be said in it, else in days."""
    base, ordinal = base_of(place, anchors)
    if base is None or place.offset is None:
        return None
    if place.unit == "week" and days % 7 == 0:
        weeks = days // 7
        end = None if place.end_offset is None else place.end_offset + weeks
        return place._replace(offset=place.offset + weeks, end_offset=end)
    if place.unit == "business_day":
        start, end = _business(base, first, anchors), _business(base, last, anchors)
        if start is not None and (place.end_offset is None or end is not None):
            return place._replace(offset=start, end_offset=None if place.end_offset is None else end)
    if place.unit in COUNTED_IN_MONTHS:
        again = _in_months(place, anchors, base, first)
        if again is not None:
            return again
    start_day, end_day = (_day_number(base, day, ordinal) for day in (first, last))
    return place._replace(unit="day", offset=start_day, end_offset=end_day if end_day > start_day else None)


def _day_number(base: date, day: date, ordinal: bool) -> int:
    """Days from the rollout's start are counted from 1; before it, and elsewhere, from 0."""
    number = (day - base).days
    return number + 1 if ordinal and number >= 0 else number


def _business(base: date, day: date, anchors: Anchors) -> int | None:
    """How many working days lie between; None where counting does not arrive on that day."""
    if day == base:
        return 0
    step = 1 if day > base else -1
    # Five of seven days are worked on at most, so that much is sure; the rest is walked.
    number = step * (abs((day - base).days) * 5 // 7 + 2)
    reached = add_business_days(base, number, anchors.holidays)
    while number and (reached - day).days * step > 0:
        number -= step
        reached = add_business_days(base, number, anchors.holidays)
    return number if reached == day and number else None


def _in_months(place: Place, anchors: Anchors, base: date, first: date) -> Place | None:
    size = COUNTED_IN_MONTHS[place.unit]
    number = ((first.year - base.year) * 12 + first.month - base.month) // size
    length = 0 if place.end_offset is None or place.offset is None else place.end_offset - place.offset
    for offset in (number, number + 1, number + 2):
        end = None if place.end_offset is None else offset + length
        tried = place._replace(offset=offset, end_offset=end, local_time=None, open_ended=False)
        # A month on is a month, though it may be a day shorter.
        if span_of(tried, anchors).starts_on == first:
            return place._replace(offset=offset, end_offset=end)
    return None
