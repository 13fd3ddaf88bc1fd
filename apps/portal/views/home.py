"""My week."""

from __future__ import annotations

from django.http import HttpResponse

from apps.core.clock import now, today_in
from apps.core.pages import PageRequest, page, show
from apps.portal import selectors


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
