"""Rules of a series: their dates are those an independent expander finds, their instants those the clocks show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from apps.core.errors import Invalid
from apps.meetings.recurrence import WEEKDAYS, Rule, is_skipped, require_first, span_of

ZONES = (
    "America/New_York", "Europe/London", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe",
    "Asia/Kolkata", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12",
)  # fmt: skip
FIRST = datetime(2026, 11, 24, 15)  # a Tuesday

ends = st.one_of(
    st.just({}),
    st.builds(lambda count: {"count": count}, st.integers(1, 60)),
    st.builds(lambda days: {"until": date(2026, 1, 1) + timedelta(days=days)}, st.integers(0, 1500)),
)
weekly = st.builds(
    lambda days, interval, end: Rule.weekly(*days, interval=interval, **end),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(1, 6),
    ends,
)
by_day = st.builds(
    lambda day, interval, end: Rule("monthly", interval=interval, month_day=day, **end),
    st.one_of(st.integers(1, 31), st.just(-1)),
    st.integers(1, 12),
    ends,
)
by_weekday = st.builds(
    lambda day, nth, interval, end: Rule("monthly", interval=interval, weekdays=(day,), nth=nth, **end),
    st.integers(0, 6),
    st.sampled_from([1, 2, 3, 4, 5, -1]),
    st.integers(1, 12),
    ends,
)
rules = st.one_of(weekly, by_day, by_weekday)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31)).map(
    lambda value: value.replace(second=0, microsecond=0)
)


@settings(max_examples=200, deadline=None)
@given(rule=rules, given_first=moments, zone=st.sampled_from(ZONES))
def test_the_starts_are_those_of_an_independent_expander(
    rule: Rule, given_first: datetime, zone: str
) -> None:
    first = rule.next_match(given_first)
    assume(first is not None)
    assert first is not None
    until = first.date() + timedelta(days=800)
    own = list(rule.starts(first, until=until))
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z",
        f"DTSTART;TZID={zone}:{first:%Y%m%dT%H%M%S}", "DURATION:PT1H",
        f"RRULE:{rule.text(first=first, zone=zone)}", "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    read = Calendar.from_ical("\r\n".join(lines) + "\r\n")
    found = recurring_ical_events.of(read).between(
        datetime.combine(first.date(), datetime.min.time(), UTC) - timedelta(days=2),
        datetime.combine(until, datetime.max.time(), UTC) + timedelta(days=2),
    )
    theirs = sorted(event["DTSTART"].dt.replace(tzinfo=None) for event in found)
    assert own == [start for start in theirs if start.date() <= until]


@given(rule=rules, first=moments, zone=st.sampled_from(ZONES))
def test_its_text_reads_back_as_the_same_rule(rule: Rule, first: datetime, zone: str) -> None:
    assert Rule.parse(rule.text(first=first, zone=zone), zone=zone) == rule


@settings(max_examples=100, deadline=None)
@given(rule=rules, given_first=moments, skip=st.integers(0, 400), length=st.integers(0, 400))
def test_a_window_holds_what_the_whole_holds_there(
    rule: Rule, given_first: datetime, skip: int, length: int
) -> None:
    first = rule.next_match(given_first)
    assume(first is not None)
    assert first is not None
    start = first.date() + timedelta(days=skip)
    end = start + timedelta(days=length)
    whole = [each for each in rule.starts(first, until=end) if start <= each.date()]
    assert list(rule.starts(first, after=start, until=end)) == whole


@given(start=moments, minutes=st.integers(5, 24 * 60), zone=st.sampled_from(ZONES))
def test_a_session_begins_when_its_clocks_show_it_and_is_as_long_as_it_is(
    start: datetime, minutes: int, zone: str
) -> None:
    begins, ends_at = span_of(start, minutes, zone)
    assert ends_at - begins == timedelta(minutes=minutes)
    shown = begins.astimezone(ZoneInfo(zone))
    if is_skipped(start, zone):
        assert shown.replace(tzinfo=None) > start
        # The very first instant after the gap: a second before it clocks showed less than was asked for.
        assert (begins - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) < start
    else:
        assert shown.replace(tzinfo=None) == start
        assert shown.fold == 0


@pytest.mark.parametrize(
    ("zone", "start", "shown"),
    [
        ("Europe/Berlin", datetime(2027, 3, 28, 2, 30), "2027-03-28 01:00"),  # does not exist: at 03:00
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30), "2026-10-25 00:30"),  # twice: the first
        ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 15), "2026-10-03 15:30"),  # half an hour is missing
        ("America/New_York", datetime(2026, 11, 1, 1, 30), "2026-11-01 05:30"),
        ("Pacific/Kiritimati", datetime(2027, 1, 1, 0, 0), "2026-12-31 10:00"),
    ],
)
def test_hours_that_are_missing_or_come_twice(zone: str, start: datetime, shown: str) -> None:
    assert f"{span_of(start, 60, zone)[0]:%Y-%m-%d %H:%M}" == shown


def test_a_session_over_a_clock_change_is_as_long_as_it_says() -> None:
    begins, ends_at = span_of(datetime(2027, 3, 27, 23), 240, "Europe/Berlin")
    assert ends_at.astimezone(ZoneInfo("Europe/Berlin")).hour == 4
    assert ends_at - begins == timedelta(hours=4)


def test_until_is_the_end_of_that_local_day() -> None:
    rule = Rule.weekly(1, until=date(2026, 12, 1))
    late = datetime(2026, 11, 24, 23, 30)
    assert [each.day for each in rule.starts(late)] == [24, 1]
    assert rule.text(first=late, zone="America/New_York").endswith("UNTIL=20261202T045959Z")
    assert rule.text(first=late, zone="Asia/Kolkata").endswith("UNTIL=20261201T182959Z")


def test_months_without_the_day_are_left_out_and_the_last_day_is_in_all() -> None:
    first = datetime(2027, 1, 31, 9)
    assert [each.month for each in Rule("monthly", month_day=31, count=4).starts(first)] == [1, 3, 5, 7]
    last = Rule("monthly", month_day=-1, count=3)
    assert [each.day for each in last.starts(first)] == [31, 28, 31]


def test_a_first_date_that_is_not_in_the_rule_is_refused_with_the_next_that_is() -> None:
    require_first(Rule.weekly(1), FIRST)
    with pytest.raises(Invalid, match="Thursday 26 November 2026"):
        require_first(Rule.weekly(3), FIRST)
    with pytest.raises(Invalid, match="no date at all") as never:
        require_first(Rule("monthly", interval=12, month_day=31), datetime(2027, 2, 1, 9))
    assert never.value.code == "never"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule.weekly(1), "Every week on Tuesday"),
        (Rule.weekly(3, 1, interval=2, until=date(2027, 3, 1)),
         "Every 2 weeks on Tuesday and Thursday, until 1 March 2027"),
        (Rule("monthly", weekdays=(4,), nth=-1, count=6), "Every month on the last Friday, 6 times"),
        (Rule("monthly", month_day=-1, interval=3), "Every 3 months on the last day"),
        (Rule("monthly", month_day=15), "Every month on day 15"),
    ],
)  # fmt: skip
def test_words(rule: Rule, words: str) -> None:
    assert rule.words() == words


@pytest.mark.parametrize(
    "text",
    [
        "", "FREQ=DAILY", "FREQ=MINUTELY;COUNT=525600", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;BYDAY=1TU",
        "FREQ=WEEKLY;BYDAY=TU;INTERVAL=0", "FREQ=WEEKLY;BYDAY=TU;INTERVAL=53", "FREQ=WEEKLY;BYDAY=TU;COUNT=0",
        "FREQ=WEEKLY;BYDAY=TU;COUNT=2;UNTIL=20270101", "FREQ=WEEKLY;BYDAY=TU;COUNT=99999999999999999999",
        "FREQ=WEEKLY;BYDAY=TU;UNTIL=20279999", "FREQ=WEEKLY;BYDAY=TU;UNTIL=soon", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=3",
        "FREQ=WEEKLY;BYDAY=TU;BYDAY=WE", "FREQ=WEEKLY;BYDAY=TU;WKST=SU", "FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=6TU", "FREQ=MONTHLY;BYDAY=1TU,2TU", "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=-2", "FREQ=MONTHLY;BYMONTHDAY=5;BYDAY=1TU",
        "FREQ=WEEKLY;BYDAY=TU;UNTIL=99991231T235959Z", "FREQ=WEEKLY;BYDAY=TU;COUNT=\N{ARABIC-INDIC DIGIT FIVE}",
    ],
)  # fmt: skip
def test_what_is_not_in_the_subset_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        Rule.parse(text)
    assert refused.value.field == "rule"
    assert refused.value.message.endswith(".")


def test_every_weekday_has_its_name() -> None:
    for number, name in enumerate(WEEKDAYS):
        assert Rule.parse(f"FREQ=WEEKLY;BYDAY={name}").weekdays == (number,)
