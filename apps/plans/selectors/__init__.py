"""Reading plans: documents with their notes, versions, and how ready a launch is."""

from apps.plans.selectors.documents import document_of, notes_of, versions_of
from apps.plans.selectors.readiness import Finding, Readiness, readiness

__all__ = ["Finding", "Readiness", "document_of", "notes_of", "readiness", "versions_of"]
