"""Reading launch plans: Markdown in, records with source spans, questions and coverage out. No Django, no database."""

from apps.plans.reading.errors import PlanError
from apps.plans.reading.model import Coverage, Question, Reading, Record, Slot
from apps.plans.reading.reader import read_plan
from apps.plans.reading.report import report
from apps.plans.reading.source import MAX_BYTES

__all__ = [
    "MAX_BYTES",
    "Coverage",
    "PlanError",
    "Question",
    "Reading",
    "Record",
    "Slot",
    "read_plan",
    "report",
]
