"""Times as English plans write them, one line per way of writing."""

from __future__ import annotations

from datetime import date, time

import pytest

from apps.core.vocabulary import load
from apps.schedule.when import When, find_whens, parse_when

EN = load("en")


def read(text: str, **options: object) -> When:
    when = parse_when(text, vocab=EN, **options)  # type: ignore[arg-type]
    assert when is not None, text
    return when


@pytest.mark.parametrize(
    ("text", "unit", "offset", "end"),
    [
        ("Week -2", "week", -2, None),
        ("Week −2", "week", -2, None),
        ("Week –2", "week", -2, None),
        ("week - 2", "week", -2, None),
        ("W-2", "week", -2, None),
        ("Week 0", "week", 0, None),
        ("Week +1", "week", 1, None),
        ("Week of launch", "week", 0, None),
        ("Launch week", "week", 0, None),
        ("Week 0 (Launch week)", "week", 0, None),
        ("Weeks -4 to -2", "week", -4, -2),
        ("Weeks -4 through -2", "week", -4, -2),
        ("Week -2 to Week 2", "week", -2, 2),
        ("2 weeks before launch", "week", -2, None),
        ("two weeks before the launch", "week", -2, None),
        ("1-2 weeks before launch", "week", -2, -1),
        ("2 weeks before", "week", -2, None),
        ("Two weeks out", "week", -2, None),
        ("-2 weeks", "week", -2, None),
        ("Launch day", "day", 0, None),
        ("launch", "day", 0, None),
        ("On launch day", "day", 0, None),
        ("D-Day", "day", 0, None),
        ("Day 0", "day", 0, None),
        ("T-0", "day", 0, None),
        ("T0", "day", 0, None),
        ("T-14", "day", -14, None),
        ("T−14", "day", -14, None),
        ("T - 14", "day", -14, None),
        ("T minus 14 days", "day", -14, None),
        ("T-5 days", "day", -5, None),
        ("T-5d", "day", -5, None),
        ("T-14 days before launch", "day", -14, None),
        ("T-2w", "week", -2, None),
        ("T-5 bd", "business_day", -5, None),
        ("T-5 business days", "business_day", -5, None),
        ("T+1 hour", "hour", 1, None),
        ("T+30 min", "minute", 30, None),
        ("T-30min", "minute", -30, None),
        ("L-3", "day", -3, None),
        ("D+7", "day", 7, None),
        ("GA+30 days", "day", 30, None),
        ("Launch + 30 days", "day", 30, None),
        ("Day -14 to -10", "day", -14, -10),
        ("Day -14 – -10", "day", -14, -10),
        ("T-14 to T-10", "day", -14, -10),
        ("T-10 to T-14", "day", -14, -10),
        ("T-14..T-10", "day", -14, -10),
        ("T-14/-10", "day", -14, -10),
        ("T-7 to T-0", "day", -7, 0),
        ("T-7 to launch", "day", -7, 0),
        ("30 days after launch", "day", 30, None),
        ("30 days post-launch", "day", 30, None),
        ("3 business days after launch", "business_day", 3, None),
        ("Post-launch week 2", "week", 2, None),
        ("Day 30 after launch", "day", 30, None),
        ("1 month after launch", "month", 1, None),
        ("Month +1", "month", 1, None),
        ("M+1", "month", 1, None),
        ("Launch minus 14", "day", -14, None),
        ("hour 0", "hour", 0, None),
    ],
)
def test_times_around_launch_day(text: str, unit: str, offset: int, end: int | None) -> None:
    when = read(text)
    assert (when.anchor, when.unit, when.offset, when.end_offset) == ("launch_day", unit, offset, end)
    assert when.ambiguous == ()
    assert when.text == text


@pytest.mark.parametrize(
    ("text", "unit", "offset", "end", "open_ended"),
    [
        ("Week 1", "week", 1, None, False),
        ("Wk 3", "week", 3, None, False),
        ("By Week 3", "week", 3, None, False),
        ("Weeks 2-3", "week", 2, 3, False),
        ("Weeks 2–3", "week", 2, 3, False),
        ("Weeks 2 to 3", "week", 2, 3, False),
        ("Weeks 1 & 2", "week", 1, 2, False),
        ("Weeks 1 and 2", "week", 1, 2, False),
        ("Week 4+", "week", 4, None, True),
        ("Week 4 onwards", "week", 4, None, True),
        ("Week 4 and beyond", "week", 4, None, True),
        ("From week 4", "week", 4, None, True),
        ("Day 1", "day", 1, None, False),
        ("Days 1-3", "day", 1, 3, False),
        ("Day 1 (Monday)", "day", 1, None, False),
        ("Month 1", "month", 1, None, False),
        ("Months 1-3", "month", 1, 3, False),
        ("first week", "week", 1, None, False),
        ("2nd week", "week", 2, None, False),
        ("Week 5 →", "week", 5, None, True),
        ("Week One", "week", 1, None, False),
        ("W1-W2", "week", 1, 2, False),
        ("Week 2, Day 3", "day", 10, None, False),
    ],
)
def test_a_bare_number_asks_which_clock(
    text: str, unit: str, offset: int, end: int | None, open_ended: bool
) -> None:
    when = read(text)
    assert when.anchor is None
    assert when.ambiguous == ("which_clock",)
    assert (when.unit, when.offset, when.end_offset, when.open_ended) == (unit, offset, end, open_ended)


def test_a_default_anchor_answers_which_clock() -> None:
    when = read("Weeks 2-3", default_anchor="rollout_start")
    assert (when.anchor, when.ambiguous) == ("rollout_start", ())
    assert read("Week -1", default_anchor="rollout_start").anchor == "launch_day"


@pytest.mark.parametrize(
    ("text", "offset", "unit"),
    [
        ("Rollout week 2", 2, "week"),
        ("Week 2 of the rollout", 2, "week"),
        ("rollout day 3", 3, "day"),
        ("Rollout + 2 weeks", 3, "week"),
        # Rollout days count from 1, so three days after its start is its fourth.
        ("3 days after rollout start", 4, "day"),
        ("2 weeks after rollout start", 3, "week"),
    ],
)
def test_times_of_the_rollout(text: str, offset: int, unit: str) -> None:
    when = read(text)
    assert (when.anchor, when.unit, when.offset) == ("rollout_start", unit, offset)


def test_t_numbers_take_their_unit_from_the_document() -> None:
    assert read("T-3", t_unit="week").unit == "week"
    assert read("T-3 days", t_unit="week").unit == "day"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-04", date(2026, 3, 4), None),
        ("2026/03/04", date(2026, 3, 4), None),
        ("March 4, 2026", date(2026, 3, 4), None),
        ("March 4th, 2026", date(2026, 3, 4), None),
        ("4th of March 2026", date(2026, 3, 4), None),
        ("4 Mar 2026", date(2026, 3, 4), None),
        ("04-Mar-2026", date(2026, 3, 4), None),
        ("Mar. 4, 2026", date(2026, 3, 4), None),
        ("05.03.2026", date(2026, 3, 5), None),
        ("13/4/2026", date(2026, 4, 13), None),
        ("4/13/26", date(2026, 4, 13), None),
        ("on March 4, 2026", date(2026, 3, 4), None),
        ("Wednesday, March 4, 2026", date(2026, 3, 4), None),
        ("March 4, 2026 (Wed)", date(2026, 3, 4), None),
        ("Feb 29, 2028", date(2028, 2, 29), None),
        ("Jan 20-24, 2026", date(2026, 1, 20), date(2026, 1, 24)),
        ("20-24 January 2026", date(2026, 1, 20), date(2026, 1, 24)),
        ("Jan 30 - Feb 3, 2026", date(2026, 1, 30), date(2026, 2, 3)),
        ("Dec 30 - Jan 3, 2027", date(2026, 12, 30), date(2027, 1, 3)),
        ("Dec 30, 2026 to Jan 3", date(2026, 12, 30), date(2027, 1, 3)),
        ("2026-01-20 to 2026-01-24", date(2026, 1, 20), date(2026, 1, 24)),
        ("2026-01-20/2026-01-24", date(2026, 1, 20), date(2026, 1, 24)),
        ("2026-01-20 – 2026-01-24", date(2026, 1, 20), date(2026, 1, 24)),
        ("Week of March 2, 2026", date(2026, 3, 2), date(2026, 3, 8)),
        ("week of March 4, 2026", date(2026, 3, 2), date(2026, 3, 8)),
        ("CW 10/2026", date(2026, 3, 2), date(2026, 3, 8)),
        ("2026-W10", date(2026, 3, 2), date(2026, 3, 8)),
        ("March 2 & 3, 2026", date(2026, 3, 2), date(2026, 3, 3)),
        ("4 July '26", date(2026, 7, 4), None),
    ],
)
def test_calendar_dates(text: str, first: date, last: date | None) -> None:
    when = read(text)
    assert (when.date, when.end_date) == (first, last)
    assert not when.missing_year
    assert when.ambiguous == ()


@pytest.mark.parametrize(
    ("text", "fuzzy", "precision"),
    [
        ("Q1 2024", "2024-Q1", "quarter"),
        ("2024-Q1", "2024-Q1", "quarter"),
        ("2024 Q1", "2024-Q1", "quarter"),
        ("Q1'24", "2024-Q1", "quarter"),
        ("1st quarter of 2024", "2024-Q1", "quarter"),
        ("end of Q2 2024", "2024-Q2", "quarter"),
        ("Q1-Q2 2024", "2024-Q1/2024-Q2", "quarter"),
        ("Q3 2025 – Q1 2026", "2025-Q3/2026-Q1", "quarter"),
        ("January 2024", "2024-01", "month"),
        ("Jan '26", "2026-01", "month"),
        ("2026-03", "2026-03", "month"),
        ("mid-March 2026", "2026-03", "month"),
        ("early April 2026", "2026-04", "month"),
        ("05/2026", "2026-05", "month"),
        ("First week of March 2026", "2026-03", "month"),
        ("H1 2026", "2026-Q1/2026-Q2", "quarter"),
        ("1H 2026", "2026-Q1/2026-Q2", "quarter"),
        ("2H26", "2026-Q3/2026-Q4", "quarter"),
        ("first half of 2026", "2026-Q1/2026-Q2", "quarter"),
        ("the second half of 2026", "2026-Q3/2026-Q4", "quarter"),
        ("Nov 2025 - Jan 2026", "2025-11/2026-01", "month"),
    ],
)
def test_fuzzy_periods_stay_fuzzy(text: str, fuzzy: str, precision: str) -> None:
    when = read(text)
    assert (when.fuzzy, when.precision, when.date, when.missing_year) == (fuzzy, precision, None, False)


@pytest.mark.parametrize(
    ("text", "fuzzy"),
    [
        ("Jan 20-24", "--01-20/--01-24"),
        ("Mar 4", "--03-04"),
        ("4th of March", "--03-04"),
        ("Tue, Jan 20", "--01-20"),
        ("Feb 29", "--02-29"),
        ("Q3", "--Q3"),
        ("by end of Q2", "--Q2"),
        ("March", "--03"),
        ("12/24", "--12-24"),
    ],
)
def test_a_date_without_a_year_says_so(text: str, fuzzy: str) -> None:
    when = read(text)
    assert when.missing_year
    assert when.date is None
    assert when.fuzzy == fuzzy


def test_a_default_year_fills_the_missing_one() -> None:
    assert read("Jan 20-24", default_year=2027).date == date(2027, 1, 20)
    over = read("Dec 30 - Jan 3", default_year=2026)
    assert (over.date, over.end_date) == (date(2026, 12, 30), date(2027, 1, 3))
    assert read("Q3", default_year=2026).fuzzy == "2026-Q3"
    assert not read("Q3", default_year=2026).missing_year


def test_a_year_that_is_said_beats_the_default_year() -> None:
    assert read("Jan 20, 2025", default_year=2027).date == date(2025, 1, 20)


def test_day_and_month_that_could_be_swapped_ask() -> None:
    assert read("3/4/2026").ambiguous == ("day_month",)
    assert read("3/10-3/11 2025").ambiguous == ("day_month",)
    assert (read("3/10-3/11 2025").date, read("3/10-3/11 2025").end_date) == (
        date(2025, 3, 10),
        date(2025, 3, 11),
    )
    assert read("3/3/2026").ambiguous == ()
    assert read("3/14/2026").ambiguous == ()


def test_a_weekday_that_contradicts_its_date_asks() -> None:
    assert read("Tuesday, 2026-03-04").ambiguous == ("weekday_contradicts",)
    assert read("Wednesday, 2026-03-04").ambiguous == ()
    assert read("Tue Mar 4", default_year=2026).ambiguous == ("weekday_contradicts",)


def test_a_fiscal_quarter_asks() -> None:
    when = read("Q1 FY25")
    assert (when.fuzzy, when.ambiguous) == ("2025-Q1", ("fiscal_quarter",))
    assert read("FY25 Q1").ambiguous == read("Q1FY25").ambiguous == ("fiscal_quarter",)


@pytest.mark.parametrize(
    ("text", "at", "zone"),
    [
        ("9:00 AM PT", time(9), "America/Los_Angeles"),
        ("9am ET", time(9), "America/New_York"),
        ("9 a.m. PST", time(9), "America/Los_Angeles"),
        ("12:30 pm", time(12, 30), None),
        ("12:15 AM", time(0, 15), None),
        ("15:00 CET", time(15), "CET"),
        ("15:00 (CET)", time(15), "CET"),
        ("09:00 America/New_York", time(9), "America/New_York"),
        ("09:00 UTC", time(9), "UTC"),
        ("09:00Z", time(9), "UTC"),
        ("09:00 UTC+2", time(9), "Etc/GMT-2"),
        ("9:00 AM Pacific Time", time(9), "America/Los_Angeles"),
        ("noon ET", time(12), "America/New_York"),
        ("9:00-10:30 AM PT", time(9), "America/Los_Angeles"),
        ("11:00-1:00 PM", time(11), None),
        ("2-3 PM", time(14), None),
        ("12 noon", time(12), None),
        ("10 AM EST / 7 AM PST", time(10), "America/New_York"),
        ("9:00 AM PT - 10:00 AM PT", time(9), "America/Los_Angeles"),
    ],
)
def test_clock_times_with_zones(text: str, at: time, zone: str | None) -> None:
    when = read(text)
    assert (when.time, when.zone, when.precision) == (at, zone, "minute")
    assert when.date is None
    assert when.offset is None


@pytest.mark.parametrize(
    ("text", "day", "offset", "at"),
    [
        ("Wed, March 4, 2026 at 9:00 AM PT", date(2026, 3, 4), None, time(9)),
        ("2026-03-04 09:00", date(2026, 3, 4), None, time(9)),
        ("2026-03-04T09:00Z", date(2026, 3, 4), None, time(9)),
        ("9:00 AM, March 4, 2026", date(2026, 3, 4), None, time(9)),
        ("Launch day, 9:00 AM PT", None, 0, time(9)),
        ("Day -1 9am", None, -1, time(9)),
        ("T-1, 17:00", None, -1, time(17)),
        ("Week 1 (Jan 20, 2026)", date(2026, 1, 20), 1, None),
        ("Jan 20, 2026 (T-14)", date(2026, 1, 20), -14, None),
    ],
)
def test_times_told_in_two_ways_are_one(
    text: str, day: date | None, offset: int | None, at: time | None
) -> None:
    when = read(text)
    assert (when.date, when.offset, when.time) == (day, offset, at)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[DATE]",
        "TBD",
        "TBC",
        "Week XX",
        "Week [X]",
        "January XX, 2026",
        "{{launch_date}}",
        "<date>",
        "YYYY-MM-DD",
        "T-[X]",
        "____",
        "???",
        "weekly",
        "ongoing",
        "Thursday",
        "30 days",
        "within 30 days",
        "Feb 30, 2026",
        "2026-13-01",
        "2026-02-30",
        "24/7",
        "Day 2.5",
        "week 2x",
        "Phase 2",
        "v1.2.3",
        "5%",
        "10/20/30/40",
        "Marketing",
        "2026",
        "before launch",
        "Launch the product in week 2 and then celebrate",
        "1.2.2026.4",
        "99:99",
        "25:00",
        "13 PM",
        "Week -2 and also some other words",
        "Weeks 1 and 4",
        "March 2 and 9, 2026",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_when(text, vocab=EN) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Send email on launch day and again 30 days after launch.", ["launch day", "30 days after launch"]),
        ("24/7 coverage during launch week", ["launch week"]),
        ("Phase 1: Internal & Beta (Week 1)", ["Week 1"]),
        ("Phase 2: Gradual (Weeks 2-3)", ["Weeks 2-3"]),
        ("T-14: email; T-7 blog; D+1 thanks", ["T-14", "T-7", "D+1"]),
        ("#### 2026-03-04: Newsletter", ["2026-03-04"]),
        ("Post on March 4, 2026 at 9:00 AM PT, then rest", ["March 4, 2026 at 9:00 AM PT"]),
        ("We may launch 5 things; may 10% of users see it. Ratio 3/4. v2.5-day", []),
        ("Launch - 3 items, GA-4 property, the 2-3 best, F-14 jet", []),
        ("March on. The market may march. 10 march orders", []),
        ("Reach 70% within 30 days", []),
        ("1/5/20/50/100%", []),
    ],
)
def test_finding_times_in_sentences(text: str, expected: list[str]) -> None:
    found = find_whens(text, vocab=EN)
    assert [text[start:end] for start, end, _ in found] == expected
    assert [when.text for _, _, when in found] == expected


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("between March 4 and March 9, 2026", date(2026, 3, 4), date(2026, 3, 9)),
        ("between 28 Feb 2026 and 3 March 2026", date(2026, 2, 28), date(2026, 3, 3)),
    ],
)
def test_between_joins_two_dates(text: str, first: date, last: date) -> None:
    assert (read(text).date, read(text).end_date) == (first, last)
    assert [(when.date, when.end_date) for _, _, when in find_whens(f"Live {text}.", vocab=EN)] == [
        (first, last)
    ]


def test_between_numbers_is_no_time() -> None:
    assert find_whens("between 10 and 20 users", vocab=EN) == []


@pytest.mark.parametrize(
    ("text", "unit", "offset"),
    [("T-0", "day", 0), ("T0", "day", 0), ("T-2", "week", -2), ("T-60m", "minute", -60)],
)
def test_t_zero_is_launch_day_whatever_t_numbers_count(text: str, unit: str, offset: int) -> None:
    when = read(text, t_unit="week")
    assert (when.unit, when.offset) == (unit, offset)


def test_a_few_m_may_be_months_and_are_not_taken_for_minutes() -> None:
    assert parse_when("T-3m", vocab=EN) is None
