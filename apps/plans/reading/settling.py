"""What is unclear about a time becomes a question; an answer to it is applied."""

from __future__ import annotations

import datetime as dt
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
