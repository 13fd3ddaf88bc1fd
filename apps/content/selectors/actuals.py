"""Planned against actual: what was to be done by today, what was, and whether on time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.core.dates import day_words
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.schedule.selectors import phase_spans, placements

# A launch's work is read whole once; what is beyond this is said and not counted.
MOST_ROWS = 5000
POINTS = 30
OUTSIDE = "Outside the phases"
NO_TEAM = "No team"


@dataclass
class Share:
    """The work of one team or phase. `planned` is all of it, `by_now` what was to be done before today."""

    name: str
    planned: int = 0
    by_now: int = 0
    done: int = 0
    on_time: int = 0
    done_late: int = 0
    late: int = 0

    @property
    def ahead(self) -> int:
        """Done before its day came."""
        return self.done - self.on_time - self.done_late


@dataclass(frozen=True)
class Actuals:
    """The figures of one launch; `days`, `planned` and `done` are the points of its burn-up chart."""

    total: Share
    teams: list[Share]
    phases: list[Share]
    days: list[date]
    planned: list[int]
    done: list[int | None]
    undated: int
    cut: bool

    @property
    def labels(self) -> list[str]:
        year = self.days[-1].year if self.days else None
        return [day_words(day, this_year=year, weekday=False) for day in self.days]


def actuals(launch: Launch, *, today: date, at: datetime | None = None) -> Actuals:
    """How a launch's work went so far. What is cancelled is not of it. Two queries."""
    rows = list(placements(launch, at).exclude(state="cancelled").select_related("team")[: MOST_ROWS + 1])
    cut = len(rows) > MOST_ROWS
    dated = [row for row in rows[:MOST_ROWS] if row.starts_on is not None]
    phases = [
        (phase.title, placed.starts_on, placed.ends_on)
        for phase in phase_spans(launch)
        if (placed := getattr(phase, "placement", None)) is not None and placed.starts_on
    ]
    total = Share("All of it")
    teams: dict[str, Share] = {}
    spans = {title: Share(title) for title, _, _ in phases}
    zone = ZoneInfo(launch.zone)
    for row in dated:
        last = row.ends_on or row.starts_on
        assert last is not None
        done_on = row.done_at.astimezone(zone).date() if row.done_at else None
        team = teams.setdefault(row.team.name if row.team else NO_TEAM, Share(str(row.team or NO_TEAM)))
        name = _phase_of(row.starts_on or last, phases)
        phase = spans.setdefault(name, Share(name))
        for share in (total, team, phase):
            _count(share, row, last, done_on, today)
    days, planned, done = _burn_up(dated, zone, today)
    return Actuals(
        total,
        sorted(teams.values(), key=lambda share: (share.name == NO_TEAM, share.name.casefold())),
        [share for share in spans.values() if share.planned],
        days,
        planned,
        done,
        len(rows[:MOST_ROWS]) - len(dated),
        cut,
    )


def _count(share: Share, row: Placement, last: date, done_on: date | None, today: date) -> None:
    share.planned += 1
    share.by_now += last < today
    if row.state == "done":
        share.done += 1
        if last < today:
            # Done before anybody noted when counts as done in time.
            share.on_time += done_on is None or done_on <= last
            share.done_late += done_on is not None and done_on > last
    else:
        share.late += last < today


def _phase_of(day: date, phases: Iterable[tuple[str, date | None, date | None]]) -> str:
    """The phase a day falls into; of phases that overlap the one that began last."""
    found = OUTSIDE
    for title, starts, ends in phases:
        if starts is not None and starts <= day and (ends is None or day <= ends):
            found = title
    return found


def _burn_up(
    rows: Sequence[Placement], zone: ZoneInfo, today: date
) -> tuple[list[date], list[int], list[int | None]]:
    """At most thirty days from the first to the last, with what was planned and done by each."""
    planned: Counter[date] = Counter()
    done: dict[date, int] = defaultdict(int)
    for row in rows:
        last = row.ends_on or row.starts_on
        assert last is not None
        planned[last] += 1
        if row.state == "done":
            done[row.done_at.astimezone(zone).date() if row.done_at else last] += 1
    if not planned:
        return [], [], []
    first, final = min([*planned, *done]), max([*planned, *done])
    step = max(1, -(-((final - first).days) // (POINTS - 1)))
    days = [first + timedelta(days=number) for number in range(0, (final - first).days, step)] + [final]
    return (
        days,
        [sum(count for day, count in planned.items() if day <= mark) for mark in days],
        # A point shows whole what began before today; days to come are not drawn.
        [sum(count for day, count in done.items() if day <= mark) if mark - timedelta(days=step) < today else None
         for mark in days],
    )  # fmt: skip
