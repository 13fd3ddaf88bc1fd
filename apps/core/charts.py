"""Charts as server-rendered SVG, each with its numbers beside it as text or as a table.

Pure functions from numbers to markup. Colours come from the classes `tone-...`, widths from SVG attributes
in percent, so that nothing needs an inline style and everything prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil, floor, isfinite, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Number = int | float | Decimal
NOTHING = mark_safe("")
# Pixels of a line chart; its width is that of its place, and only the line itself stretches.
PLOT_TOP, PLOT_HEIGHT = 18, 150
MOST_DOTS = 12


@dataclass(frozen=True)
class Part:
    """One part of a whole: its name, how many, and its tone (ok, warn, bad, on, muted, rest)."""

    label: str
    count: int
    tone: str = "muted"


@dataclass(frozen=True)
class Point:
    """One reading: what the axis calls it ("24 Nov"), and its value, or None where there was none."""

    label: str
    value: Number | None


def figure(value: Number) -> str:
    """A number as people read it: thousands apart, at most two decimals, none where there are none."""
    exact = Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return f"{exact:,.2f}".rstrip("0").rstrip(".")


def progress(parts: Sequence[Part], label: str, *, size: str = "", counts: bool = True) -> SafeString:
    """A bar of parts, with each part's count below: `size` is "", "thin" or "large".

    Parts of nothing are left out of the bar but not out of the counts. With `counts` off the numbers are
    still there for screen readers.
    """
    total = sum(max(part.count, 0) for part in parts)
    drawn = []
    at = Decimal(0)
    for part in parts:
        share = Decimal(max(part.count, 0)) * 100 / total if total else Decimal(0)
        if share:
            drawn.append((_percent(at), _percent(share), part.tone))
        at += share
    bar = format_html_join(
        "", '<rect x="{}%" width="{}%" height="100%" class="tone-{}" fill="currentColor"/>', drawn
    )
    numbers = format_html_join(
        "",
        '<div><dt><span class="key tone-{}" aria-hidden="true"></span>{}</dt><dd>{}</dd></div>',
        ((part.tone, part.label, figure(part.count)) for part in parts),
    )
    return format_html(
        '<div class="progress {}" role="group" aria-label="{}">'
        '<svg aria-hidden="true" focusable="false">{}</svg><dl{}>{}</dl></div>',
        size,
        label,
        bar,
        NOTHING if counts else mark_safe(' class="visually-hidden"'),
        numbers,
    )


def sparkline(
    points: Sequence[Point], label: str, *, tone: str = "on", unit: str = "", goal: Number | None = None
) -> SafeString:
    """How a number went, as small as a word. A gap in the readings is a gap in the line."""
    known = [float(point.value) for point in points if point.value is not None]
    if not known:
        return format_html('<span class="muted" role="img" aria-label="{}">–</span>', f"{label}: no readings")
    low, high = min(known), max(known)
    if goal is not None:
        low, high = min(low, float(goal)), max(high, float(goal))
    scale = _Scale(low, high, 96, 28, padding=3)
    line = format_html_join("", '<path class="line" d="{}"/>', ((path,) for path in scale.paths(points)))
    aim = NOTHING
    if goal is not None:
        height = _short(scale.y(float(goal)))
        aim = format_html('<line class="goal" x1="0" x2="96" y1="{}" y2="{}"/>', height, height)
    first, last = known[0], known[-1]
    words = f"{label}: {figure(first)}{unit} to {figure(last)}{unit}, {len(known)} readings"
    if goal is not None:
        words += f", goal {figure(goal)}{unit}"
    return format_html(
        '<svg class="chart spark tone-{}" viewBox="0 0 96 28" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><title>{}</title>{}{}</svg>',
        tone,
        words,
        words,
        aim,
        line,
    )


def bars(parts: Sequence[Part], label: str, *, unit: str = "") -> SafeString:
    """Amounts side by side. The chart is a table, so its numbers need no other place."""
    most = max((part.count for part in parts), default=0)
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td><svg class="chart tone-{}" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100%" height="100%" rx="3"/>'
        '<rect class="fill" width="{}%" height="100%" rx="3"/></svg></td><td>{}{}</td></tr>',
        (
            (
                part.label,
                part.tone,
                _percent(Decimal(max(part.count, 0)) * 100 / most) if most else 0,
                figure(part.count),
                unit,
            )
            for part in parts
        ),
    )
    return format_html(
        '<table class="bars"><caption class="visually-hidden">{}</caption><thead class="visually-hidden">'
        '<tr><th scope="col">What</th><th scope="col">Bar</th><th scope="col">How many</th></tr></thead>'
        "<tbody>{}</tbody></table>",
        label,
        rows,
    )


def line(
    points: Sequence[Point],
    label: str,
    *,
    unit: str = "",
    goal: Number | None = None,
    goal_label: str = "goal",
    tone: str = "on",
) -> SafeString:
    """A number over time with its axis and goal, and the same readings as a table to open below it."""
    known = [float(point.value) for point in points if point.value is not None]
    if not known:
        return NOTHING
    marks = nice_marks(min([*known, 0.0] if min(known) >= 0 else known), max(known), goal)
    scale = _Scale(marks[0], marks[-1], 100, PLOT_HEIGHT)
    grid = format_html_join(
        "",
        '<line class="grid-line" x1="0" x2="100%" y1="{}" y2="{}"/><text x="0" y="{}">{}{}</text>',
        (
            (height, height, _short(float(height) - 4), figure(mark), unit)
            for mark in marks
            for height in (_short(scale.y(mark) + PLOT_TOP),)
        ),
    )
    step = max(1, ceil(len(points) / 5))
    last = len(points) - 1
    names = format_html_join(
        "",
        '<text x="{}%" y="{}" text-anchor="{}">{}</text>',
        (
            (
                _short(scale.x(number, len(points))),
                PLOT_TOP + PLOT_HEIGHT + 18,
                "end" if number == last and last else "start" if number == 0 else "middle",
                point.label,
            )
            for number, point in enumerate(points)
            if number == last or (number % step == 0 and number + step <= last)
        ),
    )
    aim = NOTHING
    if goal is not None:
        height = _short(scale.y(float(goal)) + PLOT_TOP)
        aim = format_html('<line class="goal" x1="0" x2="100%" y1="{}" y2="{}"/>', height, height)
    path = format_html_join("", '<path class="line" d="{}"/>', ((each,) for each in scale.paths(points)))
    # A few readings are seen one by one; the line between them is stretched, so dots stand outside of it.
    dots = format_html_join(
        "",
        '<circle class="dot" cx="{}%" cy="{}" r="3.5"/>',
        (
            (_short(scale.x(number, len(points))), _short(scale.y(float(point.value)) + PLOT_TOP))
            for number, point in enumerate(points)
            if point.value is not None and len(known) <= MOST_DOTS
        ),
    )
    return format_html(
        '<figure class="chart-figure">'
        '<svg class="chart tone-{}" width="100%" height="{}" role="img" aria-label="{}">{}{}{}'
        '<svg y="{}" width="100%" height="{}" viewBox="0 0 100 {}" preserveAspectRatio="none"'
        ' overflow="visible">{}</svg>{}</svg>{}</figure>',
        tone,
        PLOT_TOP + PLOT_HEIGHT + 24,
        f"{label}, {len(known)} readings; the numbers are in the table below",
        grid,
        names,
        aim,
        PLOT_TOP,
        PLOT_HEIGHT,
        PLOT_HEIGHT,
        path,
        dots,
        _caption(points, label, unit, goal, goal_label),
    )


def burn_up(
    labels: Sequence[str], planned: Sequence[int], done: Sequence[int | None], label: str
) -> SafeString:
    """What was to be done by each day against what was: two lines, and their numbers as a table below.

    `done` is None for days that have not come.
    """
    if not labels:
        return NOTHING
    marks = nice_marks(0, max(*planned, *(count or 0 for count in done), 1))
    scale = _Scale(marks[0], marks[-1], 100, PLOT_HEIGHT)
    grid = format_html_join(
        "",
        '<line class="grid-line" x1="0" x2="100%" y1="{}" y2="{}"/><text x="0" y="{}">{}</text>',
        (
            (height, height, _short(float(height) - 4), figure(mark))
            for mark in marks
            for height in (_short(scale.y(mark) + PLOT_TOP),)
        ),
    )
    ends = format_html(
        '<text x="0" y="{}">{}</text><text x="100%" y="{}" text-anchor="end">{}</text>',
        PLOT_TOP + PLOT_HEIGHT + 18,
        labels[0],
        PLOT_TOP + PLOT_HEIGHT + 18,
        labels[-1] if len(labels) > 1 else "",
    )
    paths = format_html_join(
        "",
        '<path class="{}" d="{}"/>',
        (
            (css, path)
            for css, counts in (("line planned", planned), ("line", done))
            for path in scale.paths([Point(name, count) for name, count in zip(labels, counts, strict=True)])
        ),
    )
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td class="n">{}</td><td class="n">{}</td></tr>',
        (
            (name, figure(plan), "not yet" if count is None else figure(count))
            for name, plan, count in zip(labels, planned, done, strict=True)
        ),
    )
    return format_html(
        '<figure class="chart-figure"><svg class="chart tone-on" width="100%" height="{}" role="img"'
        ' aria-label="{}; the numbers are in the table below">{}{}<svg y="{}" width="100%" height="{}"'
        ' viewBox="0 0 100 {}" preserveAspectRatio="none" overflow="visible">{}</svg></svg>'
        '<figcaption><span>{}</span><details class="chart-numbers"><summary>numbers</summary>'
        '<table class="table"><caption class="visually-hidden">{}</caption><thead><tr><th scope="col">By</th>'
        '<th scope="col" class="n">Planned</th><th scope="col" class="n">Done</th></tr></thead>'
        "<tbody>{}</tbody></table></details></figcaption></figure>",
        PLOT_TOP + PLOT_HEIGHT + 24,
        label,
        grid,
        ends,
        PLOT_TOP,
        PLOT_HEIGHT,
        PLOT_HEIGHT,
        paths,
        label,
        label,
        rows,
    )


def nice_marks(low: float, high: float, goal: Number | None = None) -> list[float]:
    """Three to six round numbers that enclose the readings and the goal, for an axis."""
    if goal is not None:
        low, high = min(low, float(goal)), max(high, float(goal))
    if not (isfinite(low) and isfinite(high)):
        raise ValueError("an axis needs finite numbers")
    if high <= low:
        low, high = low - abs(low) * 0.1 - 1, high + abs(high) * 0.1 + 1
    raw = (high - low) / 4
    power = 10.0 ** floor(log10(raw))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _caption(
    points: Sequence[Point], label: str, unit: str, goal: Number | None, goal_label: str
) -> SafeString:
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td class="n">{}</td></tr>',
        (
            (point.label, "no reading" if point.value is None else f"{figure(point.value)}{unit}")
            for point in points
        ),
    )
    aim = format_html("<span>{} {}{}</span>", goal_label, figure(goal), unit) if goal is not None else NOTHING
    return format_html(
        '<figcaption><span>{}</span>{}<details class="chart-numbers"><summary>numbers</summary>'
        '<table class="table"><caption class="visually-hidden">{}</caption>'
        '<thead><tr><th scope="col">When</th><th scope="col" class="n">Value</th></tr></thead>'
        "<tbody>{}</tbody></table></details></figcaption>",
        label,
        aim,
        label,
        rows,
    )


@dataclass(frozen=True)
class _Scale:
    """Readings to places in a drawing; `padding` keeps strokes inside of it."""

    low: float
    high: float
    width: float
    height: float
    padding: float = 0.0

    def x(self, number: int, count: int) -> float:
        return self.width * number / (count - 1) if count > 1 else self.width / 2

    def y(self, value: float) -> float:
        room = self.height - 2 * self.padding
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.padding + room * (1 - share)

    def paths(self, points: Sequence[Point]) -> list[str]:
        """One path per unbroken run of readings; a single reading is a short stroke."""
        runs: list[list[tuple[float, float]]] = [[]]
        for number, point in enumerate(points):
            if point.value is None:
                runs.append([])
            else:
                runs[-1].append((self.x(number, len(points)), self.y(float(point.value))))
        return [self._path(run) for run in runs if run]

    @staticmethod
    def _path(run: list[tuple[float, float]]) -> str:
        if len(run) == 1:
            x, y = run[0]
            return f"M{_short(x - 1)} {_short(y)}h2"
        return "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in run)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _percent(value: Decimal) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
