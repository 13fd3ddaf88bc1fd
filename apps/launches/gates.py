"""What the portal can look at for a gate: checks, registered by the apps that know, and what they find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from apps.launches.models import Gate, Launch, Mitigation, Phase


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks for or against a gate. `url` leads to it."""

    holds: bool
    words: str
    url: str = ""

    def as_json(self) -> dict[str, object]:
        return {"holds": self.holds, "words": self.words}


Find = Callable[[Launch, Sequence[Phase]], Mapping[int, list[Evidence]]]


@dataclass(frozen=True)
class Check:
    """`find` answers for all phases of a launch at once, by phase id, in a few queries."""

    name: str
    title: str
    find: Find


_checks: dict[str, Check] = {}


def register(name: str, title: str, find: Find) -> None:
    """Add a check; called from `AppConfig.ready`."""
    _checks[name] = Check(name, title, find)


def checks() -> list[Check]:
    return list(_checks.values())


def is_known(name: str) -> bool:
    return name in _checks


@dataclass
class GateNow:
    """A gate with what speaks for it at this moment."""

    gate: Gate
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def is_signed(self) -> bool:
        return self.gate.signed_at is not None

    @property
    def holds(self) -> bool | None:
        """What the evidence says; None where a person has to look."""
        if not self.gate.check_name:
            return None
        return bool(self.evidence) and all(each.holds for each in self.evidence)

    @property
    def state(self) -> str:
        """signed, broken (signed off, but does not hold now), ready (holds, unsigned), open."""
        if self.is_signed:
            return "broken" if self.holds is False else "signed"
        return "ready" if self.holds else "open"


def gates_of(launch: Launch) -> dict[int, list[GateNow]]:
    """The gates of a launch with their evidence, by phase id. One query, and those of each check in use once."""
    gates = list(Gate.objects.filter(launch=launch).select_related("owner", "signed_by", "phase"))
    phases = list({gate.phase_id: gate.phase for gate in gates}.values())
    for phase in phases:
        phase.launch = launch
    found: dict[int, list[GateNow]] = defaultdict(list)
    evidence = {
        name: _checks[name].find(launch, phases)
        for name in {gate.check_name for gate in gates if gate.check_name in _checks}
    }
    for gate in gates:
        gate.launch = launch
        speaks = evidence.get(gate.check_name, {}).get(gate.phase_id, [])
        found[gate.phase_id].append(GateNow(gate, list(speaks)))
    return found


def counts_of(launch: Launch) -> dict[int, tuple[int, int]]:
    """(signed, all) gates by phase id, for the ruler. One query."""
    found: dict[int, tuple[int, int]] = {}
    for phase, signed_at in Gate.objects.filter(launch=launch).values_list("phase", "signed_at").order_by():
        signed, total = found.get(phase, (0, 0))
        found[phase] = (signed + (signed_at is not None), total + 1)
    return found


def messages_approved(launch: Launch, phases: Sequence[Phase]) -> dict[int, list[Evidence]]:
    """Whether the messages prepared for a rollback were approved. The same for every phase."""
    prepared = list(
        Mitigation.objects.filter(launch=launch)
        .exclude(prepared_message="")
        .values_list("title", "message_approved")
    )
    speaks = [
        Evidence(approved, f"“{title[:80]}” {'is' if approved else 'is not'} approved")
        for title, approved in prepared
    ]
    if not speaks:
        speaks = [Evidence(False, "No message is prepared for the day it goes wrong")]
    return {phase.pk: speaks for phase in phases}
