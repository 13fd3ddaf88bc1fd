"""What the import page shows: the document's lines and the records they become, linked both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.launches import kinds
from apps.plans.mapping.inward import kind_of
from apps.plans.mapping.words import facts_in_words
from apps.plans.reading import Question, Reading, Record

# More lines than a browser likes in one page; the rest is read and kept all the same.
MOST_LINES = 4000


@dataclass(frozen=True)
class Line:
    """A source line. `record` is the index of what it became; `state` is typed, noted, asked or empty."""

    number: int
    text: str
    record: int | None
    state: str


@dataclass(frozen=True)
class Card:
    """What a stretch of the document becomes."""

    index: int
    kind: str
    title: str
    icon: str
    lines: tuple[int, int]
    facts: list[tuple[str, str]]
    asked: bool

    @property
    def where(self) -> str:
        first, last = self.lines
        return f"line {first}" if first == last else f"lines {first}–{last}"


@dataclass(frozen=True)
class Asked:
    """A question with the answer proposed or given. `options` are choices to pick from, if it has any."""

    question: Question
    answer: str

    @property
    def name(self) -> str:
        return f"answer-{self.question.id}"

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(choice, choice.replace("_", " ")) for choice in self.question.choices]


@dataclass
class Group:
    """Cards of one kind, under the section of the Plan page where they will stand."""

    label: str
    icon: str
    cards: list[Card] = field(default_factory=list)


@dataclass(frozen=True)
class Preview:
    lines: list[Line]
    more_lines: int
    groups: list[Group]
    notes: list[Card]
    questions: list[Asked]
    blocks: int
    typed: int
    kept: int

    @property
    def typed_percent(self) -> int:
        return round(100 * self.typed / self.blocks) if self.blocks else 0


def preview_of(reading: Reading, answers: dict[str, str], asked: Sequence[Question]) -> Preview:
    """Everything step 2 shows of a reading. `asked` are the questions to show, answered ones among them."""
    open_records = {question.record for question in reading.questions if question.record is not None}
    open_lines = {question.line for question in reading.questions}
    coverage = reading.coverage
    groups, notes = _cards(reading, open_records)
    return Preview(
        lines=_lines(reading, open_lines),
        more_lines=max(len(reading.lines) - MOST_LINES, 0),
        groups=groups,
        notes=notes,
        questions=[Asked(question, answers.get(question.id, question.proposed or "")) for question in asked],
        blocks=coverage.source_blocks,
        typed=coverage.typed,
        kept=coverage.notes,
    )


def _lines(reading: Reading, open_lines: set[int]) -> list[Line]:
    owner: dict[int, int] = {}
    depth: dict[int, int] = {}
    for index, record in enumerate(reading.records):
        for first, last in record.spans:
            size = last - first
            for number in range(first, min(last, MOST_LINES) + 1):
                # The narrowest record counts: a rollout step inside its phase.
                if number not in owner or size <= depth[number]:
                    owner[number], depth[number] = index, size
    lines = []
    for number, text in enumerate(reading.lines[:MOST_LINES], start=1):
        found = owner.get(number)
        state = ""
        if found is not None and text.strip():
            record = reading.records[found]
            state = "typed" if record.typed else "noted" if record.kind == "note" else ""
        if number in open_lines:
            state = "asked"
        shown = found if found is not None and reading.records[found].kind != "heading" else None
        lines.append(Line(number, text, shown, state))
    return lines


def _cards(reading: Reading, open_records: set[int]) -> tuple[list[Group], list[Card]]:
    by_kind: dict[str, Group] = {}
    notes: list[Card] = []
    for index, record in enumerate(reading.records):
        if record.kind == "heading":
            continue
        if record.kind == "note":
            notes.append(_note(index, record))
            continue
        kind = kind_of(record.kind, record.fields)
        group = by_kind.setdefault(kind.key, Group(kind.plural, kind.icon))
        title = record.title or next(iter(facts_in_words(record.fields)), ("", kind.label))[1]
        group.cards.append(
            Card(
                index,
                kind.label,
                title,
                kind.icon,
                record.lines,
                facts_in_words(record.fields),
                index in open_records,
            )
        )
    order = [kind.key for section in kinds.SECTIONS for kind in kinds.in_section(section.key)]
    return [by_kind[key] for key in order if key in by_kind], notes


def _note(index: int, record: Record) -> Card:
    text = str(record.fields.get("text") or record.title)
    return Card(index, "Note", text[:300], "sticky-note", record.lines, [], False)
