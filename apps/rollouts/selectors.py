"""Reading rollout steps and exposure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import DecimalField, Exists, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.audience.selectors import reaches
from apps.launches.gates import GateNow, gates_of
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
class Rollout:
    """How far a launch has come, as stored: the percent of accounts it reached; `held` while a phase is."""

    launch_id: int
    percent: Decimal = Decimal(0)
    held: bool = False


def percent_now(launch: str) -> Coalesce:
    """A column: the highest percent reached of the launch whose id the outer query has under this name."""
    steps = RolloutStep.objects.filter(launch=OuterRef(launch), reached_at__isnull=False)
    # Grouped by what is one: without it Django would add each step's own id.
    highest = steps.order_by().values("launch").annotate(percent=Max("percent")).values("percent")
    return Coalesce(Subquery(highest), Decimal(0), output_field=DecimalField())


def held_now(launch: str) -> Exists:
    """A column: whether a phase of that launch is on hold."""
    return Exists(Phase.objects.filter(launch=OuterRef(launch), state=Phase.State.HELD))


def rollouts_now(launch_ids: Sequence[int]) -> dict[int, Rollout]:
    """Each of these launches' rollout by its id. One query."""
    rows = Launch.objects.filter(pk__in=launch_ids).order_by()
    return {row[0]: Rollout(*row) for row in rows.values_list("pk", percent_now("pk"), held_now("pk"))}


def exposed(rollout: Rollout, account: str) -> bool:
    """Whether this account, by the id the product gave it, is among those the launch has reached now.

    Each account has one of 10,000 places per launch, the same for ever, so that whoever is reached stays
    reached as the percent grows. While a phase is on hold nobody counts as reached: what is held may be
    taken back.
    """
    if rollout.held:
        return False
    digest = hashlib.sha256(f"{rollout.launch_id}:{account}".encode()).digest()
    return int.from_bytes(digest[:8]) % 10_000 < rollout.percent * 100


@dataclass(frozen=True)
class PhaseLadder:
    """A phase with its rollout steps and the moves its state allows.

    Where somebody asked: `targets` is what it aims at (`with_targets`), `accounts` how many fit its audience rule
    (`with_accounts`), `gates` what has to hold before it starts (`with_gates`).
    """

    phase: Phase
    steps: list[RolloutStep]
    targets: Sequence[Target] = ()
    accounts: int | None = None
    gates: Sequence[GateNow] = ()

    @property
    def open_gates(self) -> list[GateNow]:
        return [gate for gate in self.gates if not gate.is_signed]

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
    """The launch's phases in order. Two queries."""
    steps = steps_by_phase(launch)
    return [PhaseLadder(phase, steps[phase.pk]) for phase in phase_spans(launch)]


def with_targets(launch: Launch, ladders: Sequence[PhaseLadder]) -> list[PhaseLadder]:
    """The same with what each phase aims at. One query."""
    found: dict[int, list[Target]] = defaultdict(list)
    for target in Target.objects.filter(phase__launch=launch).order_by("position", "id"):
        found[target.phase_id or 0].append(target)
    return [replace(ladder, targets=found[ladder.phase.pk]) for ladder in ladders]


def with_accounts(ladders: Sequence[PhaseLadder]) -> list[PhaseLadder]:
    """The same with the accounts of each phase's rule. One query."""
    found = reaches(ladder.phase.rule for ladder in ladders)
    return [replace(ladder, accounts=found.get(ladder.phase.rule)) for ladder in ladders]


def with_gates(launch: Launch, ladders: Sequence[PhaseLadder]) -> list[PhaseLadder]:
    """The same with each phase's gates and what speaks for them: the queries of `launches.gates.gates_of`."""
    found = gates_of(launch)
    return [replace(ladder, gates=found.get(ladder.phase.pk, [])) for ladder in ladders]
