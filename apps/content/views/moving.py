"""Moving one piece of work to another day, week or state: by hand, by button, by keyboard."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse

from apps.content import selectors
from apps.content.models import CalendarItem
from apps.content.selectors.weeks import Week
from apps.content.services import rescheduling
from apps.content.views.answers import after, back, calendar_item, placement_of, region
from apps.core.clock import now, today_in
from apps.core.dates import day_words, span_words
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import integer, is_partial, show
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.models import Move, Placement
from apps.schedule.services import placing
from apps.schedule.services.moving import undo_move
from apps.schedule.spans import monday_of

WEEKS_AROUND = 8


@launch_page("GET", "POST")
def move(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """The ways to move a thing, and (POST `day`, `week`, `status` or `done`, with `version`) one of them.

    A `status` comes with the item's own version too (`item_version`).
    """
    placement = placement_of(launch, pk)
    if request.method == "POST":
        return _moved(request, launch, placement)
    policies.require("records.work", request.actor, placement)
    entry = selectors.entries([placement], request.actor)[0]
    today = today_in(launch.zone, now())
    context = {
        "launch": launch,
        "entry": entry,
        "stays": rescheduling.why_it_stays(placement),
        "weeks": _weeks(launch, placement, today),
        "statuses": CalendarItem.Status.choices if entry.item else (),
        "back": back(request, launch),
        "query": request.GET.urlencode(),
    }
    return show(request, "content/move.html", context, partial="content/move_sheet.html")


def _weeks(launch: Launch, placement: Placement, today: date) -> list[Week]:
    """The weeks around the one it is in, as a select offers them."""
    middle = monday_of(placement.starts_on or launch.launch_day or today)
    zero = monday_of(launch.launch_day) if launch.launch_day else None
    mondays = [middle + timedelta(weeks=number) for number in range(-WEEKS_AROUND, WEEKS_AROUND + 1)]
    return [Week((monday - (zero or middle)).days // 7, monday) for monday in mondays]


def _moved(request: LaunchRequest, launch: Launch, placement: Placement) -> HttpResponse:
    version = integer(request.POST.get("version"))
    title = f"“{placement.title[:80]}”"
    try:
        message, move = _do(request, launch, placement, version)
    except Conflict as error:
        return _conflict(request, launch, placement, error)
    return after(request, launch, f"{title} {message}", move)


def _do(
    request: LaunchRequest, launch: Launch, placement: Placement, version: int | None
) -> tuple[str, Move | None]:
    """Do it; says what it did, and the move that takes it back."""
    actor = request.actor
    if day := request.POST.get("day"):
        return _told(rescheduling.to_day(actor=actor, placement=placement, day=_date(day), version=version))
    if week := request.POST.get("week"):
        return _told(
            rescheduling.to_week(actor=actor, placement=placement, monday=_date(week), version=version)
        )
    if status := request.POST.get("status"):
        item = rescheduling.to_status(
            actor=actor,
            placement=placement,
            item=calendar_item(launch, placement),
            status=status,
            version=version,
            item_version=integer(request.POST.get("item_version")),
        )
        return f"is {item.get_status_display().lower()} now.", None
    if state := request.POST.get("done"):
        placing.finish(actor=actor, placement=placement, done=state == "done", version=version)
        return "is done." if state == "done" else "is open again.", None
    raise Invalid("Say where it goes: a day, a week or a state.", field="day")


def _told(moved: rescheduling.Rescheduled) -> tuple[str, Move | None]:
    along = ""
    if moved.along:
        along = f", and {moved.along} other{'' if moved.along == 1 else 's'} moved along"
    return f"is on {_where(moved.placement)} now{along}.", moved.move


@launch_page("POST")
def undo(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Take a move back from the calendar it was made on, all of it or nothing."""
    found = Move.objects.filter(launch=launch, pk=pk).select_related("placement").first()
    if found is None:
        raise NotFound("There is no such move in this launch.")
    found.launch = launch
    undo_move(actor=request.actor, move=found)
    return after(request, launch, f"Undone: {found.words}.")


def _conflict(request: LaunchRequest, launch: Launch, placement: Placement, error: Conflict) -> HttpResponse:
    """Yours and theirs side by side, in the calendar or (without a script) on a page of its own."""
    fields = {name: request.POST[name] for name in ("day", "week", "status", "done") if name in request.POST}
    name, wanted = next(iter(fields.items()), ("day", ""))
    if name in {"day", "week"}:
        with contextlib.suppress(ValueError):
            wanted = day_words(date.fromisoformat(wanted))
        rows = [{"label": "When", "yours": wanted, "theirs": error.current.get("when", "")}]
    else:
        theirs = error.current.get("status") or error.current.get("state", "")
        wanted = dict(CalendarItem.Status.choices).get(wanted, wanted)
        rows = [{"label": "State", "yours": wanted, "theirs": theirs}]
    context: dict[str, Any] = {
        "conflict": rows,
        "conflict_title": placement.title,
        "conflict_url": request.path,
        "conflict_fields": {**fields, "version": error.version, **_item_version(error)},
    }
    if is_partial(request):
        response = region(request, launch, 409, **context)
        response["HX-Trigger"] = "sheet:close"
        return response
    here = {"here_url": back(request, launch), "query": request.GET.urlencode()}
    shown = {"launch": launch, **here, **context}
    return show(request, "content/move_conflict.html", shown, status=409)


def _item_version(error: Conflict) -> dict[str, int]:
    return {"item_version": error.current["item_version"]} if "item_version" in error.current else {}


def _where(placement: Placement) -> str:
    if placement.starts_on is None:
        return "no date"
    return span_words(placement.starts_on, placement.ends_on, this_year=now().year)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"“{text[:40]}” is not a day. Write it as 2026-03-04.", field="day") from error
