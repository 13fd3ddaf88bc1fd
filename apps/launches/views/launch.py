"""Making a launch, its settings, its states, its people and its history."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.audit.models import Event
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import PageRequest, done, integer, page, paginate, show
from apps.launches import kinds, policies, selectors
from apps.launches.forms.launch import MemberForm, NewLaunchForm, SettingsForm, StateForm
from apps.launches.models import Launch, Member
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.services import launch as launches
from apps.launches.services import members as membership

# What each state is reached by, in the words of a button; the first is the usual next step.
STEPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "draft": (("active", "Activate", "play"), ("cancelled", "Cancel the launch", "ban")),
    "active": (
        ("completed", "Complete", "check"),
        ("paused", "Pause", "pause"),
        ("cancelled", "Cancel the launch", "ban"),
    ),
    "paused": (
        ("active", "Resume", "play"),
        ("completed", "Complete", "check"),
        ("cancelled", "Cancel the launch", "ban"),
    ),
    "completed": (("active", "Reopen", "play"), ("archived", "Archive", "archive")),
    "cancelled": (("draft", "Back to draft", "undo-2"), ("archived", "Archive", "archive")),
    "archived": (("restored", "Restore", "archive-restore"),),
}
_OWNERS_ONLY = {"cancelled", "archived", "restored"}


def state_actions(actor: Any, launch: Launch) -> list[dict[str, str]]:
    """The next states the actor may choose for a launch."""
    may_own, may_edit = policies.can_own_launch(actor, launch), policies.can_edit_launch(actor, launch)
    steps = STEPS[launch.state]
    if launch.state in {"draft", "active", "paused"}:
        steps = (*steps, ("archived", "Archive", "archive"))
    return [
        {"to": to, "label": label, "icon": icon, "confirm": to in {"cancelled", "archived"}}  # type: ignore[dict-item]
        for to, label, icon in steps
        if (may_own if to in _OWNERS_ONLY else may_edit)
    ]


@page("GET", "POST")
def new(request: PageRequest) -> HttpResponse:
    """Make a launch from nothing but a name; the import makes one from a plan."""
    policies.require("launches.create", request.actor)
    zone = getattr(request.user, "zone", "UTC")
    form = NewLaunchForm(request.POST or None, initial={"zone": zone})
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
        try:
            launch = launches.create_launch(actor=request.actor, **values)
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, f"“{launch.name[:80]}” is a draft now.", to=_overview(launch))
    status = 422 if request.method == "POST" else 200
    return show(request, "launches/new.html", {"form": form, "zones": _zones()}, status=status)


@launch_page("GET", "POST")
def settings(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """A launch's own fields, and the ways out of it."""
    may_edit = policies.can_edit_launch(request.actor, launch)
    may_own = policies.can_own_launch(request.actor, launch)
    context: dict[str, Any] = {
        "launch": launch,
        "may_edit": may_edit,
        "state_actions": state_actions(request.actor, launch),
        "zones": _zones(),
    }
    if request.method != "POST":
        return show(
            request,
            "launches/settings.html",
            {**context, "form": SettingsForm(launch=launch, may_own=may_own)},
        )
    policies.require("launches.edit", request.actor, launch)
    form = SettingsForm(request.POST, launch=launch, may_own=may_own)
    status = 422
    if form.is_valid():
        try:
            launches.change_launch(
                actor=request.actor,
                launch=launch,
                values=form.values(),
                version=form.cleaned_data["version"],
            )
        except Conflict as error:
            theirs = [
                {"label": form[name].label, "yours": form.data.get(name), "theirs": current}
                for name, current in error.current.items()
                if name in form.changed_data
            ]
            context |= {"conflict": theirs, "refusal": error.message, "version": error.version}
            data = request.POST.copy()
            data["version"] = str(error.version)
            form.data = data
            status = 409
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, "Saved.", to=reverse("launches:settings", args=[launch.slug]))
    return show(request, "launches/settings.html", {**context, "form": form}, status=status)


@launch_page("GET", "POST")
def state(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Move a launch to another state; cancelling and archiving ask first."""
    form = StateForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        raise Invalid("Say which state the launch should have.", field="to")
    to = form.cleaned_data["to"]
    if request.method != "POST":
        policies.require("launches.own" if to in _OWNERS_ONLY else "launches.edit", request.actor, launch)
        action = next((each for each in state_actions(request.actor, launch) if each["to"] == to), None)
        if action is None:
            raise Invalid(f"A launch that is {launch.get_state_display().lower()} cannot do this.")
        context = {"launch": launch, "action": action}
        return show(request, "launches/state.html", context, partial="form")
    version = form.cleaned_data["version"]
    if to == "restored":
        launch = launches.restore(actor=request.actor, launch=launch, version=version)
    else:
        launch = launches.set_state(actor=request.actor, launch=launch, to=to, version=version)
    return done(
        request,
        f"“{launch.name[:80]}” is {launch.get_state_display().lower()} now.",
        to=_overview(launch),
    )


@launch_page("GET", "POST")
def members(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Who takes part; owners add people and change their part."""
    may_own = policies.can_own_launch(request.actor, launch)
    form = MemberForm(request.POST or None)
    status = 200
    if request.method == "POST":
        policies.require("launches.own", request.actor, launch)
        status = 422
        if form.is_valid():
            try:
                member = membership.set_member(actor=request.actor, launch=launch, **form.cleaned_data)
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, f"{member}.", to=reverse("launches:members", args=[launch.slug]))
    context = {
        "launch": launch,
        "members": selectors.members(launch),
        "form": form,
        "may_own": may_own,
        "roles": Member.Role.choices,
        "teams": Team.objects.all(),
    }
    return show(request, "launches/members.html", context, partial="members", status=status)


@launch_page("POST")
def member_remove(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Take a person out of the launch."""
    member = launch.members.select_related("user").filter(pk=pk).first()
    if member is None:
        raise NotFound("This person is no member any more.")
    member.launch = launch
    membership.remove_member(actor=request.actor, member=member)
    return done(
        request,
        f"{member.user} is no longer part of this launch.",
        to=reverse("launches:members", args=[launch.slug]),
    )


@launch_page()
def audit(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Everything that happened to a launch, newest first; filtered by person and by kind of thing."""
    events = Event.objects.filter(launch_id=launch.pk)
    who, what = integer(request.GET.get("who")), request.GET.get("what", "")[:64]
    if who is not None:
        events = events.filter(actor_id=who)
    if what:
        events = events.filter(verb__startswith=f"{what}.")
    context = {
        "launch": launch,
        "events": paginate(request, events),
        "people": User.objects.filter(
            pk__in=Event.objects.filter(launch_id=launch.pk, actor_kind="user").values("actor_id")
        ),
        "subjects": [
            ("launch", "The launch"),
            ("member", "Members"),
            ("announcement", "Announcements"),
            *((kind.key, kind.plural) for kind in kinds.all_kinds()),
        ],
        "who": who,
        "what": what,
    }
    return show(request, "launches/audit.html", context, partial="events")


@cache
def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _overview(launch: Launch) -> str:
    return reverse("launches:overview", args=[launch.slug])
