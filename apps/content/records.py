"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.content.models import CalendarItem
from apps.content.services.changing import before_add, before_save
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
            fields=(
                *("title", "format", "channel", "team", "owner", "status", "text", "body"),
                *("key_message", "segment", "announces"),
            ),
            summary=("format", "channel", "team"),
            text_label="Brief",
            labels={"body": "Text", "segment": "For", "announces": "Goes out after the start of"},
            has_page=True,
            before_save=before_save,
            before_add=before_add,
        )
    )
    kinds.add_facet(WHEN, ["calendar_entry"])
