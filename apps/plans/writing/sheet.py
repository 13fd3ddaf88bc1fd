"""The document as lines that can be patched, cut, added to and put in another order, each by its old number."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BLANK = re.compile(r"[ \t]*$")


class Sheet:
    """All positions are those of the source: lines from 1, columns from 0. Patches must not overlap."""

    def __init__(self, lines: Sequence[str], newline: str) -> None:
        self.newline = newline
        self.texts = [line.rstrip("\r\n") for line in lines]
        self.ends = [line[len(text) :] for line, text in zip(lines, self.texts, strict=True)]
        self._patches: dict[int, list[tuple[int, int, str]]] = {}
        self._cut: set[int] = set()
        self._after: dict[int, list[str]] = {}
        self._before: dict[int, list[str]] = {}
        self._moved: dict[int, tuple[int, int, int]] = {}
        self._indent: dict[int, int] = {}

    def text(self, line: int) -> str:
        """A source line without its end; "" beyond the document."""
        return self.texts[line - 1] if 0 < line <= len(self.texts) else ""

    def patch(self, line: int, start: int, last: int, end: int, new: str) -> bool:
        """Replace a stretch, which may run over lines; False if a patch stands there already."""
        spans = self._patches.setdefault(line, [])
        stop = end if last == line else len(self.text(line))
        if any((a < stop and start < b) or (a, b) == (start, stop) for a, b, _ in spans):
            return False
        spans.append((start, stop, new))
        if last > line:
            self._patches.setdefault(last, []).append((0, end, ""))
            for number in range(line + 1, last):
                self._cut.add(number)
            rest = self.text(last)[end:]
            if rest.strip():
                spans[-1] = (start, stop, new + rest)
            self._cut.add(last)
        return True

    def cut(self, first: int, last: int) -> None:
        self._cut.update(range(first, last + 1))

    def is_cut(self, line: int) -> bool:
        return line in self._cut

    def add_after(self, line: int, texts: Sequence[str]) -> None:
        """Lines (without ends) behind a source line; 0 is the top of the document."""
        self._after.setdefault(line, []).extend(texts)

    def add_before(self, line: int, texts: Sequence[str]) -> None:
        self._before.setdefault(line, []).extend(texts)

    def indent(self, first: int, last: int, spaces: int) -> None:
        """Shift lines to the right, as their list marker grew."""
        for line in range(first, last + 1):
            if self.text(line).strip():
                self._indent[line] = spaces

    def move(self, place: tuple[int, int], content: tuple[int, int]) -> None:
        """Where the lines of `place` stood, those of `content` stand."""
        self._moved[place[0]] = (place[1], *content)

    def render(self) -> str:
        """The document with everything done to it."""
        out: list[tuple[str, str]] = []
        self._emit(1, len(self.texts), out, top=True)
        return _joined(out, self.newline)

    def _emit(
        self, first: int, last: int, out: list[tuple[str, str]], *, top: bool, whole: bool = False
    ) -> None:
        if top:
            self._added(self._after.get(0, ()), out)
        line = first
        after_cut = False
        while line <= last:
            moved = self._moved.get(line)
            if moved is not None and not (whole and line == first):
                self._emit(moved[1], moved[2], out, top=False, whole=True)
                line = moved[0] + 1
                continue
            self._added(self._before.get(line, ()), out)
            text = self.text(line)
            if line in self._cut:
                after_cut = True
            elif after_cut and _BLANK.match(text) and (not out or not out[-1][0].strip()):
                # The blank line that parted what is gone from its neighbour is not needed twice.
                pass
            else:
                after_cut = False
                out.append((" " * self._indent.get(line, 0) + self._patched(line), self.ends[line - 1]))
            self._added(self._after.get(line, ()), out)
            line += 1

    def _added(self, texts: Sequence[str], out: list[tuple[str, str]]) -> None:
        for text in texts:
            if not text.strip() and out and not out[-1][0].strip():
                continue
            if out and not out[-1][1]:
                out[-1] = (out[-1][0], self.newline)
            out.append((text, self.newline))

    def _patched(self, line: int) -> str:
        text = self.text(line)
        for start, end, new in sorted(self._patches.get(line, ()), reverse=True):
            text = text[:start] + new + text[end:]
        return text


def _joined(out: list[tuple[str, str]], newline: str) -> str:
    if not out:
        return ""
    for index, (text, end) in enumerate(out[:-1]):
        if not end:
            out[index] = (text, newline)
    return "".join(text + end for text, end in out)
