"""What holds for every time and every text: round trips, no exceptions, spans, and linear time."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.vocabulary import load
from apps.schedule.when import When, find_whens, format_when, parse_when
from apps.schedule.when_value import UNIT_PRECISION

EN = load("en")
LANGUAGES = ["en", "de", "fr", "es", "pt", "ja"]
dates = st.dates(date(1900, 1, 1), date(2199, 12, 31))
times = st.times().map(lambda at: at.replace(microsecond=0))
zones = st.sampled_from(
    [None, "UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "CET", "Etc/GMT-2"]
)


@st.composite
def relative(draw: st.DrawFn) -> When:
    unit = draw(st.sampled_from(sorted(UNIT_PRECISION)))
    anchor = draw(st.sampled_from(["launch_day", "rollout_start"]))
    low = -5000 if anchor == "launch_day" or unit in {"minute", "hour", "business_day"} else 1
    offset = draw(st.integers(low, 5000))
    end = draw(st.none() | st.integers(offset + 1, offset + 400))
    return When(
        anchor=anchor,
        unit=unit,  # type: ignore[arg-type]
        offset=offset,
        end_offset=end,
        open_ended=end is None and draw(st.booleans()),
        precision=UNIT_PRECISION[unit],
    )


@st.composite
def dated(draw: st.DrawFn) -> When:
    first = draw(dates)
    last = draw(
        st.none() | st.dates(first + timedelta(days=1), date(2200, 1, 1) - timedelta(days=1))
        if first < date(2199, 12, 31)
        else st.none()
    )
    return When(date=first, end_date=last, precision="day")


@st.composite
def timed(draw: st.DrawFn) -> When:
    base = draw(dated().filter(lambda when: when.end_date is None) | relative() | st.just(When()))
    return replace(base, time=draw(times), zone=draw(zones), precision="minute")


@st.composite
def fuzzy(draw: st.DrawFn) -> When:
    year = draw(st.integers(1900, 2199))
    if draw(st.booleans()):
        quarter = draw(st.integers(1, 4))
        missing = draw(st.booleans())
        text = f"--Q{quarter}" if missing else f"{year}-Q{quarter}"
        return When(fuzzy=text, precision="quarter", missing_year=missing)
    month = draw(st.integers(1, 12))
    if draw(st.booleans()):
        return When(fuzzy=f"{year}-{month:02}", precision="month")
    day = draw(st.integers(1, 28))
    return When(fuzzy=f"--{month:02}-{day:02}", precision="day", missing_year=True)


anything = relative() | dated() | timed() | fuzzy()


@given(anything)
@settings(max_examples=400, deadline=None)
def test_what_is_formatted_is_read_back(when: When) -> None:
    text = format_when(when)
    assert parse_when(text, vocab=EN) == replace(when, text=text)


@given(anything)
@settings(max_examples=200, deadline=None)
def test_json_drops_nothing(when: When) -> None:
    assert When.from_json(when.to_json()) == when


@given(anything)
@settings(max_examples=200, deadline=None)
def test_a_formatted_time_is_found_in_a_sentence(when: When) -> None:
    text = f"Send it ({format_when(when)}) to all."
    assert [span[2] for span in find_whens(text, vocab=EN)] != []


pieces = st.lists(
    st.sampled_from(
        [
            "Week",
            "-",
            "2",
            "T-",
            "to",
            " ",
            "–",
            "2026",
            "-03-04",
            "Jan",
            "20",
            "launch",
            "after",
            "days",
            "(",
            ")",
            "Q1",
            "/",
            ".",
            "%",
            "9:00",
            "AM",
            "PT",
            "第",
            "週",
            "月",
            "日",
            "+",
            "semaine",
            "KW",
            "J",
            "h",
            "am",
            "\x00",
            "٣",
        ]
    ),
    max_size=14,
).map("".join)


@given(st.text(max_size=80) | pieces, st.sampled_from(LANGUAGES))
@settings(max_examples=1500, deadline=None)
def test_no_text_raises_and_spans_lie_inside_it(text: str, language: str) -> None:
    vocab = load(language)
    whole = parse_when(text, vocab=vocab)
    if whole is not None:
        assert whole.end_offset is None or whole.offset is None or whole.end_offset > whole.offset
        assert whole.end_date is None or whole.date is None or whole.end_date > whole.date
        assert When.from_json(whole.to_json()) == whole
    behind = 0
    for start, end, when in find_whens(text, vocab=vocab):
        assert behind <= start < end <= len(text)
        assert text[start:end] == when.text
        behind = end


@given(st.text(max_size=60) | pieces)
@settings(max_examples=300, deadline=None)
def test_a_default_year_leaves_no_year_missing(text: str) -> None:
    when = parse_when(text, vocab=EN, default_year=2026)
    assert when is None or not when.missing_year or (when.fuzzy or "").startswith("--W")


@pytest.mark.parametrize(
    "values",
    [
        {},
        [],
        None,
        {"unit": "fortnight"},
        {"offset": "2"},
        {"date": "2026-99-01"},
        {"nope": 1},
        {"offset": True},
        {"text": 5},
    ],
)
def test_json_of_something_else_is_refused(values: object) -> None:
    if values == {}:
        assert When.from_json({}) == When()
        return
    with pytest.raises((KeyError, TypeError, ValueError)):
        When.from_json(values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "piece",
    [
        "Week -2 to ",
        "T-",
        "1-",
        "2026-",
        "(",
        "Jan 20-",
        "from ",
        "a",
        "1 ",
        "week of ",
        "第2〜",
        "9:00-",
        "......",
        "--------",
        "Mon, ",
    ],
)
def test_time_grows_in_proportion_to_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        best = 9e9
        for _ in range(2):
            start = clock.process_time()
            find_whens(text, vocab=EN)
            best = min(best, clock.process_time() - start)
        return best

    small, large = seconds(4_000), seconds(32_000)
    # Eight times the text: quadratic reading would take 64 times as long.
    assert large < small * 24 + 0.05


def test_a_line_of_a_mebibyte_is_read_soon() -> None:
    start = clock.process_time()
    find_whens("Week -2 to T-5, Jan 20 " * 45_000, vocab=EN)
    assert parse_when("Week " * 200_000, vocab=EN) is None
    assert clock.process_time() - start < 20
