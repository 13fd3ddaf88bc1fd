"""A launch's phases: their state, their ladder of rollout steps, what they aim at, when they run."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from apps.core.errors import NotFound
from apps.core.pages import done, integer, is_partial, show
from apps.launches import policies
from apps.launches.models import Launch, Phase
from apps.launches.pages import LaunchRequest, launch_page
from apps.rollouts import selectors, services
from apps.rollouts.models import RolloutStep

TARGET = "phases"


@launch_page()
def phases(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Every phase with its steps, earliest first."""
    return _phases(request, launch)


def _phases(request: LaunchRequest, launch: Launch) -> HttpResponse:
    ladders = selectors.with_targets(launch, selectors.phase_ladders(launch))
    phases = [ladder.phase for ladder in ladders]
    running = any(phase.state in {Phase.State.ACTIVE, Phase.State.HELD} for phase in phases)
    context = {
        "launch": launch,
        "phases": selectors.with_gates(launch, selectors.with_accounts(ladders)),
        "startable": None if running else next((each for each in phases if each.state == "planned"), None),
        "may_edit": policies.can_edit_launch(request.actor, launch),
    }
    return show(request, "rollouts/phases.html", context, partial=TARGET)


@launch_page("POST")
def phase_state(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """Start, hold, resume or finish a phase."""
    phase = Phase.objects.filter(launch=launch, pk=pk).first()
    if phase is None:
        raise NotFound("There is no such phase in this launch.")
    phase.launch = launch
    phase = services.set_phase_state(
        actor=request.actor,
        phase=phase,
        to=request.POST.get("to", ""),
        despite=request.POST.get("despite", "")[:2000],
        version=integer(request.POST.get("version")),
    )
    return _after(request, launch, f"“{phase.title[:80]}” is {phase.get_state_display().lower()} now.")


@launch_page("POST")
def step_reached(request: LaunchRequest, launch: Launch, pk: int) -> HttpResponse:
    """The rollout stands at this step, or (`reached=0`) not yet."""
    step = RolloutStep.objects.select_related("phase").filter(launch=launch, pk=pk).first()
    if step is None:
        raise NotFound("There is no such rollout step in this launch.")
    step.launch = launch
    reached = request.POST.get("reached", "1") != "0"
    step = services.reach_step(actor=request.actor, step=step, reached=reached)
    percent = f"{step.percent.normalize():f}%"
    return _after(
        request, launch, f"{percent} reached." if reached else f"{percent} is not reached any more."
    )


def _after(request: LaunchRequest, launch: Launch, message: str) -> HttpResponse:
    if is_partial(request) and request.htmx.target == TARGET:
        messages.success(request, message)
        return _phases(request, launch)
    return done(request, message, to=reverse("launches:phases", args=[launch.slug]))
