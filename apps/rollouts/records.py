"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.rollouts.facets import CRITERION_TARGETS
from apps.rollouts.models import RollbackCriterion, RollbackStep, RolloutStep


def register() -> None:
    kinds.register(
        Kind(
            key="rollout_step",
            model=RolloutStep,
            label="Rollout step",
            plural="Rollout steps",
            counts_key="rollout_steps",
            section="phases",
            icon="percent",
            fields=("title", "phase", "percent", "scope", "text"),
            summary=("percent", "scope"),
            parent="phase",
        ),
        Kind(
            key="rollback_criterion",
            model=RollbackCriterion,
            label="Rollback criterion",
            plural="Rollback criteria",
            counts_key="rollback_criteria",
            section="rollback",
            icon="octagon-alert",
            fields=("title", "criterion_kind", "text", "owner"),
            labels={"criterion_kind": "Kind"},
            summary=("criterion_kind",),
        ),
        Kind(
            key="rollback_step",
            model=RollbackStep,
            label="Rollback step",
            plural="Rollback steps",
            counts_key="rollback_steps",
            section="rollback",
            icon="undo-2",
            fields=("title", "text", "deadline_minutes", "owner"),
            labels={"deadline_minutes": "Deadline, minutes from the trigger"},
            summary=("deadline_minutes",),
        ),
    )
    kinds.add_facet(CRITERION_TARGETS, ["rollback_criterion"])
