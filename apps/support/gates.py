"""What support promised says of a phase's gates (see `launches.gates`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.launches.gates import Evidence, register
from apps.launches.models import Launch, Phase
from apps.support.models import SupportEntry


def register_checks() -> None:
    register("on_call_covered", "On-call covered", on_call_covered)


def on_call_covered(launch: Launch, phases: Sequence[Phase]) -> Mapping[int, list[Evidence]]:
    """Whether every promised coverage has somebody who gives it; the same for every phase. One query."""
    promised = list(
        SupportEntry.objects.filter(launch=launch).exclude(coverage="").select_related("owner", "team")
    )
    if not promised:
        return {phase.pk: [Evidence(False, "No coverage is promised")] for phase in phases}
    found = []
    for entry in promised:
        who = entry.owner or entry.team or entry.owner_name
        what = f"{entry.coverage[:60]}{f', {entry.period[:60]}' if entry.period else ''}"
        found.append(Evidence(bool(who), f"{what}: {who or 'nobody yet'}"))
    return {phase.pk: found for phase in phases}
