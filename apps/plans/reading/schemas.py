"""Which labels and columns each kind of record understands, and which kind a table's headers speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.plans.reading.entries import Entry
from apps.plans.reading.pieces import Piece
from apps.plans.reading.wording import Wording

_COUNTER = re.compile(r"\d{1,2}[.)]?")
_SHARE = re.compile(r"\d{1,3}(?:[.,]\d+)?\s?[%％]")

# kind -> {generic label field: the record's field}, in order of preference where a label is ambiguous.
SCHEMAS: dict[str, dict[str, str]] = {
    "phase": {
        "phase": "title",
        "rollout": "rollout",
        "targets": "targets",
        "audience": "audience",
        "goal": "goal",
        "when": "when",
        "starts": "starts",
        "ends": "ends",
        "owner": "owner",
        "title": "title",
        "number": "number",
        "text": "text",
    },
    "key_message": {
        "message": "title",
        "rank": "rank",
        "audience": "text+",
        "proof": "text",
        "text": "text",
        "title": "label",
        "segment": "text+",
        "number": "number",
    },
    "channel": {
        "channel": "title",
        "owner": "owner",
        "resource_type": "channel_kind",
        "title": "title",
        "text": "text",
        "number": "number",
    },
    "calendar_entry": {
        "when": "when",
        "starts": "when",
        "ends": "ends",
        "date": "when",
        "title": "title",
        "channel": "channel",
        "owner": "owner",
        "status": "done",
        "number": "number",
        "team": "owner",
        "text": "text",
        "message": "title",
        "phase": "group",
        "topics": "text",
    },
    "segment": {
        "segment": "title",
        "pain_point": "pain_point",
        "value_proposition": "value_proposition",
        "targets": "targets",
        "role": "role",
        "title": "title",
        "audience": "title",
        "rank": "group",
        "group": "group",
        "number": "number",
        "text": "text",
    },
    "kpi": {
        "metric": "title",
        "baseline": "baseline",
        "target": "target",
        "stretch": "stretch",
        "alert": "alert",
        "rollback": "rollback",
        "threshold": "target",
        "targets": "target",
        "measure": "measure",
        "group": "group",
        "owner": "owner",
        "title": "title",
        "goal": "target",
        "number": "number",
        "when": "text+",
        "text": "text",
    },
    "training": {
        "team": "team",
        "audience": "team",
        "when": "when",
        "date": "when",
        "owner": "owner",
        "title": "title",
        "topics": "text",
        "text": "text",
        "number": "number",
    },
    "education": {
        "title": "title",
        "resource_type": "resource_type",
        "when": "when",
        "date": "when",
        "owner": "owner",
        "text": "text",
        "number": "number",
    },
    "enablement": {
        "title": "title",
        "resource_type": "resource_type",
        "cadence": "cadence",
        "when": "when",
        "date": "when",
        "owner": "owner",
        "text": "text",
        "number": "number",
    },
    "support": {
        "team": "team",
        "title": "title",
        "coverage": "coverage",
        "period": "period",
        "when": "period",
        "owner": "owner",
        "text": "text",
        "number": "number",
    },
    "monitoring": {
        "title": "title",
        "metric": "title",
        "resource_type": "monitoring_type",
        "owner": "owner",
        "text": "text",
        "number": "number",
    },
    "routine": {
        "title": "title",
        "cadence": "cadence",
        "when": "cadence",
        "owner": "owner",
        "text": "text",
        "number": "number",
    },
    "rollback_criterion": {
        "criterion": "title",
        "metric": "title",
        "threshold": "targets",
        "targets": "targets",
        "owner": "owner",
        "title": "title",
        "rollback": "targets",
        "resource_type": "criterion_kind",
        "text": "text",
        "number": "number",
    },
    "rollback_step": {
        "deadline": "deadline",
        "step": "title",
        "title": "title",
        "owner": "owner",
        "text": "text",
        "number": "number",
    },
    "mitigation": {
        "risk": "title",
        "mitigation": "text",
        "likelihood": "likelihood",
        "impact": "impact",
        "prepared_message": "prepared_message",
        "owner": "owner",
        "title": "title",
        "text": "text",
        "number": "number",
    },
    "review": {
        "when": "when",
        "date": "when",
        "topics": "topics",
        "owner": "owner",
        "title": "title",
        "text": "text",
    },
    "recognition": {"team": "team", "owner": "owner", "title": "title", "text": "text"},
    "story": {
        "account": "account",
        "story_kind": "story_kind",
        "owner": "owner",
        "title": "title",
        "text": "text",
        "number": "number",
    },
    "improvement": {"title": "title", "owner": "owner", "text": "text", "number": "number"},
    "history": {
        "date": "date",
        "version": "version",
        "author": "author",
        "summary": "summary",
        "title": "title",
        "when": "date",
    },
}


def field_for(wording: Wording, kind: str, label: str, *, taken: Iterable[str] = ()) -> str | None:
    """The field of a kind that a label names, None if the kind has none for it."""
    candidates = wording.fields(label)
    if not candidates:
        return None
    for generic, name in SCHEMAS.get(kind, {}).items():
        if generic in candidates and (name not in taken or name in ("text", "text+", "targets", "target")):
            return name
    return None


def columns(wording: Wording, kind: str, row: Entry) -> list[tuple[str | None, Piece, Piece]]:
    """A row's cells with the kind's field for each: (field or None, header, cell)."""
    return [
        (name, row.cells[index][0], row.cells[index][1])
        for index, name in enumerate(column_fields(wording, kind, row))
    ]


def column_fields(wording: Wording, kind: str, row: Entry) -> list[str | None]:
    """The kind's field for every column of a row's table; one column names the record."""
    taken: list[str] = []
    names: list[str | None] = []
    grouped = kind == "calendar_entry" and _has_work_beside_groups(wording, row)
    counts = _counts_rows(wording, kind, row)
    for index, (head, _) in enumerate(row.cells):
        name = "number" if counts and not index else field_for(wording, kind, head.clean, taken=taken)
        if grouped and wording.has("work_groups", head.clean):
            name, grouped = "group", False
        if name is not None:
            taken.append(name)
        names.append(name)
    if kind == "calendar_entry" and "owner" not in names:
        _responsible(row, names)
    if kind == "phase" and "title" not in names:
        _name_phases(wording, row, names)
        return names
    if kind == "calendar_entry" and "title" not in names and "channel" in names:
        # "Channel | Message": the message is the work, the channel where it goes.
        message = next(
            (index for index, (head, _) in enumerate(row.cells) if "message" in wording.fields(head.clean)),
            None,
        )
        if message is not None and row.cells[message][1].value:
            names[message] = "title"
    if kind == "mitigation" and "title" not in names and names.count("text") > 1:
        # Of a description and what is done about it, the description names the risk.
        names[names.index("text")] = "title"
    if "title" not in names:
        for wanted in (None, "team", "channel", "account", "text", "label", "step"):
            if wanted in names:
                names[names.index(wanted)] = "title"
                break
        else:
            if names and kind not in ("calendar_entry", "rollback_criterion", "history", "kpi"):
                names[0] = "title"
    return names


def _counts_rows(wording: Wording, kind: str, row: Entry) -> bool:
    """Of "Step | Action" with 1, 2, 3 below the step, the action is the name."""
    if (
        "number" not in SCHEMAS.get(kind, {})
        or not row.cells
        or not _COUNTER.fullmatch(row.cells[0][1].clean)
    ):
        return False
    if field_for(wording, kind, row.cells[0][0].clean) != "title":
        return False
    return any(field_for(wording, kind, head.clean) == "title" for head, _ in row.cells[1:])


def _responsible(row: Entry, names: list[str | None]) -> None:
    """Of the columns R, A, C and I the first says who does the work."""
    heads = [head.clean.strip().upper() for head, _ in row.cells]
    if {"R", "A"} <= set(heads) and {"C", "I"} & set(heads) and names[heads.index("R")] is None:
        names[heads.index("R")] = "owner"


def _name_phases(wording: Wording, row: Entry, names: list[str | None]) -> None:
    """Phases without a column of names: percents are shares, states are none, the first other column names them.

    Where whom they are for or when they are is told, that names them well enough.
    """
    free = [index for index, name in enumerate(names) if name is None]
    shares = [index for index in free if _SHARE.fullmatch(row.cells[index][1].clean)]
    if shares and "rollout" not in names:
        names[shares[0]] = "rollout"
    told = {"audience", "when", "starts"} & {name for name in names if name}
    for index in free:
        fields = wording.fields(row.cells[index][0].clean)
        if index not in shares and "status" not in fields and not (told and index > 0):
            names[index] = "title"
            return
    if not told and names and names[0] != "rollout":
        names[0] = "title"


def _has_work_beside_groups(wording: Wording, row: Entry) -> bool:
    """Of "Workstream | Task" the task is the work, the workstream groups it."""
    titles = [
        head.clean for head, _ in row.cells if field_for(wording, "calendar_entry", head.clean) == "title"
    ]
    groups = sum(wording.has("work_groups", title) for title in titles)
    return 0 < groups < len(titles)


# A table speaks of a kind when all of one set of generic fields stand among its headers.
_SIGNATURES: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = (
    ("history", (frozenset({"version", "author"}), frozenset({"version", "date", "summary"}))),
    (
        "mitigations",
        (frozenset({"risk", "mitigation"}), frozenset({"risk", "likelihood"}), frozenset({"risk", "impact"})),
    ),
    (
        "segments",
        (
            frozenset({"segment", "pain_point"}),
            frozenset({"segment", "value_proposition"}),
            frozenset({"segment", "role"}),
        ),
    ),
    (
        "phases",
        (
            frozenset({"phase", "rollout"}),
            frozenset({"phase", "audience"}),
            frozenset({"rollout", "audience", "when"}),
        ),
    ),
    ("kpis", (frozenset({"metric", "target"}), frozenset({"metric", "baseline"}))),
    ("rollback_criteria", (frozenset({"criterion", "threshold"}),)),
    ("rollback_steps", (frozenset({"step", "deadline", "number"}),)),
    (
        "calendar",
        (
            frozenset({"when", "channel"}),
            frozenset({"when", "title", "owner"}),
            frozenset({"when", "title"}),
            frozenset({"title", "owner", "status"}),
            frozenset({"starts", "ends", "title"}),
        ),
    ),
    ("key_messages", (frozenset({"message", "audience"}), frozenset({"message", "proof"}))),
    (
        "channels",
        (frozenset({"channel", "owner"}), frozenset({"channel", "text"}), frozenset({"channel", "audience"})),
    ),
)


def table_kind(wording: Wording, row: Entry) -> str | None:
    """The kind of section a table would make by its headers alone."""
    heads = [frozenset(wording.fields(head.clean)) for head, _ in row.cells]
    for kind, signatures in _SIGNATURES:
        for signature in signatures:
            if _covers(list(signature), heads):
                return kind
    return None


def _covers(wanted: list[str], heads: list[frozenset[str]]) -> bool:
    """Whether each wanted field can have a column of its own."""
    if not wanted:
        return True
    first, rest = wanted[0], wanted[1:]
    return any(
        first in head and _covers(rest, heads[:index] + heads[index + 1 :])
        for index, head in enumerate(heads)
    )
