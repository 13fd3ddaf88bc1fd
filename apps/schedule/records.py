"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.schedule.facets import WHEN


def register() -> None:
    # Phases stand below this app in the layer table, so it gives them their "when".
    kinds.add_facet(WHEN, ["phase"])
