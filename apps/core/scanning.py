"""Reading along the tokens of a text: the few questions every grammar of values asks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from apps.core.tokens import MAX_DIGITS, Token, cut
from apps.core.vocabulary import Vocabulary


class Scanner:
    """The tokens of one text with their meanings. Positions are indexes of tokens; `len(scan)` is the end."""

    def __init__(self, text: str, vocab: Vocabulary) -> None:
        self.text = text
        self.vocab = vocab
        self.tokens: Sequence[Token] = cut(text)
        self._meanings: dict[int, dict[str, tuple[str, int]]] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    def meanings(self, at: int) -> dict[str, tuple[str, int]]:
        """Class -> (meaning, index behind the phrase) of the phrases that begin here."""
        found = self._meanings.get(at)
        if found is None:
            found = self._meanings[at] = self.vocab.match(self.tokens, at)
        return found

    def word(self, at: int, group: str) -> tuple[str, int] | None:
        return self.meanings(at).get(group)

    def after(self, at: int, *groups: str) -> int:
        """The index behind one optional phrase of the given classes, or the same index."""
        for group in groups:
            found = self.word(at, group)
            if found:
                return found[1]
        return at

    def is_mark(self, at: int, *marks: str) -> bool:
        return at < len(self.tokens) and self.tokens[at].text in marks

    def glued(self, at: int) -> bool:
        """Whether a token follows the one before it without white space."""
        return 0 < at < len(self.tokens) and not self.tokens[at].spaced

    def digits(self, at: int) -> str:
        """The digits of a number token, "" for anything else or a number nobody would write."""
        if at < len(self.tokens):
            token = self.tokens[at]
            if token.kind == "number" and len(token.text) <= MAX_DIGITS:
                return token.text
        return ""

    def integer(self, at: int, low: int = 0, high: int = 10**6) -> int | None:
        digits = self.digits(at)
        if not digits:
            return None
        value = int(digits)
        return value if low <= value <= high else None

    def decimal(self, at: int) -> tuple[Decimal, int] | None:
        """A number as the language writes it ("1,000", "99.9", "1.000,5"), and the index behind it."""
        digits = self.digits(at)
        if not digits:
            return None
        point, groups = ("," if self.vocab.decimal_comma else "."), self.vocab.settings.get("group", [])
        other = "." if point == "," else ","
        whole, index = digits, at + 1
        if len(whole) <= 3:
            while self._group_follows(index, groups):
                whole += self.digits(index if self.digits(index) else index + 1)
                index += 1 if self.digits(index) else 2
        fraction = self._fraction(index, point)
        if not fraction and index == at + 1:
            fraction = self._foreign_fraction(index, other)
        if fraction:
            return Decimal(f"{whole}.{fraction}"), index + 2
        return Decimal(whole), index

    def _group_follows(self, index: int, groups: Sequence[str]) -> bool:
        """Three more digits behind a mark (or a white space) that separates thousands."""
        if index >= len(self.tokens):
            return False
        token = self.tokens[index]
        if token.kind == "number":
            gap = self.text[self.tokens[index - 1].end : token.start]
            joined = len(gap) == 1 and (gap in groups or (" " in groups and gap in "\u00a0\u202f\u2009"))
            return len(token.text) == 3 and joined and not self._part_of_more(index)
        return (
            token.text in groups
            and not token.spaced
            and self.glued(index + 1)
            and len(self.digits(index + 1)) == 3
            and not self._part_of_more(index + 1)
        )

    def _part_of_more(self, index: int) -> bool:
        """Whether digits are followed by more digits of a date or list, so that they are no thousands."""
        return (
            self.is_mark(index + 1, "/", "-")
            and self.glued(index + 1)
            and bool(self.digits(index + 2))
            and self.glued(index + 2)
            and len(self.digits(index + 2)) < 3
        )

    def _fraction(self, index: int, point: str) -> str:
        if self.is_mark(index, point) and self.glued(index) and self.glued(index + 1):
            digits = self.digits(index + 1)
            # A second point makes it a version or a date: 1.2.3
            if digits and not (
                self.is_mark(index + 2, point) and self.glued(index + 3) and self.digits(index + 3)
            ):
                return digits
        return ""

    def _foreign_fraction(self, index: int, other: str) -> str:
        """99.9 in a German plan: what the language uses for thousands, but not three digits behind it.

        The other way round ("25,50" in an English plan) is a list rather than a number.
        """
        if other == ".":
            digits = self._fraction(index, other)
            return digits if len(digits) != 3 else ""
        return ""

    def slice(self, start: int, end: int) -> str:
        """The source text of tokens from start up to, not including, end."""
        if start >= end:
            return ""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]
