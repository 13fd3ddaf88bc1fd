"""One announcement: how it stands, and everything that can be done to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpResponse
from django.urls import reverse

from apps.announcements import policies, selectors
from apps.announcements.forms import ReasonForm, ScheduleForm
from apps.announcements.models import Announcement
from apps.announcements.services import running
from apps.announcements.views.steps import STEPS, crumbs, forms_with
from apps.audit.models import Event
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import done, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.wall_times import does_not_exist

State = Announcement.State


@launch_page()
def detail(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """One announcement as customers see it, how it stands, and everything one may do."""
    return _detail(request, launch, selectors.announcement(request.actor, pk, launch))


@launch_page()
def standing(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """The part of the page that changes by itself; nothing (204) while `?seen=` still is how it stands."""
    found = selectors.announcement(request.actor, pk, launch)
    if request.GET.get("seen") == _seen(found):
        return HttpResponse(status=204)
    return _detail(request, launch, found)


@launch_page("POST")
def schedule(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Let it go live at a wall time in a zone."""
    found = selectors.announcement(request.actor, pk, launch)
    policies.require("announcements.run", request.actor, found)
    form = ScheduleForm(request.POST, auto_id="schedule-%s")
    if form.is_valid():
        given = form.cleaned_data
        try:
            running.schedule(
                actor=request.actor,
                announcement=found,
                starts_at=given["starts_at"],
                ends_at=given["ends_at"],
                zone=given["zone"],
                version=given["version"],
            )
        except Conflict as error:
            return _stale(request, launch, pk, error)
        except Invalid as error:
            form.refuse_window(error)
        else:
            message = "It is scheduled."
            if given["starts"].tzinfo is None and does_not_exist(given["starts"], given["zone"]):
                message = "Clocks skip that time: it goes live at the first moment after it."
            return _after(request, launch, pk, message)
    return _detail(request, launch, found, status=422, schedule_form=form)


@launch_page("POST")
def step(request: LaunchRequest, launch: Launch, pk: int, step: str) -> HttpResponse:
    """Submit, approve, send back, go live now, pause, resume or cancel."""
    chosen = STEPS.get(step)
    if chosen is None:
        raise NotFound("There is nothing at this address.")
    found = selectors.announcement(request.actor, pk, launch)
    form = ReasonForm(request.POST, auto_id=f"{chosen.name}-%s")
    if not form.is_valid():
        return _detail(request, launch, found, status=422, reason_form=form, reason_step=chosen.name)
    arguments: dict[str, Any] = {"version": form.cleaned_data["version"]}
    if chosen.reason:
        arguments["reason"] = form.cleaned_data["reason"]
    if chosen.name == "now":
        arguments["starts_at"] = None
    try:
        chosen.service(actor=request.actor, announcement=found, **arguments)
    except Conflict as error:
        return _stale(request, launch, pk, error)
    except Invalid as error:
        return _detail(request, launch, found, status=422, refusal=error.message)
    return _after(request, launch, pk, chosen.message)


def _detail(
    request: LaunchRequest, launch: Launch, found: Announcement, status: int = 200, **extra: Any
) -> HttpResponse:
    actor = request.actor
    may_schedule = found.state in {State.APPROVED, State.SCHEDULED} and policies.can_run(actor, found)
    steps = [step for step in STEPS.values() if step.offered_to(actor, found)]
    if any(step.name == "approve" for step in steps) and found.state == State.DRAFT:
        steps = [step for step in steps if step.name != "submit"]
    context = {
        "launch": launch,
        "announcement": found,
        "page_title": found.title,
        "crumbs": crumbs(launch, found.title),
        "forms": forms_with(found.form, alone=True),
        "steps": [step for step in steps if not step.reason],
        "reasoned": [(step, ReasonForm(auto_id=f"{step.name}-%s")) for step in steps if step.reason],
        "own_work": (
            found.state in {State.DRAFT, State.IN_REVIEW}
            and policies.can_run(actor, found)
            and not policies.is_others_work(actor, found)
        ),
        "may_edit": policies.can_edit(actor, found) and found.may_be_edited,
        "schedule_form": _schedule_form(request, found) if may_schedule else None,
        "zones": _zones() if may_schedule else (),
        "reach": selectors.reach(
            rule=found.audience_rule, only_exposed=found.only_exposed, launch_id=launch.pk
        ),
        "figures": selectors.figures(found) if found.went_live_at else None,
        "hidden_by_launch": found.state == State.LIVE and launch.state not in selectors.SHOWING_LAUNCHES,
        "waits_for_launch": (
            found.state == State.SCHEDULED and launch.state not in selectors.STARTING_LAUNCHES
        ),
        "seen": _seen(found),
        "events": Event.objects.filter(object_type=found._meta.label_lower, object_id=found.pk)[:12],
        **extra,
    }
    return show(request, "announcements/detail.html", context, partial="region", status=status)


def _seen(found: Announcement) -> str:
    return f"{found.version}-{found.launch.state}"


def _schedule_form(request: LaunchRequest, found: Announcement) -> ScheduleForm:
    zone = found.zone if found.starts_at else found.launch.zone
    local = ZoneInfo(zone)
    starts = found.starts_at
    if starts is None and found.placement is not None:
        starts = found.placement.starts_at
    if starts is None or starts < now():
        starts = _next_five_minutes(now())
    ends = found.ends_at if found.ends_at and found.ends_at > starts else None
    return ScheduleForm(
        auto_id="schedule-%s",
        initial={
            "starts": starts.astimezone(local).replace(tzinfo=None),
            "ends": ends.astimezone(local).replace(tzinfo=None) if ends else None,
            "zone": zone,
            "version": found.version,
        },
    )


def _next_five_minutes(at: datetime) -> datetime:
    at = at.replace(second=0, microsecond=0)
    return at + timedelta(minutes=10 - at.minute % 5)


def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def _stale(request: LaunchRequest, launch: Launch, pk: int, error: Conflict) -> HttpResponse:
    """The page as it stands now, saying that nothing was done because of that."""
    found = selectors.announcement(request.actor, pk, launch)
    refusal = f"{error.message} Nothing was done: look at it as it is now."
    return _detail(request, launch, found, status=409, refusal=refusal)


def _after(request: LaunchRequest, launch: Launch, pk: int, message: str) -> HttpResponse:
    return done(request, message, to=reverse("announcements:detail", args=[launch.slug, pk]))
