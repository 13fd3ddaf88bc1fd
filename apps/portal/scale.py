"""The scale under the launch ruler: which weeks there are, which fold, and where a day stands among them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.core.dates import MINUS, monday_of

WEEK = timedelta(days=7)
# Up to this many weeks every week is drawn; above it, quiet stretches of this length fold.
FOLD_ABOVE_WEEKS = 10
FOLD_FROM_WEEKS = 3
FOLDED_WEIGHT = 0.55


@dataclass(frozen=True)
class RulerWeek:
    """A week by its Monday and what people call it ("Week −2")."""

    monday: date
    label: str


@dataclass(frozen=True)
class Span:
    """A week, or several that are folded. `start` and `size` are fractions of the ruler's width."""

    first: date
    weeks: int
    label: str
    start: float
    size: float

    @property
    def end(self) -> float:
        return self.start + self.size


@dataclass(frozen=True)
class Scale:
    """Days to fractions of the width, linear within a span.

    What has no date stands right of `loose_start`; 1.0 if there is no such thing.
    """

    spans: Sequence[Span]
    loose_start: float

    @property
    def columns(self) -> int:
        return len(self.spans) + (self.loose_start < 1.0)

    def at(self, day: date, fraction: float = 0.0) -> float:
        """Where a day begins, or is `fraction` over. Days outside stand at the nearer end."""
        for span in self.spans:
            passed = (day - span.first).days + fraction
            if passed < 0:
                return span.start
            if passed <= span.weeks * 7:
                return span.start + span.size * passed / (span.weeks * 7)
        return self.spans[-1].end if self.spans else 0.0

    def loose(self, number: float, count: int) -> float:
        """Where the `number`th of `count` equal parts of the place without dates begins."""
        return self.loose_start + (1.0 - self.loose_start) * number / count


def week_label(monday: date, launch_day: date | None) -> str:
    """ "Week 0" holds launch day; without one a week has no number."""
    if launch_day is None:
        return ""
    number = (monday - monday_of(launch_day)).days // 7
    return f"Week {MINUS}{-number}" if number < 0 else f"Week {'+' if number else ''}{number}"


def weeks_holding(days: Collection[date], launch_day: date | None) -> list[RulerWeek]:
    """Every ISO week from the first to the last of these days."""
    if not days:
        return []
    first, last = monday_of(min(days)), monday_of(max(days))
    mondays = [first + WEEK * number for number in range((last - first).days // 7 + 1)]
    return [RulerWeek(monday, week_label(monday, launch_day)) for monday in mondays]


def build_scale(
    weeks: Sequence[RulerWeek], busy_days: Collection[date], *, loose_ticks: int, loose_phases: int
) -> Scale:
    """Weeks as they are; stretches that hold no busy day fold once there are many weeks."""
    weighed = _folded(weeks, {monday_of(day) for day in busy_days})
    total = sum(weight for _, weight in weighed)
    loose = 0.0
    if loose_ticks or loose_phases or not weighed:
        loose = min(max(0.8, 0.3 * loose_ticks, 0.7 * loose_phases), max(3.0, total / 2))
    spans = []
    at = 0.0
    for run, weight in weighed:
        start, size = at / (total + loose), weight / (total + loose)
        spans.append(Span(run[0].monday, len(run), run[0].label, start, size))
        at += weight
    return Scale(spans, total / (total + loose) if loose else 1.0)


def _folded(weeks: Sequence[RulerWeek], busy: set[date]) -> list[tuple[list[RulerWeek], float]]:
    """Runs of weeks with their weights; only quiet stretches make a run of more than one."""
    runs: list[tuple[list[RulerWeek], float]] = []
    quiet: list[RulerWeek] = []

    def settle() -> None:
        if len(quiet) >= FOLD_FROM_WEEKS:
            runs.append((quiet.copy(), FOLDED_WEIGHT))
        else:
            runs.extend(([week], 1.0) for week in quiet)
        quiet.clear()

    for week in weeks:
        if len(weeks) > FOLD_ABOVE_WEEKS and week.monday not in busy:
            quiet.append(week)
        else:
            settle()
            runs.append(([week], 1.0))
    settle()
    return runs
