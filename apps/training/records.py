"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.schedule.facets import WHEN
from apps.training.models import EducationItem, EnablementResource, Training


def register() -> None:
    kinds.register(
        Kind(
            key="training",
            model=Training,
            label="Internal training",
            plural="Internal trainings",
            counts_key="trainings",
            section="training",
            icon="graduation-cap",
            fields=("title", "team", "text", "owner"),
            summary=("team",),
        ),
        Kind(
            key="education",
            model=EducationItem,
            label="Customer education",
            plural="Customer education",
            counts_key="education",
            section="training",
            icon="book-open",
            fields=("title", "resource_type", "text", "url", "owner"),
            labels={"resource_type": "Kind", "url": "Link"},
            summary=("resource_type",),
        ),
        Kind(
            key="enablement",
            model=EnablementResource,
            label="Enablement resource",
            plural="Enablement resources",
            counts_key="enablement",
            section="training",
            icon="book-marked",
            fields=("title", "resource_type", "text", "url", "owner"),
            labels={"resource_type": "Kind", "url": "Link"},
            summary=("resource_type",),
        ),
    )
    kinds.add_facet(WHEN, ["training", "education", "enablement"])
