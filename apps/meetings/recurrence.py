"""A weekly or monthly rule, its local starts, and the instants they mean. Pure; the subset of RFC 5545 it speaks.

A series is kept as local start, zone and rule. Its starts are wall times, and as such the identity of its
occurrences (RECURRENCE-ID): a change of the zone's clocks moves their instants, not them.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from apps.core.errors import Invalid
from apps.schedule.spans import first_instant

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_INTERVAL = {"weekly": 52, "monthly": 24}
MOST_COUNT = 1000
# Nobody plans further, and whatever a rule says, looking for its dates ends.
LAST = date(2200, 1, 1)
LAST_DAY_OF_MONTH = -1
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"}


@dataclass(frozen=True)
class Rule:
    """Every so many weeks on some days, or every so many months on one day.

    `weekdays` count from Monday as 0. A monthly rule has either `month_day` (1 to 31, or -1 for the last) or one
    weekday with `nth` (1 to 5, or -1 for the last). It ends after `count` starts, or with the local day `until`,
    or never. A month without its day (31) is left out, as RFC 5545 has it.
    """

    frequency: Literal["weekly", "monthly"]
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    nth: int | None = None
    month_day: int | None = None
    count: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    def ends(self) -> bool:
        return self.count is not None or self.until is not None

    def starts(
        self, first: datetime, *, after: date | None = None, until: date | None = None
    ) -> Iterator[datetime]:
        """Its local starts in order, from the local day `after` to `until`, both included. `first` is naive."""
        last = min(until or LAST, LAST)
        for start in _expanded(self, first):
            if start.date() > last:
                return
            if after is None or start.date() >= after:
                yield start

    def next_match(self, first: datetime) -> datetime | None:
        """The first start at or after `first`; None for a rule that never matches (31 every twelfth February)."""
        return next(self.starts(first), None)

    def text(self, *, first: datetime, zone: str) -> str:
        """As the value of an RRULE property for a DTSTART with TZID; `UNTIL` in UTC, as RFC 5545 3.3.10 wants."""
        parts = self._parts()
        if self.until is not None:
            end = first_instant(self.until, time(23, 59, 59), zone)
            parts.append(f"UNTIL={end:%Y%m%dT%H%M%SZ}")
        return ";".join(parts)

    def _parts(self) -> list[str]:
        """Everything but its last day."""
        parts = [f"FREQ={self.frequency.upper()}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.nth is not None:
            parts.append(f"BYDAY={self.nth}{WEEKDAYS[self.weekdays[0]]}")
        elif self.weekdays:
            parts.append("BYDAY=" + ",".join(WEEKDAYS[day] for day in self.weekdays))
        if self.month_day is not None:
            parts.append(f"BYMONTHDAY={self.month_day}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        return parts

    def stored(self) -> str:
        """As `parse` reads it back without a zone: `UNTIL` is the local day itself."""
        parts = self._parts()
        if self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)

    def words(self) -> str:
        """ "Every 2 weeks on Tuesday and Thursday, until 1 March 2027"."""
        unit = "week" if self.frequency == "weekly" else "month"
        said = f"Every {unit}" if self.interval == 1 else f"Every {self.interval} {unit}s"
        names = [calendar.day_name[day] for day in self.weekdays]
        if self.nth is not None:
            said += f" on the {_ORDINALS[self.nth]} {names[0]}"
        elif self.month_day is not None:
            last = self.month_day == LAST_DAY_OF_MONTH
            said += " on the last day" if last else f" on day {self.month_day}"
        else:
            said += " on " + (
                " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
            )
        if self.count is not None:
            said += f", {self.count} time{'' if self.count == 1 else 's'}"
        if self.until is not None:
            said += f", until {self.until.day} {self.until:%B %Y}"
        return said

    def ended(self, last: date) -> Rule:
        """The same rule, ended with a local day."""
        return replace(self, until=last, count=None)

    @classmethod
    def weekly(cls, *weekdays: int, interval: int = 1, **ends: Any) -> Rule:
        return cls("weekly", interval=interval, weekdays=tuple(sorted(set(weekdays))), **ends)

    @classmethod
    def parse(cls, text: str, *, zone: str = "UTC") -> Rule:
        """An RRULE value in the subset. Raises `Invalid` naming the part that is not in it.

        A date-time in UNTIL becomes its local day in `zone`.
        """
        said: dict[str, str] = {}
        for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
            name, mark, value = part.partition("=")
            if not mark or name not in _PARTS or name in said:
                raise _invalid(f"“{part[:60]}” is not understood in a rule.")
            said[name] = value
        if said.pop("WKST", "MO") != "MO":
            raise _invalid("Weeks begin on Monday here: leave WKST out.")
        frequency = said.pop("FREQ", "").lower()
        if frequency not in MOST_INTERVAL:
            raise _invalid("A series is weekly or monthly: say FREQ=WEEKLY or FREQ=MONTHLY.")
        values: dict[str, Any] = {"frequency": frequency}
        for name, field in (("INTERVAL", "interval"), ("BYMONTHDAY", "month_day"), ("COUNT", "count")):
            if name in said:
                values[field] = _number(said[name], name)
        if "BYDAY" in said:
            values |= _days(said["BYDAY"], frequency)
        if "UNTIL" in said:
            values["until"] = _until(said["UNTIL"], zone)
        return cls(**values)


def span_of(start: datetime, minutes: int, zone: str) -> tuple[datetime, datetime]:
    """Start and end in UTC of a session by its local start. It is as long as it is, whatever the clocks do."""
    begins = first_instant(start.date(), start.time(), zone)
    return begins, begins + timedelta(minutes=minutes)


def is_skipped(start: datetime, zone: str) -> bool:
    """Whether clocks in the zone skip this wall time, so that the session begins later than it says."""
    back = first_instant(start.date(), start.time(), zone).astimezone(ZoneInfo(zone))
    return back.replace(tzinfo=None) != start


def require_first(rule: Rule, first: datetime) -> None:
    """Raise `Invalid` unless a series' first date matches its rule; names the next that does."""
    match = rule.next_match(first)
    if match is None:
        raise _invalid("This rule has no date at all. Check its day and its end.", code="never")
    if match != first:
        raise _invalid(
            f"The first date, {first:%A} {first.day} {first:%B %Y}, is not in the rule "
            f"({rule.words().lower()}); the next that is: {match:%A} {match.day} {match:%B %Y}.",
            code="first_date",
        )


def _expanded(rule: Rule, first: datetime) -> Iterator[datetime]:
    given: dict[str, Any] = {"interval": rule.interval, "wkst": 0, "dtstart": first}
    if rule.nth is not None:
        given["byweekday"] = weekday(rule.weekdays[0])(rule.nth)
    elif rule.weekdays:
        given["byweekday"] = rule.weekdays
    if rule.month_day is not None:
        given["bymonthday"] = rule.month_day
    ends = datetime.combine(min(rule.until or LAST, LAST), time.max)
    # dateutil knows wall times without a zone here, so no hour is missing and none comes twice.
    found = iter(rrule(WEEKLY if rule.frequency == "weekly" else MONTHLY, until=ends, **given))
    return islice(found, rule.count) if rule.count is not None else found


def _check(rule: Rule) -> None:
    most = MOST_INTERVAL[rule.frequency]
    if not 1 <= rule.interval <= most:
        raise _invalid(f"Repeat every 1 to {most} {'weeks' if rule.frequency == 'weekly' else 'months'}.")
    if any(not 0 <= day <= 6 for day in rule.weekdays) or list(rule.weekdays) != sorted(set(rule.weekdays)):
        raise _invalid("Name each day of the week once, Monday first.")
    if rule.frequency == "weekly":
        if not rule.weekdays:
            raise _invalid("Say on which days of the week.")
        if rule.nth is not None or rule.month_day is not None:
            raise _invalid("A day of the month belongs to a monthly rule.")
    else:
        _check_monthly(rule)
    if rule.count is not None and rule.until is not None:
        raise _invalid("Say after how many times it ends, or with which day, not both.")
    if rule.count is not None and not 1 <= rule.count <= MOST_COUNT:
        raise _invalid(f"A series ends after 1 to {MOST_COUNT} times.")
    if rule.until is not None and not date(1990, 1, 1) <= rule.until <= LAST:
        raise _invalid(f"{rule.until} is too far away to be the end of a series.")


def _check_monthly(rule: Rule) -> None:
    if (rule.month_day is None) == (rule.nth is None):
        raise _invalid("Say on which day of the month: a number, or the first to fifth or last of a weekday.")
    if rule.month_day is not None:
        if rule.weekdays:
            raise _invalid("Say a number or a weekday, not both.")
        if not (1 <= rule.month_day <= 31 or rule.month_day == LAST_DAY_OF_MONTH):
            raise _invalid("A month's days are 1 to 31, or -1 for the last.")
    elif len(rule.weekdays) != 1 or rule.nth not in _ORDINALS:
        raise _invalid("A monthly rule names one weekday: the first to fifth, or -1 for the last.")


def _days(text: str, frequency: str) -> dict[str, Any]:
    found: list[tuple[str, int]] = []
    for each in text.split(","):
        number, name = each[:-2], each[-2:]
        if name not in WEEKDAYS:
            raise _invalid(f"“{each[:20]}” is no day of the week: {', '.join(WEEKDAYS)}.")
        found.append((number, WEEKDAYS.index(name)))
    days = tuple(sorted({day for _, day in found}))
    numbers = {number for number, _ in found}
    if numbers == {""} and frequency == "weekly":
        return {"weekdays": days}
    if len(found) == 1 and frequency == "monthly" and found[0][0]:
        return {"weekdays": days, "nth": _number(found[0][0], "BYDAY")}
    raise _invalid(f"BYDAY={text[:60]} is not understood: TU,TH for weeks, 1TU or -1FR for months.")


def _number(text: str, name: str) -> int:
    digits = text.removeprefix("+").removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
        raise _invalid(f"{name}={text[:20]} is not a number.")
    return int(text)


def _until(text: str, zone: str) -> date:
    try:
        if len(text) == 8:
            return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a local day
        if text.endswith("Z"):
            instant = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return instant.astimezone(ZoneInfo(zone)).date()
    except (ValueError, OverflowError):
        pass
    raise _invalid(f"UNTIL={text[:20]} is not a day: write 20270301 or 20270301T225959Z.")


def _invalid(message: str, code: str = "rule") -> Invalid:
    return Invalid(message, code=code, field="rule")
