"""The language data loads, covers what every language needs, and words are found as people write them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from apps.core.tokens import cut, fold
from apps.core.vocabulary import languages, load

LANGUAGES = ["en", "de", "fr", "es", "pt", "ja"]


def test_every_language_of_the_portal_has_words() -> None:
    assert set(LANGUAGES) <= set(languages())
    assert languages()[0] == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_names_units_comparators_and_changes(language: str) -> None:
    index = load(language)._phrases
    groups = {group for entries in index.values() for _, group, _ in entries}
    assert {"unit", "comparator", "relation", "measure", "launch_day", "before", "after"} <= groups


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt"])
def test_every_month_and_weekday_has_a_name(language: str) -> None:
    meanings = {
        (group, meaning) for entries in load(language)._phrases.values() for _, group, meaning in entries
    }
    assert {("month", str(number)) for number in range(1, 13)} <= meanings
    assert {("weekday", str(number)) for number in range(1, 8)} <= meanings


def test_an_unknown_language_gets_the_english_words() -> None:
    vocab = load("xx")
    assert vocab.language == "en"
    assert "unit" in vocab.match(cut("weeks"), 0)


@pytest.mark.parametrize("name", ["../en", "en.values", "", "/etc/passwd", "en\x00"])
def test_a_language_is_never_a_path(name: str) -> None:
    assert load(name).language == "en"


def test_headings_come_with_the_words_when_their_file_exists() -> None:
    assert "sections" in load("en").headings
    assert load("xx").headings == {}


def test_a_word_of_its_own_is_not_overridden_by_english() -> None:
    """ "mar" is Tuesday in French, and March only in English and Spanish."""
    french = load("fr").match(cut("mar"), 0)
    assert french["weekday"][0] == "2"
    assert "month" not in french


def test_little_words_are_not_borrowed() -> None:
    """ "no" means zero in English and "in the" in Portuguese."""
    assert "zero" in load("en").match(cut("no bugs"), 0)
    assert "zero" not in load("pt").match(cut("no primeiro"), 0)


def test_the_longest_phrase_wins() -> None:
    tokens = cut("business days")
    assert load("en").match(tokens, 0)["unit"] == ("business_day", 2)


@pytest.mark.parametrize("text", ["go live", "go-live", "Go‑Live", "GO LIVE"])
def test_hyphens_and_case_do_not_matter(text: str) -> None:
    assert "launch_alone" in load("en").match(cut(text), 0)


@pytest.mark.parametrize(
    ("word", "folded"), [("März", "marz"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("Ａ", "a")]
)
def test_words_fold(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_tokens_know_where_they_stand_and_lose_nothing() -> None:
    text = "T−14: 25 % → 50%, Größe ≥ 3 第2週 ½ 🎉\u0000"
    tokens = cut(text)
    assert [token.text for token in tokens[:4]] == ["t", "-", "14", ":"]
    assert "".join(text[token.start : token.end] for token in tokens) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(tokens))


def test_digits_of_other_scripts_are_numbers() -> None:
    assert [token.text for token in cut("１２ ٣٤")] == ["12", "34"]
