"""Quiet hours over clock changes, at the ends of the world, across midnight."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.delivery.quiet import FAR, Windows, is_quiet, window

ZONES = sorted(available_timezones())
times = st.times().map(lambda value: value.replace(microsecond=0))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("zone", "start", "end", "at", "quiet", "until"),
    [
        # New York springs forward at 07:00 UTC: 02:30 does not exist, so quiet ends with the gap.
        ("America/New_York", time(20), time(2, 30), utc(2026, 3, 8, 5), True, utc(2026, 3, 8, 7)),
        # Berlin falls back at 01:00 UTC: 02:30 comes twice, and quiet with it.
        ("Europe/Berlin", time(20), time(2, 30), utc(2026, 10, 25, 0), True, utc(2026, 10, 25, 0, 30)),
        ("Europe/Berlin", time(20), time(2, 30), utc(2026, 10, 25, 0, 40), False, utc(2026, 10, 25, 1)),
        ("Europe/Berlin", time(20), time(8), utc(2026, 7, 1, 12), False, utc(2026, 7, 1, 18)),
        ("Pacific/Kiritimati", time(22), time(7), utc(2026, 7, 1, 9), True, utc(2026, 7, 1, 17)),
        ("Etc/GMT+12", time(22), time(7), utc(2026, 7, 1, 9), False, utc(2026, 7, 1, 10)),
        ("Etc/GMT-14", time(22), time(7), utc(2026, 7, 1, 8, 30), True, utc(2026, 7, 1, 17)),
        # Lord Howe moves by half an hour only.
        ("Australia/Lord_Howe", time(20), time(2, 15), utc(2026, 10, 3, 14), True, utc(2026, 10, 3, 15, 30)),
    ],
)
def test_windows_that_were_worked_out_by_hand(
    zone: str, start: time, end: time, at: datetime, quiet: bool, until: datetime
) -> None:
    assert window(zone, start, end, at) == (quiet, until)


def test_without_quiet_hours_it_is_open_for_ever() -> None:
    assert window("UTC", None, None, utc(2026, 1, 1)) == (False, FAR)


@given(
    zone=st.sampled_from(ZONES),
    start=times,
    minutes=st.integers(15, 23 * 60),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_the_wall_clock_agrees_all_through_a_window_and_differs_after_it(
    zone: str, start: time, minutes: int, at: datetime
) -> None:
    end = (datetime.combine(datetime(2000, 1, 1), start) + timedelta(minutes=minutes)).time()
    at = at.replace(microsecond=0)
    quiet, until = window(zone, start, end, at)
    assert until > at
    step = (until - at) / 20
    for number in range(20):
        moment = (at + number * step).replace(microsecond=0)
        assert is_quiet(zone, start, end, moment) == quiet
    assert is_quiet(zone, start, end, until - timedelta(seconds=1)) == quiet
    assert is_quiet(zone, start, end, until) != quiet


def test_a_window_is_worked_out_again_when_it_is_over() -> None:
    windows = Windows(time(20), time(8))
    assert not windows.of("UTC", utc(2026, 1, 1, 19, 59)).quiet
    assert windows.of("UTC", utc(2026, 1, 1, 20)).quiet
