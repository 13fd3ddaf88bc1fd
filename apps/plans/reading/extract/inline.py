"""Parts told in one labelled line: `**Rollout:** 1/5/20/50/100%`, `Channels: blog, mail`."""

from __future__ import annotations

import re

from apps.plans.reading.drafts import Context
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract import ladders, messages, metrics, rollback, simple
from apps.plans.reading.pieces import Piece, split_label, trim

# Section kinds that a single line can tell.
KINDS = frozenset({"phases", "kpis", "rollback_criteria", "channels", "key_messages"})
_SEMICOLON = re.compile(r"\s*[;；|]\s*")
_COMMA = re.compile(r"\s*[,、;；]\s+|、")


def kind_of(context: Context, entry: Entry) -> str | None:
    """The part a labelled line tells, None if it is an ordinary fact."""
    if entry.label is None or not entry.value or len(entry.value.raw) > 400:
        return None
    matches = context.wording.match(entry.label.clean)
    if matches and not matches[0].topic and matches[0].strength >= 0.9 and matches[0].kind in KINDS:
        return matches[0].kind
    return None


def extract(context: Context, kind: str, entry: Entry) -> None:
    """The records of one labelled line, each with its own stretch of it."""
    context.group = ""
    if kind == "phases":
        ladders.ladder_alone(context, entry)
    elif kind == "kpis":
        parts = _parts(entry, _SEMICOLON)
        if len(parts) == 1:
            commas = _parts(entry, _COMMA)
            if len(commas) > 1 and all(context.targets(part.piece.clean) for part in commas):
                parts = commas
        for part in parts:
            if context.targets(part.piece.clean):
                metrics.kpi(context, part)
    elif kind == "rollback_criteria":
        for part in _parts(entry, _SEMICOLON):
            rollback.criterion(context, part)
    elif kind == "channels":
        for part in _parts(entry, _COMMA):
            simple.simple(context, "channel", part, finish=simple.channel)
    elif kind == "key_messages":
        messages.extract(context, _parts(entry, _SEMICOLON))


def _parts(entry: Entry, between: re.Pattern[str]) -> list[Entry]:
    value = entry.value
    raw = value.raw
    found: list[Entry] = []
    start = 0
    for match in [*between.finditer(raw), None]:
        end = match.start() if match else len(raw)
        inside = raw[:end]
        if match is not None and inside.count("(") > inside.count(")"):
            continue
        piece = trim(value.sub(start, end))
        start = match.end() if match else end
        if piece:
            label, rest = split_label(piece)
            found.append(_entry(entry, piece, label, rest))
    return found


def _entry(entry: Entry, piece: Piece, label: Piece | None, value: Piece) -> Entry:
    return Entry("line", entry.block, piece, label, value, entry.first, entry.last)
