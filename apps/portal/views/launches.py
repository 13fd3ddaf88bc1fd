"""The list of launches: as a table, as a board by state, as a timeline; and copying one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from apps.core.clock import now, today_in
from apps.core.errors import Invalid
from apps.core.pages import PageRequest, done, page, paginate, show
from apps.launches import policies
from apps.launches.forms.launch import DuplicateForm
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.portal import selectors, services
from apps.portal.timeline import timeline

VIEWS = {"table": "Table", "board": "Board", "timeline": "Timeline"}
ON_ONE_PAGE = {"table": 50, "board": 100, "timeline": 60}


@page()
def launches(request: PageRequest) -> HttpResponse:
    """Every launch one may see; the address holds view, filter and page."""
    at = now()
    view = request.GET.get("view", "table")
    view = view if view in VIEWS else "table"
    state = request.GET.get("state", "")
    chosen = selectors.LaunchFilter(
        state=state if state in {"open", *Launch.State.values} else "",
        text=request.GET.get("q", "").strip()[:200],
        mine=request.GET.get("mine") == "1",
    )
    found = chosen.apply(selectors.launches_in_order(request.actor), request.actor)
    if not chosen.state:
        found = found.exclude(state=Launch.State.ARCHIVED)
    rows = paginate(request, found, ON_ONE_PAGE[view])
    lines = selectors.launch_lines(list(rows.object_list), at)
    today = today_in(getattr(request.user, "zone", "UTC"), at)
    context: dict[str, Any] = {
        "rows": rows,
        "lines": lines,
        "total": rows.paginator.count,
        "view": view,
        "views": VIEWS,
        "filter": chosen,
        "filter_query": urlencode(chosen.as_query()),
        "states": [("open", "Open"), *Launch.State.choices],
        "today": today,
        "may_create": policies.can_write_somewhere(request.actor),
        "page_title": "Launches",
    }
    if view == "board":
        context["columns"] = [
            (key, label, [line for line in lines if line.launch.state == key])
            for key, label in Launch.State.choices
            if key != Launch.State.ARCHIVED or chosen.state == Launch.State.ARCHIVED
        ]
    elif view == "timeline":
        context["timeline"] = timeline(lines, today)
    return show(request, "launches/list.html", context, partial="region")


@launch_page("GET", "POST")
def duplicate(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Copy a launch as a new draft."""
    policies.require("launches.create", request.actor)
    form = DuplicateForm(request.POST or None, initial={"name": f"{launch.name[:290]} (copy)"})
    if request.method == "POST" and form.is_valid():
        try:
            copy = services.duplicate_launch(actor=request.actor, launch=launch, **form.cleaned_data)
        except Invalid as error:
            form.refuse(error)
        else:
            to = reverse("launches:overview", args=[copy.slug])
            return done(request, f"“{copy.name[:80]}” is a draft now.", to=to)
    context = {"launch": launch, "form": form, "page_title": "Duplicate"}
    status = 422 if request.method == "POST" else 200
    return show(request, "launches/duplicate.html", context, partial="form", status=status)
