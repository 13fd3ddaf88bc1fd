"""Reviews after the launch with their topics."""

from __future__ import annotations

from apps.plans.reading.drafts import DASHES, Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, split_paren, trim
from apps.plans.reading.schemas import columns, field_for

ANCHOR = "launch_day"


def extract(context: Context, found: list[Entry]) -> list[Record]:
    """Reviews told as bullets or rows; prose stays behind."""
    records: list[Record] = []
    for entry in found:
        if entry.shape in ("item", "line", "fact", "row"):
            record = review(context, entry)
            if record is not None:
                records.append(record)
    return records


def is_review(context: Context, entry: Entry) -> bool:
    """A bullet names a review if it tells a time or uses the word."""
    name = entry.name.clean
    return bool(context.wording.holds("review_nouns", name) or context.whens(name, ANCHOR))


def review(context: Context, entry: Entry) -> Record | None:
    draft = Draft(context, "review", entry)
    if entry.shape == "row":
        for name, header, cell in columns(context.wording, "review", entry):
            if name == "title" and not draft.record.title:
                draft.title(cell)
                _time(draft, cell)
            elif name == "when" and cell.value:
                when = context.when(cell.clean, ANCHOR)
                if when is not None:
                    draft.put_when("when", cell, when, header)
                else:
                    draft.put_text(cell, header)
            elif name == "topics":
                for part in _listed(cell):
                    _topic(draft, part, None)
            elif name == "owner":
                draft.put("owner", cell, header)
            elif cell.value:
                draft.put_text(cell, None if name == "text" else header)
    else:
        _named(draft, entry)
        for child in entry.children:
            _told(draft, child)
        if "when" in draft.denied:
            draft.fields["when"] = None
    if not draft.record.title:
        return None
    return draft.finish()


def _named(draft: Draft, entry: Entry) -> None:
    if entry.shape == "heading":
        name, value = entry.piece, None
    else:
        name, value = entry.name, entry.value if entry.label is not None else None
    head, aside = split_paren(name)
    when = draft.context.when(aside.clean, ANCHOR) if aside is not None else None
    if when is not None and aside is not None:
        draft.title(head)
        draft.put_when("when", aside, when)
    else:
        draft.title(name)
        _time(draft, name)
    if value is not None and value:
        draft.put_text(value)


def _time(draft: Draft, piece: Piece) -> None:
    """`Week 1 Review` happens in week 1: the time is part of the name."""
    if draft.fields["when"] is not None:
        return
    found = draft.context.whens(piece.raw, ANCHOR)
    if found:
        start, end, when = found[0]
        draft.slot("when", piece.sub(start, end))
        draft.set_when("when", when, piece)


def _told(draft: Draft, child: Entry) -> None:
    if child.shape in ("other", "fence", "row", "paragraph"):
        return
    if child.shape == "heading":
        draft.claim(child)
        for inner in child.children:
            _told(draft, inner)
        return
    name = field_for(draft.context.wording, "review", child.label.clean) if child.label else None
    draft.claim(child, deep=True)
    if name == "when" and child.label is not None and child.value.value in DASHES:
        draft.denied.add("when")
        draft.slot("when", child.value)
        return
    if name == "when" and child.label is not None and child.value:
        when = draft.context.when(child.value.clean, ANCHOR)
        if when is not None:
            draft.put_when("when", child.value, when, child.label)
            return
    if name == "owner" and child.label is not None:
        draft.put("owner", child.value, child.label)
        return
    if name == "text" and child.label is not None and child.value:
        draft.put_text(child.value)
        return
    if name == "topics" and child.label is not None and (child.children or child.value):
        for part in _listed(child.value) if child.value else []:
            _topic(draft, part, None)
        for inner in child.children:
            _topic(draft, inner.label or inner.piece, inner.value if inner.label else None)
        return
    _topic(draft, child.label or child.piece, child.value if child.label else None)
    for inner in child.children:
        topic = draft.fields["topics"][-1] if draft.fields["topics"] else None
        if topic is not None:
            topic["text"] = f"{topic['text']}\n{inner.piece.value}" if topic["text"] else inner.piece.value


def _topic(draft: Draft, title: Piece, text: Piece | None) -> None:
    title = trim(title)
    if not title.value:
        return
    number = len(draft.fields["topics"])
    draft.slot("topics.title", title, part=number)
    topic = {"title": title.value, "text": ""}
    if text is not None and text:
        text = trim(text)
        draft.slot("topics.text", text, part=number)
        topic["text"] = text.value
    draft.fields["topics"].append(topic)


def _listed(cell: Piece) -> list[Piece]:
    """The comma-separated parts of a cell."""
    parts: list[Piece] = []
    start = 0
    raw = cell.raw
    for index, char in enumerate(raw + ","):
        if char in ",;、":
            part = trim(cell.sub(start, index))
            if part.value:
                parts.append(part)
            start = index + 1
    return parts
