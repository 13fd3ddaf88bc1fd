"""The content calendar of one launch, and what is done to a single piece of work on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from apps.audit.models import Event
from apps.content import selectors, services
from apps.content.forms import BlockForm, SplitForm, StatusForm
from apps.content.models import CalendarItem
from apps.content.selectors import Filter
from apps.core.clock import now, today_in
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.forms import DomainForm
from apps.core.pages import done, integer, is_partial, paginate, show
from apps.launches import kinds, policies
from apps.launches.models import Launch, LaunchRecord
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import record
from apps.launches.threads import thread_of
from apps.schedule.models import Placement
from apps.schedule.selectors import WORK, placements, progress
from apps.schedule.services import placing

VIEWS = {"weeks": "Relative weeks", "list": "List"}


@launch_page()
def calendar(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """The calendar as relative weeks or as a list; its address holds the filter."""
    return _calendar(request, launch)


def _calendar(request: LaunchRequest, launch: Launch, status: int = 200) -> HttpResponse:
    at = now()
    view = request.GET.get("view", "weeks")
    view = view if view in VIEWS else "weeks"
    chosen = Filter.of(request.GET)
    everything = placements(launch, at)
    found = chosen.apply(everything, request.actor)
    if chosen.state != "cancelled":
        found = found.exclude(state=Placement.State.CANCELLED)
    context: dict[str, Any] = {
        "launch": launch,
        "view": view,
        "views": VIEWS,
        "filter": chosen,
        "progress": progress(found),
        "today": today_in(launch.zone, at),
        "may_add": policies.can_contribute(request.actor, launch),
        "kinds": [
            *((kind.key, kind.plural) for kind in kinds.all_kinds() if kind.key in WORK),
            (selectors.ANNOUNCEMENT, "Announcements"),
        ],
        "query": urlencode({**chosen.as_query(), "view": view}),
        "filter_query": urlencode(chosen.as_query()),
        **selectors.choices(launch, everything),
    }
    if view == "list":
        rows = paginate(request, found)
        rows.object_list = selectors.entries(list(rows.object_list), request.actor)
        context["rows"] = rows
    else:
        first = integer(request.GET.get("from"))
        context["weeks"] = selectors.relative_weeks(
            launch, found, request.actor, today=context["today"], first=first
        )
        undated = found.filter(starts_on=None)
        if launch.launch_day is None:
            undated = undated.exclude(anchor="launch_day", unit__in=["week", "day"])
        context["undated"] = selectors.entries(list(undated[: selectors.CARDS_PER_WEEK]), request.actor)
    return show(request, "content/calendar.html", context, partial="region", status=status)


@launch_page()
def item(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One piece of work: what it is, how it stands, what happened to it, and everything one may do."""
    placement = _placement(launch, pk)
    if placement.kind == selectors.ANNOUNCEMENT:
        return redirect("announcements:detail", launch.slug, placement.record_id)
    return _item(request, launch, placement)


def _item(
    request: LaunchRequest, launch: Launch, placement: Placement, status: int = 200, **extra: Any
) -> HttpResponse:
    entry = selectors.entries([placement], request.actor)[0]
    described = kinds.get(placement.kind)
    found = record(launch, described, placement.record_id)
    context = {
        "launch": launch,
        "entry": entry,
        "record": found,
        "kind": described,
        "back": _back(request, launch),
        "block_form": BlockForm(
            initial={"reason": placement.blocked_by, "version": placement.version}, auto_id="block-%s"
        ),
        "events": _history(placement, described.model)[:8],
        "thread": thread_of(request.actor, found),
        **(_item_forms(entry.item) if entry.item else {}),
        **extra,
    }
    return show(request, "content/item.html", context, partial="content/item_sheet.html", status=status)


def _item_forms(found: CalendarItem) -> dict[str, DomainForm]:
    forms: dict[str, DomainForm] = {
        "status_form": StatusForm(
            initial={"status": found.status, "version": found.version}, auto_id="status-%s"
        )
    }
    if found.offers_split:
        initial = {"titles": "\n".join(found.parts), "version": found.version}
        forms["split_form"] = SplitForm(initial=initial, auto_id="split-%s")
    return forms


def _history(placement: Placement, model: type[LaunchRecord]) -> QuerySet[Event]:
    """Events of the thing itself and of its place on the calendar, newest first."""
    return Event.objects.filter(
        Q(object_type=model._meta.label_lower, object_id=placement.record_id)
        | Q(object_type=Placement._meta.label_lower, object_id=placement.pk)
    )


@launch_page("POST")
def finish(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Done (for a calendar item: published), or open again (`done=0`)."""
    placement = _placement(launch, pk)
    is_done = request.POST.get("done", "1") != "0"
    placing.finish(
        actor=request.actor,
        placement=placement,
        done=is_done,
        version=integer(request.POST.get("version")),
    )
    word = "published" if placement.kind == CalendarItem.kind else "done"
    return _after(request, launch, f"“{placement.title[:80]}” is {word}." if is_done else "It is open again.")


@launch_page("POST")
def block(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Say what it waits for."""
    placement = _placement(launch, pk)
    form = BlockForm(request.POST, auto_id="block-%s")
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            placing.block(
                actor=request.actor,
                placement=placement,
                reason=reason,
                version=form.cleaned_data["version"],
            )
        except Invalid as error:
            form.refuse(error)
        else:
            message = "It is blocked." if reason.strip() else "It waits for nothing now."
            return _after(request, launch, message)
    return _item(request, launch, placement, status=422, block_form=form)


@launch_page("POST")
def status(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Another status for a calendar item. A stale page answers 409 and shows what is stored."""
    placement = _placement(launch, pk)
    found = _calendar_item(launch, placement)
    form = StatusForm(request.POST, auto_id="status-%s")
    if form.is_valid():
        wanted, version = form.cleaned_data["status"], form.cleaned_data["version"]
        try:
            services.set_status(actor=request.actor, item=found, status=wanted, version=version)
        except Conflict as error:
            return _item(
                request, launch, _placement(launch, pk), status=409, **_both(error, {"status": wanted})
            )
        except Invalid as error:
            form.refuse(error)
        else:
            label = str(CalendarItem.Status(wanted).label).lower()
            return _after(request, launch, f"“{found.title[:80]}” is {label} now.")
    return _item(request, launch, placement, status=422, status_form=form)


@launch_page("POST")
def split(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Make one item per piece of work that this one names."""
    placement = _placement(launch, pk)
    found = _calendar_item(launch, placement)
    form: DomainForm = SplitForm(request.POST, auto_id="split-%s")
    if form.is_valid():
        titles = form.cleaned_data["titles"].splitlines()
        try:
            made = services.split_item(
                actor=request.actor, item=found, titles=titles, version=form.cleaned_data["version"]
            )
        except Conflict as error:
            return _item(request, launch, _placement(launch, pk), status=409, **_both(error, {}))
        except Invalid as error:
            form.refuse(error)
        else:
            return _after(request, launch, f"There are {len(made)} items now.")
    return _item(request, launch, placement, status=422, split_form=form)


def _placement(launch: Launch, pk: int) -> Placement:
    placement = placements(launch).filter(pk=pk).first()
    if placement is None:
        raise NotFound("There is no such piece of work in this launch.")
    placement.launch = launch
    return placement


def _calendar_item(launch: Launch, placement: Placement) -> CalendarItem:
    found = (
        record(launch, kinds.get(CalendarItem.kind), placement.record_id)
        if placement.kind == CalendarItem.kind
        else None
    )
    if not isinstance(found, CalendarItem):
        raise NotFound("This is no item of the content calendar.")
    return found


def _both(error: Conflict, yours: dict[str, str]) -> dict[str, Any]:
    """What the person wanted beside what is stored now."""
    rows = [
        {"label": name.replace("_", " ").capitalize(), "yours": value, "theirs": error.current.get(name, "")}
        for name, value in yours.items()
    ]
    return {"refusal": error.message, "conflict": rows}


def _back(request: LaunchRequest, launch: Launch) -> str:
    wanted = request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("content:calendar", args=[launch.slug])


def _after(request: LaunchRequest, launch: Launch, message: str) -> HttpResponse:
    """The calendar's region again, with the filter of this address; elsewhere back to the page."""
    if is_partial(request) and request.htmx.target == "calendar":
        messages.success(request, message)
        return _calendar(request, launch)
    return done(request, message, to=_back(request, launch))
