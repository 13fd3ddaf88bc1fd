"""Moving launch day or the rollout's start: see everything that moves first, then do exactly that."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.core.errors import Conflict, Invalid
from apps.core.pages import done, show
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.forms import MoveForm
from apps.schedule.services.moving import apply_move, preview_move

# What a page shows at most of each list; the counts are always those of all.
SHOWN = 200


@launch_page("GET", "POST")
def move(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """GET with `to` shows the preview; POST with its fingerprint applies it, or answers 409 and a new one."""
    policies.require("schedule.move_launch", request.actor, launch)
    if request.method == "POST":
        return _apply(request, launch)
    if "to" not in request.GET:
        start = {"anchor": request.GET.get("anchor", "launch_day"), "to": launch.launch_day}
        return _page(request, launch, MoveForm(initial=start))
    form = MoveForm({"anchor": "launch_day", "landing": "keep", **request.GET.dict()})
    if not form.is_valid():
        return _page(request, launch, form, status=422)
    return _preview(request, launch, form)


def _apply(request: LaunchRequest, launch: Launch) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _page(request, launch, form, status=422)
    try:
        moved = apply_move(actor=request.actor, launch=launch, **form.cleaned_data)
    except Conflict as error:
        return _preview(request, launch, form, status=409, refusal=error.message)
    except Invalid as error:
        form.refuse(error)
        return _page(request, launch, form, status=422)
    count = len(moved.moving)
    what = "Launch day" if moved.anchor == "launch_day" else "The rollout"
    message = f"{what} moved to {moved.to:%a %d %b %Y}, and {count} thing{'' if count == 1 else 's'} with it."
    return done(request, message, to=reverse("launches:overview", args=[launch.slug]))


def _preview(
    request: LaunchRequest, launch: Launch, form: MoveForm, *, status: int = 200, **extra: Any
) -> HttpResponse:
    values = form.cleaned_data
    try:
        preview = preview_move(
            actor=request.actor,
            launch=launch,
            anchor=values["anchor"],
            to=values["to"],
            landing=values["landing"],
        )
    except Invalid as error:
        form.refuse(error)
        return _page(request, launch, form, status=422)
    shown = {
        "preview": preview,
        "moving": preview.moving[:SHOWN],
        "staying": [row for row in preview.staying if row.old.starts_on][:SHOWN],
        "undated": sum(row.old.starts_on is None for row in preview.staying),
        "off_days": preview.off_days[:SHOWN],
        "days": (days := (preview.to - preview.old).days if preview.old else 0),
        "days_back": -days,
    }
    return _page(request, launch, form, status=status, **shown, **extra)


def _page(
    request: LaunchRequest, launch: Launch, form: MoveForm, *, status: int = 200, **extra: Any
) -> HttpResponse:
    context = {"launch": launch, "form": form, **extra}
    return show(request, "schedule/move.html", context, partial="preview", status=status)
