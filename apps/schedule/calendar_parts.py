"""The parts that calendar dates are made of: years, day numbers, month names, and what joins two dates."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field

from apps.core.scanning import Scanner

FIRST_YEAR, LAST_YEAR = 1900, 2199


@dataclass(frozen=True)
class Period:
    """A date as far as it was written. `quarter` or `month` without `day` is a fuzzy one."""

    year: int | None = None
    quarter: int | None = None
    month: int | None = None
    day: int | None = None
    end: Period | None = None
    week: bool = False  # the week that holds the day
    calendar_week: int | None = None
    either_way: bool = False  # day and month could be swapped
    bare: bool = False  # too little to be a date in the middle of a sentence
    kinds: tuple[str, ...] = field(default=())


def valid_day(year: int | None, month: int, day: int) -> bool:
    """Without a year 29 February counts as a day."""
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year or 2024, month)[1]


def runs_on(scan: Scanner, at: int) -> bool:
    """Whether a number is really longer: 2026.5, 2026%, 20x, 10-fold."""
    if not scan.glued(at):
        return False
    token = scan.tokens[at]
    if token.text == "%":
        return True
    if token.kind == "word":
        return token.text.isascii()
    return token.text in {".", ",", ":"} and scan.glued(at + 1) and bool(scan.digits(at + 1))


def year_at(scan: Scanner, at: int) -> tuple[int, int] | None:
    """ "2026", "'26", ", 2026", "of 2026", "2026年"."""
    if scan.is_mark(at, ","):
        at += 1
    at = scan.after(at, "of")
    short = scan.is_mark(at, "'") and len(scan.digits(at + 1)) == 2 and scan.glued(at + 1)
    if short:
        return 2000 + int(scan.digits(at + 1)), at + 2
    year = scan.integer(at, FIRST_YEAR, LAST_YEAR)
    if year is None or len(scan.digits(at)) != 4 or runs_on(scan, at + 1):
        return None
    return year, at + 1 + (1 if scan.is_mark(at + 1, "年") else 0)


def day_number(scan: Scanner, at: int) -> tuple[int, int] | None:
    """ "20", "20th", "20.", "1er"."""
    day = scan.integer(at, 1, 31)
    if day is None or len(scan.digits(at)) > 2:
        return None
    index = at + 1
    if scan.glued(index):
        suffix = scan.word(index, "day_suffix")
        if suffix:
            return day, suffix[1]
        if scan.is_mark(index, "°"):
            return day, index + 1
        if scan.is_mark(index, ".") and not (scan.glued(index + 1) and scan.digits(index + 1)):
            return day, index + 1
    return day, index


def month_name(scan: Scanner, at: int) -> tuple[int, int] | None:
    found = scan.word(at, "month")
    if not found:
        return None
    month, index = int(found[0]), found[1]
    name = scan.slice(at, index)
    if scan.word(at, "month_word") and not name[0].isupper():
        return None  # "you may 5" and "a march 10 miles long" are no dates
    if scan.is_mark(index, ".") and scan.glued(index) and index < len(scan) - 1 and len(name) <= 4:
        index += 1
    return month, index


def joins_neighbours(scan: Scanner, at: int) -> bool:
    """Whether a link is "and" or "&", which make a range only of two that follow each other."""
    found = scan.word(at, "separator")
    return scan.is_mark(at, "&") or (found is not None and found[0] == "and")


def range_link(scan: Scanner, at: int) -> int:
    """Behind a mark or word that joins the ends of a range; 0 when there is none."""
    if scan.is_mark(at, "-", "~", "→", "/", "&"):
        return at + 1
    if scan.is_mark(at, ".") and scan.is_mark(at + 1, ".") and scan.glued(at + 1):
        return at + 3 if scan.is_mark(at + 2, ".") else at + 2
    found = scan.word(at, "range")
    return scan.after(found[1], "of") if found else 0
