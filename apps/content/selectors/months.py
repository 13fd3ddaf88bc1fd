"""The calendar as a wall has it: weeks of seven days, for a month or for one week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, DateField, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import Greatest, RowNumber

from apps.content.selectors.entries import Entry, entries
from apps.core.actors import Actor
from apps.core.dates import day_words, span_words
from apps.launches.models import Launch
from apps.schedule.spans import monday_of
from apps.schedule.standing import PlacementNow

# How much of a day and of a week's bars is drawn; the rest is counted.
IN_A_MONTH = (3, 3)
IN_A_WEEK = (10, 8)
# Bars that begin on one day; of more only the number is known.
BARS_READ = 40
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass
class Day:
    """One day: what happens on it alone. `off` says why nobody works: "Weekend", "Holiday" or nothing."""

    date: date
    inside: bool = True
    is_now: bool = False
    off: str = ""
    launches: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        return self.total - len(self.entries)

    @property
    def words(self) -> str:
        return day_words(self.date)

    @property
    def short(self) -> str:
        """Without its year, which stands above the grid."""
        return day_words(self.date, this_year=self.date.year)

    @property
    def untimed(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.placement.starts_at is None]

    @property
    def timed(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.placement.starts_at is not None]


@dataclass(frozen=True)
class Bar:
    """What takes several days, within one week: its first column (1 is Monday) and how many it covers."""

    entry: Entry
    column: int
    length: int
    begins: bool
    ends: bool


@dataclass
class Row:
    """One week of the grid. `bars_more` counts bars there was no room for."""

    monday: date
    days: list[Day]
    bars: list[Bar] = field(default_factory=list)
    bars_more: int = 0
    lanes: int = 0

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def words(self) -> str:
        return span_words(self.monday, self.sunday)

    @property
    def is_now(self) -> bool:
        return any(day.is_now for day in self.days)


@dataclass(frozen=True)
class Grid:
    """Weeks of days with their neighbours: `earlier` and `later` are days in them."""

    name: str
    rows: list[Row]
    earlier: date
    later: date

    @property
    def days(self) -> list[Day]:
        return [day for row in self.rows for day in row.days]


def month(
    queryset: QuerySet[PlacementNow], actor: Actor, *, day: date, today: date, launch: Launch | None
) -> Grid:
    """The weeks that hold a month, Monday first. Two queries."""
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    weeks = ((after - timedelta(days=1)) - monday_of(first)).days // 7 + 1
    grid = _grid(
        queryset, actor, monday=monday_of(first), weeks=weeks, today=today, launch=launch, room=IN_A_MONTH
    )
    for each in (each for row in grid for each in row.days):
        each.inside = each.date.month == first.month
    name = f"{_MONTHS[first.month - 1]} {first.year}"
    return Grid(name, grid, (first - timedelta(days=1)).replace(day=1), after)


def week(
    queryset: QuerySet[PlacementNow], actor: Actor, *, day: date, today: date, launch: Launch | None
) -> Grid:
    """The seven days around one day. Two queries."""
    monday = monday_of(day)
    rows = _grid(queryset, actor, monday=monday, weeks=1, today=today, launch=launch, room=IN_A_WEEK)
    last = monday + timedelta(days=6)
    name = f"{day_words(monday, this_year=last.year, weekday=False)} – {day_words(last, weekday=False)}"
    return Grid(name, rows, monday - timedelta(days=7), monday + timedelta(days=7))


def within(queryset: QuerySet[PlacementNow], first: date, last: date) -> QuerySet[PlacementNow]:
    """What touches these days. What has no end counts on the day it begins."""
    return queryset.filter(starts_on__lte=last).filter(
        Q(starts_on__gte=first) | Q(ends_on__gte=first, starts_on__lt=first)
    )


def window_of(view: str, day: date) -> tuple[date, date]:
    """The first and the last day that a month or a week shows around a day."""
    if view == "week":
        return monday_of(day), monday_of(day) + timedelta(days=6)
    first = day.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return monday_of(first), monday_of(last) + timedelta(days=6)


def _grid(
    queryset: QuerySet[PlacementNow],
    actor: Actor,
    *,
    monday: date,
    weeks: int,
    today: date,
    launch: Launch | None,
    room: tuple[int, int],
) -> list[Row]:
    in_a_day, lanes = room
    last = monday + timedelta(days=7 * weeks - 1)
    days = {
        each: Day(each, is_now=each == today, off=_off(each, launch))
        for each in (monday + timedelta(days=number) for number in range(7 * weeks))
    }
    rows = [
        Row(start, [days[start + timedelta(days=number)] for number in range(7)])
        for start in (monday + timedelta(weeks=number) for number in range(weeks))
    ]
    if launch is not None and launch.launch_day in days:
        days[launch.launch_day].launches.append("Launch day")
    long: list[Entry] = []
    unread: dict[date, int] = {}
    for entry in entries(_first_of_each_day(within(queryset, monday, last), monday, in_a_day), actor):
        placement = entry.placement
        starts = placement.starts_on or monday
        if (placement.ends_on or starts) > starts:
            long.append(entry)
            unread[monday_of(max(starts, monday))] = max(getattr(placement, "day_total", 0) - BARS_READ, 0)
            continue
        day = days[starts]
        day.total = getattr(placement, "day_total", 0)
        day.entries.append(entry)
    for row in rows:
        row.bars_more = unread.get(row.monday, 0)
        _lay(row, long, lanes)
    return rows


def _first_of_each_day(queryset: QuerySet[PlacementNow], monday: date, most: int) -> list[Any]:
    """At most so many of each day, and bars of several days up to a bound, with `day_total`. One query.

    What began before the window is ranked with what begins on its first day.
    """
    begins = Greatest(F("starts_on"), Value(monday, output_field=DateField()))
    ranked = queryset.annotate(
        is_long=Case(When(ends_on__gt=F("starts_on"), then=Value(True)), default=Value(False))
    ).annotate(
        day_rank=Window(
            RowNumber(), partition_by=[begins, "is_long"], order_by=["starts_at", "starts_on", "id"]
        ),
        day_total=Window(Count("pk"), partition_by=[begins, "is_long"]),
    )
    return list(
        ranked.filter(Q(is_long=False, day_rank__lte=most) | Q(day_rank__lte=BARS_READ, is_long=True))
    )


def _lay(row: Row, long: Iterable[Entry], lanes: int) -> None:
    """Put what touches this week into as few lanes as hold it, earliest and longest first."""
    found: list[Bar] = []
    for entry in long:
        starts = entry.placement.starts_on or row.monday
        ends = entry.placement.ends_on or starts
        if starts > row.sunday or ends < row.monday:
            continue
        first, last = max(starts, row.monday), min(ends, row.sunday)
        found.append(
            Bar(
                entry,
                (first - row.monday).days + 1,
                (last - first).days + 1,
                begins=starts >= row.monday,
                ends=ends <= row.sunday,
            )
        )
    free: list[int] = []
    laid: list[list[Bar]] = []
    for bar in sorted(found, key=lambda bar: (bar.column, -bar.length, bar.entry.placement.pk)):
        lane = next((number for number, column in enumerate(free) if column <= bar.column), len(free))
        if lane >= lanes:
            row.bars_more += 1
            continue
        if lane == len(free):
            free.append(0)
            laid.append([])
        free[lane] = bar.column + bar.length
        laid[lane].append(bar)
    row.bars = [bar for lane in laid for bar in lane]
    row.lanes = len(laid)


def _off(day: date, launch: Launch | None) -> str:
    if launch is not None and day.isoformat() in launch.holidays:
        return "Holiday"
    return "Weekend" if day.weekday() > 4 else ""
