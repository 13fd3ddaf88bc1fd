"""The grammar of calendar dates: days, ranges of days, weeks, months, quarters."""

from __future__ import annotations

from dataclasses import replace

from apps.core.scanning import Scanner
from apps.schedule.calendar_parts import (
    FIRST_YEAR,
    LAST_YEAR,
    Period,
    day_number,
    joins_neighbours,
    month_name,
    range_link,
    runs_on,
    valid_day,
    year_at,
)


def _ymd(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """2026-03-04, 2026/3/4, 2026.03.04; 2026-03 alone is a month."""
    year = scan.integer(at, FIRST_YEAR, LAST_YEAR)
    if year is None or len(scan.digits(at)) != 4 or not scan.is_mark(at + 1, "-", "/", "."):
        return None
    if not (scan.glued(at + 1) and scan.glued(at + 2)) or len(scan.digits(at + 2)) > 2:
        return None
    month = scan.integer(at + 2, 1, 12)
    if month is None:
        return None
    separator = scan.tokens[at + 1].text
    if scan.is_mark(at + 3, separator) and scan.glued(at + 3) and scan.glued(at + 4):
        day = scan.integer(at + 4, 1, 31)
        clock_follows = scan.is_mark(at + 5, "t") and bool(scan.digits(at + 6))
        if day is None or not valid_day(year, month, day) or (runs_on(scan, at + 5) and not clock_follows):
            return None
        return Period(year, month=month, day=day), at + 5
    if separator == "-" and len(scan.digits(at + 2)) == 2 and not runs_on(scan, at + 3):
        return Period(year, month=month), at + 3
    return None


def _east_asian(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """2026年3月4日, 3月4日, 2026年3月."""
    year = None
    index = at
    if scan.is_mark(index + 1, "年"):
        year = scan.integer(index, FIRST_YEAR, LAST_YEAR)
        if year is None:
            return None
        index += 2
    month = scan.integer(index, 1, 12)
    if month is None or not scan.is_mark(index + 1, "月"):
        return None
    day = scan.integer(index + 2, 1, 31)
    if day is not None and scan.is_mark(index + 3, "日"):
        return (Period(year, month=month, day=day), index + 4) if valid_day(year, month, day) else None
    if scan.is_mark(index + 2, "曜"):  # 月曜 is Monday
        return None
    return Period(year, month=month, bare=year is None), scan.after(index + 2, "part_after")


def _numeric(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """3/4/2026, 04.03.2026, 4-3-2026, 3/4, 4.3. in the order the language writes them."""
    first = scan.integer(at, 1, 31)
    separator = scan.tokens[at + 1].text if at + 1 < len(scan) else ""
    if first is None or separator not in {"/", ".", "-"} or len(scan.digits(at)) > 2:
        return None
    if separator == "/" and len(scan.digits(at + 2)) == 4:
        year_behind = scan.integer(at + 2, FIRST_YEAR, LAST_YEAR)
        glued = scan.glued(at + 1) and scan.glued(at + 2)
        if glued and year_behind and first <= 12 and not runs_on(scan, at + 3):
            return Period(year_behind, month=first), at + 3  # 05/2026
        return None
    settings = scan.vocab.settings
    second = scan.integer(at + 2, 1, 31)
    if second is None or len(scan.digits(at + 2)) > 2 or not (scan.glued(at + 1) and scan.glued(at + 2)):
        return None
    certain = bool(settings.get("date_order_certain")) or separator == "."
    month_first = separator != "." and settings.get("date_order") in {"mdy", "ymd"}
    year, index, bare = None, at + 3, True
    if scan.is_mark(index, separator) and scan.glued(index):
        digits = scan.digits(index + 1) if scan.glued(index + 1) else ""
        if len(digits) in {2, 4} and not runs_on(scan, index + 2):
            year = int(digits) + (2000 if len(digits) == 2 else 0)
            index, bare = index + 2, False
            if not FIRST_YEAR <= year <= LAST_YEAR or (scan.is_mark(index, separator) and scan.glued(index)):
                return None
        elif separator == "." and not digits and settings.get("date_order") == "dmy":
            index, bare = index + 1, False
        else:
            return None
    elif separator != "/" or runs_on(scan, index) or (first, second) == (24, 7):
        return None  # 4.5 and 2-3 are numbers, 24/7 is a habit
    month, day = (first, second) if month_first else (second, first)
    if month > 12 and not certain:
        month, day = day, month
    if not valid_day(year, month, day):
        return None
    either = not certain and first <= 12 and second <= 12 and first != second
    return Period(year, month=month, day=day, either_way=either, bare=bare), index


def _named(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """20 March 2026, 4th of March, March 4, 2026, Jan 20-24, March 2026, March."""
    day = day_number(scan, at)
    if day:
        index = day[1]
        if scan.is_mark(index, "-") and scan.glued(index):  # 20-Mar-2026
            index += 1
        month = month_name(scan, scan.after(index, "of"))
        if month and valid_day(None, month[0], day[0]):
            index = month[1]
            dashed = scan.is_mark(index, "-") and scan.glued(index) and scan.glued(index + 1)
            year = year_at(scan, index + 1 if dashed else index)
            if year and not valid_day(year[0], month[0], day[0]):
                return None
            return Period(year[0] if year else None, month=month[0], day=day[0]), year[1] if year else index
        return None
    month = month_name(scan, at)
    if not month:
        return None
    index = month[1]
    if scan.is_mark(index, "-") and scan.glued(index) and scan.glued(index + 1):  # Mar-04
        index += 1
    year = year_at(scan, index)
    if year:
        return Period(year[0], month=month[0]), year[1]
    day = day_number(scan, scan.after(index, "of") if not scan.digits(index) else index)
    if (
        day
        and not runs_on(scan, day[1])
        and not scan.is_mark(day[1], ":")
        and valid_day(None, month[0], day[0])
    ):
        year = year_at(scan, day[1])
        if year and not valid_day(year[0], month[0], day[0]):
            return None
        return Period(year[0] if year else None, month=month[0], day=day[0]), year[1] if year else day[1]
    return Period(month=month[0], bare=True), month[1]


def _quarter(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """Q1 2024, 2024 Q1, 2024-Q1, Q1'24, 1st quarter of 2024, Q1 FY25."""
    lead = scan.word(at, "fiscal")
    if lead and len(scan.digits(lead[1])) in {2, 4}:  # FY26 Q2
        found = _quarter(scan, lead[1] + 1)
        if found and found[0].year is None:
            year_said = int(scan.digits(lead[1])) % 100 + 2000
            return replace(found[0], year=year_said, bare=False, kinds=("fiscal_quarter",)), found[1]
        return None
    before = year_at(scan, at)
    index = before[1] if before and not scan.is_mark(at, ",") else at
    if index > at and scan.is_mark(index, "-", "/"):
        index += 1
    number: int | None = None
    prefix = scan.word(index, "quarter_prefix")
    behind = scan.word(index + 1, "quarter_prefix") if scan.glued(index + 1) else None
    leading = scan.integer(index, 1, 4)
    if leading and behind and len(scan.digits(index)) == 1:
        # 1T 2026, 1T26
        short_year = scan.digits(behind[1]) if scan.glued(behind[1]) else ""
        if len(short_year) == 2:
            return Period(2000 + int(short_year), quarter=leading), behind[1] + 1
        year = year_at(scan, behind[1])
        return (Period(year[0], quarter=leading), year[1]) if year else None
    if prefix:
        number = scan.integer(prefix[1], 1, 4)
        short = len(scan.tokens[index].text) == 1
        if number is None or (short and not scan.glued(prefix[1])) or len(scan.digits(prefix[1])) > 1:
            return None
        index = scan.after(prefix[1] + 1, "quarter_suffix")
    else:
        ordinal = _ordinal(scan, index)
        unit = scan.word(ordinal[1], "unit") if ordinal else None
        if not ordinal or not unit or unit[0] != "quarter" or not 1 <= ordinal[0] <= 4:
            return None
        number, index = ordinal[0], unit[1]
    if runs_on(scan, index) and not scan.word(index, "fiscal"):
        return None
    if before and index > before[1]:
        return Period(before[0], quarter=number), index
    link = index + 1 if scan.is_mark(index, "/", "-", "·") else index
    kinds: tuple[str, ...] = ()
    fiscal = scan.word(link, "fiscal")
    if fiscal:
        kinds, link = ("fiscal_quarter",), fiscal[1]
        digits = scan.digits(link)
        if len(digits) == 2:
            return Period(2000 + int(digits), quarter=number, kinds=kinds), link + 1
    year = year_at(scan, link)
    if year:
        return Period(year[0], quarter=number, kinds=kinds), year[1]
    # "first quarter" without a year is a habit of speech, Q3 is a date that lacks one.
    return Period(quarter=number, bare=prefix is None), index


def _half(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """H1 2026, 2026-H1, 1H 2026, 1H26, first half of 2026: its two quarters."""
    before = year_at(scan, at)
    if before:
        index = before[1] + 1 if scan.is_mark(before[1], "-", "/") else before[1]
        prefix = scan.word(index, "half_prefix")
        number = scan.integer(prefix[1], 1, 2) if prefix and scan.glued(prefix[1]) else None
        if not prefix or not number or len(scan.digits(prefix[1])) > 1:
            return None
        return _quarters(before[0], number), prefix[1] + 1
    prefix = scan.word(at, "half_prefix")
    number = scan.integer(prefix[1], 1, 2) if prefix and scan.glued(prefix[1]) else None
    index = prefix[1] + 1 if prefix else at
    behind = scan.word(at + 1, "half_prefix") if scan.glued(at + 1) else None
    ordinal = _ordinal(scan, at)
    half = scan.word(ordinal[1], "half") if ordinal else None
    if behind and len(scan.digits(at)) == 1:
        number, index = scan.integer(at, 1, 2), behind[1]
    elif ordinal and half and ordinal[0] in {1, 2}:
        number, index = ordinal[0], scan.after(half[1], "of")
    if not number:
        return None
    short = scan.digits(index) if behind and scan.glued(index) else ""
    year = (2000 + int(short), index + 1) if len(short) == 2 else year_at(scan, index)
    if not year:
        return None
    return _quarters(year[0], number), year[1]


def _quarters(year: int, half: int) -> Period:
    first = Period(year, quarter=2 * half - 1)
    return replace(first, end=Period(year, quarter=2 * half))


def _ordinal(scan: Scanner, at: int) -> tuple[int, int] | None:
    found = scan.word(at, "ordinal")
    if found:
        return int(found[0]), found[1]
    day = day_number(scan, at)
    return day if day and day[1] > at + 1 else None


def _point(scan: Scanner, at: int) -> tuple[Period, int] | None:
    best: tuple[Period, int] | None = None
    for rule in (_ymd, _east_asian, _quarter, _half, _numeric, _named):
        found = rule(scan, at)
        if found and (best is None or found[1] > best[1]):
            best = found
    return best


def period_at(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """The calendar date, month, quarter or range that begins at a token, and the index behind it."""
    week = scan.word(at, "week_of")
    if week:
        found = _point(scan, scan.after(week[1], "of"))
        if found and found[0].day:
            return replace(found[0], week=True, bare=False), found[1]
        return None
    numbered = _calendar_week(scan, at)
    if numbered:
        return numbered
    part = scan.word(at, "part")
    if part:
        index = part[1] + (1 if scan.is_mark(part[1], "-") else 0)
        found = _point(scan, scan.after(index, "of"))
        if found and found[0].day is None:
            return replace(found[0], bare=False), found[1]
    short = _days_of_one_month(scan, at) or _between(scan, at)
    if short:
        return short
    first = _point(scan, at)
    if first is None:
        return None
    period, index = first
    link = range_link(scan, index)
    if link:
        last = _point(scan, link)
        if last is None and period.month and period.day and _names_month_first(scan, at):
            last = _bare_last_day(scan, link, period)
        elif last and _is_bare_number(scan, link, last[1]):
            last = _bare_last_day(scan, link, period) or last
        joined = _join(period, last[0]) if last else None
        if joined and joins_neighbours(scan, index) and not _neighbours(joined):
            joined = None
        if last and joined:
            period, index = joined, last[1]
    if period.year is None and (period.end is None or period.end.year is None):
        # 3/10-3/11 2025: the year stands behind both.
        year = year_at(scan, index) if period.month else None
        if year and (period.day is None or valid_day(year[0], period.month or 1, period.day)):
            period = replace(period, year=year[0], bare=False)
            if period.end:
                period = replace(period, end=replace(period.end, year=year[0]))
            index = year[1]
    return period, index


def _between(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """between March 4 and March 9, 2026: unlike a bare "and", any two dates are a range."""
    lead = scan.word(at, "separator")
    first = _point(scan, scan.after(lead[1], "of")) if lead and lead[0] == "between" else None
    link = range_link(scan, first[1]) if first else 0
    last = _point(scan, scan.after(link, "of")) if link else None
    joined = _join(first[0], last[0]) if first and last else None
    return (replace(joined, bare=False), last[1]) if joined and last else None


def _names_month_first(scan: Scanner, at: int) -> bool:
    return scan.word(at, "month") is not None or scan.is_mark(at + 1, "月", "年") or len(scan.digits(at)) == 4


def _is_bare_number(scan: Scanner, start: int, end: int) -> bool:
    return end == start + 1 and bool(scan.digits(start))


def _bare_last_day(scan: Scanner, at: int, first: Period) -> tuple[Period, int] | None:
    """The 24 in Jan 20-24, 2026."""
    day = day_number(scan, at)
    if not day or runs_on(scan, day[1]) or not valid_day(first.year, first.month or 1, day[0]):
        return None
    index = day[1] + (1 if scan.is_mark(day[1], "日") else 0)
    year = year_at(scan, index) if first.year is None else None
    last = Period(year[0] if year else first.year, month=first.month, day=day[0])
    return last, year[1] if year else index


def _days_of_one_month(scan: Scanner, at: int) -> tuple[Period, int] | None:
    """20-24 January 2026, 20. bis 24. Januar."""
    first = day_number(scan, at)
    link = range_link(scan, first[1]) if first else 0
    if not first or not link:
        return None
    if scan.is_mark(link - 1, "/"):
        return None
    last = _named(scan, link)
    if last and joins_neighbours(scan, first[1]) and last[0].day != first[0] + 1:
        return None
    if not last or last[0].day is None or last[0].month is None or not day_number(scan, link):
        return None
    month, year = last[0].month, last[0].year
    if first[0] >= last[0].day or not valid_day(year, month, first[0]):
        return None
    return Period(year, month=month, day=first[0], end=last[0]), last[1]


def _calendar_week(scan: Scanner, at: int) -> tuple[Period, int] | None:
    year_first = scan.integer(at, FIRST_YEAR, LAST_YEAR)
    if year_first and scan.is_mark(at + 1, "-") and scan.is_mark(at + 2, "w") and scan.glued(at + 3):
        number = scan.integer(at + 3, 1, 53)  # 2026-W10
        return (Period(year_first, calendar_week=number), at + 4) if number else None
    found = scan.word(at, "calendar_week")
    if not found:
        return None
    number = scan.integer(found[1], 1, 53)
    if number is None:
        return None
    index = found[1] + 1
    year = year_at(scan, index + 1 if scan.is_mark(index, "/", "-") else index)
    return Period(year[0] if year else None, calendar_week=number), year[1] if year else index


def _neighbours(period: Period) -> bool:
    """Whether the two ends of a range follow each other: 2 and 3 March, Q1 and Q2."""
    last = period.end
    if last is None:
        return False
    if period.day and last.day:
        return (last.month, last.day) == (period.month, period.day + 1) or last.day == 1
    return (last.quarter or last.month or 0) == (period.quarter or period.month or 0) + 1


def _join(first: Period, last: Period) -> Period | None:
    """Two ends of a range, the year told once; None when they are of different kinds or run backwards."""
    if (first.quarter is None) != (last.quarter is None) or (first.day is None) != (last.day is None):
        return None
    year = first.year
    if year is None and last.year is not None:
        year = last.year - (1 if _order(first) > _order(last) else 0)
    end_year = last.year
    if end_year is None and year is not None:
        end_year = year + (1 if _order(first) > _order(last) else 0)
    told_once = first.year is None or last.year is None
    if told_once and first.month and first.month == last.month and _order(first) > _order(last):
        return None  # "Mar 9-4, 2027" is a slip; nothing that ends where it began runs for a year
    for period, of in ((first, year), (last, end_year)):
        if period.day and period.month and not valid_day(of, period.month, period.day):
            return None
    if year and end_year and (year, *_order(first)) > (end_year, *_order(last)):
        return None
    return replace(
        first,
        year=year,
        end=replace(last, year=end_year),
        either_way=first.either_way and last.either_way,
        bare=first.bare and last.bare,
    )


def _order(period: Period) -> tuple[int, int]:
    return (period.quarter or period.month or 0, period.day or 0)
