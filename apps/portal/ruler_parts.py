"""What a laid-out ruler consists of: what `portal.ruler` computes and `components/ruler.html` draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Column:
    """A week, several folded ones (`folded` counts them), or the place of what has no date (`undated`)."""

    x: str
    width: str
    name: str
    date: str
    title: str
    now: bool = False
    folded: int = 0
    undated: bool = False


@dataclass(frozen=True)
class Step:
    """An undated step within its phase: all of a phase's steps are equally long."""

    x: str
    width: str
    done: bool


@dataclass(frozen=True)
class Segment:
    """A phase as drawn. `title` says it whole, `name` what fits; `gate` is signed or open where it has gates."""

    x: str
    width: str
    y: int
    name: str
    percent: str
    state: str
    title: str
    url: str
    steps: tuple[Step, ...] = ()
    unplaced: bool = False
    gate: str = ""


@dataclass(frozen=True)
class Mark:
    """One tick, or `count` of them too close to draw apart."""

    x: str
    y: int
    state: str
    title: str
    url: str
    count: int = 1


@dataclass(frozen=True)
class Entry:
    """A line of the list that says the same as the picture."""

    when: str
    title: str
    state: str
    word: str
    url: str
    day: date | None = None


@dataclass(frozen=True)
class Ruler:
    """Ready to draw. `width` is the least it may take, in pixels: narrower places scroll."""

    width: int
    height: int
    columns: list[Column]
    phases: list[Segment]
    marks: list[Mark]
    today: str | None
    launch: str | None
    counts: list[tuple[str, str, int]]
    phase_entries: list[Entry]
    tick_entries: list[Entry]
    unlisted: int
    calendar_url: str
    today_words: str
    place: str
    to_scale: bool

    @property
    def is_empty(self) -> bool:
        return not (self.phases or self.marks or self.to_scale)
