"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.officehours.models import OfficeHoursSeries
from apps.schedule.facets import WHEN


def register() -> None:
    kinds.register(
        Kind(
            key="office_hours",
            model=OfficeHoursSeries,
            label="Office-hours series",
            plural="Office hours",
            # In a document the series stands among the enablement resources.
            counts_key="enablement",
            section="training",
            icon="clock",
            fields=("title", "text", "cadence", "local_start", "length_minutes", "seats", "place", "owner"),
            labels={"local_start": "Starts at", "length_minutes": "Length in minutes"},
            summary=("cadence", "place"),
        )
    )
    kinds.add_facet(WHEN, ["office_hours"])
