"""From anchors to dates: both clocks, business days, zones, clock changes, leap days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schedule.spans import (
    NOWHERE,
    Anchors,
    Place,
    Span,
    add_business_days,
    first_instant,
    is_working_day,
    land,
    monday_of,
    span_of,
)

DAY = date(2026, 11, 24)  # a Tuesday
ROLLOUT = date(2026, 11, 26)  # a Thursday
ANCHORS = Anchors(launch_day=DAY, rollout_start=ROLLOUT, zone="Europe/Berlin")
ZONES = [
    "America/New_York",
    "Europe/London",
    "Europe/Berlin",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Etc/GMT+12",
    "Pacific/Kiritimati",
    "UTC",
]


def place(
    unit: str, offset: int, end: int | None = None, anchor: str = "launch_day", **more: object
) -> Place:
    return Place(anchor=anchor, unit=unit, offset=offset, end_offset=end, **more)  # type: ignore[arg-type]


def days(place: Place, anchors: Anchors = ANCHORS) -> tuple[date | None, date | None]:
    span = span_of(place, anchors)
    return span.starts_on, span.ends_on


@pytest.mark.parametrize(
    ("offset", "first", "last"),
    [
        (0, date(2026, 11, 23), date(2026, 11, 29)),
        (-2, date(2026, 11, 9), date(2026, 11, 15)),
        (1, date(2026, 11, 30), date(2026, 12, 6)),
        (6, date(2027, 1, 4), date(2027, 1, 10)),
    ],
)
def test_weeks_of_the_calendar_are_iso_weeks_around_the_one_that_holds_launch_day(
    offset: int, first: date, last: date
) -> None:
    assert days(place("week", offset)) == (first, last)


@pytest.mark.parametrize("weekday", range(7))
def test_week_0_holds_launch_day_whichever_day_that_is(weekday: int) -> None:
    day = date(2026, 11, 23) + timedelta(days=weekday)
    assert days(place("week", 0), replace(ANCHORS, launch_day=day)) == (
        date(2026, 11, 23),
        date(2026, 11, 29),
    )


def test_weeks_of_the_rollout_are_seven_days_from_its_start_and_count_from_1() -> None:
    assert days(place("week", 1, anchor="rollout_start")) == (ROLLOUT, date(2026, 12, 2))
    assert days(place("week", 2, 3, anchor="rollout_start")) == (date(2026, 12, 3), date(2026, 12, 16))
    assert days(place("day", 1, anchor="rollout_start")) == (ROLLOUT, ROLLOUT)
    assert days(place("day", 0, anchor="rollout_start")) == (ROLLOUT, ROLLOUT)
    assert days(place("day", -1, anchor="rollout_start")) == (date(2026, 11, 25), date(2026, 11, 25))


def test_t_minus_counts_calendar_days() -> None:
    assert days(place("day", -14)) == (date(2026, 11, 10), date(2026, 11, 10))
    assert days(place("day", 0)) == (DAY, DAY)
    assert days(place("day", -14, -10)) == (date(2026, 11, 10), date(2026, 11, 14))


def test_business_days_skip_weekends_and_the_launchs_holidays() -> None:
    assert days(place("business_day", -2)) == (date(2026, 11, 20), date(2026, 11, 20))
    assert days(place("business_day", 4)) == (date(2026, 11, 30), date(2026, 11, 30))
    closed = replace(ANCHORS, holidays=frozenset({date(2026, 11, 20), date(2026, 11, 30)}))
    assert days(place("business_day", -2), closed) == (date(2026, 11, 19), date(2026, 11, 19))
    assert days(place("business_day", 4), closed) == (date(2026, 12, 1), date(2026, 12, 1))


def test_months_and_quarters_keep_to_the_calendars_ends() -> None:
    eom = replace(ANCHORS, launch_day=date(2027, 1, 31))
    assert days(place("month", 1), eom) == (date(2027, 1, 31), date(2027, 2, 27))
    assert days(place("month", 2), eom) == (date(2027, 2, 28), date(2027, 3, 27))
    assert days(place("month", -1), eom) == (date(2026, 12, 31), date(2027, 1, 30))
    assert days(place("quarter", 1), eom) == (date(2027, 1, 31), date(2027, 4, 29))


def test_leap_days_are_days() -> None:
    leap = replace(ANCHORS, launch_day=date(2028, 2, 28))
    assert days(place("day", 1), leap) == (date(2028, 2, 29), date(2028, 2, 29))
    on_it = replace(ANCHORS, launch_day=date(2028, 2, 29))
    assert days(place("month", 13), on_it)[0] == date(2029, 2, 28)
    assert days(place("day", 365), on_it)[0] == date(2029, 2, 28)
    assert days(place("business_day", 1), leap)[0] == date(2028, 2, 29)


def test_a_year_end_is_crossed() -> None:
    turn = replace(ANCHORS, launch_day=date(2026, 12, 31))
    assert days(place("week", 0), turn) == (date(2026, 12, 28), date(2027, 1, 3))
    assert days(place("day", 1), turn)[0] == date(2027, 1, 1)


def test_what_is_open_ended_has_a_start_only() -> None:
    assert days(place("week", 4, open_ended=True)) == (date(2026, 12, 21), None)


def test_a_pin_is_its_dates_whatever_the_anchors_say() -> None:
    pin = Place(anchor="pinned", pinned_start=date(2026, 3, 4), pinned_end=date(2026, 3, 6))
    assert days(pin) == (date(2026, 3, 4), date(2026, 3, 6))
    assert days(pin, Anchors(launch_day=None, rollout_start=None, zone="UTC")) == days(pin)
    assert span_of(Place(anchor="pinned"), ANCHORS) == NOWHERE


def test_without_an_anchor_there_are_no_dates() -> None:
    nothing = Anchors(launch_day=None, rollout_start=None, zone="UTC")
    for anchor in ("launch_day", "rollout_start", "phase", "placement", "none"):
        assert span_of(place("day", 3, anchor=anchor), nothing) == NOWHERE
    assert span_of(place("day", 3_000_000), ANCHORS) == NOWHERE
    assert span_of(place("day", -3_000_000), ANCHORS) == NOWHERE


def test_followers_count_from_what_they_follow() -> None:
    anchors = replace(ANCHORS, phases={7: date(2026, 12, 1)}, placements={9: date(2026, 12, 5), 10: None})
    assert days(place("day", 2, anchor="phase", anchor_phase_id=7), anchors)[0] == date(2026, 12, 3)
    assert days(place("week", 1, anchor="placement", anchor_placement_id=9), anchors)[0] == date(2026, 12, 12)
    assert days(place("day", 1, anchor="placement", anchor_placement_id=10), anchors) == (None, None)


def test_minutes_and_hours_count_from_the_launchs_time_of_day() -> None:
    clocked = replace(ANCHORS, launch_time=time(9))
    hour = span_of(place("hour", 1), clocked)
    assert hour == Span(
        DAY, DAY, datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
    )
    late = span_of(place("minute", 15 * 60 + 1), clocked)
    assert late.starts_on == date(2026, 11, 25)
    assert span_of(place("hour", 1), ANCHORS) == Span(DAY, DAY)


def test_hours_are_real_hours_over_a_clock_change() -> None:
    spring = replace(ANCHORS, launch_day=date(2027, 3, 28), launch_time=time(1))
    span = span_of(place("hour", 4), spring)
    assert span.starts_at == datetime(2027, 3, 28, 4, tzinfo=UTC)
    assert span.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour == 6


def test_a_wall_time_is_held_in_its_own_zone_and_dated_in_the_launchs() -> None:
    tokyo = span_of(place("day", 0, local_time=time(3), time_zone="Asia/Tokyo"), ANCHORS)
    assert tokyo.starts_at == datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert tokyo.starts_on == date(2026, 11, 23)
    own = span_of(place("day", 0, local_time=time(15)), ANCHORS)
    assert (own.starts_on, own.starts_at) == (DAY, datetime(2026, 11, 24, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "day", "asked", "utc"),
    [
        # In spring the hour from 02:00 does not exist: the first instant after it.
        ("Europe/Berlin", date(2027, 3, 28), time(2, 30), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), time(2, 0), datetime(2027, 3, 14, 7, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), time(2, 59, 59), datetime(2027, 3, 14, 7, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2027, 10, 3), time(2, 15), datetime(2027, 10, 2, 15, 30, tzinfo=UTC)),
        # In autumn it exists twice: the first.
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 45), datetime(2027, 4, 3, 14, 45, tzinfo=UTC)),
        # Just before and after both.
        ("Europe/Berlin", date(2027, 3, 28), time(1, 59, 59), datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 3, 28), time(3, 0), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        # A whole day that an island skipped.
        ("Pacific/Apia", date(2011, 12, 30), time(12, 0), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_time_that_does_not_exist_or_exists_twice(zone: str, day: date, asked: time, utc: datetime) -> None:
    assert first_instant(day, asked, zone) == utc


@settings(max_examples=200)
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(1990, 1, 1), date(2060, 12, 31)),
    asked=st.times(),
)
def test_the_first_instant_is_never_before_the_wall_time_and_the_first_that_is_not(
    zone: str, day: date, asked: time
) -> None:
    asked = asked.replace(microsecond=0)
    found = first_instant(day, asked, zone)
    wall = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wanted = datetime.combine(day, asked)
    assert wall >= wanted
    before = (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert before < wanted
    # Not the second of two.
    assert all(
        (found - timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wanted
        for minutes in (20, 30, 60, 90, 120)
    )


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    count=st.integers(-300, 300).filter(bool),
    holidays=st.frozensets(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=40),
)
def test_business_days_are_counted_one_by_one(day: date, count: int, holidays: frozenset[date]) -> None:
    end = add_business_days(day, count, holidays)
    assert is_working_day(end, holidays)
    low, high = sorted((day, end))
    between = [low + timedelta(days=n) for n in range((high - low).days + 1)]
    worked = sum(is_working_day(each, holidays) for each in between if each != day)
    assert worked == abs(count)


@pytest.mark.parametrize(
    ("day", "landing", "landed"),
    [
        (date(2026, 11, 28), "keep", date(2026, 11, 28)),
        (date(2026, 11, 28), "before", date(2026, 11, 27)),
        (date(2026, 11, 28), "after", date(2026, 11, 30)),
        (date(2026, 11, 27), "after", date(2026, 11, 27)),
        (date(2026, 12, 25), "after", date(2026, 12, 28)),
    ],
)
def test_landing_on_a_day_nobody_works(day: date, landing: str, landed: date) -> None:
    assert land(day, landing, frozenset({date(2026, 12, 25)})) == landed


PLACES = st.builds(
    Place,
    anchor=st.sampled_from(["launch_day", "rollout_start"]),
    unit=st.sampled_from(["minute", "hour", "day", "business_day", "week", "month", "quarter"]),
    offset=st.integers(-40, 40),
    end_offset=st.none() | st.integers(41, 60),
    open_ended=st.booleans(),
    local_time=st.none() | st.times(),
    time_zone=st.sampled_from(["", *ZONES]),
    landing=st.sampled_from(["keep", "before", "after"]),
    fixed_at=st.none(),
)
LAUNCHES = st.builds(
    Anchors,
    launch_day=st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    rollout_start=st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    zone=st.sampled_from(ZONES),
    launch_time=st.none() | st.times(),
    holidays=st.frozensets(st.dates(date(2000, 1, 1), date(2050, 1, 1)), max_size=5),
)


@settings(max_examples=300)
@given(place=PLACES, anchors=LAUNCHES)
def test_every_span_is_in_order_and_its_instants_fall_on_its_days(place: Place, anchors: Anchors) -> None:
    span = span_of(place, anchors)
    assert span.starts_on is not None
    assert span.ends_on is None or span.ends_on >= span.starts_on
    assert (span.ends_on is None) == (place.open_ended and place.unit not in ("minute", "hour"))
    zone = ZoneInfo(anchors.zone)
    for day, instant in ((span.starts_on, span.starts_at), (span.ends_on, span.ends_at)):
        if instant is not None:
            assert instant.astimezone(zone).date() == day
    if span.starts_at and span.ends_at:
        assert span.ends_at >= span.starts_at


@settings(max_examples=300)
@given(place=PLACES, anchors=LAUNCHES, by=st.integers(-400, 400))
def test_days_and_weeks_move_with_their_anchor(place: Place, anchors: Anchors, by: int) -> None:
    """Days by exactly as much, calendar weeks to the week that fits."""
    place = place._replace(landing="keep", local_time=None)
    shift = timedelta(days=by)
    assert anchors.launch_day is not None
    assert anchors.rollout_start is not None
    moved = replace(
        anchors, launch_day=anchors.launch_day + shift, rollout_start=anchors.rollout_start + shift
    )
    before, after = span_of(place, anchors), span_of(place, moved)
    assert before.starts_on is not None
    assert after.starts_on is not None
    if place.unit == "day" or (place.unit == "week" and place.anchor == "rollout_start"):
        assert after.starts_on - before.starts_on == shift
    if place.unit == "week" and place.anchor == "launch_day":
        assert after.starts_on.weekday() == 0
        assert after.starts_on - before.starts_on == monday_of(moved.launch_day or DAY) - monday_of(
            anchors.launch_day
        )


@settings(max_examples=100)
@given(
    place=PLACES,
    anchors=LAUNCHES,
    minute=st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),
)
def test_a_minute_that_is_fixed_decides_alone(place: Place, anchors: Anchors, minute: datetime) -> None:
    day = minute.astimezone(ZoneInfo(anchors.zone)).date()
    assert span_of(place._replace(fixed_at=minute), anchors) == (day, day, minute, minute)
    assert span_of(place._replace(fixed_at=None), anchors) == span_of(place, anchors)
