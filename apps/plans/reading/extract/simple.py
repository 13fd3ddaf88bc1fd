"""Kinds told as a name with a description: channels, trainings, support, routines, stories and their like."""

from __future__ import annotations

import re
from collections.abc import Callable

from apps.plans.reading.drafts import DASHES, Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import MOST_PARTS, Piece, split_label, split_paren
from apps.plans.reading.schemas import columns, field_for
from apps.plans.reading.settling import ask_day, no_such_day
from apps.plans.reading.wording import fold
from apps.schedule.when import When

_COUNT = re.compile(r"[-+−–]?\d{1,3}(?:\s?(?:-|–|to)\s?[-+−]?\d{1,3})?\+?")
_HEAD = re.compile(r"([^,;:]{3,40}?)(?:[,;:]|\s[-–—]\s)")

_STRETCH = re.compile(r"\s+[-–—|·]\s+|;\s+")

Finish = Callable[[Context, Draft, Entry], None]


def extract(context: Context, kind: str, found: list[Entry], *, finish: Finish | None = None) -> list[Record]:
    """A record of a simple kind for every entry that names something; prose stays behind as a note."""
    records: list[Record] = []
    for entry in found:
        if entry.shape in ("paragraph", "other", "fence"):
            continue
        record = simple(context, kind, entry, finish=finish)
        if record is not None:
            records.append(record)
    return records


def simple(context: Context, kind: str, entry: Entry, *, finish: Finish | None = None) -> Record | None:
    """One record from one entry; None (the entry becomes a note) if nothing but placeholders names it."""
    draft = Draft(context, kind, entry)
    if entry.shape == "row":
        row(draft, kind, entry)
    else:
        named(draft, entry)
        children(draft, kind, entry)
    if not draft.record.title:
        return None
    if finish is not None:
        finish(context, draft, entry)
    return draft.finish()


def named(draft: Draft, entry: Entry, *, quotes: bool = False) -> None:
    """Title and description from `Label: value`, or the whole text as the title."""
    if entry.label is not None and entry.label:
        draft.title(entry.label, quotes=quotes)
        if entry.value and not _in_one_line(draft, entry.value):
            draft.put_text(entry.value)
    else:
        draft.title(entry.value, quotes=quotes)


def _in_one_line(draft: Draft, value: Piece) -> bool:
    """`Likelihood: low - Mitigation: a queue`: takes the parts of a value that are all labelled fields."""
    raw = value.raw
    cuts = list(_STRETCH.finditer(raw))
    if len(cuts) > MOST_PARTS:
        return False
    starts = [0, *(match.end() for match in cuts)]
    ends = [*(match.start() for match in cuts), len(raw)]
    told = []
    for start, end in zip(starts, ends, strict=True):
        label, part = split_label(value.sub(start, end))
        name = field_for(draft.context.wording, draft.record.kind, label.clean) if label else None
        if label is None or not part or name in (None, "title", "number"):
            return False
        told.append((name, part, label))
    for name, part, label in told:
        put(draft, name, part, label)
    return True


def row(draft: Draft, kind: str, entry: Entry) -> None:
    """A table row: each column by its header, unknown columns into the description under their name."""
    for name, header, cell in columns(draft.context.wording, kind, entry):
        put(draft, name, cell, header)


def children(draft: Draft, kind: str, entry: Entry) -> None:
    """Nested bullets and lines: labelled ones by their label, the rest into the description."""
    for child in entry.children:
        if child.shape == "other":
            continue
        name = field_for(draft.context.wording, kind, child.label.clean) if child.label else None
        if name == "title" and draft.record.title:
            name = None
        if name is not None and child.label is not None:
            values = [child.value] if child.value else [inner.piece for inner in child.children]
            for value in values:
                put(draft, name, value, child.label)
            if not values:
                draft.slot(name, child.value)
            draft.claim(child, deep=bool(not child.value))
            if child.value:
                nested_text(draft, child)
        else:
            told(draft, child)
            draft.claim(child)
            nested_text(draft, child)


def told(draft: Draft, child: Entry) -> None:
    """A nested bullet as a line of the description: "Label: value" where the label was set apart by markup."""
    if child.label is not None and child.piece.raw.lstrip()[:1] in ("*", "_", "`"):
        draft.put_text(child.value, child.label)
    else:
        draft.put_text(child.piece)


def nested_text(draft: Draft, entry: Entry) -> None:
    """Everything nested deeper goes into the description."""
    for child in entry.children:
        if child.shape == "other":
            continue
        told(draft, child)
        draft.claim(child)
        nested_text(draft, child)


def put(draft: Draft, name: str | None, piece: Piece, label: Piece | None) -> None:
    """Put a labelled value into its field, whatever type the field has."""
    context = draft.context
    if name is not None and name in (*TYPED, "targets", "rank", "when") and piece.value in DASHES:
        draft.denied.add(name)
        draft.slot(name, piece)
    elif name is None or (name in ("text+", "text") and label is not None and draft.entry.shape == "row"):
        if name == "text":
            draft.put_text(piece)
        else:
            draft.put_text(piece, label)
    elif name == "number":
        if piece:
            draft.record.labels["number"] = piece.clean
    elif name == "title":
        draft.title(piece)
    elif name == "text":
        draft.put_text(piece)
    elif name == "when":
        put_time(draft, "when", piece, label)
    elif name == "targets":
        draft.put_targets(piece, kind="rollback" if draft.record.kind == "rollback_criterion" else "target")
        if label is not None:
            draft.record.labels["targets"] = label.clean
    elif name == "group":
        if piece.value and not context.is_open(piece.value):
            draft.slot("group", piece)
            draft.record.group = draft.fields["group"] = piece.value
    elif name == "rank":
        text = piece.clean
        draft.fields[name] = int(text) if text.isascii() and text.isdigit() else draft.fields.get(name)
        draft.slot(name, piece)
    elif name in TYPED:
        put_type(draft, name, piece, label)
    elif name in draft.fields:
        draft.put(name, piece, label)
    else:
        draft.put_text(piece, label)


# Fields that hold one of a few known words.
TYPED = {
    "channel_kind": "channels",
    "resource_type": "resource_types",
    "monitoring_type": "monitoring_types",
    "story_kind": "story_kinds",
    "criterion_kind": "criterion_kinds",
}


def put_type(draft: Draft, name: str, piece: Piece, label: Piece | None) -> None:
    """A type told outright; the plan's own word for it stays in the description."""
    value = piece.value
    if not value:
        # An empty cell of a column of types leaves its place to write one.
        draft.slot(name, piece)
        return
    known = draft.context.wording.types.get(TYPED[name], {})
    if (
        value in known.values()
        or value == _ANY.get(name)
        or name == "criterion_kind"
        and value in CRITERION_KINDS
    ):
        draft.fields[name] = value
        draft.slot(name, piece)
        return
    draft.put_text(piece, label)
    draft.fields[name] = draft.context.wording.type_of(TYPED[name], value)


# What a record is of that is of no kind in particular.
_ANY = {"channel_kind": "other", "resource_type": "other", "story_kind": "other", "monitoring_type": "alert"}
CRITERION_KINDS = ("event", "threshold", "deadline", "relative")


def put_time(
    draft: Draft, name: str, piece: Piece, label: Piece | None, anchor: str | None = "launch_day"
) -> bool:
    """A labelled time; what is no time goes into the description with its label."""
    text = piece.clean
    if not text or text in DASHES:
        if text:
            draft.denied.add(name)
        draft.slot(name, piece)
        return False
    when = draft.context.when(text, anchor) or counted(draft.context, text, label, anchor)
    if when is not None:
        draft.put_when(name, piece, when, label)
        return True
    if draft.context.is_open(text):
        draft.put_open(name, piece)
        return False
    if no_such_day(draft.context, text, anchor):
        draft.put_text(piece, label)
        ask_day(draft.context, text, draft.entry.first, draft.record, name)
        return False
    found = draft.context.whens(text, anchor)
    if len(found) == 1 and found[0][1] - found[0][0] >= 0.5 * len(text):
        draft.put_text(piece, label)
        draft.set_when(name, found[0][2], piece)
        return True
    draft.put_text(piece, label)
    return False


def counted(context: Context, text: str, label: Piece | None, anchor: str | None) -> When | None:
    """`3-4` below a header "Week" is weeks 3 to 4; `T-4` there counts weeks."""
    if label is None or not label.raw:
        return None
    if not _COUNT.fullmatch(text):
        return None
    if context.wording.begins("count_from", fold(label.clean)):
        return _counted_from(context, text, label, anchor)
    return context.when(f"{label.clean} {text}", anchor)


def _counted_from(context: Context, text: str, label: Piece, anchor: str | None) -> When | None:
    """`-30` below "Days to launch": so many of the header's units from launch day, before it where no sign says
    otherwise and the header counts down."""
    unit, direction = fold(label.clean).split(" ")[:2]
    number = text.replace("−", "-").replace("–", "-")
    if number.strip("+-0") and number[0] not in "+-":
        number = f"{'+' if direction in ('after', 'from', 'relative') else '-'}{number}"
    return context.when(f"T{number} {unit}" if number.strip("+-0") else "T-0", anchor)


def timed_text(context: Context, draft: Draft, entry: Entry) -> None:
    """`Week -3, live demo and pitfalls`: a description that begins with its time."""
    if draft.fields.get("when") is not None or "when" in draft.denied or entry.value is None:
        return
    piece = entry.value if entry.label is not None else entry.piece
    raw = piece.raw
    match = _HEAD.match(raw)
    head = piece.sub(0, match.end(1)) if match else None
    if head is None:
        _, head = split_paren(piece)
    if head is None or not any(ch.isdigit() for ch in head.raw):
        return
    when = context.when(head.clean, "launch_day")
    if when is not None:
        draft.set_when("when", when, head)


def channel(context: Context, draft: Draft, entry: Entry) -> None:
    if not draft.open("channel_kind"):
        return
    draft.fields["channel_kind"] = context.wording.type_of(
        "channels", draft.record.title
    ) or context.wording.type_of("channels", draft.fields["text"])


def resource(context: Context, draft: Draft, entry: Entry) -> None:
    """The type of a resource as its title tells it; a series of office hours has a cadence."""
    wording = context.wording
    title, text = draft.record.title, draft.fields["text"]
    if entry.shape != "row":
        timed_text(context, draft, entry)
    if draft.open("resource_type"):
        draft.fields["resource_type"] = wording.type_of("resource_types", title) or wording.type_of(
            "resource_types", text
        )
    if "cadence" in draft.fields and draft.open("cadence"):
        draft.fields["cadence"] = cadence_word(context, text) or cadence_word(context, title)


def monitoring(context: Context, draft: Draft, entry: Entry) -> None:
    wording = context.wording
    if not draft.open("monitoring_type"):
        return
    draft.fields["monitoring_type"] = (
        wording.type_of("monitoring_types", draft.record.title)
        or wording.type_of("monitoring_types", draft.fields["text"])
        or wording.type_of("monitoring_types", context.heading)
    )


def routine(context: Context, draft: Draft, entry: Entry) -> None:
    if draft.open("cadence"):
        draft.fields["cadence"] = cadence_word(context, draft.record.title) or cadence_word(
            context, draft.fields["text"]
        )


def training(context: Context, draft: Draft, entry: Entry) -> None:
    """A training named after a team is that team's."""
    if "when" in draft.fields and entry.shape != "row":
        timed_text(context, draft, entry)
    title = draft.record.title
    if draft.open("team") and context.wording.holds("team_words", title) and _is_name(context, title):
        draft.fields["team"] = draft.record.title


def _is_name(context: Context, title: str) -> bool:
    """A few words that no preposition joins: "Customer success team", not "Shout-out at all hands"."""
    words = title.lower().split()
    small = context.wording.words.get("articles", frozenset()) | context.wording.words.get(
        "at_words", frozenset()
    )
    return len(words) <= 4 and not small & set(words)


def recognition(context: Context, draft: Draft, entry: Entry) -> None:
    training(context, draft, entry)


def support(context: Context, draft: Draft, entry: Entry) -> None:
    """Round-the-clock coverage and its period, where the description says them."""
    text = f"{draft.record.title} {draft.fields['text']}"
    if draft.open("coverage"):
        for word in ("24/7", "24x7", "24×7", "24/5", "24x5", "follow-the-sun", "follow the sun"):
            if word in text.lower():
                draft.fields["coverage"] = word
                break
    if draft.open("period"):
        lowered = draft.fields["text"].lower()
        for phrase in sorted(context.wording.words.get("periods", ()), key=len, reverse=True):
            if phrase in lowered:
                draft.fields["period"] = phrase
                break


def story(context: Context, draft: Draft, entry: Entry) -> None:
    if draft.open("story_kind"):
        wording = context.wording
        draft.fields["story_kind"] = wording.type_of("story_kinds", draft.record.title) or wording.type_of(
            "story_kinds", draft.fields["text"]
        )


def cadence_word(context: Context, text: str) -> str:
    """The first word of a text that says how often something happens."""
    known = context.wording.words.get("cadence", frozenset())
    words = text.lower().replace("-", " ").split()
    for index, word in enumerate(words):
        pair = " ".join(words[index : index + 2]).strip(".,;:()")
        if pair in known and " " in pair:
            return pair
        if word.strip(".,;:()") in known:
            return word.strip(".,;:()")
    return ""


FINISH: dict[str, Finish] = {
    "channel": channel,
    "education": resource,
    "enablement": resource,
    "monitoring": monitoring,
    "routine": routine,
    "training": training,
    "recognition": recognition,
    "support": support,
    "story": story,
}


def aside(draft: Draft, name: str, piece: Piece) -> Piece:
    """Take a trailing parenthesis off a name and put it into a field; returns the name."""
    head, inner = split_paren(piece)
    if inner is not None:
        draft.put(name, inner)
    return head
