"""The promise that nothing is lost: what no record claims becomes a note or heading, and blocks are counted."""

from __future__ import annotations

import re

from apps.plans.reading.blocks import Block, Parsed
from apps.plans.reading.escapes import shown
from apps.plans.reading.model import Coverage, Record
from apps.plans.reading.outline import Section

_WORD = re.compile(r"\w+")
_MARKER = re.compile(r"^[\s>]*(?:[-*+]|\d{1,9}[.)])?\s*(?:\[[ xX]\])?")


def sweep(parsed: Parsed, root: Section, records: list[Record]) -> list[Record]:
    """Notes and headings for every line of text that no record claims."""
    lines = parsed.source.lines
    claimed = _claimed(records, len(lines))
    places = places_of(root)
    opened = {section.heading.first: section for section in root.walk() if section.heading is not None}
    kept: list[Record] = []
    for block in parsed.blocks:
        first, last = block.first, min(block.last, len(lines))
        run: int | None = None
        for line in range(first, last + 2):
            free = (
                line <= last and not claimed[line] and (bool(lines[line - 1].strip(" \t")) or run is not None)
            )
            if free and run is None:
                run = line
            elif not free and run is not None:
                end = line - 1
                while end > run and not lines[end - 1].strip(" \t"):
                    end -= 1
                kept.append(_keep(block, run, end, lines, places.get(block.first), opened.get(block.first)))
                for number in range(run, end + 1):
                    claimed[number] = 1
                run = None
    return kept


def count(parsed: Parsed, records: list[Record]) -> Coverage:
    """Blocks in typed records, blocks in notes and headings, against the number the parser's tokens tell."""
    size = len(parsed.source.lines)
    typed = _claimed([record for record in records if record.typed], size)
    kept = _claimed([record for record in records if not record.typed], size)
    typed_blocks = 0
    note_blocks = 0
    for block in parsed.blocks:
        span = range(block.first, min(block.last, size) + 1)
        if any(typed[line] for line in span):
            typed_blocks += 1
        elif any(kept[line] for line in span):
            note_blocks += 1
    return Coverage(parsed.counted, typed_blocks, note_blocks)


def keep_unread(parsed: Parsed, records: list[Record]) -> None:
    """Keep lines that hold a word which none of the records told there says, with the first of these."""
    lines = parsed.source.lines
    tellers: dict[int, list[Record]] = {}
    for record in records:
        if record.typed:
            for first, last in record.spans:
                for number in range(first, min(last, len(lines)) + 1):
                    tellers.setdefault(number, []).append(record)
    said: dict[int, set[str]] = {}
    for number in sorted(tellers):
        text = _MARKER.sub("", lines[number - 1], count=1)
        words = set(_WORD.findall(text.lower()))
        for record in tellers[number]:
            if not words:
                break
            own = said.get(id(record))
            if own is None:
                own = said[id(record)] = set(_WORD.findall(_said(record).lower()))
            words -= own
        if words:
            tellers[number][0].unread += (lines[number - 1].strip(),)


def _said(record: Record) -> str:
    parts: list[str] = [record.title, record.group, *record.labels.values(), *record.placeholders.values()]
    waiting: list[object] = [record.fields]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            parts.append(str(value))
    return " ".join(parts)


def _claimed(records: list[Record], size: int) -> bytearray:
    claimed = bytearray(size + 2)
    for record in records:
        for first, last in record.spans:
            claimed[first : last + 1] = b"\x01" * (last + 1 - first)
    return claimed


def places_of(root: Section) -> dict[int, int]:
    """The section each block stands in, by the block's first line."""
    places: dict[int, int] = {}
    for section in root.walk():
        if section.heading is not None:
            places[section.heading.first] = section.index
        for block in section.blocks:
            places[block.first] = section.index
    return places


def _keep(
    block: Block, first: int, last: int, lines: list[str], section: int | None, opens: Section | None
) -> Record:
    whole = first == block.first and last == block.last
    if block.kind == "heading" and whole:
        record = Record("heading", " ".join(shown(block.text).split()), (first, last), {"level": block.level})
    elif opens is not None and whole:
        above = opens.parent.level if opens.parent is not None else 0
        record = Record("heading", opens.text, (first, last), {"level": min(above + 1, 6)})
    elif whole and block.kind in ("paragraph", "item"):
        record = Record("note", "", (first, last), {"text": shown(block.text)})
    elif whole and block.kind in ("row", "header"):
        text = " | ".join(block.text[start:end] for start, end in block.cells)
        record = Record("note", "", (first, last), {"text": shown(text)})
    else:
        record = Record("note", "", (first, last), {"text": "\n".join(lines[first - 1 : last])})
    record.claims = [(first, last)]
    record.shape = block.kind
    record.section = section
    return record
