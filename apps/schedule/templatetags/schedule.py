"""How progress shows. `{% load schedule %}`."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from apps.core.charts import Part, progress
from apps.launches import kinds
from apps.launches.rows import Row
from apps.schedule.models import Placement
from apps.schedule.network import links_beside
from apps.schedule.selectors import Progress
from apps.schedule.services import placing

register = template.Library()


@register.simple_tag
def progress_bar(
    done: Progress, label: str = "Progress", size: str = "thin", counts: bool = False
) -> SafeString:
    """Done, due, late and what is to come as one bar."""
    parts = [
        Part("done", done.done, "ok"),
        Part("due", done.due, "on"),
        Part("late", done.late, "warn"),
        Part("to come", done.upcoming + done.undated, "rest"),
    ]
    return progress(parts, str(label), size=size, counts=counts)


@register.filter
def placement(row: Row) -> Placement | None:
    """When a plan record happens: what a selector loaded with it, else one query. None for undated kinds."""
    return placing.find(row.record) if "when" in kinds.facets(row.kind) else None


@register.simple_tag
def time_links(placement: Placement) -> dict[str, object]:
    """What a thing waits for and what waits for it. Two queries."""
    before, after = links_beside(placement)
    return {"before": before, "after": after}
