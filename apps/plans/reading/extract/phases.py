"""Phases with their rollout steps, from headings, bullets, rows, or a table turned on its side."""

from __future__ import annotations

import re

from apps.plans.reading.blocks import locate
from apps.plans.reading.drafts import Context, Draft
from apps.plans.reading.entries import Entry
from apps.plans.reading.extract.ladders import (
    PERCENT,
    bare_percents,
    ladder_alone,
    rollout_steps,
    unit_in_header,
)
from apps.plans.reading.extract.phase_names import ANCHOR, put_name, set_span, take_aside
from apps.plans.reading.extract.simple import counted, nested_text, put_time, told
from apps.plans.reading.model import Record
from apps.plans.reading.pieces import (
    MOST_PARTS,
    Piece,
    leading_paren,
    split_label,
    split_paren,
    text_lines,
    trim,
)
from apps.plans.reading.recognise import phase_mark
from apps.plans.reading.schemas import columns, field_for
from apps.plans.reading.settling import ask_share
from apps.plans.reading.wording import fold

_BETWEEN = re.compile(r"\s+[-–—|·]\s+|;\s+")
_SHARE = re.compile(r"\d{1,3}(?:[.,]\d+)?\s?[%％](?:\s+(?=[^\W\d_]+\s))?(?P<of>の|[a-zà-ÿ]+)", re.IGNORECASE)
_COMMA = re.compile(r",\s+")
# Emphasis, tags and line ends: a line that holds any is cut by them.
_MARKED = re.compile(r"[*_<\n]")
_CODE = re.compile(r"[A-Z]{1,2}-?\d{1,2}")
# What names a phase in a table that has no column of names.
_NAMING = ("audience", "when", "starts")


def extract(context: Context, found: list[Entry]) -> list[Record]:
    """Phases from a list of entries in a section about phases; entries that are no phase stay behind."""
    records: list[Record] = []
    rows = [entry for entry in found if entry.shape == "row"]
    if rows and _sideways(context, rows):
        from apps.plans.reading.extract.sideways import phases

        records.extend(phases(context, rows))
        rows = []
    bare: list[Entry] = []
    for entry in found:
        if entry.shape == "row":
            if rows:
                record = _from_row(context, entry)
                if record is not None:
                    records.append(record)
        elif entry.shape in ("item", "line", "fact"):
            if _is_phase(context, entry):
                records.append(phase(context, entry))
            elif PERCENT.search(entry.piece.raw):
                bare.append(entry)
        elif entry.shape == "paragraph" and PERCENT.search(entry.piece.raw):
            bare.append(entry)
    if not records:
        for entry in bare:
            ladder_alone(context, entry)
    return records


def _is_phase(context: Context, entry: Entry) -> bool:
    name = entry.name.clean
    if phase_mark(context.wording, name):
        return True
    if entry.label is not None and (
        context.when(entry.label.clean, ANCHOR) is not None or _timed_name(context, entry.label)
    ):
        return True
    if (
        entry.label is not None
        and field_for(context.wording, "phase", entry.label.clean) is not None
        and not entry.children
    ):
        return False
    if entry.label is None and not entry.children:
        return False
    fields = {
        field_for(context.wording, "phase", child.label.clean) for child in entry.children if child.label
    }
    if fields & {"audience", "rollout", "goal", "targets", "when"}:
        return True
    return (
        entry.label is not None
        and bool(entry.value)
        and "%" in entry.value.raw
        and len(context.ladder(entry.value.clean)) == 1
    )


def _timed_name(context: Context, label: Piece) -> bool:
    """`Beta (8 October)`, `General availability (week 4)`: a name with its time, not two tellings of a time."""
    name, aside = split_paren(label)
    if aside is None or context.when(aside.clean, ANCHOR) is None:
        return False
    other = context.when(name.clean, ANCHOR)
    return other is None or (other.offset == 0 and other.date is None)


def _sideways(context: Context, rows: list[Entry]) -> bool:
    """Columns are phases, rows are what is said about them: the columns are named so, or the rows are fields."""
    marks = sum(phase_mark(context.wording, head.clean) is not None for head, _ in rows[0].cells[1:])
    if marks >= 2:
        return True
    if len(rows[0].cells) < 3 or rows[0].cells[0][0].clean:
        return False
    labels = [row.cells[0][1].clean for row in rows]
    known = sum(
        field_for(context.wording, "phase", label) not in (None, "title", "number") for label in labels
    )
    return known >= 3 and known * 2 > len(rows)


def phase(context: Context, entry: Entry) -> Record:
    """One phase from a bullet or a heading entry with everything nested in it."""
    draft = Draft(context, "phase", entry)
    steps: list[Piece] = []
    if entry.shape == "heading":
        heading(draft, entry.piece, steps)
    else:
        _own_line(draft, entry, steps)
    for child in entry.children:
        _told(draft, child, steps)
    return _finish(draft, steps)


def _own_line(draft: Draft, entry: Entry, steps: list[Piece]) -> None:
    context = draft.context
    if entry.label is None:
        heading(draft, entry.piece, steps)
        return
    when = context.when(entry.label.clean, ANCHOR)
    if when is not None and entry.value and not _timed_name(context, entry.label):
        set_span(draft, when, entry.label)
        label, value = split_label(entry.value)
        if label is not None and value:
            draft.title(label)
            _loose(draft, value, steps)
        else:
            draft.title(entry.value)
            if PERCENT.search(entry.value.raw) and context.ladder(entry.value.clean):
                steps.append(entry.value)
                if not bare_percents(entry.value.clean):
                    draft.put("audience", entry.value)
        return
    mark = phase_mark(context.wording, entry.label.clean)
    aside, rest = leading_paren(entry.value)
    if aside is None and mark and mark[0] != "stage" and len(entry.label.raw.split()) <= 2 and entry.value:
        # "Phase 1: Beta (Week 1)": the name goes on behind the colon.
        whole = Piece(entry.block, entry.label.start, entry.value.end)
        inner, rest = split_label(entry.value)
        if inner is not None and rest and not _MARKED.search(whole.raw):
            # "Phase 1 - staff (week 1): 500 people": the name reaches up to the second mark.
            heading(draft, whole.sub(0, inner.end - whole.start), steps)
            for part in _stretches(draft, rest):
                _loose(draft, part, steps)
            return
        if len(entry.value.raw) <= 60 and "\n" not in whole.raw:
            heading(draft, trim(entry.piece), steps)
            return
    heading(draft, entry.label, steps)
    if not entry.value:
        return
    # "**Phase 2** (Weeks 2-3): all clinics, 40%"
    if aside is None or not take_aside(draft, aside, steps):
        rest = entry.value
    for line in text_lines(rest):
        for part in _stretches(draft, line):
            if _is_share(context, part):
                steps.append(part)
            else:
                _loose(draft, part, steps)


def _stretches(draft: Draft, value: Piece) -> list[Piece]:
    """`100% of employees – Mon May 5`: parts by dashes and bars, if one of them is a time or a percent."""
    cuts = list(_BETWEEN.finditer(value.raw)) or _bare_share(value)
    if not cuts or len(cuts) > MOST_PARTS:
        return [value]
    ends = [match.start() for match in cuts] + [len(value.raw)]
    starts = [0] + [match.end() for match in cuts]
    parts = [trim(value.sub(start, end)) for start, end in zip(starts, ends, strict=True)]
    context = draft.context
    if any(
        context.when(part.clean, ANCHOR) or PERCENT.search(part.raw) and context.ladder(part.clean)
        for part in parts
    ):
        return [part for part in parts if part]
    return [value]


def _is_share(context: Context, value: Piece) -> bool:
    """`20% of deliveries` right behind a phase's name is who gets it, whatever is counted."""
    match = _SHARE.match(value.clean)
    if match is None or fold(match["of"]) not in context.wording.words.get("articles", frozenset()):
        return False
    return not context.wording.holds("audience_words", value.clean) and not context.wording.holds(
        "target_words", value.clean
    )


def _bare_share(value: Piece) -> list[re.Match[str]]:
    """The commas around a lone percent: `all clinics, 40%`; a list of percents is one ladder."""
    raw = value.raw
    commas = list(_COMMA.finditer(raw))
    starts = [0, *(match.end() for match in commas)]
    ends = [*(match.start() for match in commas), len(raw)]
    shares = [PERCENT.search(raw, start, end) for start, end in zip(starts, ends, strict=True)]
    if sum(map(bool, shares)) != 1:
        return []
    at = next(index for index, share in enumerate(shares) if share)
    if not bare_percents(raw[starts[at] : ends[at]]):
        return []
    return [match for index, match in enumerate(commas) if index in (at - 1, at)]


def heading(draft: Draft, piece: Piece, steps: list[Piece]) -> None:
    """`Phase 1: Beta (Week 1, 10%)`: the name, and what stands in parentheses, behind a dash or a `<br>`."""
    piece, *more = text_lines(piece)
    put_name(draft, piece, steps)
    for line in more:
        label, value = split_label(line)
        name = field_for(draft.context.wording, "phase", label.clean) if label else None
        if label is not None and name not in (None, "title", "number"):
            labelled(draft, str(name), value, label, steps)
        else:
            _loose(draft, line, steps)


def _told(draft: Draft, entry: Entry, steps: list[Piece]) -> None:
    """Something said below a phase: by its label, else by what it looks like."""
    context = draft.context
    if entry.shape in ("other", "fence"):
        return
    if entry.shape == "row":
        return
    if entry.shape == "heading":
        _inside(draft, entry, steps)
        return
    name = field_for(context.wording, "phase", entry.label.clean) if entry.label else None
    if name in ("title", "number") or (name is None and entry.label is not None):
        if (
            entry.label is not None
            and name is None
            and context.when(entry.label.clean, ANCHOR)
            and PERCENT.search(entry.value.raw)
        ):
            _step_with_time(draft, entry, steps)
            return
        told(draft, entry)
        draft.claim(entry)
        nested_text(draft, entry)
        return
    if name is None:
        if entry.shape == "paragraph":
            return
        _loose(draft, entry.piece, steps)
        draft.claim(entry)
        nested_text(draft, entry)
        return
    assert entry.label is not None
    draft.claim(entry)
    values = [entry.value] if entry.value else []
    for child in entry.children:
        if child.shape != "other":
            values.append(child.piece)
            draft.claim(child, deep=True)
    for value in values:
        labelled(draft, name, value, entry.label, steps)


def _inside(draft: Draft, entry: Entry, steps: list[Piece]) -> None:
    """A small heading below a phase: its entries are the values of the field it names."""
    name = field_for(draft.context.wording, "phase", entry.piece.clean)
    if name is None or name in ("title", "number"):
        return
    draft.claim(entry)
    for child in entry.children:
        if child.shape in ("other", "fence", "row"):
            continue
        if child.shape == "heading":
            _inside(draft, child, steps)
            continue
        draft.claim(child, deep=True)
        labelled(draft, name, child.piece, entry.piece, steps)


def labelled(draft: Draft, name: str, value: Piece, label: Piece, steps: list[Piece]) -> None:
    """A phase's labelled value."""
    context = draft.context
    text = value.clean
    if name == "rollout":
        draft.record.labels["rollout"] = label.clean
        ask_share(context, text, locate(context.source, value.block, value.start)[0], draft.record, "rollout")
        if context.ladder(text) or unit_in_header(label, text):
            steps.append(trim(value))
        elif context.is_open(text):
            draft.put_open("rollout", value)
        else:
            draft.put_text(value, label)
    elif name == "targets":
        draft.record.labels["targets"] = label.clean
        if not draft.put_targets(value):
            draft.put_text(value, label)
    elif name == "when" and context.wording.has("due_words", label.clean):
        put_time(draft, "ends", value, label, ANCHOR)
    elif name in ("when", "starts"):
        when = context.when(text, ANCHOR) or counted(context, text, label, ANCHOR)
        if when is not None:
            draft.record.labels["starts"] = label.clean
            set_span(draft, when, value)
        else:
            put_time(draft, "starts", value, label, ANCHOR)
    elif name == "ends":
        put_time(draft, "ends", value, label, ANCHOR)
    elif name == "audience":
        draft.put("audience", value, label)
        ask_share(
            context, text, locate(context.source, value.block, value.start)[0], draft.record, "audience"
        )
        if PERCENT.search(text) and len(context.ladder(text)) >= 1:
            steps.append(trim(value))
    elif name == "goal":
        draft.put("goal", value, label)
        if PERCENT.search(text) and context.wording.holds("audience_words", text):
            _percent_meaning(draft, value)
    elif name in ("owner",):
        draft.put(name, value, label)
    else:
        draft.put_text(value, label if name != "text" else None)


def _percent_meaning(draft: Draft, value: Piece) -> None:
    """A percent under a goal may be who gets it or what is to be reached."""
    line = locate(draft.context.source, value.block, value.start)[0]
    text = value.clean
    if draft.context.wording.holds("target_words", text):
        return
    answer = draft.context.ask(
        "percent_meaning",
        line,
        f"{draft.record.title}\x1f{text}",
        f"Is “{text[:100]}” who gets it or a result to reach?",
        proposed="target",
        choices=("audience", "target"),
        record=draft.record,
        field="goal",
    )
    if answer == "target":
        draft.put_targets(value)


def _loose(draft: Draft, value: Piece, steps: list[Piece]) -> None:
    """An unlabelled thing said about a phase: a percent of an audience, a time, or description."""
    context = draft.context
    text = value.clean
    if PERCENT.search(value.raw):
        audience = context.wording.holds("audience_words", text)
        target = context.wording.holds("target_words", text) or any(mark in text for mark in "<>≥≤")
        rungs = context.ladder(text)
        if rungs and (
            (audience and not target)
            or (len(rungs) > 1 and not target)
            or (not target and bare_percents(text))
        ):
            steps.append(trim(value))
            if len(rungs) == 1 and audience and not draft.fields["audience"]:
                draft.put("audience", value)
            return
        if audience and target and rungs:
            answer = context.ask(
                "percent_meaning",
                locate(context.source, value.block, value.start)[0],
                f"{draft.record.title}\x1f{text}",
                f"Is “{text[:100]}” who gets it or a result to reach?",
                proposed="target",
                choices=("audience", "target"),
                record=draft.record,
            )
            if answer == "audience":
                steps.append(trim(value))
                return
        if target and draft.put_targets(value):
            return
    when = context.when(text, ANCHOR)
    if when is not None and draft.open("starts"):
        set_span(draft, when, value)
        return
    draft.put_text(value)


def _step_with_time(draft: Draft, entry: Entry, steps: list[Piece]) -> None:
    """`Day 3: 25%` below a phase is a step of its ladder; its time is told in the description."""
    steps.append(trim(entry.value))
    draft.put_text(entry.piece)
    draft.claim(entry)


def _from_row(context: Context, entry: Entry) -> Record | None:
    draft = Draft(context, "phase", entry)
    steps: list[Piece] = []
    cells = columns(context.wording, "phase", entry)
    for name, _, cell in cells:
        if name == "title" and cell and not draft.record.title:
            if _CODE.fullmatch(cell.clean):
                # "W2" in a column of waves counts them, not weeks.
                draft.title(cell)
            else:
                heading(draft, cell, steps)
    if not draft.record.title:
        named_by = next(
            (cell for wanted in _NAMING for name, _, cell in cells if name == wanted and cell), None
        )
        if named_by is not None:
            draft.title(named_by)
    if not draft.record.title:
        return None
    titled = not any(name == "title" for name, _, _ in cells)
    for name, header, cell in cells:
        if name == "title" and not titled:
            titled = True
        elif name == "number":
            draft.record.labels["number"] = cell.clean
        elif name is None or name in ("text", "title"):
            draft.put_text(cell, header)
        elif cell:
            labelled(draft, name, cell, header, steps)
    marked = phase_mark(context.wording, draft.record.title)
    if not marked and not steps and draft.fields["starts"] is None and not draft.fields["audience"]:
        return None
    return _finish(draft, steps)


def _finish(draft: Draft, steps: list[Piece]) -> Record:
    if "starts" in draft.denied:
        draft.fields["starts"] = draft.fields["ends"] = None
    record = draft.finish()
    seen: set[tuple[int, int, int]] = set()
    for piece in steps:
        place = (id(piece.block), piece.start, piece.end)
        if place not in seen:
            seen.add(place)
            rollout_steps(draft.context, draft.entry, piece, record)
    return record
