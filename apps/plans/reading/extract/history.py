"""The document's own history: date, version, title, author, summary."""

from __future__ import annotations

import re

from apps.plans.reading.drafts import DASHES, Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, trim
from apps.plans.reading.schemas import columns, field_for

_VERSION = re.compile(
    r"^(?:v(?:ersion)?\.?\s*|rev(?:ision)?\.?\s*|r)?(\d{1,3}(?:\.\d{1,3}){0,3}[a-z]?(?:-\w+)?)$",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s+[-–—|]\s+|:\s+|：|\s*\|\s*|,\s+(?=\[|by\b)|;\s+")


def extract(context: Context, found: list[Entry]) -> list[Record]:
    records: list[Record] = []
    for entry in found:
        if entry.shape == "row":
            record = _row(context, entry)
        elif entry.shape in ("item", "line", "fact", "paragraph") and len(entry.piece.raw) < 1000:
            record = _line(context, entry)
        else:
            record = None
        if record is not None:
            records.append(record)
    return records


def _row(context: Context, entry: Entry) -> Record | None:
    draft = Draft(context, "history", entry)
    for name, header, cell in columns(context.wording, "history", entry):
        if name == "date":
            _date(draft, cell)
        elif name == "version":
            _version(draft, cell)
        elif name == "title" and not draft.record.title:
            draft.title(cell)
        elif name in ("author", "summary"):
            draft.put(name, cell, header)
        elif cell.value:
            draft.put("summary", cell, header)
    if draft.fields["date"] is None and not draft.fields["version"]:
        return None
    return draft.finish()


def _line(context: Context, entry: Entry) -> Record | None:
    """`2024-01-15: v1.0 - Title - Author - Summary` in any order that starts with a date or a version.

    A dash in the place of a part says that there is none, so that the places of the others decide.
    """
    draft = Draft(context, "history", entry)
    parts = [part for part in (trim(part, lead=False) for part in _parts(entry.piece)) if part.value]
    rest: list[Piece] = []
    dated = versioned = False
    for index, part in enumerate(parts):
        text = part.clean
        if text in DASHES and not rest and index < 2:
            versioned = versioned or dated
            dated = True
            continue
        if not dated and index < 3 and _as_date(context, text):
            _date(draft, part)
            dated = True
            continue
        if not versioned and index < 3:
            version, aside = _version_aside(part)
            if version is not None:
                _version(draft, version)
                versioned = True
                if aside is not None:
                    if _as_date(context, aside.clean):
                        _date(draft, aside)
                        dated = True
                    else:
                        draft.put("author", aside)
                continue
        rest.append(part)
    if not dated and not versioned:
        return None
    if draft.fields["date"] is None and "date" not in draft.record.placeholders and not parts:
        return None
    _rest(draft, rest)
    for child in entry.children:
        if child.shape != "other":
            _below(draft, child)
            draft.claim(child, deep=True)
    return draft.finish()


def _below(draft: Draft, child: Entry) -> None:
    """A bullet below an entry: a part under its name, else more of the summary."""
    label = child.label
    name = field_for(draft.context.wording, "history", label.clean) if label is not None else None
    if name == "title" and not draft.record.title:
        draft.title(child.value)
    elif name == "version" and not draft.fields["version"] and child.value:
        _version(draft, child.value)
    elif name == "date" and draft.fields["date"] is None and child.value:
        # Said to be the date: kept as it is said, even where it is no date that can be counted with.
        _date(draft, child.value) if _as_date(draft.context, child.value.clean) else draft.put(
            "date", child.value, label
        )
    elif name in ("author", "summary"):
        draft.put(name, child.value, label)
    else:
        draft.put("summary", child.piece)


def _rest(draft: Draft, rest: list[Piece]) -> None:
    """Title, author, summary in this order; where only two are told, the second is what it looks like."""
    if not rest:
        return
    draft.title(rest[0])
    if len(rest) == 2:
        text = rest[1].clean
        if draft.context.is_open(text) or rest[1].raw.startswith("@") or _is_name(text):
            draft.put("author", rest[1])
        else:
            draft.put("summary", rest[1])
    elif len(rest) >= 3:
        draft.put("author", rest[1])
        last = Piece(rest[2].block, rest[2].start, rest[-1].end)
        draft.put("summary", last)


def _is_name(text: str) -> bool:
    words = text.removeprefix("by ").split()
    return 2 <= len(words) <= 3 and all(word[:1].isupper() and word[1:2].islower() for word in words)


def _parts(piece: Piece) -> list[Piece]:
    parts: list[Piece] = []
    start = 0
    raw = piece.raw
    for match in _SPLIT.finditer(raw):
        parts.append(piece.sub(start, match.start()))
        start = match.end()
    parts.append(piece.sub(start, len(raw)))
    return parts


def _as_date(context: Context, text: str) -> bool:
    if len(text) > 40 or not any(ch.isdigit() for ch in text):
        return False
    when = context.when(text)
    return when is not None and (when.date is not None or when.fuzzy is not None)


def _date(draft: Draft, piece: Piece) -> None:
    text = piece.clean
    if not text:
        draft.slot("date", piece)
        return
    when = draft.context.when(text)
    if when is not None and when.date is not None and not when.missing_year:
        draft.fields["date"] = when.date.isoformat()
        draft.slot("date", trim(piece))
        if text != draft.fields["date"]:
            draft.record.labels["date"] = text
    elif when is not None and when.fuzzy:
        draft.fields["date"] = when.fuzzy
        draft.slot("date", trim(piece))
        if text != draft.fields["date"]:
            draft.record.labels["date"] = text
    elif draft.context.is_open(text):
        draft.put_open("date", piece)
    else:
        draft.put("summary", piece)


def _version_aside(part: Piece) -> tuple[Piece | None, Piece | None]:
    """`v1.2`, `Version 1.2`, `v1.2 (2024-03-04)`."""
    raw = part.raw
    opening = raw.find("(")
    if opening > 0 and raw.rstrip().endswith(")"):
        head = trim(part.sub(0, opening))
        if _VERSION.match(head.clean):
            return head, trim(part.sub(opening + 1, len(raw.rstrip()) - 1))
    return (part, None) if _VERSION.match(part.clean) else (None, None)


def _version(draft: Draft, piece: Piece) -> None:
    piece = trim(piece)
    text = piece.clean
    match = _VERSION.match(text)
    draft.slot("version", piece)
    if match:
        draft.fields["version"] = piece.value
    elif draft.context.is_open(text):
        draft.leave_open("version", text)
    else:
        draft.fields["version"] = piece.value
