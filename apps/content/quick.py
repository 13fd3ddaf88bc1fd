"""One typed line -> what it says of a calendar item: title, time, team or person, channel.

Pure: no database and no clock. Times are found by the grammar of plans (`schedule.when`) anywhere in the line;
`@name` is a team or a person, `#name` a channel, `!name` a person. What is a word of none of these is the title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from apps.core.characters import CONTROL
from apps.core.vocabulary import load
from apps.schedule.when import When, find_whens, parse_when

LONGEST = 500
# A mark counts at the start of a word only: "a@b.example" and "C#" are words.
_MARK = re.compile(r"(?<!\S)([@#!])(\"[^\"]{1,120}\"|[^\s@#!\"][^\s\"]*)")
# Punctuation that ends a sentence is not part of a name.
_TAIL = ".,;:?!)"
# Stands where a mark stood, so that no time is read across it ("launch @ada day").
_NO_WORD = "¶"
_SPACES = re.compile(r"\s+")
_JOINERS = re.compile(r"(?:^|(?<=\s))(on|at|by|in)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A part of the line and what it was taken for: when, team, owner, channel or unknown."""

    text: str
    role: str
    start: int
    end: int


@dataclass(frozen=True)
class Name:
    """Something there is: its id, what it is called, and what else it answers to."""

    pk: int
    label: str
    also: tuple[str, ...] = ()


@dataclass
class Line:
    """What a line says. `problems` maps a field to a sentence; with one nothing is saved."""

    text: str
    title: str = ""
    when: When | None = None
    team: Name | None = None
    owner: Name | None = None
    channel: Name | None = None
    pieces: list[Piece] = field(default_factory=list)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, name: str, text: str) -> None:
        self.problems.setdefault(name, []).append(text)


def read_line(
    text: str, *, teams: Sequence[Name] = (), people: Sequence[Name] = (), channels: Sequence[Name] = ()
) -> Line:
    """Read one line. Never raises; what is ambiguous or unknown is in `problems`."""
    line = Line(text)
    refusal = _unreadable(text)
    if refusal:
        line.refuse("text", refusal)
        return line
    for mark in _MARK.finditer(text):
        _mark(line, mark, teams, people, channels)
    _time(line)
    line.pieces.sort(key=lambda piece: piece.start)
    line.title = _title(text, line.pieces)
    if not line.title:
        line.refuse("title", "Say what is to be done, not only when or by whom.")
    return line


def _unreadable(text: str) -> str:
    if len(text) > LONGEST:
        return f"That is {len(text):,} characters; a line has at most {LONGEST}."
    if not text.strip():
        return "Type what is to be done, for example “Blog post T-5 @marketing #blog”."
    odd = CONTROL.search(text) or re.search(r"[\r\n]", text)
    if odd:
        return f"Write it in one line: the character at {odd.start() + 1} is a control character."
    return ""


def _mark(
    line: Line, mark: re.Match[str], teams: Sequence[Name], people: Sequence[Name], channels: Sequence[Name]
) -> None:
    sign, said = mark[1], mark[2]
    wanted = said.strip('"') if said.startswith('"') else said.rstrip(_TAIL)
    end = mark.end() if said.startswith('"') else mark.start() + 1 + len(wanted)
    if not wanted:
        return
    whole = f"{sign}{wanted}"
    if sign == "#":
        found = [("channel", name) for name in _named(wanted, channels)]
        sort = "channel"
    else:
        found = [("team", name) for name in _named(wanted, teams)] if sign == "@" else []
        found += [("owner", name) for name in _named(wanted, people)]
        sort = "team or person" if sign == "@" else "person"
    if len(found) != 1:
        role = "channel" if sign == "#" else "owner"
        if found:
            names = ", ".join(name.label for _, name in found[:4])
            line.refuse(role, f"“{whole[:60]}” may be {names}. Type more of the name, or put it in quotes.")
        else:
            line.refuse(role, f"There is no {sort} “{wanted[:60]}” here.")
        line.pieces.append(Piece(line.text[mark.start() : end], "unknown", mark.start(), end))
        return
    role, name = found[0]
    if getattr(line, role) is not None and getattr(line, role) != name:
        line.refuse(role, f"“{whole[:60]}” is a second {role}: one item has one.")
    setattr(line, role, name)
    line.pieces.append(Piece(line.text[mark.start() : end], role, mark.start(), end))


def _named(wanted: str, names: Iterable[Name]) -> list[Name]:
    """Exactly so called, else those with such a word, else those that begin so or have a word that does."""
    key = _key(wanted)
    if not key:
        return []
    each = [(name, [_key(text) for text in (name.label, *name.also)]) for name in names]
    fits: tuple[Callable[[list[str]], bool], ...] = (
        lambda known: key in known,
        lambda known: any(word == key for text in known for word in text.split("-")),
        lambda known: any(text.startswith(key) for text in known),
        lambda known: any(word.startswith(key) for text in known for word in text.split("-")),
    )
    for fit in fits:
        found = [name for name, known in each if fit(known)]
        if found:
            return found
    return []


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def _time(line: Line) -> None:
    """The one time in what the marks leave. Several are a question, none is none."""
    rest = list(line.text)
    for piece in line.pieces:
        rest[piece.start : piece.end] = _NO_WORD * (piece.end - piece.start)
    searched = "".join(rest)
    vocab = load("en")
    found = find_whens(searched, vocab=vocab, default_anchor="launch_day")
    if not found:
        return
    if len(found) > 1:
        said = ", ".join(f"“{when.text}”" for _, _, when in found[:4])
        line.refuse("when", f"There are several times in it: {said}. Say one.")
        for start, end, _ in found:
            line.pieces.append(Piece(line.text[start:end], "unknown", start, end))
        return
    start, end, when = found[0]
    joiner = _JOINERS.search(searched[:start])
    # Whole, the grammar knows which clock it counts from and what is missing.
    when = parse_when(searched[start:end], vocab=vocab, default_anchor="launch_day") or when
    if when.missing_year:
        line.refuse("when", f"Which year is “{when.text[:60]}”? Write the date as 2026-03-04.")
    elif "day_month" in when.ambiguous:
        line.refuse("when", f"“{when.text[:60]}” may be two dates. Write it as 2026-03-04.")
    elif "weekday_contradicts" in when.ambiguous:
        line.refuse("when", f"“{when.text[:60]}” is not on that weekday.")
    else:
        line.when = when
    if joiner:  # the little word that led to the time is of it, not of the title
        start = joiner.start(1)
    line.pieces.append(Piece(line.text[start:end], "when", start, end))


def _title(text: str, pieces: Sequence[Piece]) -> str:
    """What is left of the line."""
    parts, at = [], 0
    for piece in pieces:
        parts.append(text[at : piece.start])
        at = max(at, piece.end)
    parts.append(text[at:])
    return _SPACES.sub(" ", " ".join(parts)).strip(" ,;")
