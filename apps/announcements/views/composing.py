"""The composer, with what it shows while somebody writes: preview and audience."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from apps.announcements import policies, selectors
from apps.announcements.content import COVERED, FREE
from apps.announcements.forms import AnnouncementForm
from apps.announcements.models import Announcement
from apps.announcements.services import writing
from apps.announcements.views.steps import address, crumbs, forms_with
from apps.content.models import CalendarItem
from apps.core.errors import Conflict, Invalid
from apps.core.pages import done, integer, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page


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
            return done(request, "The draft is saved.", to=address(launch, made))
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
            return done(request, message, to=address(launch, changed))
    return _composer(request, launch, form, found, status=422)


@launch_page("POST")
def preview(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """How the words in a composer would look; stores nothing."""
    context = {
        "launch": launch,
        "title": request.POST.get("title", "").replace("\x00", "")[:200],
        "body": request.POST.get("body", "").replace("\x00", "")[:20_000],
        "action_label": request.POST.get("action_label", "").replace("\x00", "")[:60],
        "forms": forms_with(request.POST.get("form", "")),
    }
    return show(request, "announcements/preview.html", context, partial="announcements/preview_card.html")


@launch_page("POST")
def audience(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """How many accounts fit what a composer's fields say; stores nothing."""
    rule = request.POST.get("audience_rule", "").replace("\x00", "")
    context = {"launch": launch, "reach": _reach(launch, rule, "only_exposed" in request.POST)}
    return show(request, "announcements/audience.html", context, partial="announcements/reach.html")


def _reach(launch: Launch, rule: str, only_exposed: bool) -> selectors.Reach:
    return selectors.reach(rule=rule, only_exposed=only_exposed, launch_id=launch.pk)


def _form_of(found: Announcement) -> AnnouncementForm:
    initial = {name: getattr(found, name) for name in (*COVERED, *FREE, "version")}
    initial["teams"] = [team.pk for team in found.teams.all()]
    others = list(found.translations.all())
    return AnnouncementForm(launch=found.launch, made=True, initial=initial, translations=others)


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
        "crumbs": crumbs(launch, found.title if found else "New"),
        "form": form,
        "title": shown.get("title", ""),
        "body": str(shown.get("body", ""))[:20_000],
        "action_label": shown.get("action_label", ""),
        "forms": forms_with(str(shown.get("form") or Announcement.Form.BANNER)),
        "reach": _reach(launch, str(shown.get("audience_rule", "")), bool(shown.get("only_exposed"))),
        **extra,
    }
    return show(request, "announcements/compose.html", context, partial="region", status=status)
