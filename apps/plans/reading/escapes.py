"""Backslash escapes: an escaped mark is a letter like any other, so no rule about marks may see it.

While a document is read, the mark behind a backslash is exchanged for a stand-in of the same length. Every
place stays where it was, and what looks for a colon, a dash or a parenthesis finds only those that were meant.
The stand-in never leaves the reader: `Piece.value` and `Piece.clean` give the mark back.
"""

from __future__ import annotations

import re

# Private use characters that nobody writes; a document that does is read without stand-ins.
_BASE = 0x10FF00
_MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_HIDE = {mark: chr(_BASE + ord(mark)) for mark in _MARKS}
_SHOW = {ord(stand_in): mark for mark, stand_in in _HIDE.items()}
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# A character by its number: the way to write a dash or colon that is no ASCII mark and parts nothing.
_NUMBERED = re.compile(r"&#(\d{1,7});")
_NUMBERED_HIDDEN = re.compile(f"&{_HIDE['#']}(\\d{{1,7}}){_HIDE[';']}|{_NUMBERED.pattern}")
_STAND_IN = re.compile(f"[{chr(_BASE)}-{chr(_BASE + 0x7F)}]")
_RESOLVED = re.compile(rf"\\([!-/:-@\[-`{{-~{chr(_BASE)}-{chr(_BASE + 0x7F)}])")


def may_hide(text: str) -> bool:
    """Whether a document has escapes, and no stand-ins of its own."""
    return ("\\" in text or "&#" in text) and _STAND_IN.search(text) is None


def hidden(text: str) -> str:
    """The text with a stand-in behind every backslash that escapes a mark."""
    if "\\" in text:
        text = _ESCAPED.sub(lambda match: "\\" + _HIDE[match[1]], text)
    if "&#" in text:
        text = _NUMBERED.sub(lambda match: f"&{_HIDE['#']}{match[1]}{_HIDE[';']}", text)
    return text


def shown(text: str) -> str:
    """The source again."""
    return text.translate(_SHOW) if "\\" in text or "&" in text else text


def resolved(text: str) -> str:
    """The text with its escapes resolved, stand-ins or not."""
    if "&" in text:
        text = _NUMBERED_HIDDEN.sub(_character, text)
    return _RESOLVED.sub(lambda match: _SHOW.get(ord(match[1]), match[1]), text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    number = int(match[1] or match[2])
    character = chr(number) if number < 0x110000 else ""
    return character if character.isprintable() else match[0].translate(_SHOW)
