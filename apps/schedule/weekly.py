"""What a person's week holds, as sections that any app may add to: the digest is made of these.

An app above registers a function in its `ready()`: it gets whoever the week is of and an instant, and answers
lines, in a bounded number of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.clock import today_in
from apps.launches.policies import parts_of
from apps.launches.selectors import visible_launches
from apps.schedule.addresses import page_of
from apps.schedule.models import Placement
from apps.schedule.selectors import in_week_of, mine, troubles_by_launch, visible_placements
from apps.schedule.spans import first_instant, monday_of
from apps.schedule.standing import PlacementNow, with_standing

MOST_LINES = 10
SESSIONS = ("training", "office_hours")


@dataclass(frozen=True)
class Line:
    """One thing: its name, its page (a path here) and a few words beside it."""

    title: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under a heading; `total` counts those left out as well."""

    key: str
    title: str
    lines: Sequence[Line]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.lines)


Maker = Callable[[User, datetime], tuple[Sequence[Line], int]]


@dataclass(frozen=True)
class _Registered:
    key: str
    title: str
    order: int
    make: Maker


_makers: dict[str, _Registered] = {}


def register(key: str, title: str, order: int, make: Maker) -> None:
    """Add a section; a second one of the same key replaces it. `make` answers (lines, how many there are)."""
    _makers[key] = _Registered(key, title, order, make)


def week_of(user: User, at: datetime) -> list[Section]:
    """The sections that have something to say, in order. About twelve queries."""
    found = []
    for each in sorted(_makers.values(), key=lambda each: each.order):
        lines, total = each.make(user, at)
        if total:
            found.append(Section(each.key, each.title, list(lines), total))
    return found


def said_time(moment: datetime, zone: str, own_zone: str) -> str:
    """An instant on a person's clock, with that of the thing beside it where the two differ."""
    theirs, own = moment.astimezone(ZoneInfo(zone)), moment.astimezone(ZoneInfo(own_zone))
    words = f"{theirs:%a} {theirs.day} {theirs:%b %Y, %H:%M}"
    if theirs.utcoffset() == own.utcoffset():
        return words
    return f"{words} ({own:%a %H:%M} {own_zone.replace('_', ' ')})"


def when_words(placement: Placement, zone: str) -> str:
    """When a thing happens, for somebody in `zone`; days are its launch's."""
    if placement.starts_at is not None:
        return said_time(placement.starts_at, zone, placement.time_zone or placement.launch.zone)
    return " to ".join(dict.fromkeys(_day(day) for day in (placement.starts_on, placement.ends_on) if day))


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _own(user: User, at: datetime) -> QuerySet[PlacementNow]:
    return mine(visible_placements(Actor.of(user), at), user)


def _shown(queryset: QuerySet[PlacementNow], user: User) -> tuple[list[Line], int]:
    rows = list(queryset[: MOST_LINES + 1])
    total = len(rows) if len(rows) <= MOST_LINES else queryset.count()
    return [_line(row, user) for row in rows[:MOST_LINES]], total


def _line(row: PlacementNow, user: User) -> Line:
    parts = (row.launch.name, when_words(row, user.zone))
    return Line(row.title, page_of(row), " · ".join(part for part in parts if part))


def due(user: User, at: datetime) -> tuple[list[Line], int]:
    """What one owns, or one's team where nobody does, of this week and not late."""
    week = in_week_of(_own(user, at), today_in(user.zone, at))
    return _shown(week.filter(state="planned", now_standing__in=["due", "upcoming"]), user)


def late(user: User, at: datetime) -> tuple[list[Line], int]:
    return _shown(_own(user, at).filter(state="planned", now_standing="late"), user)


def sessions(user: User, at: datetime) -> tuple[list[Line], int]:
    """Trainings and office hours of this week that one holds, or one's team."""
    launches = visible_launches(Actor.of(user)).filter(state__in=["draft", "active", "paused"])
    held = with_standing(
        Placement.objects.filter(kind__in=SESSIONS, state="planned", launch__in=launches.values("pk")), at
    ).select_related("team", "owner", "launch")
    week = in_week_of(mine(held, user), today_in(user.zone, at))
    return _shown(week.order_by("starts_on", "starts_at", "id"), user)


def at_risk(user: User, at: datetime) -> tuple[list[Line], int]:
    """Launches one takes part in with something late or blocked, the worst first."""
    own = visible_launches(Actor.of(user)).filter(
        state__in=["active", "paused"], pk__in=parts_of(user).values("launch")
    )
    troubles = troubles_by_launch(own.values("pk"), at)
    worst = sorted(troubles, key=lambda pk: (-troubles[pk], pk))[:MOST_LINES]
    found = own.in_bulk(worst)
    lines = [
        Line(found[pk].name, f"/launches/{found[pk].slug}/", f"{troubles[pk]} late or blocked")
        for pk in worst
        if pk in found
    ]
    return lines, len(troubles)


def finished(user: User, at: datetime) -> tuple[list[Line], int]:
    """What was done in the week before this one, on the person's clock."""
    monday = monday_of(today_in(user.zone, at))
    begins = first_instant(monday - timedelta(days=7), time(0), user.zone)
    ends = first_instant(monday, time(0), user.zone)
    return _shown(_own(user, at).filter(state="done", done_at__gte=begins, done_at__lt=ends), user)


def register_own() -> None:
    """The sections that the calendar itself knows."""
    register("late", "Late", 10, late)
    register("due", "Due this week", 20, due)
    register("sessions", "My sessions", 40, sessions)
    register("at_risk", "At risk", 50, at_risk)
    register("finished", "Finished last week", 60, finished)
