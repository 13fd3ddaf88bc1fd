"""Words of a language as data: what they mean, loaded from `vocabularies/<language>.*.toml`.

`<language>.values.toml` holds the words of times, numbers, units and targets: tables of classes, each a
list of phrases (`before = ["before", "ahead of"]`) or a table of them (`[month] 1 = ["january", "jan"]`).
`<language>.headings.toml` holds headings and labels, for the plan reader.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from apps.core.tokens import Token, cut

FOLDER = Path(__file__).parent / "vocabularies"
DEFAULT_LANGUAGE = "en"
# Little words mean other things in other languages ("no", "a"), so they are not borrowed from English.
NOT_BORROWED = frozenset({"skip", "zero", "number", "separator", "direction", "about"})

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The words of one language. Look words up by `match`; numbers are written as `decimal_comma` says.

    `settings` are the language's conventions: `decimal` ("," or "."), `group` (marks between thousands),
    `date_order` ("mdy", "dmy", "ymd") and `date_order_certain` (false: 3/4 may be read either way).
    """

    language: str
    settings: Mapping[str, Any] = field(repr=False)
    headings: Mapping[str, Mapping[str, tuple[str, ...]]] = field(repr=False)
    _phrases: Mapping[str, Sequence[tuple[Phrase, str, str]]] = field(repr=False)

    @property
    def decimal_comma(self) -> bool:
        return bool(self.settings.get("decimal") == ",")

    def match(self, tokens: Sequence[Token], at: int) -> dict[str, tuple[str, int]]:
        """The classes of the phrases that begin at a token: class -> (meaning, index behind it).

        The longest phrase of each class counts. A hyphen between words is as good as a space.
        """
        found: dict[str, tuple[str, int]] = {}
        if at >= len(tokens):
            return found
        for phrase, group, meaning in self._phrases.get(tokens[at].text, ()):
            if group in found:
                continue
            end = _phrase_end(phrase, tokens, at)
            if end:
                found[group] = (meaning, end)
        return found

    def can_begin(self, token: Token) -> bool:
        return token.text in self._phrases


def _phrase_end(phrase: Phrase, tokens: Sequence[Token], at: int) -> int:
    index = at
    size = len(tokens)
    for place, part in enumerate(phrase):
        if place and index < size and tokens[index].text == "-" and part != "-" and not tokens[index].spaced:
            index += 1
        if index >= size or tokens[index].text != part:
            return 0
        index += 1
    return index


def languages() -> list[str]:
    """The languages there is anything for, English first."""
    found = {path.name.split(".")[0] for path in FOLDER.glob("*.toml")}
    return sorted(found, key=lambda language: (language != DEFAULT_LANGUAGE, language))


@cache
def load(language: str = DEFAULT_LANGUAGE) -> Vocabulary:
    """The vocabulary of a language; an unknown one gets the English words. A missing file is an empty one.

    Words a language does not define itself are borrowed from English: launch plans mix the two.
    """
    own = _values(language)
    base = _values(DEFAULT_LANGUAGE) if language != DEFAULT_LANGUAGE else {}
    settings = own.get("settings") or base.get("settings") or {}
    return Vocabulary(
        language=language if own else DEFAULT_LANGUAGE,
        settings=settings,
        headings=_headings(language),
        _phrases=_index(own, base),
    )


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / name
    if not path.is_file():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _values(language: str) -> dict[str, Any]:
    return _read(f"{language}.values.toml") if language.isalnum() else {}


def _headings(language: str) -> dict[str, dict[str, tuple[str, ...]]]:
    tables = _read(f"{language}.headings.toml") if language.isalnum() else {}
    return {
        table: {key: tuple(words) for key, words in entries.items() if isinstance(words, list)}
        for table, entries in tables.items()
        if isinstance(entries, dict)
    }


def _entries(tables: Mapping[str, Any]) -> list[tuple[Phrase, str, str]]:
    entries = []
    for group, meanings in tables.items():
        if group == "settings":
            continue
        for meaning, words in meanings.items():
            # Tables "words..." hold classes that have no finer meaning: each key is its own class.
            name = meaning if group.startswith("words") else group
            for word in words:
                phrase = tuple(token.text for token in cut(word))
                if phrase:
                    entries.append((phrase, name, meaning))
    return entries


def _index(own: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, list[tuple[Phrase, str, str]]]:
    entries = _entries(own)
    known = {(phrase, group) for phrase, group, _ in entries}
    spoken = {phrase for phrase, _, _ in entries}
    for phrase, group, meaning in _entries(base):
        # A word that the language uses itself keeps the meaning it has there ("mar" is Tuesday in French).
        if group not in NOT_BORROWED and (phrase, group) not in known and phrase not in spoken:
            entries.append((phrase, group, meaning))
    index: dict[str, list[tuple[Phrase, str, str]]] = {}
    for entry in entries:
        index.setdefault(entry[0][0], []).append(entry)
    for phrases in index.values():
        phrases.sort(key=lambda entry: -len(entry[0]))
    return index
