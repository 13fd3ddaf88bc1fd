"""The same fact told twice is one record; phases told by two schemes are a question."""

from __future__ import annotations

from typing import Any

from apps.plans.reading.drafts import Context
from apps.plans.reading.model import Record
from apps.plans.reading.outline import Section
from apps.plans.reading.recognise import phase_mark
from apps.plans.reading.wording import fold

# Kinds that a summary table and the section it summarises both tell.
_MERGED = frozenset(
    {
        "overview",
        "phase",
        "kpi",
        "segment",
        "calendar_entry",
        "key_message",
        "mitigation",
        "rollback_criterion",
    }
)
# The shape of a record that an answer split off another: it has no place of its own in the document.
SPLIT = "split"
_IGNORED = frozenset({"text", "group", "parts", "rank", "labels"})


def merge(context: Context) -> None:
    """Merge records of one kind from different sections that name the same thing and do not contradict."""
    first_told: dict[tuple[str, Any], Record] = {}
    gone: dict[int, Record] = {}
    for record in context.records:
        if record.kind not in _MERGED:
            continue
        for key in _keys(context, record):
            known = first_told.setdefault((record.kind, key), record)
            if known is record or id(known) in gone:
                continue
            if _told_apart(context, known, record) and _agree(known, record):
                _join(known, record)
                gone[id(record)] = known
                break
    if not gone:
        return
    _join_steps(context, gone)
    context.records[:] = [record for record in context.records if id(record) not in gone]
    for question in context.questions:
        if question.record is not None and id(question.record) in gone:
            question.record = gone[id(question.record)]
    seen: set[tuple[str, int, str]] = set()
    kept = []
    for question in context.questions:
        mark = (question.kind, id(question.record), question.field)
        if question.record is None or question.kind == "placeholder" or mark not in seen:
            kept.append(question)
        seen.add(mark)
    context.questions[:] = kept


def _keys(context: Context, record: Record) -> list[Any]:
    title = fold(record.title)
    if record.kind == "overview":
        key, value = record.fields["key"], str(record.fields["value"])
        if key is None or not value:
            return []
        return (
            [("date", day)]
            if key == "launch_date" and (day := _day(context, value))
            else [(key, fold(value))]
        )
    keys: list[Any] = [title] if title else []
    if record.kind == "phase":
        mark = phase_mark(context.wording, record.title)
        if mark is not None and mark[0] != "stage":
            keys.append(mark)
            name = title.split(" ", 2)[2:]
            if name:
                keys.append(name[0])
        elif title:
            keys.append(title)
    return keys


def _day(context: Context, value: str) -> str | None:
    when = context.when(value)
    return (
        when.date.isoformat()
        if when is not None and when.date is not None and when.end_date is None
        else None
    )


def _told_apart(context: Context, known: Record, record: Record) -> bool:
    """Two tellings stand in different places: another section, or a table beside a list."""
    if known.kind == "overview":
        return known.lines != record.lines
    return known.section != record.section or (known.shape == "row") != (record.shape == "row")


def _agree(known: Record, record: Record) -> bool:
    if known.kind == "overview":
        return True
    for name, value in record.fields.items():
        if name in _IGNORED or not value:
            continue
        other = known.fields.get(name)
        if not other or other == value:
            continue
        if name in ("when", "starts", "ends"):
            if _same_time(other, value):
                continue
            return False
        if name in (
            "audience",
            "goal",
            "baseline",
            "measure",
            "owner",
            "pain_point",
            "value_proposition",
            "channel",
            "role",
        ):
            # Words differ between a summary and what it sums up; numbers must not.
            if _numbers(str(other)) == _numbers(str(value)):
                continue
            return name not in ("audience", "baseline")
        if name == "targets":
            if {t["value"] for t in other} & {t["value"] for t in value}:
                continue
            return False
        if name in ("done", "likelihood", "impact", "criterion_kind"):
            continue
        return False
    return True


def _same_time(left: dict[str, Any], right: dict[str, Any]) -> bool:
    keys = ("offset", "unit", "date", "fuzzy")
    if all(left.get(key) == right.get(key) for key in keys):
        return True
    # A date beside a relative time does not contradict it.
    return bool(left.get("date")) != bool(right.get("date"))


def _numbers(text: str) -> list[str]:
    return [
        "".join(ch for ch in word if ch.isdigit())
        for word in text.split()
        if any(ch.isdigit() for ch in word)
    ]


def _join(known: Record, record: Record) -> None:
    """Keep the first telling and add what only the second says."""
    for name, value in record.fields.items():
        if name == "text" and value and known.fields.get("text") and value != known.fields["text"]:
            known.fields["text"] = f"{known.fields['text']}\n{value}"
        elif value and not known.fields.get(name):
            known.fields[name] = value
            known.marks.extend(mark for mark in record.marks if mark.field == name)
    known.claims.extend(record.claims)
    known.mirrors += (record,)
    for name, label in record.labels.items():
        known.labels.setdefault(name, label)
    if record.placeholders:
        known.placeholders = {**record.placeholders, **known.placeholders}
    if fold(known.title) != fold(record.title):
        known.labels["also"] = record.title


def _join_steps(context: Context, gone: dict[int, Record]) -> None:
    """Steps of merged phases: the same percent of the same phase is one step."""
    steps: dict[tuple[int, Any], Record] = {}
    dropped: set[int] = set()
    for record in context.records:
        if record.kind != "rollout_step":
            continue
        phase = context.parents.get(id(record))
        if phase is None:
            continue
        merged = id(phase) in gone
        phase = gone.get(id(phase), phase)
        context.parents[id(record)] = phase
        known = steps.setdefault((id(phase), record.fields["percent"]), record)
        if known is not record and (merged or _told_apart(context, known, record)):
            known.claims.extend(record.claims)
            known.mirrors += (record,)
            if len(record.fields["text"]) > len(known.fields["text"]):
                known.fields["text"] = record.fields["text"]
            dropped.add(id(record))
    context.records[:] = [record for record in context.records if id(record) not in dropped]


def split(context: Context) -> None:
    """Entries that somebody wants split: the first piece of work keeps the entry's place in the document."""
    for record in context.splits:
        parts = record.fields["parts"]
        if record not in context.records or len(parts) < 2:
            continue
        record.as_read = {"title": record.title, "parts": parts, **record.as_read}
        record.title = parts[0]
        record.fields["parts"] = []
        at = context.records.index(record) + 1
        for part in parts[1:]:
            other = Record(record.kind, part, record.lines, dict(record.fields), record.group)
            other.claims = list(record.claims)
            other.shape = SPLIT
            other.section = record.section
            context.records.insert(at, other)
            at += 1


def settle_schemes(context: Context, sections: list[Section]) -> None:
    """Two sections with phases of their own: ask which are the launch's, keep the proposed one as phases."""
    schemes: dict[int, list[Record]] = {}
    for record in context.records:
        if record.kind == "phase" and id(record) in context.schemes:
            schemes.setdefault(context.schemes[id(record)], []).append(record)
    if len(schemes) < 2 or sum(len(found) >= 2 for found in schemes.values()) < 2:
        return
    titles = {section.index: section.text for section in sections}
    names = {index: titles.get(index) or "the document" for index in schemes}
    steps: dict[int, int] = {}
    for record in context.records:
        phase = context.parents.get(id(record))
        if phase is not None:
            steps[id(phase)] = steps.get(id(phase), 0) + 1

    def weight(index: int) -> tuple[int, int]:
        found = schemes[index]
        told = sum(bool(phase.fields["audience"]) + 2 * steps.get(id(phase), 0) for phase in found)
        return told, -found[0].lines[0]

    ranked = sorted(schemes, key=weight, reverse=True)
    choices = tuple(names[index] for index in sorted(schemes, key=lambda index: schemes[index][0].lines[0]))
    second = schemes[ranked[1]][0]
    answer = context.ask(
        "phase_scheme",
        second.lines[0],
        " / ".join(choices),
        "The plan tells phases twice: "
        + ", ".join(f"“{name}”" for name in choices)
        + ". Which are the launch's phases?",
        proposed=names[ranked[0]],
        choices=choices,
    )
    chosen = next((index for index in ranked if names[index] == answer), ranked[0])
    dropped = {id(phase) for index, found in schemes.items() if index != chosen for phase in found}
    context.records[:] = [
        record
        for record in context.records
        if id(record) not in dropped and id(context.parents.get(id(record))) not in dropped
    ]
