"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.improvement.models import ImprovementActivity
from apps.launches import kinds
from apps.launches.kinds import Kind


def register() -> None:
    kinds.register(
        Kind(
            key="improvement",
            model=ImprovementActivity,
            label="Improvement activity",
            plural="Continuous improvement",
            counts_key="improvements",
            section="celebration",
            icon="lightbulb",
            fields=("title", "status", "text", "owner"),
            summary=("status",),
        )
    )
