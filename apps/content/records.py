"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.content.models import CalendarItem
from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.schedule.facets import WHEN


def register() -> None:
    kinds.register(
        Kind(
            key="calendar_entry",
            model=CalendarItem,
            label="Calendar item",
            plural="Calendar items",
            counts_key="calendar_entries",
            section="calendar",
            icon="calendar",
            fields=("title", "channel", "team", "owner", "status", "text"),
            summary=("channel", "team"),
            has_page=True,
        )
    )
    kinds.add_facet(WHEN, ["calendar_entry"])
