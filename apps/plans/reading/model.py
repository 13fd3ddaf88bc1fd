"""What reading a plan gives back: records with the places they were read from, questions, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from apps.plans.reading.blocks import locate
from apps.plans.reading.pieces import Piece
from apps.plans.reading.source import Source

# Kinds that keep the source without giving it a meaning; every other kind is a typed record.
KEPT_KINDS = frozenset({"note", "heading"})

COUNTS = {
    "phases": "phase",
    "rollout_steps": "rollout_step",
    "key_messages": "key_message",
    "channels": "channel",
    "calendar_entries": "calendar_entry",
    "segments": "segment",
    "kpis": "kpi",
    "trainings": "training",
    "education": "education",
    "enablement": "enablement",
    "support": "support",
    "monitoring": "monitoring",
    "routines": "routine",
    "rollback_criteria": "rollback_criterion",
    "rollback_steps": "rollback_step",
    "mitigations": "mitigation",
    "reviews": "review",
    "recognitions": "recognition",
    "stories": "story",
    "improvements": "improvement",
    "history": "history",
}

# Most records have none of these: one empty mapping serves them all.
_NONE: Mapping[str, Any] = MappingProxyType({})


class Slot(NamedTuple):
    """Where the text of a field stands: lines count from 1, columns from 0, the end is exclusive.

    `prefix` is what the field's text carries before the slot's own text ("Budget: " for a column that is
    told as part of the description); `part` is which line of a many-part field the slot holds.
    """

    field: str
    line: int
    start: int
    last: int
    end: int
    prefix: str = ""
    part: int = 0


class Mark(NamedTuple):
    """A field and the stretch of a block it was read from; looked up in the source only when asked."""

    field: str
    source: Source
    piece: Piece
    prefix: str = ""
    part: int = 0

    def slot(self) -> Slot:
        piece = self.piece
        line, start = locate(self.source, piece.block, piece.start)
        last, end = line, start
        if piece.end > piece.start:
            last, end = locate(self.source, piece.block, piece.end - 1)
            end += 1
        return Slot(self.field, line, start, last, end, self.prefix, self.part)


@dataclass(slots=True)
class Record:
    """One fact of the plan. `lines` count from 1, both ends included; `claims` are all its line ranges."""

    kind: str
    title: str
    lines: tuple[int, int]
    fields: dict[str, Any]
    group: str = ""
    parent: int | None = None
    claims: list[tuple[int, int]] = field(default_factory=list)
    # Where its fields were read; `slots` gives the places in the source.
    marks: list[Mark] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=lambda: _NONE)
    shape: str = ""
    key: str = ""
    # What the source says where an answer changed it: field -> the value as read without the answer.
    as_read: Mapping[str, Any] = field(default_factory=lambda: _NONE)
    section: int | None = None
    # All lines of the thing it was read from, nested ones included: what moves when the record moves.
    extent: tuple[int, int] = (0, 0)
    # The other tellings of the same fact, each with the slots of its own place.
    mirrors: tuple[Record, ...] = ()
    # Source lines that say something none of the fields holds.
    unread: tuple[str, ...] = ()

    @property
    def slots(self) -> list[Slot]:
        """Where in the source each field's text stands."""
        return [mark.slot() for mark in self.marks]

    @property
    def typed(self) -> bool:
        return self.kind not in KEPT_KINDS

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Every place the fact is told, as line ranges."""
        return self.claims or [self.lines]


@dataclass(frozen=True, slots=True)
class Question:
    """Something the plan leaves open. `id` stays the same when lines shift."""

    id: str
    kind: str
    line: int
    text: str
    proposed: str | None = None
    choices: tuple[str, ...] = ()
    # The record it is about, by its place in the reading, and the field.
    record: int | None = None
    field: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "line": self.line,
            "text": self.text,
            "proposed": self.proposed,
            "choices": list(self.choices),
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """Block counts: `source_blocks` is counted from the parser's tokens, the others from the records."""

    source_blocks: int
    typed: int
    notes: int

    @property
    def lost(self) -> int:
        return self.source_blocks - self.typed - self.notes


@dataclass(slots=True)
class Reading:
    """A plan as read. Dates are written as far as they are known: 2024-Q1, 2024-03 or 2024-03-04."""

    name: str
    language: str
    is_plan: bool
    launch_day: str | None
    launch_day_precision: str | None
    rollout_start: str | None
    records: list[Record]
    questions: list[Question]
    coverage: Coverage
    lines: list[str]
    # The sections in document order, for the writer: see `outline.SectionPlace`.
    sections: list[dict[str, Any]] = field(default_factory=list)
    bom: bool = False

    @property
    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(COUNTS, 0)
        plural = {kind: key for key, kind in COUNTS.items()}
        for record in self.records:
            if record.kind in plural:
                found[plural[record.kind]] += 1
        return found
