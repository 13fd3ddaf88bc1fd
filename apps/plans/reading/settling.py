"""What is unclear about a time becomes a question; an answer to it is applied."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.schedule.when import When

if TYPE_CHECKING:
    from apps.plans.reading.drafts import Context
    from apps.plans.reading.model import Record

_QUESTIONS = {
    "weekday_contradicts": "The weekday in “{text}” is not the weekday of that date. Which day is it?",
    "fiscal_quarter": "“{text}” is a fiscal quarter. Which dates are meant?",
}
_LATE_DAY = re.compile(r"(?<!\d)(?:29|[3-9]\d)(?!\d)")
_SHARE = re.compile(r"(?<![\d.,])(\d{3,6})(?:[.,]\d+)?\s?[%％]")


def no_such_day(context: Context, text: str, anchor: str | None = None) -> bool:
    """Whether a text would be a date if only its month had that day: 30 February, 2026-04-31."""
    if len(text) > 40 or context.when(text, anchor) is not None:
        return False
    for match in _LATE_DAY.finditer(text):
        other = context.when(f"{text[: match.start()]}28{text[match.end() :]}", anchor)
        if other is not None and (other.date is not None or other.missing_year):
            return True
    return False


def ask_day(context: Context, text: str, line: int, record: Record, name: str) -> None:
    """Ask which day is meant by one that no month has; an answer is taken, the text stays as it is."""
    answer = _date(
        context.ask(
            "no_such_day",
            line,
            f"{record.title}\x1f{text}",
            f"There is no “{text}”. Which day is meant?",
            record=record,
            field=name,
        )
    )
    if answer is not None:
        record.as_read = {**record.as_read, name: None}
        record.fields[name] = When(date=answer, precision="day", text=answer.isoformat()).to_json()


def ask_share(context: Context, text: str, line: int, record: Record, name: str) -> None:
    """More than all of an audience is nobody's share: ask who is meant."""
    shares = [match[1] for match in _SHARE.finditer(text) if int(match[1]) > 100]
    if not shares:
        return
    answer = context.ask(
        "share_above_all",
        line,
        f"{record.title}\x1f{name}\x1f{text}",
        f"“{text[:100]}” is more than everybody. Who is meant?",
        record=record,
        field=name,
    )
    if answer is not None and name in record.fields:
        record.as_read = {**record.as_read, name: record.fields[name]}
        record.fields[name] = answer


def settle(context: Context, when: When, line: int, record: Record, name: str) -> When:
    """Ask what a time leaves unclear, once per record and kind; returns the time with the answers applied."""
    if when.missing_year:
        when = context.dated(when, line)
    for kind in when.ambiguous:
        if kind == "which_clock":
            answer = context.ask(
                kind,
                line,
                f"{record.title}\x1f{when.text}",
                f"Which clock does “{when.text}” count by: the launch day or the rollout?",
                proposed=when.anchor or ("rollout_start" if record.kind == "phase" else "launch_day"),
                choices=("launch_day", "rollout_start"),
                record=record,
                field=name,
            )
            if answer in ("launch_day", "rollout_start"):
                when = replace(when, anchor=answer, ambiguous=_without(when, kind))
        else:
            when = ask_date(context, kind, when, line, record, name)
    return when


def ask_date(context: Context, kind: str, when: When, line: int, record: Record, name: str) -> When:
    """Ask which day a date means; returns the answered one, else the time as it is."""
    choices = _both_orders(when.date) if kind == "day_month" and when.date is not None else ()
    if choices:
        words = " or ".join(f"{day.day} {day:%B} {day.year}" for day in choices)
        text = f"Is “{when.text}” {words}?"
    else:
        text = _QUESTIONS.get(kind, "“{text}” can be read in more than one way.").format(text=when.text)
    answer = _date(
        context.ask(
            kind,
            line,
            f"{record.title}\x1f{when.text}",
            text,
            proposed=when.date.isoformat() if when.date else None,
            choices=tuple(day.isoformat() for day in choices),
            record=record,
            field=name,
        )
    )
    if answer is None:
        return when
    return replace(when, date=answer, text=answer.isoformat(), ambiguous=_without(when, kind))


def _without(when: When, kind: str) -> tuple[str, ...]:
    return tuple(known for known in when.ambiguous if known != kind)


def _both_orders(day: dt.date) -> tuple[dt.date, ...]:
    """Both readings of 3/4/2027."""
    try:
        return day, day.replace(month=day.day, day=day.month)
    except ValueError:
        return (day,)


def _date(answer: str | None) -> dt.date | None:
    if answer is None:
        return None
    try:
        return dt.date.fromisoformat(answer)
    except ValueError:
        return None
