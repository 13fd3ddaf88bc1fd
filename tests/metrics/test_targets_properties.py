"""What holds for every target and every text: round trips, no exceptions, numbers that fit, linear time."""

from __future__ import annotations

import time as clock
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.vocabulary import load
from apps.metrics.target_value import SYMBOLS
from apps.metrics.targets import TargetSpec, format_target, formula, parse_targets

EN = load("en")
LANGUAGES = ["en", "de", "fr", "es", "pt", "ja"]
METRICS = [
    "setup time",
    "Activation",
    "page load",
    "Weekly active teams",
    "NPS",
    "AI-related tickets",
    "churn",
    "MRR",
    "uptime of the API",
]
UNITS = [
    None,
    "%",
    "pp",
    "s",
    "ms",
    "min",
    "h",
    "d",
    "bd",
    "week",
    "month",
    "x",
    "points",
    "/5",
    "/10",
    "USD",
    "EUR",
]
values = st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False, allow_infinity=False)


@st.composite
def targets(draw: st.DrawFn) -> TargetSpec:
    unit = draw(st.sampled_from(UNITS))
    value = draw(values)
    if unit and unit.startswith("/"):
        value = draw(st.decimals(min_value=0, max_value=int(unit[1:]), places=1))
    relation = (
        draw(st.sampled_from(["absolute", "increase", "decrease"]))
        if unit in {"%", "pp", "x", "points"}
        else "absolute"
    )
    number = st.none() | st.integers(1, 900)
    return TargetSpec(
        metric=draw(st.sampled_from(METRICS)),
        comparator=draw(st.sampled_from(sorted(SYMBOLS))),  # type: ignore[arg-type]
        value=value,
        unit=unit,
        relation=relation,  # type: ignore[arg-type]
        window_days=draw(number),
        percentile=draw(st.none() | st.integers(1, 99)),
        armed_after_days=draw(number),
        kind=draw(st.sampled_from(["target", "stretch", "alert", "rollback", "baseline"])),  # type: ignore[arg-type]
    )


@given(targets())
@settings(max_examples=600, deadline=None)
def test_what_is_formatted_is_read_back(spec: TargetSpec) -> None:
    text = format_target(spec)
    assert parse_targets(text, vocab=EN) == [replace(spec, text=text)]


@given(st.sampled_from(METRICS))
def test_a_metric_without_a_target_is_read_back(metric: str) -> None:
    spec = TargetSpec(metric=metric, text=metric)
    assert parse_targets(format_target(spec), vocab=EN) == [spec]


pieces = st.lists(
    st.sampled_from(
        [
            "80",
            "%",
            " ",
            "<",
            ">=",
            "2",
            "s",
            "page load",
            ",",
            ";",
            "and",
            "from",
            "to",
            "by",
            "within",
            "30 days",
            "$",
            "10K",
            "/",
            "5",
            "(",
            ")",
            "stretch",
            ":",
            "zero",
            "p95",
            "for",
            "of users",
            "increase",
            "-",
            "–",
            "→",
            "€",
            ".",
            "1,000",
            "XX",
            "[X]",
            "alert if",
            "between",
            "x",
            "以上",
            "未満",
            "moins de",
            "\x00",
            "🎯",
            "٣",
            "²",
        ]
    ),
    max_size=16,
).map("".join)


@given(st.text(max_size=100) | pieces, st.sampled_from(LANGUAGES), st.sampled_from(["", "Adoption", "5%"]))
@settings(max_examples=2000, deadline=None)
def test_no_text_raises_and_every_target_fits_the_database(text: str, language: str, label: str) -> None:
    for spec in parse_targets(text, vocab=load(language), label=label):
        formula(spec)
        format_target(spec)
        assert len(spec.metric) <= 300
        assert (spec.value is None) == (spec.comparator is None)
        json = spec.to_json()
        if spec.value is not None:
            assert "e" not in json["value"].lower()
            assert Decimal(json["value"]) == spec.value
            assert abs(spec.value) < Decimal(10) ** 15
        assert spec.percentile is None or 1 <= spec.percentile <= 100
        for days in (spec.window_days, spec.armed_after_days):
            assert days is None or days >= 0


@pytest.mark.parametrize(
    "piece", ["80%, ", "from 1% to ", "(", "< ", "a ", "1,", "1-", "for 95% of ", "stretch: ", "by ", "x"]
)
def test_time_grows_in_proportion_to_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        best = 9e9
        for _ in range(2):
            start = clock.process_time()
            parse_targets(text, vocab=EN)
            best = min(best, clock.process_time() - start)
        return best

    # Within what is read at all; longer texts are kept as they are.
    assert seconds(4_800) < seconds(600) * 30 + 0.05


def test_a_line_of_a_mebibyte_is_kept_as_a_metric_without_reading_it() -> None:
    start = clock.process_time()
    (spec,) = parse_targets("80% of users, " * 80_000, vocab=EN, label="Everything")
    assert (spec.metric, spec.value) == ("Everything", None)
    assert clock.process_time() - start < 1
