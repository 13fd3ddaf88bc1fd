"""The portfolio as a timeline: where each launch lies, in percent of the shown range. Pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.portal.selectors import LaunchLine

MARGIN = timedelta(weeks=2)
SHORTEST = timedelta(weeks=8)
LONGEST = timedelta(weeks=78)


@dataclass(frozen=True)
class Bar:
    """One launch's stretch of time; without dates `x` is None. Percent of the range."""

    line: LaunchLine
    x: float | None
    width: float
    launch_x: float | None
    cut_left: bool = False
    cut_right: bool = False


@dataclass(frozen=True)
class Mark:
    """A month's first day on the axis."""

    day: date
    x: float
    label: str


@dataclass(frozen=True)
class Timeline:
    """All bars over one range of days."""

    first: date
    last: date
    bars: list[Bar]
    months: list[Mark]
    today_x: float | None


def timeline(lines: Sequence[LaunchLine], today: date) -> Timeline:
    """Lay launches out around today; at most a year and a half is shown, what reaches beyond is cut."""
    days = [
        day
        for line in lines
        for day in (line.starts_on, line.ends_on, line.launch.launch_day, line.launch.rollout_start)
        if day
    ]
    first = max(min([today, *days]) - MARGIN, today - LONGEST / 3)
    last = min(max([today, *days]) + MARGIN, first + LONGEST)
    last = max(last, first + SHORTEST)
    total = (last - first).days

    def place(day: date) -> float:
        return round((day - first).days * 100 / total, 3)

    bars = []
    for line in lines:
        launch_day = line.launch.launch_day
        start = line.starts_on or launch_day
        end = line.ends_on or line.starts_on or launch_day
        shown = launch_day if launch_day and first <= launch_day <= last else None
        if start is None or end is None or end < first or start > last:
            bars.append(Bar(line, None, 0, place(shown) if shown else None))
            continue
        left, right = max(start, first), min(end, last)
        bars.append(
            Bar(
                line,
                place(left),
                max(place(right + timedelta(days=1)) - place(left), 0.8),
                place(shown) if shown else None,
                cut_left=start < first,
                cut_right=end > last,
            )
        )
    return Timeline(first, last, bars, _months(first, last, total), place(today))


def _months(first: date, last: date, total: int) -> list[Mark]:
    marks = []
    day = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    step = 1 if total < 400 else 2
    while day <= last:
        if (day.month - 1) % step == 0:
            label = f"{day:%b}" if day.month > 1 else f"{day:%b %Y}"
            marks.append(Mark(day, round((day - first).days * 100 / total, 3), label))
        day = (day + timedelta(days=32)).replace(day=1)
    return marks
