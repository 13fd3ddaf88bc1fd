"""The kind of plan record this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.plans.models import HistoryEntry


def register() -> None:
    kinds.register(
        Kind(
            key="history",
            model=HistoryEntry,
            label="History entry",
            plural="Document history",
            counts_key="history",
            section="history",
            icon="history",
            fields=("title", "date", "label", "author", "text"),
            labels={"label": "Version"},
            text_label="Summary",
            summary=("date", "label", "author"),
        )
    )
