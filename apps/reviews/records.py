"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.reviews.models import Review, Routine
from apps.schedule.facets import WHEN


def register() -> None:
    kinds.register(
        Kind(
            key="review",
            model=Review,
            label="Review",
            plural="Reviews",
            counts_key="reviews",
            section="reviews",
            icon="clipboard-check",
            fields=("title", "text", "topics", "owner"),
        ),
        Kind(
            key="routine",
            model=Routine,
            label="Routine",
            plural="Post-launch routines",
            counts_key="routines",
            section="support",
            icon="repeat",
            fields=("title", "cadence", "text", "owner"),
            summary=("cadence",),
        ),
    )
    kinds.add_facet(WHEN, ["review"])
