"""Planned against actual of one launch's work, by team and by phase, with its burn-up chart."""

from __future__ import annotations

from django.http import HttpResponse

from apps.content.selectors.actuals import actuals as figures_of
from apps.core.charts import burn_up
from apps.core.clock import now, today_in
from apps.core.pages import show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page


@launch_page()
def actuals(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """What was to be done by today, what was, on time or late."""
    at = now()
    found = figures_of(launch, today=today_in(launch.zone, at), at=at)
    context = {
        "launch": launch,
        "found": found,
        "chart": burn_up(found.labels, found.planned, found.done, "Planned (dashed) and done"),
    }
    return show(request, "content/actuals.html", context)
