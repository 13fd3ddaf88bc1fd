"""Calendar entries told by tables: a row each, or a cell each where times meet channels."""

from __future__ import annotations

from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import counted
from apps.plans.reading.extract.works import ANCHOR, done_sign, offer_split, on_day, owner_aside, put
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, trim
from apps.plans.reading.schemas import column_fields
from apps.schedule.when import When

_LONGEST_HEAD = 40


def row(context: Context, entry: Entry, when: When | None, when_piece: Piece | None) -> list[Record]:
    if has_times(context, entry):
        return _across(context, entry)
    names = column_fields(context.wording, "calendar_entry", entry)
    channels = [
        index
        for index, (head, _) in enumerate(entry.cells)
        if names[index] in (None, "title")
        and context.wording.type_of("channels", head.clean)
        and len(head.clean.split()) <= 3
    ]
    named = any(name == "title" and index not in channels for index, name in enumerate(names))
    if len(channels) >= 2 and "when" in names and not named:
        return _matrix(context, entry, names, channels)
    if "title" not in names:
        order = ("text", "channel", "group", "owner")
        wanted = next((name for name in order if name in names), None)
        if wanted is None:
            return []
        names[names.index(wanted)] = "title"
    draft = Draft(context, "calendar_entry", entry)
    for index, name in enumerate(names):
        head, cell = entry.cells[index]
        if name == "title":
            body = done_sign(draft, trim(cell))
            draft.title(owner_aside(draft, body))
    if not draft.record.title:
        return []
    titles = 0
    for index, name in enumerate(names):
        head, cell = entry.cells[index]
        if name == "title":
            titles += 1
            if titles > 1:
                draft.put_text(cell, head)
        elif name == "number":
            draft.record.labels["number"] = cell.clean
        elif name == "group":
            if cell.value:
                draft.slot("group", trim(cell))
                draft.record.group = cell.value
            elif index == 0 and entry.above:
                draft.record.group = entry.above.value
        elif name == "when" and index == 0 and entry.above and not cell.value:
            _as_above(draft, entry.above, head)
        elif name == "text" and cell:
            draft.put_text(cell)
        elif name == "ends" and cell and draft.fields["when"] is not None:
            _span_end(draft, cell, head)
        else:
            put(draft, "when" if name == "ends" else name, cell, head)
    if draft.fields["when"] is not None and when is not None:
        told = When.from_json(draft.fields["when"])
        if on_day(told, when) is not told:
            draft.fields["when"] = on_day(told, when).to_json()
    if draft.fields["when"] is None and when is not None and "when" not in names:
        draft.set_when("when", when, when_piece or entry.piece)
    offer_split(draft, entry.piece)
    return [draft.finish()]


def _as_above(draft: Draft, above: Piece, head: Piece) -> None:
    """The first cell of several rows that belong together is written once; the time is that of the row above."""
    when = draft.context.when(above.clean, ANCHOR) or counted(draft.context, above.clean, head, ANCHOR)
    if when is not None:
        draft.set_when("when", when, above)


def _span_end(draft: Draft, cell: Piece, head: Piece) -> None:
    """An end column closes the span that the start column opened."""
    end = draft.context.when(cell.clean, ANCHOR)
    end = draft.context.dated(end) if end is not None else None
    when = draft.fields["when"]
    if (
        end is not None
        and end.missing_year
        and end.fuzzy
        and when["missing_year"]
        and "/" not in when["fuzzy"]
    ):
        draft.fields["when"] = {**when, "fuzzy": f"{when['fuzzy']}/{end.fuzzy}"}
        draft.slot("ends", trim(cell))
    elif end is not None and (
        (when["date"] and end.date)
        or (when["offset"] is not None and end.offset is not None and when["unit"] == end.unit)
    ):
        when = dict(when)
        when["end_date"] = end.date.isoformat() if end.date else None
        when["end_offset"] = end.offset
        draft.fields["when"] = when
        draft.slot("ends", trim(cell))
    else:
        draft.put_text(cell, head)


def _matrix(context: Context, entry: Entry, names: list[str | None], channels: list[int]) -> list[Record]:
    """A table of times by channels: every filled cell is an entry of its channel."""
    when: When | None = None
    when_cell: Piece | None = None
    for index, name in enumerate(names):
        if name == "when":
            when_cell = entry.cells[index][1]
            when = context.when(when_cell.clean, ANCHOR) or counted(
                context, when_cell.clean, entry.cells[index][0], ANCHOR
            )
    records: list[Record] = []
    for index in channels:
        head, cell = entry.cells[index]
        if not cell.value or cell.value in ("-", "–", "—"):
            continue
        draft = Draft(context, "calendar_entry", entry)
        draft.title(done_sign(draft, trim(cell)))
        draft.fields["channel"] = head.clean
        if when is not None and when_cell is not None:
            draft.put_when("when", when_cell, when)
        offer_split(draft, cell)
        record = draft.finish()
        record.shape = "cell"
        records.append(record)
    if records:
        for index, name in enumerate(names):
            head, cell = entry.cells[index]
            if name not in ("when", "number") and index not in channels and cell.value:
                known = records[0].fields["text"]
                added = f"{head.clean}: {cell.value}" if head.clean else cell.value
                records[0].fields["text"] = f"{known}\n{added}" if known else added
    return records


def has_times(context: Context, entry: Entry) -> bool:
    """Whether the columns behind the first are days or weeks."""
    heads = [head for head, _ in entry.cells[1:]]
    return len(heads) >= 2 and all(_heads_a_column(context, head) for head in heads)


def _heads_a_column(context: Context, head: Piece) -> bool:
    """`Week 2`, `March`, `3 May`; "Launch" and "Today" are words like others."""
    when = context.when(head.clean, ANCHOR) if len(head.raw) <= _LONGEST_HEAD else None
    if when is None:
        return False
    counted = when.offset is not None and any(ch.isdigit() for ch in head.raw)
    return bool(when.date or when.fuzzy or counted)


def _across(context: Context, entry: Entry) -> list[Record]:
    """A row per channel, a column per day: every filled cell is a piece of work on its day."""
    records: list[Record] = []
    label = entry.cells[0][1]
    for head, cell in entry.cells[1:]:
        when = context.when(head.clean, ANCHOR)
        if when is None or not cell.value or cell.value in ("-", "–", "—"):
            continue
        draft = Draft(context, "calendar_entry", entry)
        draft.title(done_sign(draft, trim(cell)))
        if context.wording.type_of("channels", label.clean):
            draft.fields["channel"] = label.clean
        else:
            draft.record.group = label.clean
        draft.put_when("when", head, when)
        offer_split(draft, cell)
        record = draft.finish()
        record.shape = "cell"
        records.append(record)
    return records
