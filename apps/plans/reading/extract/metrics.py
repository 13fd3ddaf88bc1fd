"""Rows of metric sections: a metric with its targets, baseline and where it is measured."""

from __future__ import annotations

import re

from apps.metrics.target_value import Kind
from apps.plans.reading.drafts import DASHES, Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import told
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, trim
from apps.plans.reading.schemas import columns, field_for

_DAYS = re.compile(r"(\d{1,3})[\s-]*(day|week|month)s?|\b(?:day|week|month)\s*(\d{1,3})", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:kr|okr|kpi|key results?|objective|goal|metric|measure|target|[gmo])[\s#.-]*\d+(?:\.\d+)*[a-z]?",
    re.IGNORECASE,
)
# What the header of a column of time spans may be called, and the minutes of a day.
_TIMES = frozenset({"when", "period", "deadline", "duration"})
_DAY = 24 * 60
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30}
_KINDS: dict[str, Kind] = {"target": "target", "stretch": "stretch", "alert": "alert", "rollback": "rollback"}


def extract(context: Context, found: list[Entry]) -> list[Record]:
    """A record per metric."""
    records: list[Record] = []
    for entry in found:
        if entry.shape in ("row", "item", "line", "fact", "heading"):
            if entry.shape in ("item", "line", "fact") and _is_group(context, entry):
                group, context.group = context.group, entry.name.clean
                records.extend(extract(context, entry.children))
                context.group = group
                continue
            record = kpi(context, entry)
            if record is not None:
                records.append(record)
    return records


def _is_group(context: Context, entry: Entry) -> bool:
    """A bullet without a value whose nested bullets are metrics of their own."""
    if (entry.value and entry.label is not None) or not entry.children:
        return False
    if any(child.shape not in ("item", "line", "fact") for child in entry.children):
        return False
    fields = [
        field_for(context.wording, "kpi", child.label.clean) if child.label else None
        for child in entry.children
    ]
    told = sum(name is not None and name != "title" for name in fields)
    return told == 0 and not any(ch.isdigit() for ch in entry.name.raw)


def kpi(context: Context, entry: Entry) -> Record | None:
    draft = Draft(context, "kpi", entry)
    if entry.shape == "row":
        _row(draft, entry)
    else:
        _told(draft, entry)
    if not draft.record.title:
        return None
    return draft.finish()


def _row(draft: Draft, entry: Entry) -> None:
    cells = columns(draft.context.wording, "kpi", entry)
    if not any(name == "title" for name, _, _ in cells) and cells:
        spare = next(
            (index for index, (name, _, _) in enumerate(cells) if name not in _KINDS and name != "number"), 0
        )
        cells[spare] = ("title", cells[spare][1], cells[spare][2])
    if not any(name in _KINDS for name, _, _ in cells):
        # "KPI | Q3 | Q4": columns headed by times hold what is aimed at by then.
        cells = [
            ("target" if name is None and _is_time(draft, header) else name, header, cell)
            for name, header, cell in cells
        ]
    titled = False
    for name, _, cell in cells:
        if name == "title" and not titled:
            draft.title(cell)
            titled = True
    titled = False
    for name, header, cell in cells:
        if name == "title":
            if titled:
                draft.put_text(cell, header)
            titled = True
        else:
            _field(draft, name, cell, header)
    _window_column(draft, entry)


def _is_time(draft: Draft, header: Piece) -> bool:
    return any(ch.isdigit() for ch in header.raw) and draft.context.when(header.clean) is not None


def _window_column(draft: Draft, entry: Entry) -> None:
    """A column of time spans ("30 d", "90 days") is the window of the row's targets."""
    for header, cell in entry.cells:
        if not _TIMES & set(draft.context.wording.fields(header.clean)):
            continue
        minutes = draft.context.deadline(cell.clean) if len(cell.raw) <= 20 else None
        days = (
            minutes // _DAY if minutes and minutes % _DAY == 0 else _window(cell.clean) if minutes else None
        )
        if days:
            draft.fields["targets"] = [
                target if target["kind"] == "baseline" else replace_window(target, days)
                for target in draft.fields["targets"]
            ]
            return


def _told(draft: Draft, entry: Entry) -> None:
    context = draft.context
    loose: list[tuple[Piece, str]] = []
    if entry.label is not None and entry.value and _NUMBER.fullmatch(entry.label.clean):
        # "KR1: 30% of users ...": the label only counts, the fact is what follows.
        draft.record.labels["number"] = entry.label.clean
        draft.title(entry.value)
        loose.append((entry.value, ""))
    elif entry.label is not None:
        draft.title(entry.label)
        if entry.value:
            draft.put_text(entry.value)
            loose.append((entry.value, entry.label.clean))
    else:
        draft.title(entry.piece)
        loose.append((entry.piece, ""))
    for child in entry.children:
        if child.shape in ("other", "row"):
            continue
        name = field_for(context.wording, "kpi", child.label.clean) if child.label else None
        if name is not None and name != "title" and child.label is not None and child.value:
            _field(draft, name, child.value, child.label)
        else:
            told(draft, child)
            loose.append((child.value if child.label else child.piece, ""))
        draft.claim(child, deep=True)
        for inner in child.children:
            told(draft, inner)
    if draft.open("targets"):
        for piece, label in loose:
            _own_targets(draft, piece, label)


def _own_targets(draft: Draft, piece: Piece, label: str) -> None:
    """The description of a metric is also its target: told once, read as both."""
    marks = len(draft.record.marks)
    draft.put_targets(piece, label or draft.record.title, draft.record.group)
    if len(draft.record.marks) > marks:
        # The text's own slot is the one to patch; the target is derived from it.
        del draft.record.marks[marks:]


def _field(draft: Draft, name: str | None, cell: Piece, header: Piece) -> None:
    if name in _KINDS:
        cell = trim(cell)
        if not cell.value or cell.value in DASHES:
            if cell.value and name == "target":
                draft.denied.add("targets")
            draft.slot(f"targets.{name}", cell)
            return
        before = len(draft.fields["targets"])
        found = draft.put_targets(cell, draft.record.title, draft.record.group, kind=_KINDS[name])
        draft.record.marks[-1] = draft.record.marks[-1]._replace(field=f"targets.{name}", part=0)
        draft.record.labels[name] = header.clean
        if not found:
            if draft.context.is_open(cell.value):
                draft.leave_open("targets", cell.value)
            else:
                draft.put_text(cell, header)
        else:
            days = _window(header.clean)
            if days:
                draft.fields["targets"][before:] = [
                    replace_window(target, days) for target in draft.fields["targets"][before:]
                ]
    elif name in ("baseline", "measure", "owner"):
        draft.put(name, cell, header)
    elif name == "group":
        if cell.value:
            draft.slot("group", trim(cell))
            draft.record.group = draft.fields["group"] = cell.value
    elif name == "number":
        draft.record.labels["number"] = cell.clean
    elif name == "text":
        draft.put_text(cell)
        if draft.open("targets"):
            _own_targets(draft, cell, draft.record.title)
    else:
        draft.put_text(cell, header)


def replace_window(target: dict[str, object], days: int) -> dict[str, object]:
    """A column headed "90 days" gives its targets that window unless the cell names one."""
    return target if target.get("window_days") else {**target, "window_days": days}


def _window(header: str) -> int | None:
    match = _DAYS.search(header)
    if not match:
        return None
    number = int(match[1] or match[3])
    unit = (match[2] or header[match.start() :].split()[0]).lower().rstrip("s")
    return number * _UNIT_DAYS.get(unit, 1)
