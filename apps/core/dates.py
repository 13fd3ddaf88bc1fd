"""Days and instants in the words and signs the pages use."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUS = "\u2212"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(day: date, *, this_year: int | None = None, weekday: bool = True) -> str:
    """ "Tue 24 Nov"; with its year unless that is `this_year`."""
    words = f"{day.day} {_MONTHS[day.month - 1]}"
    if weekday:
        words = f"{_WEEKDAYS[day.weekday()]} {words}"
    return words if day.year == this_year else f"{words} {day.year}"


def span_words(start: date, end: date | None, *, this_year: int | None = None) -> str:
    """ "23–29 Nov", "28 Nov – 4 Dec", or one day with its weekday. Both ends are included."""
    if end is None or end <= start:
        return day_words(start, this_year=this_year)
    year = "" if start.year == end.year == this_year else f" {end.year}"
    last = f"{end.day} {_MONTHS[end.month - 1]}{year}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{last}"
    first = day_words(start, this_year=start.year if start.year == end.year else None, weekday=False)
    return f"{first} – {last}"


def _signed(count: int) -> str:
    return f"{MINUS}{-count}" if count < 0 else f"+{count}"


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def t_label(day: date, launch_day: date, precision: str = "day") -> str:
    """Where a day stands to launch day: "T−9d" in calendar days, "W−2" in ISO weeks for a week's precision.

    Months and quarters count from launch day's own: "M+1", "Q+1".
    """
    if precision == "week":
        return f"W{_signed((monday_of(day) - monday_of(launch_day)).days // 7)}"
    if precision == "month":
        return f"M{_signed((day.year - launch_day.year) * 12 + day.month - launch_day.month)}"
    if precision == "quarter":
        quarters = (day.month - 1) // 3 - (launch_day.month - 1) // 3
        return f"Q{_signed((day.year - launch_day.year) * 4 + quarters)}"
    return f"T{_signed((day - launch_day).days)}d"


def moment_words(instant: datetime, zone: str, *, this_year: int | None = None) -> str:
    """ "Tue 24 Nov, 15:00" on the clocks of an IANA zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{day_words(local.date(), this_year=this_year)}, {local:%H:%M}"


def ago_words(instant: datetime, at: datetime) -> str:
    """How long ago, or until, in the one unit that says most: "now", "3 min ago", "in 2 h", "5 days ago"."""
    seconds = (at - instant).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "now"
    for limit, unit, name in ((3570, 60, "min"), (84600, 3600, "h"), (float("inf"), 86400, "day")):
        if size < limit:
            count = max(1, round(size / unit))
            words = f"{count} {name}{'s' if name == 'day' and count > 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    raise AssertionError("the last limit is infinite")


def city_of(zone: str) -> str:
    """A zone as people call it: "New York" for America/New_York."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")
