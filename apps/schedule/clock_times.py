"""The grammar of clock times: hours and minutes as languages write them, and the zones behind them."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apps.core.scanning import Scanner
from apps.schedule.calendar_parts import range_link, runs_on

# Abbreviations as product teams use them; a summer and a winter name are the same zone.
ZONES = {
    "pt": "America/Los_Angeles", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "mt": "America/Denver", "mst": "America/Denver", "mdt": "America/Denver",
    "ct": "America/Chicago", "cst": "America/Chicago", "cdt": "America/Chicago",
    "et": "America/New_York", "est": "America/New_York", "edt": "America/New_York",
    "utc": "UTC", "gmt": "UTC", "z": "UTC", "bst": "Europe/London", "cet": "CET", "cest": "CET",
    "mez": "CET", "mesz": "CET", "hec": "CET", "eet": "EET", "eest": "EET", "wet": "WET", "west": "WET",
    "msk": "Europe/Moscow", "ist": "Asia/Kolkata", "jst": "Asia/Tokyo", "kst": "Asia/Seoul",
    "sgt": "Asia/Singapore", "hkt": "Asia/Hong_Kong", "aest": "Australia/Sydney", "aedt": "Australia/Sydney",
    "acst": "Australia/Adelaide", "awst": "Australia/Perth", "nzst": "Pacific/Auckland",
    "nzdt": "Pacific/Auckland", "brt": "America/Sao_Paulo", "art": "America/Argentina/Buenos_Aires",
    "pacific": "America/Los_Angeles", "eastern": "America/New_York", "central": "America/Chicago",
    "mountain": "America/Denver",
}  # fmt: skip
_AREAS = frozenset(
    "africa america etc antarctica arctic asia atlantic australia europe indian pacific".split()  # noqa: SIM905
)


def clock_at(scan: Scanner, at: int) -> tuple[time, str | None, int] | None:
    """ "9:00 AM PT", "15:00 CET", "14h30", "15 Uhr", "noon": wall time, zone or None, index behind.

    Of a range of times the first counts.
    """
    for name, hour in (("noon", 12), ("midnight", 0)):
        found = scan.word(at + 1 if scan.digits(at) == "12" else at, name)
        if found:
            zone, index = _zone_at(scan, found[1])
            return time(hour), zone, index
    first = _wall_time(scan, at)
    if first is None:
        return None
    value, sure, meridiem, index = first
    link = range_link(scan, index)
    last = _wall_time(scan, link) if link and not scan.is_mark(index, "/") else None
    if last and last[1]:
        if last[2] and not meridiem and value.hour < 12:
            # 9:00-10:30 AM; 11:00-1:00 PM starts before noon.
            later = last[2] == "pm" and value.hour <= last[0].hour - 12 if last[0].hour > 12 else False
            value = value.replace(hour=value.hour + 12) if later else value
        sure, index = True, last[3]
    if not sure:
        return None
    zone, index = _zone_at(scan, scan.after(index, "clock"))
    # "9:00 AM PT - 10:00 AM PT", "10 AM EST / 7 AM PST": the first one counts.
    link = range_link(scan, index) if zone else 0
    again = _wall_time(scan, link) if link else None
    if again and again[1]:
        index = _zone_at(scan, scan.after(again[3], "clock"))[1]
    return value, zone, index


def _wall_time(scan: Scanner, at: int) -> tuple[time, bool, str, int] | None:
    """The time, whether it is surely one (not only a number), "am" or "pm", and the index behind."""
    hour = scan.integer(at, 0, 24)
    if hour is None or len(scan.digits(at)) > 2:
        return None
    minute = second = 0
    index, sure = at + 1, False
    spelled = scan.word(index, "clock_hour")
    if scan.is_mark(index, ":", "：") and scan.glued(index) and scan.glued(index + 1):
        if len(scan.digits(index + 1)) != 2 or int(scan.digits(index + 1)) > 59:
            return None
        minute, index, sure = int(scan.digits(index + 1)), index + 2, True
        if scan.is_mark(index, ":") and scan.glued(index) and len(scan.digits(index + 1)) == 2:
            second, index = int(scan.digits(index + 1)) % 60, index + 2
    elif spelled:
        index, sure = spelled[1], True
        digits = scan.digits(index)
        together = scan.glued(index) or not scan.glued(at + 1)  # 14h30 or 14 h 30
        if len(digits) == 2 and together and int(digits) < 60 and not runs_on(scan, index + 1):
            minute, index = int(digits), index + 1
            index += 1 if scan.is_mark(index, "分") else 0
    elif runs_on(scan, index) and not (scan.word(index, "am") or scan.word(index, "pm")):
        return None
    meridiem = ""
    for name in ("am", "pm"):
        found = scan.word(index, name)
        # A lone "a" or "p" counts only right behind the minutes: 9:00a
        if found and (
            len(scan.tokens[index].text) > 1 or found[1] > index + 1 or (sure and scan.glued(index))
        ):
            if not 1 <= hour <= 12:
                return None
            meridiem, sure, index = name, True, found[1]
            if (
                found[1] > at
                and scan.is_mark(index, ".")
                and scan.glued(index)
                and scan.is_mark(index - 2, ".")
            ):
                index += 1
            hour = hour % 12 + (12 if name == "pm" else 0)
            break
    if hour == 24:
        if minute or second:
            return None
        hour = 0
    return time(hour, minute, second), sure, meridiem, index


def _zone_at(scan: Scanner, at: int) -> tuple[str | None, int]:
    """ "PT", "(CET)", "America/New_York", "UTC+2", "Pacific Time"."""
    opened = scan.is_mark(at, "(")
    start = at + 1 if opened else at
    if start >= len(scan) or scan.tokens[start].kind != "word":
        return None, at
    zone, index = _area(scan, start)
    if zone is None:
        zone = ZONES.get(scan.tokens[start].text)
        source = scan.slice(start, start + 1)
        if zone is None or (len(source) < 5 and not (source.isupper() or scan.glued(start))):
            return None, at
        index = start + 1
        if scan.tokens[start].text in {"pacific", "eastern", "central", "mountain"} or scan.is_mark(
            index, "time"
        ):
            if not scan.is_mark(index, "time"):
                return None, at
            index += 1
        elif zone == "UTC" and scan.is_mark(index, "+", "-") and scan.integer(index + 1, 0, 14) is not None:
            # POSIX counts the other way round: Etc/GMT-2 is two hours ahead of UTC.
            hours = int(scan.digits(index + 1))
            sign = "-" if scan.is_mark(index, "+") else "+"
            zone = f"Etc/GMT{sign}{hours}" if hours else "UTC"
            index += 2
    if opened:
        if not scan.is_mark(index, ")"):
            return None, at
        index += 1
    return zone, index


def _area(scan: Scanner, at: int) -> tuple[str | None, int]:
    if scan.tokens[at].text not in _AREAS or not scan.is_mark(at + 1, "/"):
        return None, at
    index = at + 2
    while (
        index + 1 < len(scan)
        and index - at < 10
        and scan.glued(index + 1)
        and (
            scan.tokens[index + 1].kind in {"word", "number"}
            or scan.tokens[index + 1].text in {"_", "/", "-", "+"}
        )
    ):
        index += 1
    try:
        return ZoneInfo(scan.slice(at, index + 1)).key, index + 1
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None, at
