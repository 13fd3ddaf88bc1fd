"""Moving a launch through its phases and rollout steps."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches import policies
from apps.launches.models import Phase
from apps.launches.services.gates import require_signed
from apps.launches.services.records import check_version, lock
from apps.rollouts.models import RolloutStep
from apps.schedule.models import Placement
from apps.schedule.services import placing

_NEXT: dict[str, frozenset[str]] = {
    "planned": frozenset({"active"}),
    "active": frozenset({"held", "finished"}),
    "held": frozenset({"active", "finished"}),
    "finished": frozenset({"active"}),
}


def set_phase_state(
    *, actor: Actor, phase: Phase, to: str, despite: str = "", version: int | None = None
) -> Phase:
    """Start, hold, resume or finish a phase. One phase of a launch runs at a time.

    A phase whose gates are not all signed off starts only `despite` them, for a reason that is kept.
    """
    policies.require("launches.edit", actor, phase.launch)
    with transaction.atomic():
        phase = lock(phase)
        check_version(phase, version)
        if to not in _NEXT[phase.state]:
            raise Invalid(
                f"A phase that is {phase.get_state_display().lower()} cannot become {to[:20]}.",
                code="transition",
                field="state",
            )
        running = (
            Phase.objects.filter(launch=phase.launch_id, state=Phase.State.ACTIVE)
            .exclude(pk=phase.pk)
            .first()
        )
        if to == Phase.State.ACTIVE and running is not None:
            raise Invalid(
                f"“{running.title}” is running: finish it first.", code="phase_running", field="state"
            )
        changes: dict[str, list[Any]] = {"state": [phase.state, to]}
        if to == Phase.State.ACTIVE and phase.state == Phase.State.PLANNED:
            waiting = require_signed(phase, despite=despite)
            if waiting:
                changes["gates"] = [None, waiting]
        phase.state = to
        if to == Phase.State.ACTIVE and phase.started_at is None:
            phase.started_at = now()
        phase.finished_at = now() if to == Phase.State.FINISHED else None
        phase.version += 1
        phase.save()
        placement = placing.find(phase)
        if placement is not None:
            done = to == Phase.State.FINISHED
            placing.set_state(
                actor=actor,
                placement=placement,
                state=Placement.State.DONE if done else Placement.State.PLANNED,
            )
        audit.record(
            actor=actor,
            verb=f"phase.{to}",
            obj=phase,
            launch_id=phase.launch_id,
            changes=changes,
            reason=despite[:500] if "gates" in changes else "",
        )
    return phase


def reach_step(
    *, actor: Actor, step: RolloutStep, reached: bool = True, version: int | None = None
) -> RolloutStep:
    """Say that the rollout stands at this step, or not yet. Steps are reached in order, in a running phase."""
    policies.require("launches.edit", actor, step.launch)
    with transaction.atomic():
        step = lock(step)
        check_version(step, version)
        if reached == (step.reached_at is not None):
            return step
        siblings = RolloutStep.objects.filter(launch=step.launch_id, phase=step.phase_id)
        if reached:
            if step.phase is not None and step.phase.state == Phase.State.PLANNED:
                raise Invalid(f"“{step.phase.title}” has not started yet.", code="phase_not_started")
            if siblings.filter(position__lt=step.position, reached_at=None).exists():
                raise Invalid("An earlier step has not been reached yet.", code="step_order")
        elif siblings.filter(position__gt=step.position, reached_at__isnull=False).exists():
            raise Invalid("A later step has been reached already.", code="step_order")
        old = step.reached_at
        step.reached_at = now() if reached else None
        step.version += 1
        step.save()
        audit.record(
            actor=actor,
            verb="rollout_step.reached" if reached else "rollout_step.reopened",
            obj=step,
            launch_id=step.launch_id,
            changes={"reached_at": [old, step.reached_at], "percent": [None, step.percent]},
        )
    return step
