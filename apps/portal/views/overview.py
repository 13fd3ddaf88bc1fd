"""A launch at a glance, and its plan as a document."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from apps.core.pages import show, unchanged
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.launches.selectors import members
from apps.launches.views.launch import state_actions
from apps.metrics.selectors import at_a_glance
from apps.plans.selectors import readiness
from apps.portal import selectors
from apps.portal.frame import LaunchFrame, frame_of

# What the plan shows of one kind before it asks; the whole is one address away.
MOST_OF_A_KIND = 60


@launch_page()
def overview(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """How the launch stands: phase, exposure, progress, what is next, readiness, metrics, people, history."""
    frame = _frame(request)
    context = {
        "launch": launch,
        "page_title": launch.name,
        **_progress(request, launch, frame),
        "readiness": readiness(launch),
        "metrics": at_a_glance(launch, limit=5),
        "events": selectors.activity(launch),
        "people": list(members(launch)[:12]),
        "state_actions": state_actions(request.actor, launch),
        "may_own": policies.can_own_launch(request.actor, launch),
        "may_create": policies.can_write_somewhere(request.actor),
    }
    return show(request, "launches/overview.html", context)


@launch_page()
def progress(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """The overview's live part, polled. 304 while nothing in it would differ."""
    frame = _frame(request)
    same, etag = unchanged(
        request,
        launch.version,
        frame.today,
        frame.tally,
        [(ladder.phase.state, ladder.phase.version, ladder.reached) for ladder in frame.ladders],
    )
    if same:
        response = HttpResponse(status=304)
    else:
        context = {"launch": launch, **_progress(request, launch, frame), "etag": etag}
        response = show(request, "launches/progress_page.html", context, partial="launches/progress.html")
    response["ETag"] = etag
    return response


@launch_page()
def plan(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """The plan as a document, section by section, each record edited where it stands."""
    context = {
        "launch": launch,
        "page_title": "Plan",
        "sections": selectors.plan_document(
            request.actor, launch, most=None if "all" in request.GET else MOST_OF_A_KIND
        ),
        "may_edit": policies.can_edit_launch(request.actor, launch),
        "may_add": policies.can_contribute(request.actor, launch),
    }
    return show(request, "launches/plan.html", context)


def _frame(request: LaunchRequest) -> LaunchFrame:
    frame = frame_of(request)
    assert frame is not None  # a launch page has a launch
    return frame


def _progress(request: LaunchRequest, launch: Launch, frame: LaunchFrame) -> dict[str, Any]:
    tally = frame.tally
    return {
        "overall": tally.overall,
        "this_week": tally.this_week,
        "by_team": tally.by_team,
        "due_by_now": tally.due_by_now,
        "active": frame.active,
        "ladders": frame.ladders,
        "exposed": frame.exposed,
        "today": frame.today,
        "next_up": selectors.next_entries(launch, request.actor, frame.at),
        "blocked": selectors.blocked_entries(launch, request.actor, frame.at),
    }
