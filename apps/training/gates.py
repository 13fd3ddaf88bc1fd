"""What trainings say of a phase's gates (see `launches.gates`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.launches.gates import Evidence, register
from apps.launches.models import Launch, Phase
from apps.schedule.models import Placement
from apps.training.models import Training

MOST_NAMED = 5


def register_checks() -> None:
    register("trainings_held", "Support and teams trained", trainings_held)


def trainings_held(launch: Launch, phases: Sequence[Phase]) -> Mapping[int, list[Evidence]]:
    """The internal trainings of the launch, held or not; the same for every phase. One query."""
    placed = Placement.objects.filter(launch=launch, kind=Training.kind).exclude(state="cancelled")
    rows = list(placed.order_by("starts_on", "id").values_list("title", "state"))
    if not rows:
        return {phase.pk: [Evidence(False, "No training is planned")] for phase in phases}
    waiting = [title for title, state in rows if state != "done"]
    found = [Evidence(not waiting, f"{len(rows) - len(waiting)} of {len(rows)} trainings held")]
    found += [Evidence(False, f"“{title[:80]}” was not held") for title in waiting[:MOST_NAMED]]
    return {phase.pk: found for phase in phases}
