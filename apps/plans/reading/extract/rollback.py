"""Rollback criteria and steps, and risks with their mitigations."""

from __future__ import annotations

import re

from apps.plans.reading.drafts import DASHES, Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.simple import children, named, nested_text, put, row, told
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import Piece, trim
from apps.plans.reading.schemas import columns, field_for

_ASIDE = re.compile(r"[(（]([^()（）]{2,40})[)）]")
_ARMED = re.compile(r"\bafter\b|\bnach\b|\baprès\b|\bdespués\b|\bapós\b", re.IGNORECASE)


def extract(context: Context, found: list[Entry]) -> list[Record]:
    """A section that only says "rollback": ordered or timed entries are steps, measured ones criteria."""
    records: list[Record] = []
    listed = [entry for entry in found if entry.shape in ("item", "line", "fact", "row")]
    ordered = sum(entry.block.ordered for entry in listed)
    for entry in listed:
        text = entry.piece.clean
        if entry.shape == "item" and (ordered and entry.block.ordered):
            record = step(context, entry)
        elif entry.shape == "row":
            record = _row_by_header(context, entry)
        elif (
            context.targets(entry.value.clean, entry.label.clean if entry.label else "")
            and context.deadline(text) is None
        ) or _conditional(context, text):
            record = criterion(context, entry)
        elif context.deadline(text) is not None:
            record = step(context, entry)
        elif entry.label is not None and field_for(
            context.wording, "rollback_criterion", entry.label.clean
        ) in ("title", "targets"):
            record = criterion(context, entry, unlabelled=True)
        elif entry.label is not None and field_for(context.wording, "rollback_step", entry.label.clean) in (
            "title",
        ):
            record = step(context, entry)
        else:
            continue
        if record is not None:
            records.append(record)
    return records


def _row_by_header(context: Context, entry: Entry) -> Record | None:
    heads = [set(context.wording.fields(head.clean)) for head, _ in entry.cells]
    if any("risk" in head and "mitigation" not in head for head in heads) and any(
        "mitigation" in head for head in heads[1:]
    ):
        return mitigation(context, entry)
    if (heads and "criterion" in heads[0]) or any("threshold" in head for head in heads):
        return criterion(context, entry)
    return step(context, entry)


def _conditional(context: Context, text: str) -> bool:
    first = text.split(" ", 1)[0].lower().strip(":,")
    return first in context.wording.words.get("if_words", frozenset())


def criteria(context: Context, found: list[Entry]) -> list[Record]:
    return [
        record
        for entry in found
        if entry.shape in ("item", "line", "fact", "row")
        for record in [criterion(context, entry)]
        if record is not None
    ]


def criterion(context: Context, entry: Entry, *, unlabelled: bool = False) -> Record | None:
    """What makes the launch go back: an event, a threshold, a deadline, or a change against the baseline."""
    draft = Draft(context, "rollback_criterion", entry)
    if entry.shape == "row":
        cells = columns(context.wording, "rollback_criterion", entry)
        for name, header, cell in cells:
            if name == "title" and not draft.record.title:
                draft.title(cell)
                draft.put_targets(cell, kind="rollback")
            elif name == "targets" and cell.value:
                found = draft.put_targets(cell, draft.record.title, kind="rollback")
                draft.record.labels["targets"] = header.clean
                told = f"{header.clean}: {cell.value}"
                if not found:
                    draft.put_text(cell, header)
                else:
                    known = draft.fields["text"]
                    draft.fields["text"] = f"{known}\n{told}" if known else told
            else:
                put(draft, None if name == "title" else name, cell, header)
    else:
        body = entry.value if entry.label is not None else entry.piece
        arrow = _arrow(body) if entry.label is None else None
        if arrow is not None:
            # "Crash rate > 1.5% → roll back the client": what is done about it is no part of what is measured.
            body, answer = arrow
            draft.title(body)
            draft.put_text(answer)
        elif unlabelled:
            draft.title(entry.value)
        else:
            named(draft, entry)
        if not _event(body.clean) and not _tells_targets(context, entry):
            marks = len(draft.record.marks)
            draft.put_targets(body, entry.label.clean if entry.label else "", kind="rollback")
            del draft.record.marks[marks:]
        children(draft, "rollback_criterion", entry)
    if not draft.record.title:
        return None
    if draft.open("criterion_kind"):
        draft.fields["criterion_kind"] = criterion_kind(draft)
    return draft.finish()


def _tells_targets(context: Context, entry: Entry) -> bool:
    """Whether a bullet below says what is measured, or that nothing is."""
    return any(
        child.label is not None
        and bool(child.value)
        and field_for(context.wording, "rollback_criterion", child.label.clean) == "targets"
        for child in entry.children
    )


def _event(text: str) -> bool:
    """`Any double charge` is something that happens, not something that is counted."""
    return text[:4].lower() == "any " and not any(ch.isdigit() for ch in text)


def criterion_kind(draft: Draft) -> str:
    targets = draft.fields["targets"]
    if any(target.get("relation") in ("increase", "decrease") for target in targets):
        return "relative"
    if any(target.get("armed_after_days") for target in targets):
        return "deadline"
    return "threshold" if targets else "event"


def steps(context: Context, found: list[Entry]) -> list[Record]:
    return [
        record
        for entry in found
        if entry.shape in ("item", "line", "fact", "row", "heading")
        for record in [step(context, entry)]
        if record is not None
    ]


def step(context: Context, entry: Entry) -> Record | None:
    """One step of going back, with its deadline as minutes from the trigger."""
    draft = Draft(context, "rollback_step", entry)
    if entry.shape == "row":
        for name, header, cell in columns(context.wording, "rollback_step", entry):
            if name == "deadline":
                _deadline(draft, cell, header)
            elif name == "title" and draft.record.title:
                draft.put_text(cell, header)
            else:
                put(draft, name, cell, header)
    else:
        own = context.deadline(entry.label.clean) if entry.label is not None and entry.value else None
        if entry.label is not None and len(entry.label.raw.split()) > 4:
            own = None
        if own is not None and entry.label is not None:
            # "T+15 min: disable the flag", "Within 15 minutes: ..."
            draft.title(entry.value)
            draft.fields["deadline_minutes"] = own
            draft.slot("deadline_minutes", entry.label)
            draft.record.labels["deadline_minutes"] = entry.label.clean
        else:
            named(draft, entry)
        for child in entry.children:
            name = field_for(context.wording, "rollback_step", child.label.clean) if child.label else None
            if child.shape == "other":
                continue
            draft.claim(child)
            if name == "deadline" and child.label is not None:
                _deadline(draft, child.value, child.label)
            elif name == "owner" and child.label is not None:
                draft.put("owner", child.value, child.label)
            elif name == "text" and child.label is not None and child.value:
                draft.put_text(child.value)
            else:
                told(draft, child)
            nested_text(draft, child)
    if not draft.record.title:
        return None
    if draft.open("deadline_minutes"):
        for text in (draft.fields["text"], draft.record.title):
            minutes = context.deadline(text) if text else None
            if minutes is not None:
                draft.fields["deadline_minutes"] = minutes
                break
            asides = [context.deadline(aside) for aside in _ASIDE.findall(text)] if text else []
            if any(minutes is not None for minutes in asides):
                draft.fields["deadline_minutes"] = next(minutes for minutes in asides if minutes is not None)
                break
    return draft.finish()


def _deadline(draft: Draft, cell: Piece, header: Piece) -> None:
    cell = trim(cell)
    text = cell.clean
    if not text or text in DASHES:
        if text:
            draft.denied.add("deadline_minutes")
        draft.slot("deadline_minutes", cell)
        return
    minutes = draft.context.deadline(text)
    if minutes is None and text.replace(".", "").isdigit() and "min" in header.clean.lower():
        minutes = draft.context.deadline(f"{text} minutes")
    if minutes is None:
        if draft.context.is_open(text):
            draft.put_open("deadline_minutes", cell)
        else:
            draft.put_text(cell, header)
        return
    draft.fields["deadline_minutes"] = minutes
    draft.slot("deadline_minutes", cell)
    draft.record.labels["deadline_minutes"] = text


def mitigations(context: Context, found: list[Entry]) -> list[Record]:
    return [
        record
        for entry in found
        if entry.shape in ("item", "line", "fact", "row", "heading")
        for record in [mitigation(context, entry)]
        if record is not None
    ]


def mitigation(context: Context, entry: Entry) -> Record | None:
    """A risk with what is done about it."""
    draft = Draft(context, "mitigation", entry)
    if entry.shape == "row":
        if _no_risk(context, entry):
            return None
        row(draft, "mitigation", entry)
    else:
        name = (
            field_for(context.wording, "mitigation", entry.label.clean) if entry.label is not None else None
        )
        if name == "title" and entry.value:
            # "Risk: the migration takes too long"
            draft.title(entry.value)
        elif name in ("text", "likelihood", "impact", "owner") and entry.shape == "line":
            return None
        else:
            _risk_name(draft, entry)
        children(draft, "mitigation", entry)
    if not draft.record.title:
        return None
    return draft.finish()


def _no_risk(context: Context, entry: Entry) -> bool:
    """A log of risks often holds assumptions, decisions and dependencies too, told apart by their type."""
    return any(
        {"resource_type", "group"} & set(context.wording.fields(head.clean))
        and context.wording.has("no_risk_types", cell.clean)
        for head, cell in entry.cells
    )


def _risk_name(draft: Draft, entry: Entry) -> None:
    """`Risk → mitigation` in one line, or a name with a description."""
    arrow = _arrow(entry.piece) if entry.label is None else None
    if arrow is not None:
        draft.title(arrow[0])
        draft.put_text(arrow[1])
    else:
        named(draft, entry)


def _arrow(piece: Piece) -> tuple[Piece, Piece] | None:
    """What stands before and behind the first arrow of a line."""
    for arrow in (" → ", " -> ", " => ", " ⇒ "):
        place = piece.raw.find(arrow)
        if place > 0:
            return trim(piece.sub(0, place)), trim(piece.sub(place + len(arrow), len(piece.raw)))
    return None
