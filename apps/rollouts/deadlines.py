"""Deadlines of rollback steps: "within 15 minutes" becomes minutes from the trigger."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from apps.core.scanning import Scanner
from apps.core.vocabulary import Vocabulary

MAX_LENGTH = 5_000
# A step that may take longer than a year has no deadline.
MAX_MINUTES = 366 * 24 * 60
_MINUTES = {
    "second": Decimal(1) / 60,
    "minute": Decimal(1),
    "hour": Decimal(60),
    "day": Decimal(1440),
    "business_day": Decimal(1440),
    "week": Decimal(10080),
}


# Spans that are told without a number: "half an hour", "the hour".
_SPANS = {"half": 30, "hour": 60}


def parse_deadline(text: str, *, vocab: Vocabulary) -> int | None:
    """Minutes from the trigger that a step may take, or None when the text does not say.

    Of a range the later end counts ("15-30 minutes" is 30), of parts the sum ("1h 30m" is 90); parts of
    minutes are rounded up; a business day counts as 24 hours, because the trigger may come at any time.
    A duration alone, in brackets or behind "within", "by", "T+" or "<" is a deadline; "wait 10 minutes"
    is not. Never raises.
    """
    if len(text) > MAX_LENGTH:
        return None
    scan = Scanner(text, vocab)
    for at in range(len(scan)):
        start = _lead(scan, at)
        if start is None:
            continue
        found = _duration(scan, start)
        if not found:
            continue
        minutes, end = found
        behind = scan.word(end, "deadline")
        if (behind and behind[0] == "after") or start > at or _alone(scan, at, end):
            return minutes if minutes <= MAX_MINUTES else None
    return None


def _lead(scan: Scanner, at: int) -> int | None:
    """Behind "within", "by T+", "<", or at the number itself; None where no deadline can begin."""
    index = at
    for _ in range(3):
        found = scan.word(index, "deadline")
        if found and found[0] == "within":
            index = found[1]
        elif scan.is_mark(index, "<", "≤", "~", ":"):
            index += 1
        elif scan.is_mark(index, "t") and scan.is_mark(index + 1, "+"):
            return index + 2
        elif index == at and scan.is_mark(index, "+") and (index == 0 or scan.tokens[index].spaced):
            return index + 1
        elif index > at and scan.word(index, "skip"):
            index = scan.after(index, "skip")
        else:
            break
    if index == at and scan.is_mark(at, ":"):
        return None
    begins = bool(scan.digits(index)) or scan.word(index, "number") is not None
    half = scan.word(index, "deadline")
    if half and half[0] == "hour":
        # "within the hour"; "the first hour" alone says when, not until when.
        return index if index > at else None
    return index if begins or (half and half[0] == "half") else None


def _amount(scan: Scanner, at: int) -> tuple[Decimal, int] | None:
    number = scan.decimal(at)
    if number:
        return number
    found = scan.word(at, "number")
    return (Decimal(found[0]), found[1]) if found else None


def _duration(scan: Scanner, at: int) -> tuple[int, int] | None:
    half = scan.word(at, "deadline")
    if half and half[0] in _SPANS:
        return _SPANS[half[0]], half[1]
    total, index, parts = Decimal(0), at, 0
    while parts < 3:
        part = _part(scan, index)
        if part is None:
            break
        total, index, parts = total + part[0], part[1], parts + 1
        following = index + 1 if scan.is_mark(index, ",") else index
        if not scan.digits(following):
            break
        index = following
    if not parts:
        return None
    bare = scan.integer(index, 0, 59) if scan.glued(index) else None
    if parts == 1 and bare is not None and total % 60 == 0 and len(scan.digits(index)) == 2:
        total, index = total + bare, index + 1  # 1h30
    return int(total.to_integral_value(rounding=ROUND_CEILING)), index


def _part(scan: Scanner, at: int) -> tuple[Decimal, int] | None:
    """ "15 minutes", "15-30 min", "2h", "15m"."""
    number = _amount(scan, at)
    if number is None:
        return None
    value, index = number
    link = index + 1 if scan.is_mark(index, "-", "~", "/") else scan.after(index, "range")
    high = _amount(scan, link) if link > index else None
    if high and high[0] > value:
        value, index = high
    elif scan.is_mark(index, "-"):
        index += 1
    unit = scan.word(index, "unit")
    minutes = _MINUTES.get(unit[0]) if unit else None
    if unit is None or minutes is None:
        # A lone m is a minute only right behind its number.
        if scan.is_mark(index, "m") and scan.glued(index):
            return value, index + 1
        return None
    return value * minutes, unit[1]


def _alone(scan: Scanner, at: int, end: int) -> bool:
    """A duration that is the whole text, stands in brackets, or behind a colon or dash at an end."""
    if at == 0 and (end >= len(scan) or scan.is_mark(end, ":", "-", "|", ")", ",")):
        return True
    if at and scan.is_mark(at - 1, "(", "[") and scan.is_mark(end, ")", "]", ",", ";"):
        return True
    closes = end >= len(scan) or (scan.is_mark(end, ".", ")", "]") and end + 1 >= len(scan))
    return bool(at) and scan.is_mark(at - 1, ":", "-", "|", ",", "→") and closes
