"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.celebrations.models import Recognition, SuccessStory
from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.schedule.facets import WHEN


def register() -> None:
    kinds.register(
        Kind(
            key="recognition",
            model=Recognition,
            label="Recognition",
            plural="Internal recognition",
            counts_key="recognitions",
            section="celebration",
            icon="award",
            fields=("title", "team", "text", "owner"),
            summary=("team",),
        ),
        Kind(
            key="story",
            model=SuccessStory,
            label="Success story",
            plural="Success stories",
            counts_key="stories",
            section="celebration",
            icon="star",
            fields=("title", "story_kind", "account", "text", "owner"),
            labels={"story_kind": "Kind"},
            summary=("story_kind", "account"),
        ),
    )
    kinds.add_facet(WHEN, ["recognition", "story"])
