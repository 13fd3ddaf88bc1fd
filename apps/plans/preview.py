"""What the import page shows: the document's lines and the records they become, linked both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.launches import kinds
from apps.plans.mapping.inward import kind_of
from apps.plans.mapping.words import facts_in_words
from apps.plans.reading import Question, Reading, Record

# Answers in words; a choice that is not here (a date, a heading of the plan) says itself.
_SAID = {
    "keep": "Keep as one",
    "split": "Split it",
    "outer": "The outer ones",
    "inner": "The inner ones",
    "day": "Days",
    "week": "Weeks",
    "launch_day": "Launch day",
    "rollout_start": "Start of the rollout",
    "audience": "A share of the audience",
    "target": "A target",
}
# More lines than a browser likes in one page; the rest is read and kept all the same.
MOST_LINES = 4000
# More questions than a person answers in one go, and than one form may send; the rest is taken as proposed.
MOST_QUESTIONS = 200


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
    """A question with the answer proposed or given."""

    question: Question
    answer: str

    @property
    def name(self) -> str:
        return f"answer-{self.question.id}"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What there is to pick from, each with its words; empty for an answer in one's own words."""
        return [(choice, _said(choice)) for choice in self.question.choices]

    @property
    def proposed(self) -> str:
        """The proposal in words, if the answer is another one."""
        proposed = self.question.proposed
        return _said(proposed) if proposed and proposed != self.answer else ""


def _said(choice: str) -> str:
    return _SAID.get(choice, choice)


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
    more_questions: int
    blocks: int
    typed: int
    kept: int

    @property
    def decisions(self) -> list[Asked]:
        """What has to be decided, or stays open."""
        return [asked for asked in self.questions if asked.question.kind != "split"]

    @property
    def offers(self) -> list[Asked]:
        """Entries that name several pieces of work and could be split: all is well without an answer."""
        return [asked for asked in self.questions if asked.question.kind == "split"]

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
        questions=[
            Asked(question, answers.get(question.id, question.proposed or ""))
            for question in asked[:MOST_QUESTIONS]
        ],
        more_questions=max(len(asked) - MOST_QUESTIONS, 0),
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
