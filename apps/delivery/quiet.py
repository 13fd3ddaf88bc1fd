"""Quiet hours: local times of day at which a recipient gets no mail."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

STEP = timedelta(minutes=5)
SHORTEST = timedelta(minutes=15)
FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Window(NamedTuple):
    """Whether it is quiet at an instant, and the first instant after it at which that changes."""

    quiet: bool
    until: datetime


def is_quiet(zone: str, start: time, end: time, at: datetime) -> bool:
    """Whether a clock on the wall in `zone` shows a time from `start` until before `end`.

    The wall clock decides: an hour that comes twice counts twice, and one that is left out not at all.
    """
    wall = at.astimezone(ZoneInfo(zone)).time()
    return start <= wall < end if start < end else wall >= start or wall < end


def window(zone: str, start: time | None, end: time | None, at: datetime) -> Window:
    """The window that `at` lies in. Without quiet hours it is open for ever.

    Goes ahead in steps shorter than any window a mailing may have, since a change of the clocks may begin or
    end one; then halves the last step down to the second.
    """
    if start is None or end is None:
        return Window(quiet=False, until=FAR)
    low = at.astimezone(UTC).replace(microsecond=0)
    now = is_quiet(zone, start, end, low)
    high = low + STEP
    for _ in range(3 * 24 * 12):
        if is_quiet(zone, start, end, high) != now:
            break
        low, high = high, high + STEP
    else:
        return Window(quiet=now, until=high)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if is_quiet(zone, start, end, middle) == now:
            low = middle
        else:
            high = middle
    return Window(quiet=now, until=high)


class Windows:
    """The windows of many zones, each worked out once and again when it is over."""

    def __init__(self, start: time | None, end: time | None) -> None:
        self.start, self.end = start, end
        self._known: dict[str, Window] = {}

    def of(self, zone: str, at: datetime) -> Window:
        found = self._known.get(zone)
        if found is None or found.until <= at:
            found = self._known[zone] = window(zone, self.start, self.end, at)
        return found
