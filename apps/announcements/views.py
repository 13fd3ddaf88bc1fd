"""The announcements of a launch: list, composer, one announcement with all that can be done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Count, Q
from django.http import HttpResponse
from django.urls import reverse

from apps.announcements import policies, selectors
from apps.announcements.forms import AnnouncementForm, ReasonForm, ScheduleForm
from apps.announcements.models import Announcement
from apps.announcements.services import approving, running, writing
from apps.announcements.windows import does_not_exist
from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import done, integer, paginate, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page

State = Announcement.State

GROUPS = {
    "running": ("Live and coming", (State.LIVE, State.PAUSED, State.SCHEDULED)),
    "preparing": ("In preparation", (State.DRAFT, State.IN_REVIEW, State.APPROVED)),
    "over": ("Over", (State.FINISHED, State.CANCELLED)),
}


@dataclass(frozen=True)
class Step:
    """One thing that can be done to an announcement by a plain form."""

    name: str
    label: str
    icon: str
    states: tuple[str, ...]
    service: Callable[..., Announcement]
    message: str
    primary: bool = False
    reason: bool = False
    confirm: str = ""

    def offered_to(self, actor: Actor, announcement: Announcement) -> bool:
        """Whether this actor may do it now."""
        if announcement.state not in self.states:
            return False
        if self.name == "approve":
            return policies.can_approve(actor, announcement)
        if self.name in {"submit", "send-back"}:
            return policies.can_edit(actor, announcement)
        return policies.can_run(actor, announcement)


STEPS = {
    step.name: step
    for step in (
        Step(
            "approve", "Approve", "check", (State.DRAFT, State.IN_REVIEW), approving.approve,
            "Approved: it can be scheduled now.", primary=True,
        ),
        Step(
            "submit", "Ask for approval", "send", (State.DRAFT,), approving.submit,
            "Those who may approve it find it in their inbox.", primary=True,
        ),
        Step(
            "now", "Go live now", "radio", (State.APPROVED,), running.schedule,
            "It goes live now.", confirm="Show this to customers right now?",
        ),
        Step("resume", "Resume", "play", (State.PAUSED,), running.resume, "It goes on.", primary=True),
        Step("pause", "Pause", "pause", (State.LIVE, State.SCHEDULED), running.pause, "Nobody sees it now."),
        Step(
            "send-back", "Send back", "undo-2", (State.IN_REVIEW, State.APPROVED), approving.send_back,
            "It is a draft again.", reason=True,
        ),
        Step(
            "cancel", "Cancel it", "ban",
            tuple(state for state in State if state not in GROUPS["over"][1]), running.cancel,
            "It is cancelled for good.", reason=True,
        ),
    )
}  # fmt: skip


@launch_page()
def announcements(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """A launch's announcements, what is live first."""
    group = request.GET.get("show", "")
    found = selectors.announcements(launch)
    counts = found.order_by().aggregate(
        **{key: Count("pk", filter=Q(state__in=states)) for key, (_, states) in GROUPS.items()}
    )
    if group in GROUPS:
        found = found.filter(state__in=GROUPS[group][1])
    context = {
        "launch": launch,
        "page_title": "Announcements",
        "rows": paginate(request, found),
        "groups": [(key, label, counts[key]) for key, (label, _) in GROUPS.items()],
        "group": group if group in GROUPS else "",
        "total": sum(counts.values()),
        "may_create": policies.can_create(request.actor, launch),
    }
    return show(request, "announcements/list.html", context, partial="region")


@launch_page("GET", "POST")
def new(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Write a draft, with a place of its own on the calendar or that of an item (`?item=`)."""
    policies.require("announcements.create", request.actor, launch)
    if request.method == "GET":
        form = AnnouncementForm(
            launch=launch,
            made=False,
            actor=request.actor,
            initial={"item": integer(request.GET.get("item"))},
        )
        return _composer(request, launch, form)
    form = AnnouncementForm(request.POST, launch=launch, made=False, actor=request.actor)
    if form.is_valid():
        item: CalendarItem | None = form.cleaned_data["item"]
        try:
            made = writing.create_announcement(
                actor=request.actor, launch=launch, values=form.values, item=item
            )
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, "The draft is saved.", to=_address(launch, made))
    return _composer(request, launch, form, status=422)


@launch_page("GET", "POST")
def edit(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Change what it says. A stale page answers 409 with both versions side by side."""
    found = selectors.announcement(request.actor, pk, launch)
    policies.require("announcements.edit", request.actor, found)
    if request.method == "GET":
        return _composer(request, launch, _form_of(found), found)
    form = AnnouncementForm(request.POST, launch=launch, made=True)
    if form.is_valid():
        try:
            changed = writing.change(
                actor=request.actor,
                announcement=found,
                values=form.values,
                version=form.cleaned_data["version"],
            )
        except Conflict as error:
            rows = form.conflict(error)
            # Saving again means: mine, knowing theirs.
            data = request.POST.copy()
            data["version"] = str(error.version)
            form.data = data
            return _composer(request, launch, form, found, status=409, conflict=rows, refusal=error.message)
        except Invalid as error:
            form.refuse(error)
        else:
            fell_back = found.state != changed.state
            message = "Saved. It needs approval again." if fell_back else "Saved."
            return done(request, message, to=_address(launch, changed))
    return _composer(request, launch, form, found, status=422)


@launch_page("POST")
def preview(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """How the words in a composer would look; stores nothing."""
    context = {
        "launch": launch,
        "title": request.POST.get("title", "").replace("\x00", "")[:200],
        "body": request.POST.get("body", "").replace("\x00", "")[:20_000],
        "action_label": request.POST.get("action_label", "").replace("\x00", "")[:60],
    }
    return show(request, "announcements/preview.html", context, partial="announcements/preview_card.html")


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
        "crumbs": _crumbs(launch, found.title),
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


def _crumbs(launch: Launch, here: str) -> list[dict[str, str]]:
    return [
        {"label": "Launches", "url": reverse("launches:list")},
        {"label": launch.name, "url": reverse("launches:overview", args=[launch.slug])},
        {"label": "Announcements", "url": reverse("announcements:list", args=[launch.slug])},
        {"label": here, "url": ""},
    ]


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


def _form_of(found: Announcement) -> AnnouncementForm:
    names = ("title", "body", "action_label", "action_url", "surfaces", "audience", "priority", "version")
    initial = {name: getattr(found, name) for name in names}
    initial["teams"] = [team.pk for team in found.teams.all()]
    return AnnouncementForm(launch=found.launch, made=True, initial=initial)


def _composer(
    request: LaunchRequest,
    launch: Launch,
    form: AnnouncementForm,
    found: Announcement | None = None,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    shown = form.data if form.is_bound else form.initial
    context = {
        "launch": launch,
        "announcement": found,
        "page_title": "Edit the announcement" if found else "New announcement",
        "crumbs": _crumbs(launch, found.title if found else "New"),
        "form": form,
        "title": shown.get("title", ""),
        "body": str(shown.get("body", ""))[:20_000],
        "action_label": shown.get("action_label", ""),
        **extra,
    }
    return show(request, "announcements/compose.html", context, partial="region", status=status)


def _stale(request: LaunchRequest, launch: Launch, pk: int, error: Conflict) -> HttpResponse:
    """The page as it stands now, saying that nothing was done because of that."""
    found = selectors.announcement(request.actor, pk, launch)
    refusal = f"{error.message} Nothing was done: look at it as it is now."
    return _detail(request, launch, found, status=409, refusal=refusal)


def _after(request: LaunchRequest, launch: Launch, pk: int, message: str) -> HttpResponse:
    return done(request, message, to=reverse("announcements:detail", args=[launch.slug, pk]))


def _address(launch: Launch, found: Announcement) -> str:
    return reverse("announcements:detail", args=[launch.slug, found.pk])
