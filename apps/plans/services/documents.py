"""Reading a document for people and programs: refusals as domain errors, proposals accepted on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.core.errors import Invalid
from apps.plans.reading import PlanError, Question, Reading, read_plan

# An answer may raise another question (a year, then whether the weekday fits); more rounds mean a bug.
_ROUNDS = 5


class PlanRefused(Invalid):
    """A document that cannot be a plan. `code` and `line` are the reader's."""

    def __init__(self, error: PlanError) -> None:
        super().__init__(error.message, code=error.code, field="document")
        self.line = error.line

    def to_json(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "line": self.line}}


class QuestionsOpen(Invalid):
    """Something in the plan is ambiguous and nobody said what is meant: nothing is saved."""

    def __init__(self, questions: list[Question]) -> None:
        count = len(questions)
        first = questions[0].text
        more = f" (and {count - 1} more)" if count > 1 else ""
        super().__init__(
            f"The plan leaves something open: {first}{more}",
            code="questions_open",
            field="answers",
            errors={"answers": [f"{question.id}: {question.text}" for question in questions]},
        )
        self.questions = questions


@dataclass(frozen=True)
class ReadPlan:
    """A document as read with the answers given so far. `stated` is the launch day as the document itself
    says it, without any answer."""

    source: str
    reading: Reading
    stated: str | None = None
    answers: dict[str, str] = field(default_factory=dict)
    file_name: str = ""

    @property
    def open(self) -> list[Question]:
        """Questions that a person has to answer, or leave to the proposal."""
        return self.reading.questions


def read(
    source: str | bytes,
    *,
    answers: Mapping[str, str] | None = None,
    accept_proposals: bool = False,
    launch_day: date | None = None,
    rollout_start: date | None = None,
    file_name: str = "",
) -> ReadPlan:
    """Read a document. Raises `PlanRefused`. Changes nothing, needs no database.

    `answers` maps question ids to answers, an empty one leaves its question open; the two dates answer the
    questions about them; with `accept_proposals` the others are answered as proposed.
    """
    told = {str(key): str(value).strip() and str(value) for key, value in (answers or {}).items()}
    given = {key: value for key, value in told.items() if value}
    dates = {"launch_day": launch_day, "rollout_start": rollout_start}
    try:
        reading = read_plan(source)
        stated = reading.launch_day
        if given:
            reading = read_plan(source, answers=given)
        for _ in range(_ROUNDS):
            more = _more_answers(reading, {**told, **given}, dates, accept_proposals)
            if not more:
                break
            given |= more
            reading = read_plan(source, answers=given)
    except PlanError as error:
        raise PlanRefused(error) from error
    text = source.decode("utf-8") if isinstance(source, bytes) else source
    return ReadPlan(source=text, reading=reading, stated=stated, answers=given, file_name=file_name)


def _more_answers(
    reading: Reading, given: Mapping[str, str], dates: Mapping[str, date | None], accept_proposals: bool
) -> dict[str, str]:
    """Answers to open questions that the dates or the proposals give; one about launch day goes first, as
    what is proposed for the rollout depends on it."""
    more: dict[str, str] = {}
    for question in reading.questions:
        if question.id in given:
            continue
        day = dates.get(question.kind)
        if day is not None:
            more[question.id] = day.isoformat()
        elif accept_proposals and question.proposed is not None:
            more[question.id] = question.proposed
    first = {question.id for question in reading.questions if question.kind == "launch_day"} & set(more)
    return {key: value for key, value in more.items() if key in first} if first else more
