"""My week, and the calendar of all launches."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.http import urlencode

from apps.content.selectors import STANDINGS, Filter, by_week, choices, entries
from apps.core.clock import now, today_in
from apps.core.pages import PageRequest, page, paginate, show
from apps.portal import selectors
from apps.schedule.selectors import progress


@page()
def home(request: PageRequest) -> HttpResponse:
    """What this person has to do, to decide, to attend, and to worry about."""
    at = now()
    zone = getattr(request.user, "zone", "UTC")
    context = {
        "week": selectors.my_week(request.actor, at),
        "today": today_in(zone, at),
        "page_title": "My week",
    }
    return show(request, "portal/home.html", context, partial="week")


@page()
def calendar(request: PageRequest) -> HttpResponse:
    """All dated work of all open launches, earliest open first; filtered by its address."""
    at = now()
    today = today_in(getattr(request.user, "zone", "UTC"), at)
    chosen = Filter.of(request.GET)
    everything = selectors.calendar_of_all(request.actor, at)
    found = chosen.apply(everything, request.actor)
    figures = progress(found)
    if not chosen.state:
        found = found.filter(state="planned")
    elif chosen.state != "cancelled":
        found = found.exclude(state="cancelled")
    rows = paginate(request, found)
    rows.object_list = entries(list(rows.object_list), request.actor)
    context: dict[str, Any] = {
        "rows": rows,
        "weeks": by_week(rows.object_list, today),
        "progress": figures,
        "filter": chosen,
        "filter_query": urlencode(chosen.as_query()),
        "today": today,
        "page_title": "Calendar",
        **choices(None, everything),
        "states": [(key, label) for key, label in STANDINGS.items() if key != "undated"],
    }
    return show(request, "portal/calendar.html", context, partial="region")
