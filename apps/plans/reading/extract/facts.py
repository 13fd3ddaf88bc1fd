"""Overview facts, from labelled lines, bullets, two-column tables, front matter and fences of facts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.plans.reading.blocks import Block, locate
from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, placeholder, trim
from apps.plans.reading.wording import fold

_SENTENCE_END = re.compile(r"[.!?。](?=\s)|(?<=。)|\s$")


def extract(context: Context, found: list[Entry], *, loose: bool = False) -> list[Record]:
    """One record per fact. `loose` takes only facts whose label the vocabulary knows (text above the parts)."""
    records: list[Record] = []
    for entry in found:
        if entry.shape in ("line", "item", "fact"):
            if entry.label is None:
                continue
            key = context.wording.overview_key(entry.label.clean)
            if (
                key == "launch_date"
                and _has_a_day(context, entry.label)
                and not _is_a_date(context, entry.value)
            ):
                key = None  # "GA (May 4): everybody" tells who, not when
            if loose and key is None:
                continue
            records.extend(_labelled(context, entry, key))
        elif entry.shape == "row" and not loose:
            records.extend(_row(context, entry))
        elif entry.shape == "row":
            records.extend(_row(context, entry, known_only=True))
    return records


def _labelled(context: Context, entry: Entry, key: str | None) -> list[Record]:
    assert entry.label is not None
    draft = Draft(context, "overview", entry)
    draft.fields["key"] = _key(context, entry.label, entry.value, key)
    draft.title(entry.label)
    if entry.value:
        draft.put("value", entry.value)
    else:
        draft.slot("value", entry.value)
    for child in entry.children:
        if child.shape in ("item", "line", "paragraph", "fact"):
            _add(draft, child.piece)
            draft.claim(child, deep=True)
            for inner in child.children:
                _add(draft, inner.piece)
    if not draft.fields["value"] and not draft.record.placeholders and "value" not in draft.denied:
        return []
    return [draft.finish()]


def _has_a_day(context: Context, label: Piece) -> bool:
    return any(when.date is not None or when.fuzzy for _, _, when in context.whens(label.clean))


def _is_a_date(context: Context, piece: Piece) -> bool:
    text = piece.clean
    return bool(context.whens(text)) or context.is_open(text) or "date" in (placeholder(text) or "").lower()


def _key(context: Context, label: Piece, value: Piece, key: str | None) -> str | None:
    """`Launch: May 6` is a date, `Launch: Falcon` a name: the value decides where the label allows both."""
    keys = context.wording.overview_keys(label.clean)
    if "launch_date" in keys and len(keys) > 1:
        if _is_a_date(context, value):
            return "launch_date"
        return next(other for other in keys if other != "launch_date")
    return key


def _add(draft: Draft, piece: Piece) -> None:
    piece = trim(piece)
    parts = sum(mark.field == "value" for mark in draft.record.marks)
    draft.slot("value", piece, part=parts)
    known = draft.fields["value"]
    draft.fields["value"] = f"{known}\n{piece.value}" if known else piece.value


def _row(context: Context, entry: Entry, *, known_only: bool = False) -> list[Record]:
    """A two-column table holds a fact per row, its first row (the header) included by the caller."""
    cells = [cell for _, cell in entry.cells]
    if len(cells) < 2 or not cells[0].value or len(cells) > 3:
        return []
    key = context.wording.overview_key(cells[0].clean)
    if known_only and key is None:
        return []
    draft = Draft(context, "overview", entry)
    draft.fields["key"] = _key(context, cells[0], cells[1], key)
    draft.title(cells[0])
    draft.put("value", cells[1])
    for cell in cells[2:]:
        if cell.value:
            _add(draft, cell)
    if not draft.fields["value"] and not draft.record.placeholders:
        return []
    return [draft.finish()]


def headed(context: Context, section: Entry, paragraph: Entry, key: str) -> Record:
    """A fact told by a heading and the paragraph below it."""
    draft = Draft(context, "overview", section)
    draft.fields["key"] = _key(context, section.piece, paragraph.piece, key)
    draft.title(section.piece)
    draft.put("value", paragraph.piece)
    draft.claim(paragraph)
    return draft.finish()


def launch_sentence(context: Context, blocks: list[Block], places: Mapping[int, int]) -> Record | None:
    """`We launch on March 17, 2026.` in the prose of a plan that tells its launch day nowhere else.

    `places` gives the section of a block by its first line.
    """
    verbs = context.wording.words.get("launch_verbs", frozenset())
    for block in blocks:
        if block.kind != "paragraph" or block.parent is not None or len(block.text) > 600:
            continue
        if _is_mail_head(context, block):
            continue
        start = 0
        for match in _SENTENCE_END.finditer(block.text + " "):
            sentence = Piece(block, start, min(match.start() + 1, len(block.text)))
            start = match.end()
            words = fold(sentence.raw)
            if not any(f" {verb} " in f" {words} " for verb in verbs):
                continue
            hits = [hit for hit in context.whens(sentence.raw) if hit[2].date is not None or hit[2].fuzzy]
            if len(hits) != 1 or hits[0][2].offset is not None:
                continue
            entry = Entry("paragraph", block, sentence, None, sentence, block.first, block.last)
            context.group, context.section = "", places.get(block.first)
            draft = Draft(context, "overview", entry)
            draft.fields["key"] = "launch_date"
            lead = trim(sentence.sub(0, hits[0][0]))
            draft.record.title = lead.clean.rstrip(" *_") or sentence.clean
            draft.record.claims = [entry_lines(context, sentence)]
            draft.put("value", sentence.sub(hits[0][0], hits[0][1]))
            return draft.finish()
    return None


def _is_mail_head(context: Context, block: Block) -> bool:
    """Who wrote to whom and when: the date there is the mail's."""
    labels = {line.partition(":")[0] for line in block.text.split("\n")}
    wording = context.wording
    return any(wording.has("mail_from", label) for label in labels) and any(
        wording.has("mail_to", label) or wording.has("mail_subject", label) for label in labels
    )


def entry_lines(context: Context, piece: Piece) -> tuple[int, int]:
    first = locate(context.source, piece.block, piece.start)[0]
    return first, locate(context.source, piece.block, max(piece.end - 1, piece.start))[0]


def prose(context: Context, entry: Entry, key: str, title: str) -> Record:
    """A single short paragraph below a heading that names a fact ("Target audience")."""
    draft = Draft(context, "overview", entry)
    draft.fields["key"] = key
    draft.record.title = title
    draft.put("value", entry.piece)
    return draft.finish()
