"""Percent ladders: which numbers are steps, in what order, and where they stand."""

from __future__ import annotations

import time as clock
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.vocabulary import load
from apps.rollouts.ladder import parse_ladder

LANGUAGES = ["en", "de", "fr", "es", "pt", "ja"]


def percents(text: str, language: str = "en") -> list[str]:
    return [str(rung.percent) for rung in parse_ladder(text, vocab=load(language))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10% of organizations via feature flag", ["10"]),
        ("25% → 50% → 75% of eligible organizations", ["25", "50", "75"]),
        ("100% of organizations", ["100"]),
        ("25% -> 50% -> 75%", ["25", "50", "75"]),
        ("25% => 50%", ["25", "50"]),
        ("5% ➔ 10% ➜ 20%", ["5", "10", "20"]),
        ("1% > 10% > 50%", ["1", "10", "50"]),
        ("1/5/20/50/100%", ["1", "5", "20", "50", "100"]),
        ("1 / 5 / 20 %", ["1", "5", "20"]),
        ("10 → 25 → 50 → 100%", ["10", "25", "50", "100"]),
        ("5%, 25%, 50% and 100%", ["5", "25", "50", "100"]),
        ("Ramp from 10% to 50% then 100%", ["10", "50", "100"]),
        ("10-20%", ["10", "20"]),
        ("0.5% → 2.5%", ["0.5", "2.5"]),
        ("0% → 5%", ["0", "5"]),
        ("Canary: 1%, then 5%", ["1", "5"]),
        ("5% of users (internal) => 20%", ["5", "20"]),
        ("50% - all EU customers; 100% - everyone", ["50", "100"]),
        ("2-3 regions, 50%", ["50"]),
        ("10% (10% of accounts)", ["10"]),
        ("enable for 25% if error rate below 1%", ["25"]),
        ("Roll out to 30% of US traffic", ["30"]),
        ("50% → 25%", ["50", "25"]),
    ],
)
def test_rungs(text: str, expected: list[str]) -> None:
    assert percents(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "80% positive feedback",
        "< 1% error rate",
        "at least 80%",
        "20% increase in adoption",
        "99.9% uptime",
        "XX% of users",
        "[X]% of users",
        "150%",
        "5/10/25",
        "everyone",
        "v2.0",
        "24/7",
        "40% fewer tickets",
        "20% off",
    ],
)
def test_aims_and_placeholders_are_no_rungs(text: str) -> None:
    assert percents(text) == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "zunächst 5 %, dann 20 % und schließlich 100 %", ["5", "20", "100"]),
        ("de", "2,5 % der Nutzer", ["2.5"]),
        ("fr", "5 % puis 25 % puis 100 %", ["5", "25", "100"]),
        ("es", "5 %, luego 25 % y finalmente 100 %", ["5", "25", "100"]),
        ("pt", "5%, depois 25% e por fim 100%", ["5", "25", "100"]),
        ("ja", "組織の10%", ["10"]),
        ("ja", "5％→25％→100％", ["5", "25", "100"]),
    ],
)
def test_rungs_of_other_languages(language: str, text: str, expected: list[str]) -> None:
    assert percents(text, language) == expected


def test_a_rung_keeps_the_words_behind_it_and_knows_its_place() -> None:
    text = "25% → 50% of teams, then 75% of eligible organizations."
    rungs = parse_ladder(text, vocab=load("en"))
    assert [rung.text for rung in rungs] == ["25%", "50% of teams", "75% of eligible organizations"]
    assert [text[rung.start : rung.end] for rung in rungs] == ["25%", "50%", "75%"]


pieces = st.lists(
    st.sampled_from(
        [
            "1",
            "5%",
            "25",
            "%",
            "→",
            "->",
            "/",
            "-",
            ",",
            " ",
            "then",
            "of users",
            "<",
            "100%",
            ".",
            "XX",
            "\x00",
            "％",
            "0",
        ]
    ),
    max_size=16,
).map("".join)


@given(st.text(max_size=80) | pieces, st.sampled_from(LANGUAGES))
@settings(max_examples=1000, deadline=None)
def test_no_text_raises_and_rungs_lie_inside_it(text: str, language: str) -> None:
    behind = 0
    for rung in parse_ladder(text, vocab=load(language)):
        assert behind <= rung.start < rung.end <= len(text)
        assert Decimal(0) <= rung.percent <= Decimal(100)
        behind = rung.end


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=8, unique=True).map(sorted),
    st.sampled_from([" → ", " -> ", ", ", " > ", " then "]),
)
@settings(deadline=None)
def test_a_rising_ladder_is_read_whole(ladder: list[int], joint: str) -> None:
    assert percents(joint.join(f"{step}%" for step in ladder)) == [str(step) for step in ladder]


@pytest.mark.parametrize("piece", ["5% → ", "1/", "10-", "% ", "and ", "5 "])
def test_time_grows_in_proportion_to_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        best = 9e9
        for _ in range(3):
            start = clock.process_time()
            parse_ladder((piece * size)[:size], vocab=load("en"))
            best = min(best, clock.process_time() - start)
        return best

    assert seconds(4_800) < seconds(600) * 40 + 0.05
    assert parse_ladder(piece * 300_000, vocab=load("en")) == []
