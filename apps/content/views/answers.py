"""What the views of single items share: finding them, and answering after something was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from apps.content.models import BulkChange, CalendarItem
from apps.content.views.calendar import back_to, calendar_page, page_of_all
from apps.core.errors import Conflict, NotFound
from apps.core.pages import PageRequest, done, is_partial
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest
from apps.launches.selectors import record
from apps.schedule.models import Move, Placement
from apps.schedule.selectors import placements


def placement_of(launch: Launch, pk: int) -> Placement:
    """One piece of work of this launch with `now_standing`, or `NotFound`. One query."""
    placement = placements(launch).filter(pk=pk).first()
    if placement is None:
        raise NotFound("There is no such piece of work in this launch.")
    placement.launch = launch
    return placement


def calendar_item(launch: Launch, placement: Placement) -> CalendarItem:
    """The calendar item a placement places, or `NotFound` for what is none."""
    found = (
        record(launch, kinds.get(CalendarItem.kind), placement.record_id)
        if placement.kind == CalendarItem.kind
        else None
    )
    if not isinstance(found, CalendarItem):
        raise NotFound("This is no item of the content calendar.")
    return found


def both(error: Conflict, yours: Mapping[str, str]) -> dict[str, Any]:
    """What the person wanted beside what is stored now."""
    rows = [
        {"label": name.replace("_", " ").capitalize(), "yours": value, "theirs": error.current.get(name, "")}
        for name, value in yours.items()
    ]
    return {"refusal": error.message, "conflict": rows}


def back(request: LaunchRequest, launch: Launch) -> str:
    return back_to(request, reverse("content:calendar", args=[launch.slug]))


def region(request: LaunchRequest, launch: Launch, status: int = 200, **extra: Any) -> HttpResponse:
    """The region this request came from: the launch's calendar or (`all=1`) that of all launches."""
    if request.GET.get("all") == "1":
        return page_of_all(request, status, **extra)
    return calendar_page(request, launch, status, **extra)


def undoable(
    request: PageRequest, words: str, url: str, *, back: str, changes: Sequence[BulkChange] = ()
) -> SafeString:
    """A message with a button that takes back what it tells of, by a POST to `url` that names `changes`."""
    context = {
        "words": words,
        "undo_url": url,
        "changes": changes,
        "query": request.GET.urlencode(),
        "back": back,
    }
    # The template escapes what it is given.
    return mark_safe(render_to_string("content/undo_toast.html", context, request=request))  # noqa: S308


def after(request: LaunchRequest, launch: Launch, message: str, move: Move | None = None) -> HttpResponse:
    """The calendar's region again, with the filter of this address; elsewhere back to the page.

    With a `move` the message offers to take it back.
    """
    if move is not None:
        url = reverse("content:move_undo", args=[launch.slug, move.pk])
        message = undoable(request, message, url, back=back(request, launch))
    if is_partial(request) and request.htmx.target == "calendar":
        messages.success(request, message)
        response = region(request, launch)
        response["HX-Trigger"] = "sheet:close"
        return response
    return done(request, message, to=back(request, launch))
