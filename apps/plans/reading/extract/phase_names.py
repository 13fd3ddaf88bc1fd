"""The name of a phase, and the time and percent that stand in it: `Phase 1: Beta (Week 1, 10%)`."""

from __future__ import annotations

import re
from dataclasses import replace

from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.extract.ladders import PERCENT
from apps.plans.reading.pieces import Piece, trim
from apps.plans.reading.recognise import phase_mark
from apps.schedule.when import When

ANCHOR = "rollout_start"
_PART = re.compile(r"[^,;|·•]+")
_TRAIL = " \t:-–—,;|·•("


def put_name(draft: Draft, piece: Piece, steps: list[Piece]) -> None:
    context = draft.context
    raw = piece.raw
    cut_from, cut_to = len(raw), len(raw)
    for opening, closing in (("(", ")"), ("（", "）"), ("[", "]")):
        start = raw.rfind(opening)
        end = raw.find(closing, start)
        if start > 0 and end > start:
            inner = piece.sub(start + 1, end)
            if take_aside(draft, inner, steps):
                cut_from, cut_to = start, end + 1
                break
    else:
        found = [
            hit
            for hit in context.whens(raw, ANCHOR)
            if hit[2].offset is not None or hit[2].date or hit[2].precision
        ]
        if found:
            start, end, when = found[-1] if found[-1][1] >= len(raw.rstrip(_TRAIL + ")")) - 1 else found[0]
            head, tail = raw[:start].rstrip(), raw[end:].lstrip()
            at_end = not tail.strip(_TRAIL + ")") and (not head or head[-1] in ":-–—,;|·•(")
            at_start = not head and (not tail or tail[0] in ":-–—,;|·•")
            if at_end or at_start:
                set_span(draft, when, piece.sub(start, end))
                if at_end and head.strip(_TRAIL):
                    cut_from, cut_to = len(head.rstrip(_TRAIL)), len(raw)
                elif at_start and tail.strip(_TRAIL):
                    cut_from, cut_to = 0, len(raw) - len(tail.lstrip(_TRAIL))
    name = (
        piece.sub(0, cut_from)
        if cut_to >= len(raw.rstrip())
        else piece.sub(cut_to, len(raw))
        if not raw[:cut_from].strip()
        else piece
    )
    tidy = trim(name, lead=False)
    text = tidy.raw.rstrip(_TRAIL)
    draft.title(tidy.sub(0, len(text)))
    share = _behind_mark(context, tidy)
    if not steps and PERCENT.search(text) and context.ladder(share.clean):
        steps.append(share)


def _behind_mark(context: Context, title: Piece) -> Piece:
    """The title without the "Phase 2 -" that would make "Phase 2 - 10%" a range."""
    mark = phase_mark(context.wording, title.clean)
    number = re.search(rf"{re.escape(mark[1])}\b", title.raw, re.IGNORECASE) if mark else None
    if mark is None or mark[0] == "stage" or number is None:
        return title
    rest = title.sub(number.end(), len(title.raw))
    return trim(rest.sub(len(rest.raw) - len(rest.raw.lstrip(" \t:.-–—)")), len(rest.raw)))


def take_aside(draft: Draft, inner: Piece, steps: list[Piece]) -> bool:
    """Whether all of a parenthesis is a time, a percent, or both; takes them if so."""
    context = draft.context
    when = context.when(inner.clean, ANCHOR)
    if when is not None:
        set_span(draft, when, inner)
        return True
    parts = [trim(inner.sub(match.start(), match.end())) for match in _PART.finditer(inner.raw)]
    taken: list[tuple[Piece, When | None]] = []
    for part in parts:
        when = context.when(part.clean, ANCHOR)
        if when is None and not (PERCENT.search(part.raw) and context.ladder(part.clean)):
            return False
        taken.append((part, when))
    for part, when in taken:
        if when is not None:
            set_span(draft, when, part)
        else:
            steps.append(part)
    return bool(taken)


def set_span(draft: Draft, when: When, piece: Piece) -> None:
    """One written span gives the start and, where it names one, the end."""
    if draft.fields["starts"] is not None:
        draft.put_text(piece)
        return
    start = replace(when, end_offset=None, end_date=None)
    draft.put_when("starts", piece, start)
    if when.end_offset is not None or when.end_date is not None:
        end = replace(
            when,
            offset=when.end_offset if when.end_offset is not None else when.offset,
            date=when.end_date if when.end_date is not None else when.date,
            end_offset=None,
            end_date=None,
            ambiguous=(),
            missing_year=False,
        )
        draft.fields["ends"] = end.to_json()
