"""What came of one announcement."""

from __future__ import annotations

from django.http import HttpResponse

from apps.announcements import selectors
from apps.announcements.views.steps import crumbs
from apps.core import charts
from apps.core.clock import now
from apps.core.pages import show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page


@launch_page()
def figures(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Eligible, seen, clicked and dismissed: in all, by segment, by day; and who could see it when."""
    found = selectors.announcement(request.actor, pk, launch)
    days = selectors.by_day(found, now())
    shown = selectors.showings(found)
    series = (
        ("seen", "Saw it first", "on"),
        ("clicked", "Clicked", "ok"),
        ("dismissed", "Dismissed", "muted"),
    )
    context = {
        "launch": launch,
        "announcement": found,
        "page_title": "Figures",
        "crumbs": crumbs(launch, "Figures"),
        "figures": selectors.figures(found),
        "reach": selectors.reach(
            rule=found.audience_rule, only_exposed=found.only_exposed, launch_id=launch.pk
        ),
        "segments": selectors.by_segment(found),
        "charts": [
            charts.line(
                [charts.Point(f"{each.day:%-d %b}", getattr(each, name)) for each in days],
                f"{label}, users a day",
                tone=tone,
            )
            for name, label, tone in series
            if any(getattr(each, name) for each in days)
        ],
        "showings": shown,
        "exposure": selectors.exposure_changes(shown, launch.pk),
    }
    return show(request, "announcements/figures.html", context)
