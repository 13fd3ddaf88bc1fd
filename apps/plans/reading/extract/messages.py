"""Key messages by rank."""

from __future__ import annotations

from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import children, nested_text, put, told
from apps.plans.reading.model import Record
from apps.plans.reading.schemas import columns

_WORDS = (("primary", 1), ("secondary", 2), ("tertiary", 3))


def extract(context: Context, found: list[Entry]) -> list[Record]:
    """Messages in order; the rank is what the label says, else the place in the list."""
    records: list[Record] = []
    for entry in found:
        if entry.shape not in ("item", "line", "fact", "row", "heading"):
            continue
        record = _message(context, entry, len(records) + 1)
        if record is not None:
            records.append(record)
    return records


def _message(context: Context, entry: Entry, place: int) -> Record | None:
    draft = Draft(context, "key_message", entry)
    draft.fields["rank"] = place
    if entry.shape == "row":
        for name, header, cell in columns(context.wording, "key_message", entry):
            if name == "rank":
                draft.fields["rank"] = _rank(context, cell.clean) or place
                draft.put("label", cell)
            elif name == "label":
                draft.put("label", cell)
            elif name == "title" and not draft.record.title:
                draft.title(cell, quotes=True)
            else:
                put(draft, None if name == "title" else name, cell, header)
    elif entry.label is not None and entry.value:
        draft.put("label", entry.label)
        draft.fields["rank"] = _rank(context, entry.label.clean) or place
        draft.title(entry.value, quotes=True)
        children(draft, "key_message", entry)
    elif entry.label is not None and entry.children and not entry.value:
        first = next(
            (child for child in entry.children if child.shape in ("item", "line", "fact", "paragraph")), None
        )
        rank = _rank(context, entry.label.clean)
        if first is not None and (rank or (first.label is None and len(entry.children) == 1)):
            draft.put("label", entry.label)
            draft.fields["rank"] = rank or place
            draft.title(first.piece, quotes=True)
            draft.claim(first, deep=True)
            for child in entry.children:
                if child is not first and child.shape != "other":
                    told(draft, child)
                    draft.claim(child)
                    nested_text(draft, child)
        else:
            draft.title(entry.label, quotes=True)
            children(draft, "key_message", entry)
    else:
        draft.title(entry.name, quotes=True)
        children(draft, "key_message", entry)
    if not draft.record.title:
        return None
    return draft.finish()


def _rank(context: Context, text: str) -> int | None:
    for group, rank in _WORDS:
        if context.wording.has(group, text) or (
            context.wording.holds(group, text) and len(text.split()) <= 3
        ):
            return rank
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 100 else None
