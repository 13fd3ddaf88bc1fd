"""Cutting written text into words, numbers and marks, for the grammars of times, targets and percents.

Works for languages without spaces too: each Chinese or Japanese character is a token of its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_CJK = "\u3005\u3041-\u3096\u3099-\u30ff\u3400-\u9fff\uff66-\uff9f"
# Every alternative is bounded or matches one class of character, so that cutting is linear.
_ATOM = re.compile(
    r"(?P<number>\d+)"
    rf"|(?P<cjk>[{_CJK}])"
    rf"|(?P<word>(?:(?![{_CJK}])[^\W\d_][\u0300-\u036f]*)+)"
    r"|(?P<arrow>-{1,3}>|={1,2}>|[\u2192\u2794\u279c\u27a1\u21d2\u25ba\u25b6\u279d\u279e\u279f\u2b95\uffeb\u27f6])"
    r"|(?P<compare><=|>=|=<|≤|≥|≦|≧|⩽|⩾|&lt;=?|&gt;=?)"
    r"|(?P<space>[\s\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]+)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_COMPARE = {
    "<=": "≤", "=<": "≤", ">=": "≥", "≦": "≤", "≧": "≥", "⩽": "≤", "⩾": "≥",
    "&lt;": "<", "&gt;": ">", "&lt;=": "≤", "&gt;=": "≥",
}  # fmt: skip
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d"
_MARKS = {
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys("\u301c\uff5e\u223c", "~"),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u2032\u00b4", "'"),
    "\u3001": ",", "\u3002": ".", "\u30fb": "·", "\u2022": "·", "\u2219": "·", "\u2026": "…", "\u2215": "/",
    "\u2044": "/", "\u00ba": "°", "\u066a": "%", "\u3010": "[", "\u3011": "]", "\u300c": "«", "\u300d": "»",
}  # fmt: skip
# Nobody writes a longer number into a plan, and Python refuses to read very long ones.
MAX_DIGITS = 15


class Token(NamedTuple):
    """`text` is folded: lower case without accents for words, one spelling per dash, arrow and comparator."""

    kind: str  # number | word | mark
    text: str
    start: int
    end: int
    spaced: bool  # white space stands before it, or nothing does


def fold(word: str) -> str:
    """Lower case, compatibility forms and accents removed: "März" and "MARZ" become the same."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(letter for letter in apart if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def cut(text: str) -> list[Token]:
    """The tokens of a text in order. White space only shows in `spaced`. Takes time linear in the text."""
    tokens = []
    spaced = True
    for found in _ATOM.finditer(text):
        kind = found.lastgroup or "mark"
        if kind == "space":
            spaced = True
            continue
        value = found.group()
        start, end = found.span()
        if kind == "number":
            if not value.isascii():
                value = "".join(str(unicodedata.digit(digit, 0)) for digit in value)
        elif kind == "word":
            value = fold(value)
        elif kind == "cjk":
            kind, value = "word", unicodedata.normalize("NFKC", value)
        elif kind == "arrow":
            kind, value = "mark", "→"
        elif kind == "compare":
            kind, value = "mark", _COMPARE.get(value, value)
        else:
            value = _MARKS.get(value) or (value if value.isascii() else unicodedata.normalize("NFKC", value))
            value = _MARKS.get(value, value)
        tokens.append(Token(kind, value, start, end, spaced))
        spaced = False
    return tokens


def is_placeholder_mark(text: str) -> bool:
    """Whether a text holds a form of "fill this in": [DATE], {{date}}, <date>, XX, ____, TBD."""
    return _PLACEHOLDER.search(text) is not None


def strip_placeholders(text: str) -> str:
    """The text without its forms of "fill this in"."""
    return _PLACEHOLDER.sub(" ", text)


_PLACEHOLDER = re.compile(
    r"\[[^\]\[\d]{1,60}\]|\{\{[^{}]{0,80}\}\}|\{[A-Za-z_ ]{1,40}\}|<[A-Za-z][A-Za-z_ -]{0,40}>|_{3,}|\?{2,}"
    r"|(?<![A-Za-z])(?:X{2,4}|x{2,4}|YYYY|MM|DD|NN|TBD|TBA|TBC|tbd|tba|tbc|N/A|n/a)(?![A-Za-z])"
)
