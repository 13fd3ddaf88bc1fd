"""What is done to a single piece of work on a launch's calendar."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.audit.models import Event
from apps.content import selectors, services
from apps.content.forms import BlockForm, SplitForm, StatusForm
from apps.content.models import CalendarItem
from apps.content.sections import sections_of
from apps.content.services.changing import confirm_message
from apps.content.views.answers import after, back, both, calendar_item, placement_of
from apps.core.errors import Conflict, Invalid
from apps.core.forms import DomainForm
from apps.core.pages import done, integer, show
from apps.launches import kinds, policies
from apps.launches.models import Launch, LaunchRecord
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import record
from apps.launches.threads import thread_of
from apps.launches.watching import is_watched_by, watchers_of
from apps.schedule.models import Placement
from apps.schedule.services import placing


@launch_page()
def item(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One piece of work: what it is, how it stands, what happened to it, and everything one may do."""
    placement = placement_of(launch, pk)
    if placement.kind in selectors.OTHERS:
        return redirect(selectors.OTHERS[placement.kind][2], launch.slug, placement.record_id)
    return item_page(request, launch, placement)


def item_page(
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
        "back": back(request, launch),
        "block_form": BlockForm(
            initial={"reason": placement.blocked_by, "version": placement.version}, auto_id="block-%s"
        ),
        "events": _history(placement, described.model)[:8],
        "thread": thread_of(request.actor, found),
        "watched": is_watched_by(found, request.user),
        "watchers": len(watchers_of(found)),
        "may_comment": policies.can_comment(request.actor, found),
        **(_item_forms(entry.item) if entry.item else {}),
        **(sections_of(request.actor, found) if isinstance(found, CalendarItem) else {}),
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
    placement = placement_of(launch, pk)
    is_done = request.POST.get("done", "1") != "0"
    placing.finish(
        actor=request.actor,
        placement=placement,
        done=is_done,
        version=integer(request.POST.get("version")),
    )
    word = "published" if placement.kind == CalendarItem.kind else "done"
    return after(request, launch, f"“{placement.title[:80]}” is {word}." if is_done else "It is open again.")


@launch_page("POST")
def block(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Say what it waits for."""
    placement = placement_of(launch, pk)
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
            return after(request, launch, message)
    return item_page(request, launch, placement, status=422, block_form=form)


@launch_page("POST")
def status(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Another status for a calendar item. A stale page answers 409 and shows what is stored."""
    placement = placement_of(launch, pk)
    found = calendar_item(launch, placement)
    form = StatusForm(request.POST, auto_id="status-%s")
    if form.is_valid():
        wanted, version = form.cleaned_data["status"], form.cleaned_data["version"]
        try:
            services.set_status(actor=request.actor, item=found, status=wanted, version=version)
        except Conflict as error:
            return item_page(
                request, launch, placement_of(launch, pk), status=409, **both(error, {"status": wanted})
            )
        except Invalid as error:
            form.refuse(error)
        else:
            label = str(CalendarItem.Status(wanted).label).lower()
            return after(request, launch, f"“{found.title[:80]}” is {label} now.")
    return item_page(request, launch, placement, status=422, status_form=form)


@launch_page("POST")
def split(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Make one item per piece of work that this one names."""
    placement = placement_of(launch, pk)
    found = calendar_item(launch, placement)
    form: DomainForm = SplitForm(request.POST, auto_id="split-%s")
    if form.is_valid():
        titles = form.cleaned_data["titles"].splitlines()
        try:
            made = services.split_item(
                actor=request.actor, item=found, titles=titles, version=form.cleaned_data["version"]
            )
        except Conflict as error:
            return item_page(request, launch, placement_of(launch, pk), status=409, **both(error, {}))
        except Invalid as error:
            form.refuse(error)
        else:
            return after(request, launch, f"There are {len(made)} items now.")
    return item_page(request, launch, placement, status=422, split_form=form)


@launch_page("POST")
def message(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """It still fits its key message, which changed."""
    confirm_message(actor=request.actor, item=calendar_item(launch, placement_of(launch, pk)))
    return done(
        request, "It fits the message as it is now.", to=reverse("content:item", args=[launch.slug, pk])
    )
