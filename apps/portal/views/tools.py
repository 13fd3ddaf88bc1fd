"""The command palette, and for administrators the styleguide."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.http import HttpResponse

from apps.core.clock import now
from apps.core.pages import PageRequest, page, show
from apps.launches import policies
from apps.portal.search import search
from apps.portal.styleguide import guide

_SLUG_IN_PATH = re.compile(r"^/launches/([-\w]+)/")


@page()
def palette(request: PageRequest) -> HttpResponse:
    """Everything one may see and do, by its name. A page of its own without JavaScript."""
    text = request.GET.get("q", "")
    here = request.htmx.current_url if request.htmx else request.headers.get("Referer", "")
    slug = _SLUG_IN_PATH.match(urlsplit(here or "").path)
    found = search(request.actor, text, slug[1] if slug and slug[1] != "new" else "")
    context = {"groups": found, "q": text, "page_title": "Search"}
    return show(request, "portal/palette.html", context, partial="components/palette_results.html")


@page()
def styleguide(request: PageRequest) -> HttpResponse:
    """Every component in every state, for whoever builds pages."""
    policies.require("portal.administer", request.actor)
    return show(request, "portal/styleguide.html", {"page_title": "Style guide", "guide": guide(now())})
