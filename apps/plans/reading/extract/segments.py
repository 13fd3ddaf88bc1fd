"""Target segments with their role, pain point, value proposition and targets."""

from __future__ import annotations

from dataclasses import replace

from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import children, put, row
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import split_label, split_paren, trim
from apps.plans.reading.schemas import field_for


def extract(context: Context, found: list[Entry], group: str) -> list[Record]:
    """Segments of a section; `group` is primary, secondary or empty."""
    records: list[Record] = []
    for entry in found:
        if entry.shape in ("paragraph", "other", "fence"):
            continue
        if entry.label is not None and entry.shape in ("item", "line", "fact"):
            ranked = _rank(context, entry.label.clean)
            if ranked and entry.children and not entry.value:
                records.extend(extract(context, entry.children, ranked))
                for record in records[-1:]:
                    record.claims.append((entry.first, entry.last))
                continue
        read = segment(context, entry, group)
        if read is not None:
            records.append(read)
    return records


def _rank(context: Context, text: str) -> str:
    wording = context.wording
    for match in wording.match(text)[:1]:
        if match.kind == "segments_primary":
            return "primary"
        if match.kind == "segments_secondary":
            return "secondary"
    if wording.has("primary", text):
        return "primary"
    if wording.has("secondary", text) or wording.has("tertiary", text):
        return "secondary"
    return ""


def segment(context: Context, entry: Entry, group: str) -> Record | None:
    draft = Draft(context, "segment", entry, group=group)
    if entry.shape == "row":
        row(draft, "segment", entry)
        ranked = _rank(context, draft.record.group) if draft.record.group else ""
        if ranked:
            draft.record.group = draft.fields["group"] = ranked
    else:
        if entry.shape == "heading" and entry.label is None:
            # "### Primary: IT admins"
            label, value = split_label(entry.piece)
            if label is not None and value and _rank(context, label.clean):
                entry = replace(entry, label=label, value=value)
        ranked = _rank(context, entry.label.clean) if entry.label is not None else ""
        if ranked and entry.value:
            # "Primary: Engineering managers" ranks the segment its value names.
            assert entry.label is not None
            draft.slot("group", entry.label)
            draft.record.group = draft.fields["group"] = ranked
            draft.record.labels["group"] = entry.label.clean
            draft.title(entry.value)
        else:
            _name(draft, entry)
        _children(draft, entry)
    if not draft.record.title:
        return None
    return draft.finish()


def _name(draft: Draft, entry: Entry) -> None:
    """`Name (role)` with a description behind it."""
    name = entry.name
    head, aside = split_paren(name)
    ranked = _rank(draft.context, aside.clean) if aside is not None else ""
    if aside is not None and ranked:
        draft.title(head)
        draft.slot("group", aside)
        draft.record.group = draft.fields["group"] = ranked
        draft.record.labels["group"] = aside.clean
    elif aside is not None and not any(ch.isdigit() for ch in aside.raw):
        draft.title(head)
        draft.put("role", aside)
    else:
        draft.title(name)
    if entry.label is not None and entry.value:
        value = trim(entry.value)
        raw = value.raw
        if raw[:1] in "(（" and raw[-1:] in ")）" and raw.count("(") <= 1:
            draft.put("role", value.sub(1, len(raw) - 1))
        elif raw[:1] == "(" and 0 < raw.find(")") < len(raw) - 1:
            close = raw.find(")")
            draft.put("role", value.sub(1, close))
            rest = raw[close + 1 :].lstrip(" :：-–—")
            if rest:
                draft.put_text(value.sub(len(raw) - len(rest), len(raw)))
        else:
            draft.put_text(value)


def _children(draft: Draft, entry: Entry) -> None:
    """Bullets below, and small headings that name a field (a persona told under headings)."""
    plain = [child for child in entry.children if child.shape != "heading"]
    inner = Entry(
        entry.shape, entry.block, entry.piece, entry.label, entry.value, entry.first, entry.last, plain
    )
    children(draft, "segment", inner)
    for child in entry.children:
        if child.shape != "heading":
            continue
        name = field_for(draft.context.wording, "segment", child.piece.clean)
        if name in (None, "title"):
            continue
        draft.claim(child)
        for value in child.children:
            if value.shape not in ("other", "fence", "row", "heading"):
                put(draft, name, value.piece, child.piece)
                draft.claim(value, deep=True)
