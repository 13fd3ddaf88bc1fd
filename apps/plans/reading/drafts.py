"""What extraction works with: the grammars of a document's language, the questions, and records in the making."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.metrics.target_value import Kind
from apps.metrics.targets import TargetSpec
from apps.plans.reading.blocks import locate
from apps.plans.reading.entries import Entry
from apps.plans.reading.grammars import Grammars
from apps.plans.reading.model import Mark, Question, Record
from apps.plans.reading.pieces import Piece, is_placeholder, placeholder, trim
from apps.plans.reading.settling import settle
from apps.plans.reading.source import Source
from apps.plans.reading.wording import Wording
from apps.rollouts.ladder import Rung
from apps.schedule.when import When

DEFAULTS: dict[str, dict[str, Any]] = {
    "overview": {"key": None, "value": ""},
    "phase": {
        "audience": "",
        "goal": "",
        "starts": None,
        "ends": None,
        "targets": [],
        "owner": "",
        "text": "",
    },
    "rollout_step": {"percent": None, "text": "", "scope": ""},
    "key_message": {"rank": None, "label": "", "text": ""},
    "channel": {"channel_kind": "", "text": "", "owner": ""},
    "calendar_entry": {"when": None, "channel": "", "owner": "", "done": False, "text": "", "parts": []},
    "segment": {
        "group": "",
        "role": "",
        "pain_point": "",
        "value_proposition": "",
        "targets": [],
        "text": "",
    },
    "kpi": {"group": "", "targets": [], "text": "", "measure": "", "baseline": "", "owner": ""},
    "training": {"team": "", "text": "", "when": None, "owner": ""},
    "education": {"text": "", "resource_type": "", "when": None, "owner": ""},
    "enablement": {"text": "", "resource_type": "", "cadence": "", "when": None, "owner": ""},
    "support": {"text": "", "coverage": "", "period": "", "team": "", "owner": ""},
    "monitoring": {"text": "", "monitoring_type": "", "owner": ""},
    "routine": {"text": "", "cadence": "", "owner": ""},
    "rollback_criterion": {"text": "", "targets": [], "criterion_kind": "", "owner": ""},
    "rollback_step": {"text": "", "deadline_minutes": None, "owner": ""},
    "mitigation": {"text": "", "prepared_message": "", "likelihood": "", "impact": "", "owner": ""},
    "review": {"when": None, "topics": [], "text": "", "owner": ""},
    "recognition": {"text": "", "team": "", "owner": ""},
    "story": {"text": "", "story_kind": "", "account": "", "owner": ""},
    "improvement": {"text": "", "owner": ""},
    "history": {"date": None, "version": "", "author": "", "summary": ""},
    "note": {"text": ""},
    "heading": {"level": 0},
}

# In the place of a value: there is none.
DASHES = frozenset({"-", "–", "—"})

_LISTS = {
    kind: tuple(name for name, value in fields.items() if isinstance(value, list))
    for kind, fields in DEFAULTS.items()
}


@dataclass(eq=False, slots=True)
class Open:
    """A question as raised: the record it is about is known by identity until the reading is put in order."""

    kind: str
    line: int
    text: str
    proposed: str | None
    choices: tuple[str, ...]
    id: str
    record: Record | None = None
    field: str = ""

    def settle(self, places: Mapping[int, int]) -> Question:
        at = places.get(id(self.record)) if self.record is not None else None
        return Question(self.id, self.kind, self.line, self.text, self.proposed, self.choices, at, self.field)


@dataclass(eq=False)
class Context:
    """One reading in the making; `answers` maps question ids to what somebody answered."""

    source: Source
    wording: Wording
    answers: Mapping[str, str] = field(default_factory=dict)
    # The year the document speaks of: only ever proposed.
    year: int | None = None
    records: list[Record] = field(default_factory=list)
    questions: list[Open] = field(default_factory=list)
    section: int | None = None
    group: str = ""
    # The text of the section's heading.
    heading: str = ""
    grammars: Grammars = field(init=False)
    # Rollout steps belong to a phase: by identity until the records are put in order.
    parents: dict[int, Record] = field(default_factory=dict)
    # Which section a phase was told in: phases of two sections may be two schemes.
    schemes: dict[int, int] = field(default_factory=dict)
    # Calendar entries somebody answered to split.
    splits: list[Record] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=dict)
    _placeholder_words: frozenset[str] = frozenset()
    _year_asked: bool = False
    _answered_year: int | None = None

    def __post_init__(self) -> None:
        self.grammars = Grammars(self.wording.language)
        self._placeholder_words = self.wording.words.get("placeholders", frozenset())

    # Value grammars, in the document's language.

    def when(self, text: str, anchor: str | None = None) -> When | None:
        """The whole text as a time, or None."""
        return self.grammars.when(text, anchor)

    def whens(self, text: str, anchor: str | None = None) -> list[tuple[int, int, When]]:
        """Every time inside a text with its span."""
        return self.grammars.whens(text, anchor)

    def targets(self, text: str, label: str = "", group: str = "", kind: Kind = "target") -> list[TargetSpec]:
        return self.grammars.targets(text, label, group, kind)

    def ladder(self, text: str) -> list[Rung]:
        return self.grammars.ladder(text)

    def deadline(self, text: str) -> int | None:
        return self.grammars.deadline(text)

    def dated(self, when: When, line: int = 1) -> When:
        """A time without a year gets the answered one; the question is raised once for the document."""
        if not when.missing_year or not when.text:
            return when
        if not self._year_asked:
            self._year_asked = True
            answer = self.ask(
                "missing_year",
                line,
                "year",
                f"The plan's dates (“{when.text}”) do not say their year. Which is it?",
                proposed=str(self.year) if self.year else None,
            )
            if answer and answer.isascii() and answer.isdigit() and len(answer) == 4:
                self._answered_year = int(answer)
        if self._answered_year is None:
            return when
        return self.grammars.when_in_year(when.text, when.anchor, self._answered_year) or when

    # Questions.

    def ask(
        self,
        kind: str,
        line: int,
        place: str,
        text: str,
        *,
        proposed: str | None = None,
        choices: tuple[str, ...] = (),
        record: Record | None = None,
        field: str = "",
    ) -> str | None:
        """Raise a question unless it is answered already; returns the answer. `place` is the text asked about."""
        seed = f"{kind}\x1f{' '.join(place.split()).lower()}"
        nth = self._asked.get(seed, 0)
        self._asked[seed] = nth + 1
        if nth:
            seed += f"\x1f{nth}"
        question_id = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        answer = self.answers.get(question_id)
        if answer is not None and (answer := str(answer).strip()):
            return answer
        self.questions.append(Open(kind, line, text, proposed, choices, question_id, record, field))
        return None

    def is_open(self, text: str) -> bool:
        """Whether a text is only a placeholder: nothing was said yet."""
        if len(text) > 80:
            return False
        if is_placeholder(text):
            return True
        folded = text.strip(" .*_`()[]!").lower()
        return folded in self._placeholder_words or folded in ("…", "...", "tbd", "tba", "tbc")


class Draft:
    """A record in the making: fields are put with the pieces they were read from."""

    def __init__(self, context: Context, kind: str, entry: Entry, *, group: str | None = None) -> None:
        self.context = context
        self.entry = entry
        self._asked: frozenset[tuple[int, int]] = frozenset()
        # Fields that the document says to be empty: nothing else may fill them.
        self.denied: set[str] = set()
        fields = dict(DEFAULTS[kind])
        for name in _LISTS[kind]:
            fields[name] = []
        self.record = Record(
            kind,
            "",
            (entry.first, entry.last),
            fields,
            group=context.group if group is None else group,
            shape=entry.shape,
            section=context.section,
            claims=[(entry.first, entry.last)],
            extent=(entry.first, entry.reach),
        )
        if entry.shape in ("line", "fact"):
            self.slot("*", entry.piece)
        if "group" in fields:
            fields["group"] = self.record.group

    @property
    def fields(self) -> dict[str, Any]:
        return self.record.fields

    def claim(self, entry: Entry, *, deep: bool = False) -> None:
        """The record is also told by this entry's lines."""
        self.record.claims.append((entry.first, entry.end if deep else entry.last))

    def slot(self, name: str, piece: Piece, *, prefix: str = "", part: int = 0) -> None:
        self.record.marks.append(Mark(name, self.context.source, piece, prefix, part))

    def title(self, piece: Piece, *, quotes: bool = False) -> str:
        piece = trim(piece, quotes=quotes, lead=False)
        value = piece.value
        if not value:
            return ""
        self.slot("title", piece)
        self.record.title = self._settled("title", value, piece)
        return self.record.title

    def open(self, name: str) -> bool:
        """Whether a field may still be read off other things that are said."""
        return self.fields[name] in (None, "", []) and name not in self.denied

    def put(self, name: str, piece: Piece, label: Piece | None = None, *, quotes: bool = False) -> str:
        """Set a text field; a placeholder leaves it empty and asks."""
        piece = trim(piece, quotes=quotes, lead=False)
        if label is not None:
            self.record.labels[name] = label.clean
        value = piece.value
        if value in DASHES:
            value = ""
            self.denied.add(name)
        self.slot(name, piece)
        if not value:
            return ""
        settled = self._settled(name, value, piece)
        known = self.fields.get(name)
        self.fields[name] = (
            f"{known}\n{settled}" if isinstance(known, str) and known and settled else settled or known or ""
        )
        return settled

    def put_text(self, piece: Piece, label: Piece | None = None) -> None:
        """Add a line to the description, carrying the label of a column or bullet it stands under."""
        piece = trim(piece, lead=False)
        value = piece.value
        if not value or value in DASHES:
            if label is None or not label.clean or value:
                return
        prefix = f"{label.clean}: " if label is not None and label.clean else ""
        parts = sum(mark.field == "text" for mark in self.record.marks)
        self.slot("text", piece, prefix=prefix, part=parts)
        settled = self._settled("text", value, piece) if value else ""
        if not settled and not prefix:
            return
        known = self.fields.get("text") or ""
        self.fields["text"] = f"{known}\n{prefix}{settled}" if known else f"{prefix}{settled}"

    def put_when(self, name: str, piece: Piece, when: When, label: Piece | None = None) -> None:
        if label is not None:
            self.record.labels[name] = label.clean
        self.slot(name, trim(piece))
        self.set_when(name, when, piece)

    def set_when(self, name: str, when: When, piece: Piece) -> None:
        """Store a time, asking what is ambiguous about it."""
        if when.missing_year or when.ambiguous:
            line = locate(self.context.source, piece.block, piece.start)[0]
            settled = settle(self.context, when, line, self.record, name)
            if settled != when:
                self.record.as_read = {**self.record.as_read, name: when.to_json()}
            when = settled
        self.fields[name] = self.context.grammars.json(when)

    def put_open(self, name: str, piece: Piece) -> None:
        """A typed field that holds a placeholder: empty, with a question."""
        value = trim(piece).value
        self.slot(name, trim(piece))
        self.leave_open(name, value)
        self.unsettled(name, value, value, piece)

    def put_targets(self, piece: Piece, label: str = "", group: str = "", kind: Kind = "target") -> int:
        """Parse a piece as targets and add them; returns how many were found."""
        piece = trim(piece)
        text = piece.clean
        parts = sum(mark.field == "targets" for mark in self.record.marks)
        self.slot("targets", piece, part=parts)
        token = placeholder(text)
        if token is not None:
            self.unsettled("targets", token, text, piece)
            known = self.record.placeholders.get("targets")
            self.leave_open("targets", f"{known}; {text}" if known else text)
        found = self.context.targets(text, label, group, kind)
        for spec in found:
            self.fields["targets"].append(spec.to_json())
        return len(found)

    def leave_open(self, name: str, text: str) -> None:
        """Remember the placeholder that stands where a field's value should be."""
        self.record.placeholders = {**self.record.placeholders, name: text}

    def unsettled(self, name: str, token: str, text: str, piece: Piece) -> str | None:
        """Ask what a placeholder stands for, once per place."""
        place = (id(piece.block), piece.start)
        if place in self._asked:
            return None
        self._asked |= {place}
        line = locate(self.context.source, piece.block, piece.start)[0]
        what = self.record.title or self.entry.name.clean or self.record.kind.replace("_", " ")
        return self.context.ask(
            "placeholder",
            line,
            f"{what}\x1f{name}\x1f{text}",
            f"“{what[:80]}” leaves its {name.replace('_', ' ')} open: {token}",
            record=self.record,
            field=name,
        )

    def _settled(self, name: str, value: str, piece: Piece) -> str:
        # What is escaped is meant as it stands: no placeholder.
        said = piece.raw if "\\" in piece.raw else value
        if self.context.is_open(said):
            self.leave_open(name, value)
            answer = self.unsettled(name, value, value, piece)
            if answer is not None:
                self.record.as_read = {**self.record.as_read, name: ""}
                return answer
            return ""
        token = placeholder(said)
        if token is not None and name != "title":
            self.unsettled(name, token, value, piece)
        return value

    def finish(self) -> Record:
        record = self.record
        if record.claims:
            record.lines = (
                min(claim[0] for claim in record.claims),
                max(claim[1] for claim in record.claims),
            )
        self.context.records.append(record)
        return record
