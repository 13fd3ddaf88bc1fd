"""Calendar entries: pieces of work with a time, from bullets, checklists, tables, day headings and matrices."""

from __future__ import annotations

import re
from dataclasses import replace

from apps.plans.reading.blocks import locate
from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import put_time, told
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, split_label, split_paren, trim
from apps.plans.reading.schemas import column_fields, field_for
from apps.plans.reading.wording import fold
from apps.schedule.when import When

ANCHOR = "launch_day"
_DONE_SIGNS = {"✅": True, "☑": True, "✔": True, "✓": True, "[x]": True, "[X]": True, "x": True, "X": True,
               "☐": False, "⬜": False, "🔲": False, "[ ]": False, "❌": False, "✗": False, "⏳": False,
               "🟢": True, "🟡": False, "🔴": False, "🚧": False, "◻": False, "☑️": True, "✔️": True}  # fmt: skip
_SIGN = re.compile(
    "^("
    + "|".join(re.escape(sign) for sign in sorted(_DONE_SIGNS, key=len, reverse=True) if sign not in "xX")
    + ")\ufe0f?\\s*"
)
_CLOCK = re.compile(
    r"(?:\d{1,2}[:.]\d{2}(?:\s?[ap]\.?m\.?)?|\d{1,2}\s?[ap]m)(?:\s(?:UTC|GMT|[A-Z]{2,4}T|[A-Z][a-z]+/[A-Za-z_]+))?(?:\s*[:–—-])?\s+",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_COMMA = re.compile(r"\s*,\s+")
_MENTION = re.compile(r"(?:^|\s)(@[\w.-]+)\s*$")
_COUNTDOWN = re.compile(r"[TDLJ]\s?[-+–−]\s?\d", re.IGNORECASE)
_PREFIX_OWNER = re.compile(r"^(?:owner|lead|dri|by|responsible|assignee)\s*[:=-]\s*", re.IGNORECASE)


def extract(
    context: Context, found: list[Entry], *, when: When | None = None, when_piece: Piece | None = None
) -> list[Record]:
    """Entries of a calendar or checklist section. `when` is what the heading above says for all of them."""
    records: list[Record] = []
    for entry in found:
        if entry.shape == "row":
            records.extend(_row(context, entry, when, when_piece))
        elif entry.shape in ("item", "line", "fact"):
            records.extend(_bullet(context, entry, when, when_piece))
    return records


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
    return [_entry(context, entry, trim(entry.piece), when, None, inherited=when_piece)]


def on_day(own: When, day: When | None) -> When:
    """A mere time of day happens on the day that stands above it."""
    if day is None or own.time is None or own.offset is not None or own.date is not None or own.fuzzy:
        return own
    return replace(day, time=own.time, zone=own.zone, precision="minute", text=own.text)


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
    body = _done_sign(draft, body)
    if when is None or inherited is not None:
        plain = plain and body.start == entry.piece.start
        body, own, own_piece = _time_in(context, body, plain=plain)
        if own is not None:
            when, when_piece, inherited = on_day(own, when), own_piece, None
    body = _owner_aside(draft, body)
    draft.title(body)
    if not draft.record.title and entry.label is not None and not when_piece:
        draft.title(entry.label)
    if when is not None:
        if when_piece is not None:
            draft.put_when("when", when_piece, when)
        else:
            draft.set_when("when", when, inherited or body)
    for child in entry.children:
        _told(draft, child)
    _parts(draft, body)
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
            if start == 0 and not tail and _COUNTDOWN.match(raw) and raw[end] == " ":
                return trim(body.sub(end, len(raw))), own, body.sub(0, end)
            before = raw[:start].rstrip()
            last = before.rsplit(" ", 1)[-1]
            if tail and " " in before and context.wording.has("at_words", last):
                return trim(body.sub(0, len(before) - len(last))), own, body.sub(start, end)
            if tail and before[-1:] and before[-1] in ",;–—-@|":
                return trim(body.sub(0, len(raw[:start].rstrip(" ,;–—-@|(")))), own, body.sub(start, end)
    return body, None, None


def _done_sign(draft: Draft, body: Piece) -> Piece:
    raw = body.raw
    match = _SIGN.match(raw) if raw[:1] == "[" or not raw.isascii() else None
    if match and match.end() < len(body.raw):
        draft.fields["done"] = _DONE_SIGNS.get(match[1], False)
        draft.slot("done", body.sub(0, len(match[1])))
        return trim(body.sub(match.end(), len(body.raw)))
    return body


def _owner_aside(draft: Draft, body: Piece) -> Piece:
    """`Blog post (owner: Ana)` and `Blog post @ana` name who does it."""
    head, aside = split_paren(body)
    if aside is not None:
        match = _PREFIX_OWNER.match(aside.raw)
        if match:
            draft.put("owner", aside.sub(match.end(), len(aside.raw)))
            return head
        if aside.raw.startswith("@"):
            draft.put("owner", aside)
            return head
    mention = _MENTION.search(body.raw) if "@" in body.raw else None
    if mention and mention.start() > 0:
        draft.put("owner", body.sub(mention.start(1), mention.end(1)))
        return trim(body.sub(0, len(body.raw[: mention.start()].rstrip(" -–—,:"))))
    return body


def _told(draft: Draft, child: Entry) -> None:
    if child.shape == "other":
        return
    name = field_for(draft.context.wording, "calendar_entry", child.label.clean) if child.label else None
    draft.claim(child, deep=True)
    values = [child.value] if child.value else [inner.piece for inner in child.children]
    if name in ("owner", "channel", "when", "done", "text") and child.label is not None:
        for value in values:
            put(draft, name, value, child.label)
    else:
        told(draft, child)
        for inner in child.children:
            draft.put_text(inner.piece)


def put(draft: Draft, name: str | None, piece: Piece, label: Piece) -> None:
    if name == "when":
        if draft.fields["when"] is None:
            put_time(draft, "when", piece, label, ANCHOR)
        else:
            draft.put_text(piece, label)
    elif name == "done":
        _status(draft, piece, label)
    elif name in ("owner", "channel"):
        draft.put(name, piece, label)
    elif name == "text":
        draft.put_text(piece)
    else:
        draft.put_text(piece, label)


def _status(draft: Draft, piece: Piece, label: Piece) -> None:
    text = piece.value.strip()
    if not text:
        draft.slot("done", piece)
        return
    sign = _SIGN.match(text)
    word = fold(text[sign.end() :] if sign else text)
    wording = draft.context.wording
    if sign is not None or word in ("x",) or wording.has("done", word) or wording.has("not_done", word):
        draft.fields["done"] = (
            _DONE_SIGNS[sign[1]]
            if sign and sign[1] in _DONE_SIGNS
            else word == "x" or wording.has("done", word)
        )
        draft.slot("done", piece)
        draft.record.labels["done"] = label.clean
        if (word and word != "x" and (not wording.has("done", word))) or word:
            draft.record.labels["status"] = text
    else:
        draft.put_text(piece, label)


def _parts(draft: Draft, body: Piece) -> None:
    """Offer to split an entry that names several pieces of work."""
    title = draft.record.title
    parts = pieces_of_work(draft.context, title)
    if len(parts) < 2:
        return
    line = locate(draft.context.source, body.block, body.start)[0]
    draft.fields["parts"] = parts
    answer = draft.context.ask(
        "split",
        line,
        title,
        f"“{title[:120]}” names {len(parts)} pieces of work. Keep it as one entry or split it?",
        proposed="keep",
        choices=("keep", "split"),
        record=draft.record,
        field="title",
    )
    if answer == "split":
        draft.context.splits.append(draft.record)


def pieces_of_work(context: Context, title: str) -> list[str]:
    """What a title lists: `A draft and B mail` -> both; one-word pairs ("Design and build") stay together."""
    if len(title) > 200 or "(" in title or "\n" in title:
        return []
    joined = context.wording.joined
    if "," in title:
        commas = [part.strip() for part in _COMMA.split(title) if part.strip()]
        if len(commas) > 1:
            parts = commas[:-1]
            last = context.wording.leading_joint.sub("", commas[-1])
            pair = [half.strip() for half in joined.split(last) if half.strip()]
            parts += pair if len(pair) == 2 else [last]
            return parts if len(parts) >= 3 or all(" " in part for part in parts) else []
    parts = [part.strip() for part in joined.split(title) if part.strip()]
    if len(parts) == 2 and all(" " in part or not part.isascii() for part in parts):
        return parts
    return parts if len(parts) >= 3 else []


def _row(context: Context, entry: Entry, when: When | None, when_piece: Piece | None) -> list[Record]:
    names = column_fields(context.wording, "calendar_entry", entry)
    channels = [
        index
        for index, (head, _) in enumerate(entry.cells)
        if names[index] in (None, "title")
        and context.wording.type_of("channels", head.clean)
        and len(head.clean.split()) <= 3
    ]
    if len(channels) >= 2 and "when" in names:
        return _matrix(context, entry, names, channels)
    if "title" not in names:
        order = ("text", "channel", "group", "owner")
        wanted = next((name for name in order if name in names), None)
        if wanted is None:
            return []
        names[names.index(wanted)] = "title"
    draft = Draft(context, "calendar_entry", entry)
    for index, name in enumerate(names):
        head, cell = entry.cells[index]
        if name == "title":
            body = _done_sign(draft, trim(cell))
            draft.title(_owner_aside(draft, body))
    if not draft.record.title:
        return []
    titles = 0
    for index, name in enumerate(names):
        head, cell = entry.cells[index]
        if name == "title":
            titles += 1
            if titles > 1:
                draft.put_text(cell, head)
        elif name == "number":
            draft.record.labels["number"] = cell.clean
        elif name == "group":
            if cell.value:
                draft.slot("group", trim(cell))
                draft.record.group = cell.value
        elif name == "text" and cell:
            draft.put_text(cell)
        elif name == "ends" and cell and draft.fields["when"] is not None:
            _span_end(draft, cell, head)
        else:
            put(draft, "when" if name == "ends" else name, cell, head)
    if draft.fields["when"] is not None and when is not None:
        told = When.from_json(draft.fields["when"])
        if on_day(told, when) is not told:
            draft.fields["when"] = on_day(told, when).to_json()
    if draft.fields["when"] is None and when is not None and "when" not in names:
        draft.set_when("when", when, when_piece or entry.piece)
    _parts(draft, entry.piece)
    return [draft.finish()]


def _span_end(draft: Draft, cell: Piece, head: Piece) -> None:
    """An end column closes the span that the start column opened."""
    end = draft.context.when(cell.clean, ANCHOR)
    end = draft.context.dated(end) if end is not None else None
    when = draft.fields["when"]
    if (
        end is not None
        and end.missing_year
        and end.fuzzy
        and when["missing_year"]
        and "/" not in when["fuzzy"]
    ):
        draft.fields["when"] = {**when, "fuzzy": f"{when['fuzzy']}/{end.fuzzy}"}
        draft.slot("ends", trim(cell))
    elif end is not None and (
        (when["date"] and end.date)
        or (when["offset"] is not None and end.offset is not None and when["unit"] == end.unit)
    ):
        when = dict(when)
        when["end_date"] = end.date.isoformat() if end.date else None
        when["end_offset"] = end.offset
        draft.fields["when"] = when
        draft.slot("ends", trim(cell))
    else:
        draft.put_text(cell, head)


def _matrix(context: Context, entry: Entry, names: list[str | None], channels: list[int]) -> list[Record]:
    """A table of times by channels: every filled cell is an entry of its channel."""
    when: When | None = None
    when_cell: Piece | None = None
    for index, name in enumerate(names):
        if name == "when":
            when_cell = entry.cells[index][1]
            when = context.when(when_cell.clean, ANCHOR)
    records: list[Record] = []
    for index in channels:
        head, cell = entry.cells[index]
        if not cell.value or cell.value in ("-", "–", "—"):
            continue
        draft = Draft(context, "calendar_entry", entry)
        draft.title(_done_sign(draft, trim(cell)))
        draft.fields["channel"] = head.clean
        if when is not None and when_cell is not None:
            draft.put_when("when", when_cell, when)
        _parts(draft, cell)
        record = draft.finish()
        record.shape = "cell"
        records.append(record)
    if records:
        for index, name in enumerate(names):
            head, cell = entry.cells[index]
            if name not in ("when", "number") and index not in channels and cell.value:
                known = records[0].fields["text"]
                added = f"{head.clean}: {cell.value}" if head.clean else cell.value
                records[0].fields["text"] = f"{known}\n{added}" if known else added
    return records


def from_heading(context: Context, entry: Entry, name: Piece, when: When, piece: Piece) -> Record:
    """An entry told by a dated heading with its fields or prose below."""
    draft = Draft(context, "calendar_entry", entry)
    draft.title(_owner_aside(draft, _done_sign(draft, name)))
    draft.put_when("when", piece, when)
    for child in entry.children:
        if child.shape == "heading":
            continue
        _told(draft, child)
    _parts(draft, name)
    return draft.finish()
