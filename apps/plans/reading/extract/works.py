"""What a piece of work tells about itself: done or not, who does it, its fields, and whether it is several."""

from __future__ import annotations

import re
from dataclasses import replace

from apps.plans.reading.blocks import locate
from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import put_time, told
from apps.plans.reading.pieces import Piece, split_paren, trim
from apps.plans.reading.schemas import field_for
from apps.plans.reading.wording import fold
from apps.schedule.when import When

ANCHOR = "launch_day"
_DONE_SIGNS = {"✅": True, "☑": True, "✔": True, "✓": True, "[x]": True, "[X]": True, "x": True, "X": True,
               "☐": False, "⬜": False, "🔲": False, "[ ]": False, "❌": False, "✗": False, "✘": False, "⏳": False,
               "🟢": True, "🟡": False, "🔴": False, "🚧": False, "◻": False, "☑️": True, "✔️": True}  # fmt: skip
_SIGN = re.compile(
    "^("
    + "|".join(re.escape(sign) for sign in sorted(_DONE_SIGNS, key=len, reverse=True) if sign not in "xX")
    + ")\ufe0f?\\s*"
)
_DASH = re.compile(r"\s+[-–—|]\s+")
_NAMES = re.compile(r"@?[^\W\d_a-zà-ÿ][\w.&'’/-]*(?:\s+[^\W\d_a-zà-ÿ][\w.&'’/-]*){0,2}")
_COMMA = re.compile(r"\s*,\s+")
_MENTION = re.compile(r"(?:^|\s)(@[\w.-]+)\s*$")
_PREFIX_OWNER = re.compile(r"^(?:owner|lead|dri|by|responsible|assignee)\s*[:=-]\s*", re.IGNORECASE)


def on_day(own: When, day: When | None) -> When:
    """A mere time of day happens on the day that stands above it."""
    if day is None or own.time is None or own.offset is not None or own.date is not None or own.fuzzy:
        return own
    return replace(day, time=own.time, zone=own.zone, precision="minute", text=own.text)


def done_sign(draft: Draft, body: Piece) -> Piece:
    raw = body.raw
    match = _SIGN.match(raw) if raw[:1] == "[" or not raw.isascii() else None
    if match and match.end() < len(body.raw):
        draft.fields["done"] = _DONE_SIGNS.get(match[1], False)
        draft.slot("done", body.sub(0, len(match[1])))
        return trim(body.sub(match.end(), len(body.raw)))
    return body


def owner_aside(draft: Draft, body: Piece) -> Piece:
    """`Blog post (owner: Ana)` and `Blog post @ana` name who does it."""
    head, aside = split_paren(body)
    if aside is not None:
        match = _PREFIX_OWNER.match(aside.raw)
        if match:
            draft.put("owner", aside.sub(match.end(), len(aside.raw)))
            return head
        if aside.raw.startswith("@"):
            return head if _who_and_when(draft, aside) else body
    mention = _MENTION.search(body.raw) if "@" in body.raw else None
    if mention and mention.start() > 0:
        draft.put("owner", body.sub(mention.start(1), mention.end(1)))
        return trim(body.sub(0, len(body.raw[: mention.start()].rstrip(" -–—,:"))))
    return body


def owner_between(draft: Draft, body: Piece) -> Piece:
    """`Website copy — Ana — 9/8`: a name between the work and its time is who does it."""
    dash = list(_DASH.finditer(body.raw))
    if not dash:
        return body
    who = trim(body.sub(dash[-1].end(), len(body.raw)))
    if not _is_somebody(draft.context, who):
        return body
    # "Teaser — Instagram — 9/8": where it goes rather than who does it.
    draft.put("channel" if draft.context.wording.type_of("channels", who.clean) else "owner", who)
    return trim(body.sub(0, dash[-1].start()))


def _is_somebody(context: Context, piece: Piece) -> bool:
    """A few words with capital letters that are no state of the work."""
    text = piece.clean
    if _NAMES.fullmatch(text) is None:
        return False
    return not (context.wording.has("done", text) or context.wording.has("not_done", text))


def _who_and_when(draft: Draft, aside: Piece) -> bool:
    """`(@mei, due 10 Mar)`: who does it and, where it is told, by when; False for anything else."""
    who, comma, _ = aside.raw.partition(",")
    if not comma:
        draft.put("owner", aside)
        return True
    due = trim(aside.sub(len(who) + 1, len(aside.raw)))
    when = draft.context.when(due.clean, ANCHOR)
    if when is None or draft.fields["when"] is not None:
        return False
    draft.put("owner", aside.sub(0, len(who)))
    draft.put_when("when", due, when)
    return True


def put_told(draft: Draft, child: Entry) -> None:
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


def offer_split(draft: Draft, body: Piece) -> None:
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
    """What a title lists: `A draft and b mail` -> "A draft", "B mail"; one-word pairs ("Design and build") stay
    together."""
    return [_begun(part) for part in _listed(context, title)]


def _begun(part: str) -> str:
    """A piece as a title of its own; "iOS post" keeps its name as it is."""
    return part if part[1:2].isupper() else part[:1].upper() + part[1:]


def _listed(context: Context, title: str) -> list[str]:
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
