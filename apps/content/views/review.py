"""Approving an item: asking, agreeing, sending back; who is asked, per item and per channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.content.forms import ReviewForm, RuleForm, RuleSteps
from apps.content.models import ApprovalRule, CalendarItem
from apps.content.sections import reviewers_form
from apps.content.services import approving
from apps.content.services.approving import StepInput
from apps.content.views.answers import back, calendar_item, placement_of
from apps.content.views.items import item_page
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.pages import done, show
from apps.launches import kinds, policies
from apps.launches.models import Channel, Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import record

Decide = Callable[..., CalendarItem]


@launch_page("POST")
def submit(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Ask for approval."""
    return _decide(request, launch, pk, approving.submit, "Asked for approval.", with_note=False)


@launch_page("POST")
def approve(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Agree to what it says now."""
    return _decide(request, launch, pk, approving.approve, "You agreed to it.")


@launch_page("POST")
def changes(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Send it back with a word why."""
    return _decide(request, launch, pk, approving.request_changes, "Sent back to drafting.")


def _decide(
    request: LaunchRequest, launch: Launch, pk: int, act: Decide, message: str, *, with_note: bool = True
) -> HttpResponse:
    placement = placement_of(launch, pk)
    item = calendar_item(launch, placement)
    form = ReviewForm(request.POST, auto_id="review-%s")
    if form.is_valid():
        given: dict[str, Any] = {"note": form.cleaned_data["note"]} if with_note else {}
        try:
            act(actor=request.actor, item=item, version=form.cleaned_data["version"], **given)
        except Conflict as error:
            return item_page(request, launch, placement, status=409, refusal=error.message)
        except Invalid as error:
            form.refuse(error)
        else:
            return done(request, message, to=_page_of(request, launch, pk))
    return item_page(request, launch, placement, status=422, review_form=form)


@launch_page("GET", "POST")
def reviewers(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Whose approval this item needs besides what its channel asks for."""
    item = calendar_item(launch, placement_of(launch, pk))
    policies.require("records.work", request.actor, item)
    form = reviewers_form(item, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                approving.set_reviewers(
                    actor=request.actor,
                    item=item,
                    users=list(form.cleaned_data["reviewers"]),
                    version=form.cleaned_data["version"],
                )
            except Conflict as error:
                form.refuse(error)
                status = 409
            except Invalid as error:
                form.refuse(error)
            else:
                return done(request, "Saved who reviews it.", to=_page_of(request, launch, pk))
    context = {"launch": launch, "item": item, "form": form, "back": _page_of(request, launch, pk)}
    return show(
        request, "content/reviewers.html", context, partial="content/reviewers_sheet.html", status=status
    )


@launch_page("GET", "POST")
def rule(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Whose approval everything on a channel needs."""
    channel = record(launch, kinds.get("channel"), pk)
    if not isinstance(channel, Channel):
        raise NotFound("There is no such channel in this launch.")
    policies.require("launches.edit", request.actor, launch)
    stored = ApprovalRule.objects.filter(channel=channel).first()
    start = {"in_order": bool(stored and stored.in_order), "version": stored.version if stored else 0}
    form = RuleForm(request.POST or None, initial=start, auto_id="rule-%s")
    steps = RuleSteps(request.POST or None, initial=_steps_of(stored), prefix="steps")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and steps.is_valid():
            try:
                approving.set_rule(
                    actor=request.actor,
                    channel=channel,
                    steps=[_step(each.cleaned_data) for each in steps if each.cleaned_data.get("who")],
                    in_order=form.cleaned_data["in_order"],
                    version=form.cleaned_data["version"],
                )
            except Conflict as error:
                form.refuse(error)
                status = 409
            except Invalid as error:
                form.refuse(error)
            else:
                to = f"{reverse('launches:plan', args=[launch.slug])}#channel"
                return done(request, f"Saved who approves what goes out on “{channel.title[:80]}”.", to=to)
    context = {"launch": launch, "channel": channel, "form": form, "steps": steps}
    return show(request, "content/rule.html", context, status=status)


def _steps_of(stored: ApprovalRule | None) -> list[dict[str, Any]]:
    if stored is None:
        return []
    return [
        {"who": f"user:{step.user_id}" if step.user_id else f"team:{step.team_id}", "needed": step.needed}
        for step in stored.steps.all()
    ]


def _step(given: dict[str, Any]) -> StepInput:
    sort, _, key = str(given["who"]).partition(":")
    needed = given.get("needed") or 1
    if sort == "user":
        return StepInput(user=User.objects.filter(pk=key).first(), needed=needed)
    return StepInput(team=Team.objects.filter(pk=key).first(), needed=needed)


def _page_of(request: LaunchRequest, launch: Launch, pk: int) -> str:
    """Back where one came from, or to the item's page."""
    if request.GET.get("next"):
        return back(request, launch)
    return reverse("content:item", args=[launch.slug, pk])
