"""Launch day and the rollout's first day, as far as the plan states them; what it leaves open is asked.

A launch holds a day, or one month, quarter, half-year or year. What the plan says otherwise (a week, a few
days) is held as the smallest of these around it: true, if coarse, and the fact keeps the plan's words.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.plans.reading.drafts import Context
from apps.plans.reading.model import Record
from apps.plans.reading.settling import ask_date
from apps.plans.reading.wording import fold
from apps.schedule.when import When

_FUZZY = re.compile(r"(\d{4})(?:-Q([1-4])|-(0[1-9]|1[0-2])|-H([12]))?")
_ROUGHLY = re.compile(r"[^\W\d]*\W{0,3}(20[2-4]\d)\W*")
_CLAUSE = re.compile(r"[^.;(),]+")
_MARKS = re.compile(r"[*_`]")
# As many days as a plan's range may have to be offered one by one.
_FEW = 7
# What may be unclear about the wording of one day.
_UNCLEAR = ("day_month", "weekday_contradicts")


@dataclass(frozen=True)
class Told:
    """A time that a fact or entry tells: `period` is 2026, 2026-H1, 2026-Q1, 2026-03 or 2026-03-04, None if unknown.

    `precision` is what was written: day, week, month, quarter, half-year, year, or range for several of one kind.
    `days` are the days it may be, if they are few.
    """

    text: str
    period: str | None
    precision: str | None
    days: tuple[str, ...] = ()


def launch_day(context: Context, records: list[Record], title: str) -> tuple[str | None, str | None]:
    """The launch day as far as the plan states it, with its precision; asks where it is open or told twice."""
    facts = [record for record in records if _is_fact(record, "launch_date")]
    # A placeholder for the day is this question, not one more.
    context.questions[:] = [
        question
        for question in context.questions
        if question.kind != "placeholder"
        or question.record is None
        or question.record.fields.get("key") != "launch_date"
    ]
    stated = [(record, told) for record in facts for told in _of_fact(context, record, "launch_day")]
    if not stated:
        stated = _on_calendar(context, records)
    line = (stated[0][0] if stated else facts[0]).lines[0] if stated or facts else 1
    days = {told.period or told.text: told for _, told in stated}
    if len(days) > 1:
        return _answer(
            context,
            line,
            "The plan names several launch days.",
            proposed=next((told.period for told in days.values() if told.period), None),
            choices=tuple(sorted({told.period for told in days.values() if told.period})),
        ) or (None, None)
    if not days:
        said = str(facts[0].fields["value"]).split("\n")[0] if facts else ""
        known = f"The plan says “{said[:100]}”." if said else "The plan does not say."
        # The date in a title may be the launch's or the document's.
        titled = {told.period for told in (_told(hit[2]) for hit in context.whens(title)) if told.period}
        proposed = titled.pop() if len(titled) == 1 else None
        return _answer(context, line, f"When is launch day? {known}", proposed=proposed) or (None, None)
    told = next(iter(days.values()))
    if told.precision in ("day", None):
        return told.period, told.precision
    answer = _answer(
        context,
        line,
        f"Launch is in “{told.text}”. Which day is it? Until it is set, nothing is due.",
        proposed=told.days[0] if told.days else told.period,
        choices=told.days,
    )
    return answer or ((told.period, told.precision) if told.period else (None, None))


def rollout_start(context: Context, records: list[Record], launch: str | None) -> str | None:
    """The first day of the rollout: stated, answered, or asked with the launch day proposed."""
    for record in records:
        if not _is_fact(record, "rollout_start"):
            continue
        for told in _of_fact(context, record, "rollout_start"):
            if told.precision == "day":
                return told.period
            answer = context.ask(
                "rollout_start",
                record.lines[0],
                "rollout start",
                f"The rollout starts in “{told.text}”. On which day?",
                proposed=told.days[0] if told.days else None,
                choices=told.days,
            )
            return _said(answer)[0] if _said(answer)[1] == "day" else None
    counted = [
        record
        for record in records
        if record.kind == "phase" and (record.fields.get("starts") or {}).get("anchor") == "rollout_start"
    ]
    if not counted:
        return None
    answer = context.ask(
        "rollout_start",
        counted[0].lines[0],
        "rollout start",
        "The phases count from the start of the rollout. Is that the launch day?",
        proposed=launch or "launch_day",
        choices=("launch_day",),
    )
    if answer == "launch_day":
        return launch
    return _said(answer)[0]


def _is_fact(record: Record, key: str) -> bool:
    return record.kind == "overview" and record.fields.get("key") == key and bool(record.fields.get("value"))


def _answer(
    context: Context,
    line: int,
    text: str,
    *,
    proposed: str | None = None,
    choices: Sequence[str] = (),
) -> tuple[str, str] | None:
    """Ask for the launch day; the answer with its precision, None while there is none."""
    answer = context.ask("launch_day", line, "launch day", text, proposed=proposed, choices=tuple(choices))
    day, precision = _said(answer)
    return (day, precision) if day and precision else None


def _of_fact(context: Context, record: Record, field: str) -> list[Told]:
    """The times a fact's first line tells, its unclear ones asked about."""
    text = _MARKS.sub("", str(record.fields["value"]).split("\n")[0]).strip()
    whole = context.when(text)
    whens = [whole] if whole is not None else _launches(context, text)
    found = []
    for when in whens:
        if when.date is None and not when.fuzzy:
            continue
        when = _cleared(context, context.dated(when, record.lines[0]), record, field)
        if not when.missing_year:
            found.append(_told(when))
    if not whens:
        # "2027", "Summer 2027": the year is all a calendar can hold of it.
        rough = _ROUGHLY.fullmatch(text)
        if rough:
            found.append(Told(text, rough[1], "year"))
    return found


def _launches(context: Context, text: str) -> list[When]:
    """The times in a text; of several the one whose own clause speaks of the launch, if just one does."""
    hits = context.whens(text)
    if len(hits) < 2:
        return [hit[2] for hit in hits]
    known = context.wording.words.get("launch_day_words", frozenset())
    telling = []
    for clause in _CLAUSE.finditer(text):
        words = f" {fold(clause[0])} "
        if any(f" {word} " in words for word in known):
            telling += [when for start, _, when in hits if clause.start() <= start < clause.end()]
    return telling if len(telling) == 1 else [hit[2] for hit in hits]


def _cleared(context: Context, when: When, record: Record, field: str) -> When:
    """A date whose order or weekday is unclear, as answered."""
    for kind in _UNCLEAR:
        if kind in when.ambiguous:
            when = ask_date(context, kind, when, record.lines[0], record, field)
    return when


def _on_calendar(context: Context, records: list[Record]) -> list[tuple[Record, Told]]:
    """A calendar entry that is the launch itself, on a date."""
    found: list[tuple[Record, Told]] = []
    for record in records:
        if record.kind != "calendar_entry" or not record.fields.get("when"):
            continue
        when = When.from_json(record.fields["when"])
        if when.date is not None and context.wording.has("launch_day_words", record.title):
            found.append((record, _told(when)))
    return found


def _told(when: When) -> Told:
    """A date as far as it is known; one whose order or fiscal year is open is not known."""
    if when.missing_year or "day_month" in when.ambiguous:
        return Told(when.text, None, None)
    if "fiscal_quarter" in when.ambiguous:
        return Told(when.text, None, "quarter")
    if when.date is not None and when.end_date is None:
        return Told(when.text, when.date.isoformat(), "day")
    if when.date is not None and when.end_date is not None:
        count = (when.end_date - when.date).days + 1
        days = (
            tuple((when.date + dt.timedelta(days=day)).isoformat() for day in range(count))
            if count <= _FEW
            else ()
        )
        precision = "week" if when.precision == "week" else "range"
        return Told(when.text, _around(when.date, when.end_date), precision, days)
    parts = (when.fuzzy or "").split("/")
    if len(parts) == 1:
        return Told(when.text, *_said(parts[0]))
    first, last = _months(parts[0]), _months(parts[1])
    period = _around(first[0], last[1]) if first and last else None
    half = "Q" in parts[0] and period is not None and "H" in period
    return Told(when.text, period, "half-year" if half else "range")


def _months(period: str) -> tuple[dt.date, dt.date] | None:
    """A day in the first and one in the last month of 2026-Q1 or 2026-03."""
    match = _FUZZY.fullmatch(period)
    if match is None:
        return None
    year = int(match[1])
    first, last = (3 * int(match[2]) - 2, 3 * int(match[2])) if match[2] else (int(match[3] or 1),) * 2
    return dt.date(year, first, 1), dt.date(year, last, 1)


def _around(first: dt.date, last: dt.date) -> str | None:
    """The smallest month, quarter, half-year or year that holds both days; None over the turn of a year."""
    if first.year != last.year:
        return None
    if first.month == last.month:
        return f"{first:%Y-%m}"
    quarters = {(day.month + 2) // 3 for day in (first, last)}
    if len(quarters) == 1:
        return f"{first.year}-Q{quarters.pop()}"
    halves = {(quarter + 1) // 2 for quarter in quarters}
    return f"{first.year}-H{halves.pop()}" if len(halves) == 1 else f"{first.year}"


def _said(day: str | None) -> tuple[str | None, str | None]:
    """A day as somebody wrote it with its precision; (None, None) for what is no day."""
    if day is None:
        return None, None
    match = _FUZZY.fullmatch(day)
    if match is not None:
        return day, "quarter" if match[2] else "month" if match[3] else "half-year" if match[4] else "year"
    try:
        return dt.date.fromisoformat(day).isoformat(), "day"
    except ValueError:
        return None, None
