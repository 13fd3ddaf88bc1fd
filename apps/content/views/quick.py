"""Adding an item by typing one line, with how it is understood shown while typing."""

from __future__ import annotations

from typing import cast

from django.http import HttpResponse
from django.urls import reverse

from apps.content.quick import Line
from apps.content.services import quick
from apps.content.views.answers import after, back
from apps.core.errors import Invalid
from apps.core.pages import PageRequest, is_partial, page, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import launch_by_slug


@launch_page("GET", "POST")
def add(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """GET shows how `line` is understood, POST adds it. 422 says what is unclear, in place."""
    return _add(request, launch)


@page("GET", "POST")
def add_anywhere(request: PageRequest) -> HttpResponse:
    """The same of the launch that `launch` names, from the calendar of all."""
    given = request.POST if request.method == "POST" else request.GET
    request.launch = launch_by_slug(request.actor, given.get("launch", ""))  # type: ignore[attr-defined]
    return _add(cast(LaunchRequest, request), request.launch)  # type: ignore[attr-defined]


def _add(request: LaunchRequest, launch: Launch) -> HttpResponse:
    if request.method == "GET":
        text = request.GET.get("line", "")
        line = quick.understand(actor=request.actor, launch=launch, text=text) if text.strip() else None
        return _show(request, launch, text, line, 200)
    text = request.POST.get("line", "")
    try:
        item = quick.add_by_line(actor=request.actor, launch=launch, text=text)
    except Invalid as error:
        line = quick.understand(actor=request.actor, launch=launch, text=text)
        if not line.problems:
            line.problems = error.errors or {"text": [error.message]}
        response = _show(request, launch, text, line, 422)
        if is_partial(request):
            response["HX-Retarget"], response["HX-Reswap"] = "#quick-understood", "outerHTML"
        return response
    return after(request, launch, f"“{item.title[:80]}” is on the calendar.")


def _show(request: LaunchRequest, launch: Launch, text: str, line: Line | None, status: int) -> HttpResponse:
    context = {
        "launch": launch,
        "line": line,
        "text": text[:500],
        "back": back(request, launch),
        "query": request.GET.urlencode(),
        "calendar_url": reverse("content:calendar", args=[launch.slug]),
    }
    return show(
        request, "content/quick.html", context, partial="content/quick_understood.html", status=status
    )
