"""Deadlines of steps in minutes from the trigger."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.vocabulary import load
from apps.rollouts.deadlines import MAX_MINUTES, parse_deadline


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Disable feature flag within 15 minutes", 15),
        ("Notify all stakeholders within 30 minutes", 30),
        ("Root cause analysis within 2 hours", 120),
        ("Resolution plan within 24 hours", 1440),
        ("within one hour", 60),
        ("in less than 1 hour", 60),
        ("within 3 days", 4320),
        ("within 1 business day", 1440),
        ("within 90 seconds", 2),
        ("2h", 120),
        ("1h30", 90),
        ("1h 30m", 90),
        ("1.5 hours", 90),
        ("1 hour 30 minutes", 90),
        ("half an hour", 30),
        ("15-30 minutes", 30),
        ("0–15 min", 15),
        ("< 15 min", 15),
        ("≤ 5m", 5),
        ("T+30 min", 30),
        ("T+2h: post", 120),
        ("by T+15m", 15),
        ("+5 min", 5),
        ("Disable flag (5 min)", 5),
        ("15 min: disable flag", 15),
        ("Turn off the flag - 5 minutes", 5),
        ("Flag off in 5 minutes; post in 30 minutes", 5),
    ],
)
def test_deadlines(text: str, minutes: int) -> None:
    assert parse_deadline(text, vocab=load("en")) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Criteria and timeline for retry",
        "Immediately",
        "Wait 10 minutes and check",
        "after 10 minutes",
        "Roll back to version 2.15",
        "within [X] minutes",
        "TBD",
        "in 2026",
        "within 9999999 days",
        "Notify 5 people",
        "within 2 months",
    ],
)
def test_what_says_no_deadline_has_none(text: str) -> None:
    assert parse_deadline(text, vocab=load("en")) is None


@pytest.mark.parametrize(
    ("language", "text", "minutes"),
    [
        ("de", "innerhalb von 15 Minuten", 15),
        ("de", "Flag abschalten binnen 2 Stunden", 120),
        ("fr", "sous 15 minutes", 15),
        ("fr", "dans les 2 heures", 120),
        ("es", "dentro de las 2 horas", 120),
        ("es", "en menos de 24 horas", 1440),
        ("pt", "em até 15 minutos", 15),
        ("pt", "dentro de 2 horas", 120),
        ("ja", "15分以内", 15),
        ("ja", "2時間以内に通知", 120),
    ],
)
def test_deadlines_of_other_languages(language: str, text: str, minutes: int) -> None:
    assert parse_deadline(text, vocab=load(language)) == minutes


@given(st.text(max_size=100), st.sampled_from(["en", "de", "fr", "es", "pt", "ja"]))
@settings(max_examples=500, deadline=None)
def test_no_text_raises(text: str, language: str) -> None:
    minutes = parse_deadline(text, vocab=load(language))
    assert minutes is None or 0 <= minutes <= MAX_MINUTES


@given(st.integers(1, 10_000))
@settings(deadline=None)
def test_minutes_are_read_back(minutes: int) -> None:
    assert parse_deadline(f"within {minutes} minutes", vocab=load("en")) == minutes
