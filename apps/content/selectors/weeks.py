"""The calendar as weeks: those counted from launch day, and those of a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, QuerySet, Window
from django.db.models.functions import RowNumber, TruncWeek

from apps.content.selectors.entries import Entry, entries
from apps.core.actors import Actor
from apps.core.dates import MINUS, day_words
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.schedule.spans import monday_of
from apps.schedule.standing import PlacementNow

WEEKS_SHOWN = 5
CARDS_PER_WEEK = 20


@dataclass
class Week:
    """One ISO week of a relative calendar; `index` counts from the week that holds launch day."""

    index: int
    monday: date | None
    entries: list[Entry] = field(default_factory=list)
    more: int = 0
    is_now: bool = False

    @property
    def name(self) -> str:
        """Week −2, Week 0, Week +1."""
        if not self.index:
            return "Week 0"
        return f"Week {MINUS}{-self.index}" if self.index < 0 else f"Week +{self.index}"

    @property
    def short_day(self) -> str:
        return day_words(self.monday, this_year=self.monday.year, weekday=False) if self.monday else ""

    @property
    def summary(self) -> str:
        """What most wants to be known of the week, in two words."""
        counts = Counter(entry.standing for entry in self.entries)
        for standing, word in (("late", "late"), ("due", "due"), ("upcoming", "planned"), ("done", "done")):
            if counts[standing]:
                return f"{counts[standing]} {word}"
        return ""


@dataclass
class CalendarWeek:
    """The entries of one ISO week of a list."""

    monday: date
    is_now: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


@dataclass(frozen=True)
class Weeks:
    """A window of relative weeks. `earlier` and `later` are the first weeks of its neighbours, if any."""

    weeks: list[Week]
    earlier: int | None
    later: int | None


def relative_weeks(
    launch: Launch,
    queryset: QuerySet[PlacementNow],
    actor: Actor,
    *,
    today: date,
    ends: tuple[date | None, date | None],
    first: int | None = None,
) -> Weeks:
    """Five weeks around launch day's, beginning with week `first` (None: so that this week is in sight).

    Weeks count from the ISO week of launch day; while launch day is only roughly known, from the offsets the
    plan says. `ends` are the first and the last day on which any of it begins. Two queries.
    """
    if launch.launch_day is None:
        return _undated_weeks(queryset, actor, first)
    zero = monday_of(launch.launch_day)
    lowest = _index(ends[0] or zero, zero)
    highest = _index(ends[1] or zero, zero)
    now = _index(today, zero)
    start = _window(lowest, highest, now if lowest <= now <= highest else 0, first)
    stop = start + WEEKS_SHOWN - 1
    weeks = {
        index: Week(index, zero + timedelta(weeks=index), is_now=index == now)
        for index in range(start, stop + 1)
    }
    shown = _first_of_each_week(
        queryset.filter(
            starts_on__gte=zero + timedelta(weeks=start), starts_on__lt=zero + timedelta(weeks=stop + 1)
        )
    )
    for entry in entries(shown, actor):
        week = weeks[_index(entry.placement.starts_on or zero, zero)]
        week.entries.append(entry)
        week.more = entry.placement.week_total - len(week.entries)  # type: ignore[attr-defined]
    return Weeks(
        list(weeks.values()),
        max(start - WEEKS_SHOWN, lowest) if start > lowest else None,
        stop + 1 if stop < highest else None,
    )


def _first_of_each_week(queryset: QuerySet[PlacementNow]) -> list[PlacementNow]:
    """At most twenty of each week, each with `week_total`: how many its week holds. One query."""
    week = TruncWeek("starts_on")
    ranked = queryset.annotate(
        week_rank=Window(RowNumber(), partition_by=[week], order_by=["starts_on", "starts_at", "id"]),
        week_total=Window(Count("pk"), partition_by=[week]),
    )
    return list(ranked.filter(week_rank__lte=CARDS_PER_WEEK))


def _undated_weeks(queryset: QuerySet[PlacementNow], actor: Actor, first: int | None) -> Weeks:
    relative = queryset.filter(anchor="launch_day", unit__in=["week", "day"]).order_by("offset", "id")
    found: dict[int, list[Placement]] = {}
    for placement in relative[:2000]:
        offset = placement.offset or 0
        found.setdefault(offset if placement.unit == "week" else offset // 7, []).append(placement)
    lowest, highest = min(found, default=0), max(found, default=0)
    start = _window(lowest, highest, 0, first)
    stop = start + WEEKS_SHOWN - 1
    weeks = {index: Week(index, None) for index in range(start, stop + 1)}
    shown: list[Placement] = []
    for index, week in weeks.items():
        own = found.get(index, [])
        shown += own[:CARDS_PER_WEEK]
        week.more = max(len(own) - CARDS_PER_WEEK, 0)
    for entry in entries(shown, actor):
        offset = entry.placement.offset or 0
        weeks[offset if entry.placement.unit == "week" else offset // 7].entries.append(entry)
    return Weeks(
        list(weeks.values()),
        max(start - WEEKS_SHOWN, lowest) if start > lowest else None,
        stop + 1 if stop < highest else None,
    )


def _index(day: date, zero: date) -> int:
    return (monday_of(day) - zero).days // 7


def _window(lowest: int, highest: int, now: int, first: int | None) -> int:
    if first is not None:
        return max(-600, min(first, 600))
    if highest - lowest < WEEKS_SHOWN:
        return lowest
    return max(lowest, min(now - 2, highest - WEEKS_SHOWN + 1))


def by_week(found: Sequence[Entry], today: date) -> list[CalendarWeek]:
    """Dated entries in their order, by the ISO week they begin in."""
    weeks: list[CalendarWeek] = []
    for entry in found:
        monday = monday_of(entry.placement.starts_on or today)
        if not weeks or weeks[-1].monday != monday:
            weeks.append(CalendarWeek(monday, monday == monday_of(today)))
        weeks[-1].entries.append(entry)
    return weeks
