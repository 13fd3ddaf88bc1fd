"""From an anchor and an offset to dates: one pure function, no clock, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta


class Span(NamedTuple):
    """Dates in the launch's zone, both ends included; instants in UTC only where a time of day is known.

    `ends_on` is None for what has no end ("Week 4+"). All None: nothing to compute from yet.
    """

    starts_on: date | None = None
    ends_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


NOWHERE = Span()


@dataclass(frozen=True)
class Anchors:
    """What offsets of one launch count from. `phases` and `placements` map ids to their first day."""

    launch_day: date | None
    rollout_start: date | None
    zone: str
    launch_time: time | None = None
    holidays: frozenset[date] = frozenset()
    phases: Mapping[int, date | None] | None = None
    placements: Mapping[int, date | None] | None = None


class Place(NamedTuple):
    """The inputs of a span: the columns of a placement that decide its dates."""

    anchor: str
    unit: str = ""
    offset: int | None = None
    end_offset: int | None = None
    open_ended: bool = False
    pinned_start: date | None = None
    pinned_end: date | None = None
    local_time: time | None = None
    time_zone: str = ""
    landing: str = "keep"
    anchor_phase_id: int | None = None
    anchor_placement_id: int | None = None
    fixed_at: datetime | None = None


def first_instant(day: date, at: time, zone: str) -> datetime:
    """The instant a wall time names, in UTC. Of two the first; of none the first that exists after it.

    Python resolves a time in the spring gap with the offset before it, which lands after the gap by as
    much as the time was inside it; the first existing instant is the gap's end.
    """
    tz = ZoneInfo(zone)
    local = datetime.combine(day, at.replace(tzinfo=None), tzinfo=tz).replace(fold=0)
    instant = local.astimezone(UTC)
    back = instant.astimezone(tz)
    if back.replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    low, high = instant - timedelta(hours=25), instant  # Samoa once skipped a whole day
    before = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def is_working_day(day: date, holidays: frozenset[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def add_business_days(day: date, count: int, holidays: frozenset[date]) -> date:
    """`count` working days after (or before) a day; 0 keeps the day even if nobody works on it."""
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        if is_working_day(day, holidays):
            left -= 1
    return day


def land(day: date, landing: str, holidays: frozenset[date]) -> date:
    """Where a day ends up when it falls on a weekend or holiday and was told to avoid these."""
    if landing == "keep" or is_working_day(day, holidays):
        return day
    return add_business_days(day, 1 if landing == "after" else -1, holidays)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def span_of(place: Place, anchors: Anchors) -> Span:
    """The dates of a placement. Offsets out of the calendar's range give no dates."""
    try:
        return _span(place, anchors)
    except (OverflowError, ValueError):
        return NOWHERE


def _span(place: Place, anchors: Anchors) -> Span:
    if place.fixed_at is not None:
        day = place.fixed_at.astimezone(ZoneInfo(anchors.zone)).date()
        return Span(day, day, place.fixed_at, place.fixed_at)
    if place.anchor == "pinned":
        if place.pinned_start is None:
            return NOWHERE
        return _timed(place, anchors, place.pinned_start, place.pinned_end or place.pinned_start)
    base, ordinal = base_of(place, anchors)
    if base is None or place.offset is None:
        return NOWHERE
    last = place.offset if place.end_offset is None else place.end_offset
    if place.unit in {"minute", "hour"}:
        return _clocked(place, anchors, base)
    start = _unit_start(base, place.unit, place.offset, ordinal, anchors)
    end = _unit_end(base, place.unit, last, ordinal, anchors)
    if place.unit in {"day", "business_day"} and start == end:
        start = end = land(start, place.landing, anchors.holidays)
    return _timed(place, anchors, start, None if place.open_ended else end)


def base_of(place: Place, anchors: Anchors) -> tuple[date | None, bool]:
    """The day to count from, and whether counting starts at 1 there."""
    if place.anchor == "launch_day":
        return anchors.launch_day, False
    if place.anchor == "rollout_start":
        return anchors.rollout_start, True
    if place.anchor == "phase":
        return (anchors.phases or {}).get(place.anchor_phase_id or 0), False
    if place.anchor == "placement":
        return (anchors.placements or {}).get(place.anchor_placement_id or 0), False
    return None, False


def _unit_start(base: date, unit: str, offset: int, ordinal: bool, anchors: Anchors) -> date:
    if unit == "week":
        if ordinal:
            return base + timedelta(weeks=offset - 1)
        # Only launch day counts in ISO weeks; from a phase or an item a week is seven days.
        first = monday_of(base) if base == anchors.launch_day else base
        return first + timedelta(weeks=offset)
    if unit == "day":
        return base + timedelta(days=offset - 1 if ordinal and offset > 0 else offset)
    if unit == "business_day":
        return add_business_days(base, offset, anchors.holidays)
    months = {"month": 1, "quarter": 3}[unit]
    # "Month 1" after launch is the first month; there is no Month 0.
    return base + relativedelta(months=months * (offset - 1 if offset > 0 else offset))


def _unit_end(base: date, unit: str, offset: int, ordinal: bool, anchors: Anchors) -> date:
    start = _unit_start(base, unit, offset, ordinal, anchors)
    if unit == "week":
        return start + timedelta(days=6)
    if unit in {"month", "quarter"}:
        return start + relativedelta(months=1 if unit == "month" else 3) - timedelta(days=1)
    return start


def _clocked(place: Place, anchors: Anchors, base: date) -> Span:
    """Minutes and hours count from the launch's own time of day; without one only the day is known."""
    delta = timedelta(**{f"{place.unit}s": place.offset or 0})
    if anchors.launch_time is None:
        return Span(base, base)
    at = first_instant(base, anchors.launch_time, anchors.zone) + delta
    day = at.astimezone(ZoneInfo(anchors.zone)).date()
    return Span(day, day, at, at)


def _timed(place: Place, anchors: Anchors, start: date, end: date | None) -> Span:
    if place.local_time is None:
        return Span(start, end)
    zone = place.time_zone or anchors.zone
    starts_at = first_instant(start, place.local_time, zone)
    ends_at = first_instant(end, place.local_time, zone) if end else None
    if place.time_zone and place.time_zone != anchors.zone:
        # The stored dates are the launch's; a time in another zone may fall on its neighbour day.
        start = starts_at.astimezone(ZoneInfo(anchors.zone)).date()
        end = ends_at.astimezone(ZoneInfo(anchors.zone)).date() if ends_at else None
    return Span(start, end, starts_at, ends_at)
