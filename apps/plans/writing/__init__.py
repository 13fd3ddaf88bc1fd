"""Writing launch plans back: a document's layout and today's records in, the document out. No Django, no database."""

from apps.plans.writing.diff import Change, compare
from apps.plans.writing.layout import Laid, Layout
from apps.plans.writing.live import Live, live_records, unchanged
from apps.plans.writing.writer import new_document, write_plan

__all__ = [
    "Change",
    "Laid",
    "Layout",
    "Live",
    "compare",
    "live_records",
    "new_document",
    "unchanged",
    "write_plan",
]
