"""One count of a launch's dated work, from which the ruler, the progress figures and the navigation read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from apps.core.clock import today_in
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.schedule.selectors import WORK, Progress
from apps.schedule.standing import with_standing

NO_TEAM = "No team"
ITEM = "calendar_entry"


@dataclass(frozen=True)
class Cell:
    """How many pieces of work share days, team and standing. Cancelled ones are left out."""

    starts_on: date | None
    ends_on: date | None
    team: str
    standing: str
    blocked: bool
    count: int


@dataclass(frozen=True)
class Tally:
    """All cells of a launch at one instant; `today` is the day in the launch's zone, `items` how much of it
    all is on the content calendar by itself."""

    cells: tuple[Cell, ...]
    today: date
    items: int = 0

    @property
    def overall(self) -> Progress:
        return _progress(self.cells)

    @property
    def this_week(self) -> Progress:
        """Work whose days touch the ISO week (Monday first) of today."""
        monday = self.today - timedelta(days=self.today.weekday())
        sunday = monday + timedelta(days=6)
        return _progress(
            cell
            for cell in self.cells
            if cell.starts_on
            and cell.starts_on <= sunday
            and (cell.ends_on is None or cell.ends_on >= monday)
        )

    @property
    def by_team(self) -> list[tuple[str, Progress]]:
        """(team, progress) by name, work of no team last."""
        return self._by(lambda cell: cell.team or NO_TEAM, last=NO_TEAM)

    @property
    def due_by_now(self) -> int:
        """How much should be done by now: what is done, due or late."""
        overall = self.overall
        return overall.done + overall.due + overall.late

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day of any work; None without dates."""
        starts = [cell.starts_on for cell in self.cells if cell.starts_on]
        ends = [cell.ends_on or cell.starts_on for cell in self.cells if cell.starts_on]
        return min(starts, default=None), max((day for day in ends if day), default=None)

    @property
    def starts(self) -> tuple[date | None, date | None]:
        """The first and the last day on which any work begins."""
        found = [cell.starts_on for cell in self.cells if cell.starts_on]
        return min(found, default=None), max(found, default=None)

    def ticks(self) -> list[tuple[date, str, int]]:
        """(day, standing, how many) for all dated work, by day; what lasts days stands in its middle."""
        found: dict[tuple[date, str], int] = defaultdict(int)
        for cell in self.cells:
            if cell.starts_on is None:
                continue
            length = ((cell.ends_on or cell.starts_on) - cell.starts_on).days
            found[cell.starts_on + timedelta(days=length // 2), cell.standing] += cell.count
        return [(day, standing, count) for (day, standing), count in sorted(found.items())]

    def _by(self, key: Callable[[Cell], str], last: str) -> list[tuple[str, Progress]]:
        groups: dict[str, list[Cell]] = defaultdict(list)
        for cell in self.cells:
            groups[key(cell)].append(cell)
        return [
            (name, _progress(groups[name])) for name in sorted(groups, key=lambda name: (name == last, name))
        ]


def tally_of(launch: Launch, at: datetime | None = None) -> Tally:
    """Count a launch's work. One query; its rows grow with the days that hold work, not with the work."""
    rows = (
        with_standing(Placement.objects.filter(launch=launch, kind__in=WORK), at)
        .exclude(state=Placement.State.CANCELLED)
        .order_by()
        .values_list("starts_on", "ends_on", "team__name", "now_standing")
        .annotate(
            count=Count("pk"),
            blocked=Count("pk", filter=Q(state="planned") & ~Q(blocked_by="")),
            items=Count("pk", filter=Q(kind=ITEM)),
        )
    )
    cells = []
    all_items = 0
    for starts_on, ends_on, team, standing, count, blocked, items in rows:
        all_items += items
        if blocked:
            cells.append(Cell(starts_on, ends_on, team or "", standing, True, blocked))
        if count > blocked:
            cells.append(Cell(starts_on, ends_on, team or "", standing, False, count - blocked))
    return Tally(tuple(cells), today_in(launch.zone, at), all_items)


def tally_for(launch: Launch, at: datetime | None = None) -> Tally:
    """The same, counted once for this object of a launch: what a page says of it is read in several places."""
    held: Tally | None = launch.__dict__.get("_tally")
    if held is None:
        held = launch.__dict__["_tally"] = tally_of(launch, at)
    return held


def _progress(cells: Iterable[Cell]) -> Progress:
    counts: dict[str, int] = defaultdict(int)
    for cell in cells:
        counts[cell.standing] += cell.count
        if cell.blocked:
            counts["blocked"] += cell.count
    return Progress(
        done=counts["done"],
        due=counts["due"],
        late=counts["late"],
        blocked=counts["blocked"],
        upcoming=counts["upcoming"],
        undated=counts["undated"],
    )
