"""Percents of an audience: what is a share, and a rollout step for every rung of a ladder."""

from __future__ import annotations

import re
from decimal import Decimal

from apps.plans.reading.blocks import locate
from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, trim
from apps.plans.reading.wording import fold

_SCOPE = re.compile(
    r"^(?:of\s+(?:the\s+|our\s+|all\s+)?)?(?P<scope>.*?)(?:\s+(?:via|with|using|by|behind|through)\b.*)?$",
    re.S,
)
_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d+)?")
PERCENT = re.compile(r"\d\s*[%％]|\bpercent\b|\bpct\b")


def bare_percents(text: str) -> bool:
    """Nothing but percents and signs."""
    return not re.sub(r"[\d\s.,%％/→>=+\-–—()]|percent", "", text)


def unit_in_header(label: Piece, text: str) -> bool:
    """`5` below "Traffic %" is a percent."""
    return bool(_NUMBER.fullmatch(text)) and ("%" in label.raw or "percent" in label.raw.lower())


def rollout_steps(context: Context, entry: Entry, piece: Piece, phase_record: Record | None) -> None:
    """A record for every rung of a ladder; they share its text and its lines."""
    text = piece.clean
    # A bare number stands below a header that says percent.
    bare = bool(_NUMBER.fullmatch(text))
    rungs = context.ladder(f"{text}%" if bare else text)
    exact = text == piece.raw
    line = locate(context.source, piece.block, piece.start)[0]
    last = locate(context.source, piece.block, max(piece.end - 1, piece.start))[0]
    scope = ""
    if rungs:
        match = _SCOPE.match(text[rungs[-1].end :].strip(" .;"))
        scope = _scope(context, match["scope"]) if match else ""
    for rung in rungs:
        draft = Draft(context, "rollout_step", entry)
        draft.record.claims = [(line, last)]
        draft.record.group = phase_record.title if phase_record else context.group
        draft.record.title = f"{percent_number(rung.percent)}%"
        draft.fields.update(percent=percent_number(rung.percent), text=text, scope=scope)
        if exact:
            draft.slot("percent", piece.sub(rung.start, min(rung.end, len(text))))
        draft.slot("ladder", piece)
        step = draft.finish()
        step.shape = "ladder"
        if phase_record is not None:
            context.parents[id(step)] = phase_record


def _scope(context: Context, text: str) -> str:
    """Whom a ladder's percents are of: up to the next clause, without the preposition in front."""
    words = re.split(r"[,;.](?=\s|$)|\s[(\[]", text, maxsplit=1)[0].strip(" ()").split(" ")
    small = context.wording.words.get("articles", frozenset())
    while len(words) > 1 and fold(words[0]) in small:
        del words[0]
    return " ".join(words)


def ladder_alone(context: Context, entry: Entry) -> None:
    """A ladder that stands in a rollout section without any phase."""
    piece = entry.value if entry.label else entry.piece
    text = piece.clean
    if entry.shape == "paragraph" and (len(text) > 200 or not _ladder_prose(context, text)):
        return
    if context.ladder(text):
        rollout_steps(context, entry, trim(piece), None)


def _ladder_prose(context: Context, text: str) -> bool:
    return len(context.ladder(text)) >= 2


def percent_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def steps_by_row(context: Context, rows: list[Entry]) -> None:
    """A table of percents below a phase: each row is a step of its ladder."""
    owner = next((record for record in reversed(context.records) if record.kind == "phase"), None)
    for row in rows:
        for head, cell in row.cells:
            if "rollout" in context.wording.fields(head.clean) and cell.value:
                text = cell
                if "%" in head.raw and "%" not in cell.raw and cell.clean.replace(".", "").isdigit():
                    continue
                rollout_steps(context, row, trim(text), owner)
                break
