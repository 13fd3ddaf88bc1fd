"""The grammar of times in plans: from text to `When`, whole cells or spans inside sentences."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import cast

from apps.core.scanning import Scanner
from apps.core.tokens import is_placeholder_mark
from apps.core.vocabulary import Vocabulary
from apps.schedule.calendar_dates import period_at
from apps.schedule.calendar_parts import Period, valid_day
from apps.schedule.clock_times import clock_at
from apps.schedule.relative_times import Options, Relative, cut_short, relative_at
from apps.schedule.when_value import UNIT_PRECISION, Anchor, Unit, When

# Longer texts are prose with a time in it, not a time.
MAX_LENGTH = 300
# Prose longer than this is searched only so far, so that one giant line cannot take minutes.
MAX_SEARCHED = 200_000


def parse_when(
    text: str,
    *,
    vocab: Vocabulary,
    default_anchor: Anchor | None = None,
    t_unit: str = "day",
    default_year: int | None = None,
) -> When | None:
    """The time that the whole text says, or None: for prose, placeholders ("[DATE]", "TBD") and nothing.

    `default_anchor` is what "Week 2" counts from; without it the result says "which_clock". Signed and
    zero numbers ("Week -2", "T-14", "Day 0") count from launch day. `t_unit` is the unit of bare
    T-numbers. `default_year` fills a year the text leaves out. Never raises.
    """
    if len(text) > MAX_LENGTH or not text.strip() or is_placeholder_mark(text):
        return None
    scan = Scanner(text, vocab)
    options = Options(default_anchor, t_unit, default_year, whole=True)
    size = len(scan)
    start = 0
    while start < size and scan.is_mark(start, "(", "[", "*", "_", "`", "~", ":", "«", '"', "≈", "·"):
        start += 1
    end = size
    while end > start and scan.is_mark(end - 1, ")", "]", "*", "_", "`", ".", ":", ",", "»", '"'):
        # "Week 4 (launch)" keeps its bracket: only what was opened in front is closed behind.
        if scan.is_mark(end - 1, ")", "]") and not _opened(scan, start):
            break
        end -= 1
    for at in _starts(scan, start):
        found = _time_at(scan, at, options)
        if found and found[1] >= end:
            return replace(found[0], text=text.strip())
    return None


def find_whens(
    text: str,
    *,
    vocab: Vocabulary,
    default_anchor: Anchor | None = None,
    t_unit: str = "day",
    default_year: int | None = None,
) -> list[tuple[int, int, When]]:
    """The times inside a text, as (start, end, time) in order, not overlapping. Only forms that are
    surely times count: "may", "launch" and "3/4" inside a sentence are words. Never raises.
    """
    searched = text[:MAX_SEARCHED]
    scan = Scanner(searched, vocab)
    options = Options(default_anchor, t_unit, default_year, whole=False)
    found = []
    at = 0
    size = len(scan)
    while at < size:
        token = scan.tokens[at]
        if (token.kind == "number" or token.text == "第" or vocab.can_begin(token)) and _stands_free(
            scan, at
        ):
            time = _time_at(scan, at, options)
            if time:
                start, end = token.start, scan.tokens[time[1] - 1].end
                found.append((start, end, replace(time[0], text=searched[start:end])))
                at = time[1]
                continue
        at += 1
    return found


def _opened(scan: Scanner, start: int) -> bool:
    return any(scan.is_mark(index, "(", "[") for index in range(start))


def _starts(scan: Scanner, at: int) -> list[int]:
    """Where a time may begin: at once, or behind words such as "on", "by", "starting in the"."""
    starts = [at]
    while len(starts) < 5:
        following = scan.after(at, "skip")
        if following == at:
            break
        starts.append(following)
        at = following
    return starts


def _stands_free(scan: Scanner, at: int) -> bool:
    """Not the tail of a word, version or number: the 5-day of "v2.5-day"."""
    token = scan.tokens[at]
    if token.spaced or at == 0:
        return True
    before = scan.tokens[at - 1]
    if before.kind == "mark":
        return before.text not in {".", "-", "+", "_", "%", "$", "€", "£", "#", "@", "/", "\\", "<", ">", "="}
    return not ((before.text.isascii() and before.kind == token.kind) or before.kind == "number")


def _time_at(scan: Scanner, at: int, options: Options) -> tuple[When, int] | None:
    """A time that begins at a token, with what belongs to it: clock time, weekday, the same in brackets."""
    weekday = scan.word(at, "weekday")
    start, day_name = at, None
    if weekday:
        day_name = int(weekday[0])
        start = weekday[1]
        while scan.is_mark(start, ",", ".", "-", "(") or scan.word(start, "of"):
            start = scan.after(start, "of") if scan.word(start, "of") else start + 1
    when, index = None, start
    relative = relative_at(scan, start, options)
    period = period_at(scan, start)
    if relative and period:  # "first week of March" is more than a first week
        relative, period = (relative, None) if relative[1] >= period[1] else (None, period)
    if relative:
        when, index = _from_relative(relative[0], options), relative[1]
    elif period:
        if period[0].bare and not (options.whole or weekday):
            return None
        when, index = _from_period(period[0], options), period[1]
    else:
        clock = clock_at(scan, start)
        if clock is None or (weekday and not options.whole):
            return None
        when, index = When(time=clock[0], zone=clock[1], precision="minute"), clock[2]
        second = _second(scan, index, options)
        if second and second[0].time is None and (second[0].unit or second[0].date):
            when, index = _merge(second[0], when), second[1]
    if when is None or cut_short(scan, index):
        return None
    when, index = _with_details(scan, when, index, options, day_name)
    return when, index


def _with_details(
    scan: Scanner, when: When, index: int, options: Options, day_name: int | None
) -> tuple[When, int]:
    for _ in range(4):
        following = index
        if scan.is_mark(index, ",", "@", "·", "-", "|", ";", ":") and index + 1 < len(scan):
            following += 1
        following = scan.after(following, "time_of")
        if scan.is_mark(following, "t") and scan.glued(following):
            following += 1
        clock = clock_at(scan, following) if when.time is None else None
        if clock:
            when = replace(when, time=clock[0], zone=clock[1], precision="minute")
            index = clock[2]
            continue
        if (when.date or when.fuzzy) and scan.is_mark(index, "-") and scan.word(index + 1, "onward"):
            index = scan.after(index + 1, "onward")  # "Apr 15 - ongoing"
            continue
        bracket = scan.is_mark(index, "(", "[")
        inner = index + 1 if bracket else following
        weekday = scan.word(inner, "weekday")
        if weekday and day_name is None and (bracket or scan.is_mark(index, ",") or options.whole):
            closed = weekday[1] + 1 if bracket else weekday[1]
            if not bracket or scan.is_mark(weekday[1], ")", "]"):
                day_name, index = int(weekday[0]), closed
                continue
        second = _second(scan, index, options)
        if second is None:
            break
        merged = _merge(when, second[0])
        if merged is None:
            break
        when, index = merged, second[1]
    single = when.date if when.end_date is None and when.precision != "week" else None
    if day_name is not None and single is not None and single.isoweekday() != day_name:
        when = replace(when, ambiguous=(*when.ambiguous, "weekday_contradicts"))
    return when, index


def _second(scan: Scanner, index: int, options: Options) -> tuple[When, int] | None:
    """The same time told another way: "Week 1 (Jan 20-24)", "T-0 - Launch day"."""
    bracket = scan.is_mark(index, "(", "[")
    if bracket or (options.whole and scan.is_mark(index, ",", "-", "/", ":", "|", "=", "·")):
        start = index + 1
    else:
        return None
    for at in _starts(scan, start):
        relative = relative_at(scan, at, replace(options, whole=True))
        if relative:
            when, end = _from_relative(relative[0], options), relative[1]
        else:
            weekday = scan.word(at, "weekday")
            period = period_at(scan, scan.after(weekday[1], "of") if weekday else at)
            if period is None:
                continue
            dated = _from_period(period[0], options)
            if dated is None:
                continue
            when, end = dated, period[1]
        if bracket:
            if scan.is_mark(end, ")", "]"):
                return when, end + 1
            continue
        return when, end
    return None


def _merge(first: When, second: When) -> When | None:
    """One time out of two tellings, with the first one's precision; None when they do not go together."""
    if first.unit and second.unit:
        return first if second.offset == first.offset or second.offset == 0 or first.offset == 0 else None
    if (first.date or first.fuzzy) and (second.date or second.fuzzy):
        return None
    dated, other = (first, second) if first.date or first.fuzzy else (second, first)
    ambiguous = tuple(
        kind for kind in (*first.ambiguous, *second.ambiguous) if kind != "which_clock" or not dated.date
    )
    return replace(
        other,
        date=dated.date,
        end_date=dated.end_date,
        fuzzy=dated.fuzzy,
        missing_year=dated.missing_year,
        time=first.time or second.time,
        zone=first.zone or second.zone,
        precision="minute" if first.time or second.time else (other.precision or dated.precision),
        ambiguous=ambiguous,
    )


def _from_relative(relative: Relative, options: Options) -> When:
    anchor = relative.anchor
    if anchor is None and (relative.signed or relative.offset <= 0):
        anchor = "launch_day"
    if anchor is None:
        anchor = options.default_anchor
    return When(
        anchor=anchor,
        unit=cast(Unit, relative.unit),
        offset=relative.offset,
        end_offset=relative.end,
        open_ended=relative.open_ended,
        precision=UNIT_PRECISION[relative.unit],
        ambiguous=() if anchor else ("which_clock",),
    )


# ---- Calendar dates -----------------------------------------------------------------------------------


def _from_period(period: Period, options: Options) -> When | None:
    """A `When` with its year filled in or marked as missing; None for days that do not exist."""
    missing = period.year is None
    if missing and options.default_year is not None:
        period = replace(period, year=options.default_year)
        if period.end:
            over = (period.end.month or 0, period.end.day or 0) < (period.month or 0, period.day or 0)
            period = replace(period, end=replace(period.end, year=options.default_year + (1 if over else 0)))
        missing = False
    kinds = (*period.kinds, "day_month") if period.either_way else period.kinds
    if period.calendar_week:
        return _from_calendar_week(period, missing)
    if period.quarter:
        return When(fuzzy=_fuzzy(period, missing), precision="quarter", missing_year=missing, ambiguous=kinds)
    if period.day is None:
        return When(fuzzy=_fuzzy(period, missing), precision="month", missing_year=missing, ambiguous=kinds)
    if missing:
        precision = "week" if period.week else "day"
        return When(
            fuzzy=_fuzzy(period, missing),
            precision=cast("dt.date", precision),  # type: ignore[arg-type]
            missing_year=True,
            ambiguous=kinds,
        )
    for part in (period, period.end):
        if part and part.day and not valid_day(part.year, part.month or 0, part.day):
            return None
    first = dt.date(period.year or 1, period.month or 1, period.day)
    last = None
    if period.end and period.end.day:
        last = dt.date(period.end.year or 1, period.end.month or 1, period.end.day)
        last = None if last == first else last
    if period.week:
        first -= dt.timedelta(days=first.weekday())
        return When(date=first, end_date=first + dt.timedelta(days=6), precision="week", ambiguous=kinds)
    return When(date=first, end_date=last, precision="day", ambiguous=kinds)


def _from_calendar_week(period: Period, missing: bool) -> When | None:
    number = period.calendar_week or 0
    if missing or period.year is None:
        return When(fuzzy=f"--W{number:02}", precision="week", missing_year=True)
    try:
        first = dt.date.fromisocalendar(period.year, number, 1)
    except ValueError:
        return None
    return When(date=first, end_date=first + dt.timedelta(days=6), precision="week")


def _fuzzy(period: Period, missing: bool) -> str:
    first = _name(period, missing)
    if period.end is None:
        return first
    last = _name(period.end, missing)
    return first if last == first else f"{first}/{last}"


def _name(period: Period, missing: bool) -> str:
    year = "-" if missing or period.year is None else f"{period.year}"
    if period.quarter:
        return f"{year}-Q{period.quarter}"
    day = f"-{period.day:02}" if period.day else ""
    return f"{year}-{period.month or 0:02}{day}"
