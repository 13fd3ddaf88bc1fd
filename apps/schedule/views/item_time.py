"""The time of one dated thing: moving it, what it hangs on, what it waits for and what waits for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from apps.core import permissions
from apps.core.clock import now, today_in
from apps.core.errors import Conflict, DomainError, Invalid, NotFound
from apps.core.forms import DomainForm
from apps.core.pages import done, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.addresses import page_of
from apps.schedule.forms import DependencyForm, HangForm, LinkForm
from apps.schedule.models import Dependency, Placement
from apps.schedule.network import consequences, links_beside
from apps.schedule.services import linking
from apps.schedule.services.hanging import UNITS, hang
from apps.schedule.standing import standing_of

SHOWN = 20


@launch_page()
def time(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One thing's time, as a page or in the sheet."""
    return _page(request, launch, _found(launch, pk))


@launch_page("POST")
def hang_on(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Let its time count from something else."""
    placement = _found(launch, pk)
    form = HangForm(request.POST, launch=launch, placement=placement, auto_id="hang-%s")
    if not form.is_valid():
        return _page(request, launch, placement, status=422, hang_form=form)
    try:
        hung = hang(actor=request.actor, placement=placement, **form.asked())
    except (Invalid, Conflict) as error:
        return _refused(request, launch, pk, form, error, "hang_form")
    return _after(request, launch, pk, f"“{hung.title[:80]}”: {hung.wording}.")


@launch_page("POST")
def link(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Let it wait for something."""
    placement = _found(launch, pk)
    form = DependencyForm(request.POST, launch=launch, placement=placement, auto_id="link-%s")
    if not form.is_valid():
        return _page(request, launch, placement, status=422, link_form=form)
    try:
        linking.add_dependency(actor=request.actor, launch=launch, after=pk, **form.cleaned_data)
    except Invalid as error:
        return _refused(request, launch, pk, form, error, "link_form")
    return _after(request, launch, pk, "It waits for that now.")


@launch_page("POST")
def change_link(request: LaunchRequest, launch: Launch, pk: int, dependency: int) -> HttpResponse:
    """Another pause between, or another answer to moves."""
    found = _dependency(launch, pk, dependency)
    form = LinkForm(request.POST)
    if not form.is_valid():
        words = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return _page(request, launch, _found(launch, pk), status=422, refusal=words)
    try:
        linking.change_dependency(actor=request.actor, dependency=found, **form.cleaned_data)
    except Conflict as error:
        return _page(request, launch, _found(launch, pk), status=409, refusal=error.message)
    return _after(request, launch, pk, "Saved.")


@launch_page("POST")
def unlink(request: LaunchRequest, launch: Launch, pk: int, dependency: int) -> HttpResponse:
    """Let it wait for that no more."""
    linking.remove_dependency(actor=request.actor, dependency=_dependency(launch, pk, dependency))
    return _after(request, launch, pk, "It does not wait for that any more.")


def _found(launch: Launch, pk: int) -> Placement:
    return linking.find(launch, pk, "id")


def _dependency(launch: Launch, pk: int, dependency: int) -> Dependency:
    found = (
        Dependency.objects.select_related("before", "after")
        .filter(launch=launch, after=pk, pk=dependency)
        .first()
        if max(pk, dependency) < 2**63
        else None
    )
    if found is None:
        raise NotFound("There is no such dependency in this launch.")
    found.after.launch = launch
    return found


def _refused(
    request: LaunchRequest, launch: Launch, pk: int, form: DomainForm, error: DomainError, name: str
) -> HttpResponse:
    """What the service refused, at the field people see: what it hangs on, not its id."""
    shown = {"to": "on", "anchor": "on", "end_offset": "offset"}.get(error.field or "", error.field)
    form.add_error(shown if shown in form.fields else None, error.message)
    status = error.status
    return _page(request, launch, _found(launch, pk), status=status, **{name: form})


def _page(
    request: LaunchRequest, launch: Launch, placement: Placement, *, status: int = 200, **extra: Any
) -> HttpResponse:
    at = now()
    before, after = links_beside(placement)
    late = standing_of(placement, at) == Placement.Standing.LATE
    may_link = permissions.allows("schedule.link", request.actor, placement)
    context: dict[str, Any] = {
        "launch": launch,
        "placement": placement,
        "standing": standing_of(placement, at),
        "before": before,
        "after": after,
        "late": late,
        "consequences": consequences(placement, at)[:SHOWN],
        "may_move": may_link and placement.moves_by_hand,
        "may_link": may_link,
        "modes": Dependency.OnMove.choices,
        "item_url": page_of(placement),
        "today": today_in(launch.zone, at),
    }
    if may_link:
        context["hang_form"] = _hang_form(launch, placement)
        context["link_form"] = DependencyForm(launch=launch, placement=placement, auto_id="link-%s")
    context |= extra
    return show(request, "schedule/time.html", context, partial="schedule/time_sheet.html", status=status)


def _hang_form(launch: Launch, placement: Placement) -> HangForm:
    on: str = placement.anchor
    if placement.anchor == Placement.Anchor.PHASE:
        on = f"phase-{placement.anchor_phase_id}"
    elif placement.anchor == Placement.Anchor.PLACEMENT:
        on = f"placement-{placement.anchor_placement_id}"
    initial = {
        "on": on,
        "offset": placement.offset if placement.unit in UNITS else 0,
        "unit": placement.unit if placement.unit in UNITS else "day",
        "version": placement.version,
    }
    return HangForm(initial=initial, launch=launch, placement=placement, auto_id="hang-%s")


def _after(request: LaunchRequest, launch: Launch, pk: int, message: str) -> HttpResponse:
    if request.htmx:
        messages.success(request, message)
        return _page(request, launch, _found(launch, pk))
    return done(request, message, to=reverse("launches:time", args=[launch.slug, pk]))
