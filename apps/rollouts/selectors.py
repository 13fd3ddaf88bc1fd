"""Reading rollout steps and exposure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max

from apps.launches.models import Launch, Phase
from apps.metrics.models import Target
from apps.rollouts.models import RolloutStep
from apps.schedule.selectors import phase_spans


def steps_by_phase(launch: Launch) -> dict[int, list[RolloutStep]]:
    """Each phase's steps in order, by phase id; 0 for steps of no phase. One query."""
    found: dict[int, list[RolloutStep]] = defaultdict(list)
    for step in RolloutStep.objects.filter(launch=launch).order_by("position", "id"):
        found[step.phase_id or 0].append(step)
    return found


def exposure(launch_ids: Sequence[int]) -> dict[int, Decimal]:
    """The highest percent reached, by launch id; launches nobody sees yet are left out. One query."""
    rows = (
        RolloutStep.objects.filter(launch__in=launch_ids, reached_at__isnull=False)
        .values("launch_id")
        .annotate(percent=Max("percent"))
        .order_by()
    )
    return {row["launch_id"]: row["percent"] for row in rows}


@dataclass(frozen=True)
class PhaseLadder:
    """A phase with its rollout steps, its targets, and the moves its state allows."""

    phase: Phase
    steps: list[RolloutStep]
    targets: list[Target]

    @property
    def reached(self) -> Decimal | None:
        """The highest percent reached, None before the first step."""
        return max((step.percent for step in self.steps if step.reached_at), default=None)

    @property
    def next_step(self) -> RolloutStep | None:
        return next((step for step in self.steps if step.reached_at is None), None)

    @property
    def last_reached(self) -> RolloutStep | None:
        return next((step for step in reversed(self.steps) if step.reached_at is not None), None)

    @property
    def percents(self) -> str:
        """The ladder in a line: 25 → 50 → 75%."""
        return " → ".join(f"{step.percent.normalize():f}" for step in self.steps) + "%" if self.steps else ""

    @property
    def moves(self) -> list[tuple[str, str, str]]:
        """(state, button, icon) of what may follow."""
        return {
            "planned": [("active", "Start", "play")],
            "active": [("finished", "Finish", "check"), ("held", "Hold", "pause")],
            "held": [("active", "Resume", "play"), ("finished", "Finish", "check")],
            "finished": [("active", "Reopen", "undo-2")],
        }[self.phase.state]


def phase_ladders(launch: Launch) -> list[PhaseLadder]:
    """The launch's phases in order. Three queries."""
    steps = steps_by_phase(launch)
    targets: dict[int, list[Target]] = defaultdict(list)
    for target in Target.objects.filter(phase__launch=launch).order_by("position", "id"):
        targets[target.phase_id or 0].append(target)
    return [PhaseLadder(phase, steps[phase.pk], targets[phase.pk]) for phase in phase_spans(launch)]
