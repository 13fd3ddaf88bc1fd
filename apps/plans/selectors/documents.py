"""Reading a launch's document, its notes and its versions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.launches.models import Launch
from apps.plans.models import PlanDocument, PlanVersion


def document_of(launch: Launch) -> PlanDocument | None:
    """The document a launch came from; None for one that was made by hand. One query."""
    return PlanDocument.objects.filter(launch=launch).first()


def notes_of(launch: Launch) -> list[dict[str, Any]]:
    """What the document says beyond its facts, in its order: `{"line", "last", "text", "section"}`. One query."""
    notes = PlanDocument.objects.filter(launch=launch).values_list("notes", flat=True).first()
    return list(notes or [])


def versions_of(launch: Launch) -> QuerySet[PlanVersion]:
    """Saved versions, newest first, without their weighty contents."""
    return PlanVersion.objects.filter(launch=launch).select_related("author").defer("snapshot", "document")
