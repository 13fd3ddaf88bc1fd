"""Calendar entries: pieces of work with a time, from bullets, checklists, tables, day headings and matrices."""

from __future__ import annotations

import re

from apps.plans.reading.blocks import locate
from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.calendar_tables import row
from apps.plans.reading.extract.works import (
    ANCHOR,
    done_sign,
    offer_split,
    on_day,
    owner_aside,
    owner_between,
    put_told,
)
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import MOST_PARTS, Piece, split_label, split_paren, trim
from apps.plans.reading.schemas import field_for
from apps.plans.reading.settling import ask_day, no_such_day
from apps.schedule.when import When

_CLOCK = re.compile(
    r"(?:\d{1,2}[:.]\d{2}(?:\s?[ap]\.?m\.?)?|\d{1,2}\s?[ap]m)(?:\s(?:UTC|GMT|[A-Z]{1,4}T|[A-Z][a-z]+/[A-Za-z_]+))?(?:\s*[:–—-])?\s+",
    re.IGNORECASE,
)
# What stands between a time and what is done then: `May 3 ........ Beta opens`.
_LEADERS = " \t.:·…|–—-"
_DASH = re.compile(r"\s+[-–—|]\s+")
_LINE = re.compile(r"[^\n]+")
_DIGIT = re.compile(r"\d")
_COUNTDOWN = re.compile(r"[TDLJ]\s?[-+–−]\s?\d", re.IGNORECASE)


def extract(
    context: Context, found: list[Entry], *, when: When | None = None, when_piece: Piece | None = None
) -> list[Record]:
    """Entries of a calendar or checklist section. `when` is what the heading above says for all of them."""
    records: list[Record] = []
    for entry in found:
        if entry.shape == "row":
            records.extend(row(context, entry, when, when_piece))
        elif entry.shape in ("item", "line", "fact"):
            records.extend(_bullet(context, entry, when, when_piece))
        elif entry.shape == "paragraph":
            records.extend(_dated_lines(context, entry))
    return records


def _dated_lines(context: Context, entry: Entry) -> list[Record]:
    """Lines that each begin with their time (`May 3 .... Beta opens`) are a calendar without bullets."""
    lines = [trim(entry.piece.sub(*span)) for span in _spans(entry.piece.raw)]
    told: list[tuple[Piece, When, Piece]] = []
    for line in lines if 2 <= len(lines) <= MOST_PARTS else []:
        hits = context.whens(line.raw, ANCHOR)
        if not hits or hits[0][0] != 0:
            return []
        rest = line.sub(hits[0][1], len(line.raw))
        body = trim(rest.sub(len(rest.raw) - len(rest.raw.lstrip(_LEADERS)), len(rest.raw)))
        if not body or body.start == rest.start:
            return []
        told.append((body, hits[0][2], line.sub(0, hits[0][1])))
    records = []
    for line, (body, when, piece) in zip(lines, told, strict=True) if told else ():
        first = locate(context.source, line.block, line.start)[0]
        own = Entry("line", line.block, line, None, line, first, first)
        records.append(_entry(context, own, body, when, piece))
    return records


def _spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _LINE.finditer(text) if match[0].strip()]


def _bullet(context: Context, entry: Entry, when: When | None, when_piece: Piece | None) -> list[Record]:
    if entry.label is not None:
        own = context.when(entry.label.clean, ANCHOR)
        if own is None:
            own = _label_time(context, entry.label)
        if own is not None:
            own = on_day(own, when)
            works = [child for child in entry.children if child.shape in ("item", "line", "fact")]
            if not entry.value and works and not _only_fields(context, works):
                aside = split_paren(entry.label)[1]
                group, context.group = (
                    context.group,
                    split_paren(entry.label)[0].clean if aside else context.group,
                )
                try:
                    return _below(context, entry, works, own, aside or entry.label)
                finally:
                    context.group = group
            if not entry.value:
                return []
            return [_entry(context, entry, entry.value, own, entry.label)]
    elif entry.children and not _only_fields(context, entry.children):
        own, piece = _head_time(context, entry.piece)
        if own is not None:
            group, context.group = context.group, "" if piece is entry.piece else _without(entry.piece, piece)
            try:
                return _below(context, entry, entry.children, own, piece)
            finally:
                context.group = group
    if entry.label is not None and entry.value and not entry.children:
        own = context.when(entry.value.clean, ANCHOR)
        if own is not None and not context.wording.fields(entry.label.clean):
            # "Street date: 6 October 2026"
            return [_entry(context, entry, entry.label, on_day(own, when), entry.value)]
    if entry.label is not None and field_for(context.wording, "calendar_entry", entry.label.clean) in (
        "owner",
        "channel",
        "done",
    ):
        return []
    works = [child for child in entry.children if child.shape == "item"]
    if works and entry.block.checked is None and not _only_fields(context, works) and not entry.value:
        # A bullet that only heads a list of tasks groups them.
        group, context.group = context.group, entry.name.clean
        try:
            records: list[Record] = []
            for child in works:
                records.extend(_bullet(context, child, when, when_piece))
            return records
        finally:
            context.group = group
    bare = entry.label is not None and not entry.value
    body = entry.name if bare else trim(entry.piece, lead=False)
    record = _entry(context, entry, body, when, None, inherited=when_piece)
    dated = entry.label.clean if entry.label is not None else ""
    if dated and record.fields["when"] is None and no_such_day(context, dated, ANCHOR):
        ask_day(context, dated, entry.first, record, "when")
    return [record]


def _head_time(context: Context, piece: Piece) -> tuple[When | None, Piece]:
    """The time of a bullet that heads others: all of it, or what stands in its last parentheses."""
    own = context.when(piece.clean, ANCHOR)
    if own is not None:
        return own, piece
    _, aside = split_paren(trim(piece))
    if aside is not None:
        own = context.when(aside.clean, ANCHOR)
        if own is not None:
            return own, aside
    return None, piece


def _without(piece: Piece, time: Piece) -> str:
    """What is left of a heading bullet without its time."""
    return split_paren(trim(piece))[0].clean if time.start > piece.start else piece.clean


def _label_time(context: Context, label: Piece) -> When | None:
    """`Launch Day (Mar 4)`, `Week 1 (Jan 5)`: a time with an aside that is one too."""
    head, aside = split_paren(label)
    if aside is None:
        return None
    outer, inner = context.when(head.clean, ANCHOR), context.when(aside.clean, ANCHOR)
    if outer is not None and inner is not None:
        return inner if inner.date is not None else outer
    return inner or outer


def _only_fields(context: Context, found: list[Entry]) -> bool:
    """Whether nested bullets tell fields of the entry above (owner, channel) rather than work of their own."""
    known = 0
    for child in found:
        if child.label is not None and field_for(
            context.wording, "calendar_entry", child.label.clean
        ) not in (None, "title"):
            known += 1
    return known > 0 and known * 2 >= len(found)


def _below(context: Context, entry: Entry, works: list[Entry], when: When, piece: Piece) -> list[Record]:
    """The bullets below a time: each is a piece of work at that time."""
    records: list[Record] = []
    for child in works:
        records.extend(_bullet(context, child, when, piece))
    if records:
        records[0].claims.append((entry.first, entry.last))
        records[0].lines = (min(records[0].lines[0], entry.first), records[0].lines[1])
    return records


def _entry(
    context: Context,
    entry: Entry,
    body: Piece,
    when: When | None,
    when_piece: Piece | None,
    *,
    inherited: Piece | None = None,
) -> Record:
    draft = Draft(context, "calendar_entry", entry)
    if entry.block.checked is not None and entry.shape == "item":
        draft.fields["done"] = entry.block.checked
        bracket = entry.block.text.find("[")
        draft.slot("done", Piece(entry.block, bracket, bracket + 3))
    # What an entry without a label says needs no second look for one.
    plain = entry.label is None and body.start == entry.piece.start
    body = done_sign(draft, body)
    if when is None or inherited is not None:
        plain = plain and body.start == entry.piece.start
        body, own, own_piece = _time_in(context, body, plain=plain)
        if own is not None:
            if own_piece is not None and own_piece.start > body.start:
                body = owner_between(draft, body)
            when, when_piece, inherited = on_day(own, when), own_piece, None
    body = owner_aside(draft, body)
    draft.title(body)
    if not draft.record.title and entry.label is not None and not when_piece:
        draft.title(entry.label)
    if when is not None:
        if when_piece is not None:
            draft.put_when("when", when_piece, when)
        else:
            draft.set_when("when", when, inherited or body)
    for child in entry.children:
        put_told(draft, child)
    offer_split(draft, body)
    return draft.finish()


def _time_in(
    context: Context, body: Piece, *, plain: bool = False
) -> tuple[Piece, When | None, Piece | None]:
    """A time at the head or the tail of a piece of work: `Newsletter (Mar 4)`, `Mar 4 - Newsletter`."""
    label, value = (None, body) if plain else split_label(body)
    if label is not None and value:
        own = context.when(label.clean, ANCHOR) or _label_time(context, label)
        if own is not None:
            return value, own, label
    head, aside = split_paren(body)
    if aside is not None:
        own = context.when(aside.clean, ANCHOR)
        if own is not None:
            return head, own, aside
    raw = body.raw
    dash = list(_DASH.finditer(raw))
    if dash:
        behind = trim(body.sub(dash[-1].end(), len(raw)))
        own = context.when(behind.clean, ANCHOR) if _DIGIT.search(behind.raw) else None
        if own is not None:
            return trim(body.sub(0, dash[-1].start())), own, behind
    clock = _CLOCK.match(raw) if raw[:1].isdigit() else None
    if clock:
        own = context.when(clock[0].strip(" :-–—"), ANCHOR)
        if own is not None and own.time is not None and clock.end() < len(raw):
            return trim(body.sub(clock.end(), len(raw))), own, trim(body.sub(0, clock.end()))
    if _DIGIT.search(raw):
        found = context.whens(raw, ANCHOR)
        if len(found) == 1:
            start, end, own = found[0]
            tail = not raw[end:].strip(" .)")
            dated = own.precision == "day" and (own.date is not None or own.missing_year)
            if start == 0 and not tail and raw[end] == " " and (dated or _COUNTDOWN.match(raw)):
                return trim(body.sub(end, len(raw))), own, body.sub(0, end)
            if tail and raw[start - 1 : start] == " " and _COUNTDOWN.match(raw, start):
                return trim(body.sub(0, len(raw[:start].rstrip(" ,;–—-@|(")))), own, body.sub(start, end)
            before = raw[:start].rstrip()
            last = before.rsplit(" ", 1)[-1]
            if tail and " " in before and context.wording.has("at_words", last):
                return trim(body.sub(0, len(before) - len(last))), own, body.sub(start, end)
            if tail and before[-1:] and before[-1] in ",;–—-@|":
                return trim(body.sub(0, len(raw[:start].rstrip(" ,;–—-@|(")))), own, body.sub(start, end)
    return body, None, None


def beside(title: Piece, time: Piece) -> Piece:
    """What a heading says beside its time: `2026-03-04: Newsletter`, `Newsletter (4 March)`."""
    raw = title.raw
    start = time.start - title.start
    if start == 0 or not raw[:start].strip(" (["):
        left = len(raw) - len(raw[start + len(time.raw) :].lstrip(" \t:-–—,;|)·]"))
        return trim(title.sub(left, len(raw)))
    return trim(title.sub(0, len(raw[:start].rstrip(" \t:-–—,;|(·["))))


def from_heading(context: Context, entry: Entry, name: Piece, when: When, piece: Piece) -> Record:
    """An entry told by a dated heading with its fields or prose below."""
    draft = Draft(context, "calendar_entry", entry)
    draft.title(owner_aside(draft, done_sign(draft, name)))
    draft.put_when("when", piece, when)
    for child in entry.children:
        if child.shape == "heading":
            continue
        put_told(draft, child)
    offer_split(draft, name)
    return draft.finish()
