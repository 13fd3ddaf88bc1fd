"""A launch's things as bars over one axis of time, laid out in percent of its width. Pure geometry.

Text and strokes never stretch: only places along the axis are percent, heights are pixels that the style sheet
repeats (`.gantt` in schedule.css).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from apps.core.dates import day_words, monday_of

AXIS, GROUP, ROW = 36, 34, 44
BAR = 16
LEAST_WIDTH, MOST_WIDTH, DAY_WIDTH = 560, 2400, 7
# A bar of one day among many is drawn as a mark of this many percent at least.
SHORTEST = 0.9
BEFORE, AFTER = timedelta(days=4), timedelta(days=10)
LONGEST = timedelta(days=550)


@dataclass(frozen=True)
class Line:
    """One thing to draw. Dates include both ends; without `starts` it has no bar. `slack` in days."""

    pk: int
    starts: date | None
    ends: date | None
    state: str
    critical: bool = False
    slack: int | None = None


@dataclass(frozen=True)
class Group:
    """A heading and what stands below it."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Bar:
    """A thing's stretch of time; `room` is what of its slack is drawn behind it. Percent, and y in pixels."""

    pk: int
    x: str
    width: str
    y: int
    state: str
    critical: bool
    room_x: str = ""
    room: str = ""


@dataclass(frozen=True)
class Arrow:
    """From the end of one bar down or up to the start of another; `hung` from start to start."""

    x1: str
    x2: str
    y1: int
    y2: int
    top: int
    height: int
    critical: bool
    hung: bool
    met: bool
    broken: bool

    @property
    def down(self) -> bool:
        return self.y2 > self.y1


@dataclass(frozen=True)
class Mark:
    """A week or a month on the axis."""

    x: str
    label: str


@dataclass
class Chart:
    """Everything to draw."""

    width: int
    height: int
    bars: list[Bar] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    today: str = ""
    launch: str = ""
    first: date | None = None
    last: date | None = None
    outside: int = 0


@dataclass(frozen=True)
class Pull:
    """What leads from one line to another. `met`: it is over, nothing waits any more; `broken`: it comes too late."""

    before: int
    after: int
    hung: bool = False
    critical: bool = False
    met: bool = False
    broken: bool = False


def chart(groups: Sequence[Group], pulls: Sequence[Pull], *, today: date, launch_day: date | None) -> Chart:
    """Lay bars and arrows out below each other; at most a year and a half is shown, around today."""
    lines = [line for group in groups for line in group.lines]
    days = [day for line in lines for day in (line.starts, line.ends) if day]
    days += [day for day in (today, launch_day) if day]
    first = max(min(days) - BEFORE, today - LONGEST / 3)
    last = min(max(days) + AFTER, first + LONGEST)
    total = (last - first).days + 1
    drawn = Chart(
        width=min(MOST_WIDTH, max(LEAST_WIDTH, total * DAY_WIDTH)), height=AXIS, first=first, last=last
    )

    def at(day: date) -> float:
        return (day - first).days * 100 / total

    middles: dict[int, tuple[float, float, int]] = {}
    for group in groups:
        drawn.height += GROUP if group.title else 0
        for line in group.lines:
            top, drawn.height = drawn.height, drawn.height + ROW
            if line.starts is None:
                continue
            end = line.ends or last
            if end < first or line.starts > last:
                drawn.outside += 1
                continue
            left = at(max(line.starts, first))
            right = min(100.0, max(at(min(end, last) + timedelta(days=1)), left + SHORTEST))
            middles[line.pk] = (left, right, top + ROW // 2)
            room = min(at(min(last, end + timedelta(days=1 + line.slack))), 100.0) if line.slack else right
            drawn.bars.append(
                Bar(
                    line.pk, _percent(left), _percent(right - left), top + (ROW - BAR) // 2, line.state,
                    line.critical,
                    room_x=_percent(right) if room > right else "",
                    room=_percent(room - right) if room > right else "",
                )
            )  # fmt: skip
    for pull in pulls:
        if pull.before in middles and pull.after in middles:
            drawn.arrows.append(_arrow(pull, middles[pull.before], middles[pull.after]))
    drawn.today = _percent(at(today) + 50 / total)
    if launch_day is not None and first <= launch_day <= last:
        drawn.launch = _percent(at(launch_day) + 50 / total)
    drawn.marks = _marks(first, last, total)
    return drawn


def _arrow(pull: Pull, before: tuple[float, float, int], after: tuple[float, float, int]) -> Arrow:
    x1, x2 = before[0] if pull.hung else before[1], after[0]
    down = after[2] > before[2]
    # From the middle of one bar to the edge of the other.
    y1, y2 = before[2], after[2] - BAR // 2 - 1 if down else after[2] + BAR // 2 + 1
    return Arrow(
        _percent(x1), _percent(x2), y1, y2, min(y1, y2), abs(y2 - y1),
        pull.critical, pull.hung, pull.met, pull.broken,
    )  # fmt: skip


def _marks(first: date, last: date, total: int) -> list[Mark]:
    found = []
    if total <= 130:
        day = monday_of(first) + timedelta(days=7)
        step = 7 if total <= 70 else 14
        while day <= last - timedelta(days=step // 2):
            label = day_words(day, this_year=day.year, weekday=False)
            found.append(Mark(_percent((day - first).days * 100 / total), label))
            day += timedelta(days=step)
        return found
    day = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while day <= last - timedelta(days=12):
        label = f"{day:%b}" if day.month > 1 else f"{day:%b %Y}"
        found.append(Mark(_percent((day - first).days * 100 / total), label))
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def _percent(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"
