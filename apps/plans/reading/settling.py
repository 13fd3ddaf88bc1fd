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
    "weekday_contradicts": "The weekday in “{text}” is not the weekday of that date.",
    "day_month": "Is “{text}” month/day or day/month?",
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
            answer = context.ask(
                kind,
                line,
                f"{record.title}\x1f{when.text}",
                _QUESTIONS.get(kind, "“{text}” can be read in more than one way.").format(text=when.text),
                proposed=when.date.isoformat() if when.date else None,
                choices=_swapped(when) if kind == "day_month" else (),
                record=record,
                field=name,
            )
            day = _date(answer)
            if day is not None:
                when = replace(when, date=day, text=day.isoformat(), ambiguous=_without(when, kind))
    return when


def _without(when: When, kind: str) -> tuple[str, ...]:
    return tuple(known for known in when.ambiguous if known != kind)


def _swapped(when: When) -> tuple[str, ...]:
    """Both readings of 3/4/2025."""
    if when.date is None:
        return ()
    try:
        other = when.date.replace(month=when.date.day, day=when.date.month)
    except ValueError:
        return (when.date.isoformat(),)
    return (when.date.isoformat(), other.isoformat())


def _date(answer: str | None) -> dt.date | None:
    if answer is None:
        return None
    try:
        return dt.date.fromisoformat(answer)
    except ValueError:
        return None
