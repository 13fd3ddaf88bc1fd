"""What has to hold before a phase starts: adding gates, signing them off, opening them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.fields import validate_characters
from apps.launches import gates, policies
from apps.launches.models import Gate, Launch, Phase
from apps.launches.services.launch import hold

FIELDS = ("title", "text", "check_name", "owner", "phase")
MOST_PER_PHASE = 30
LONGEST_NOTE = 2000


def add_gate(*, actor: Actor, launch: Launch, values: Mapping[str, Any]) -> Gate:
    """One more gate of a phase. Raises `Invalid` naming the field, `NotAllowed`."""
    policies.require("launches.edit", actor, launch)
    with transaction.atomic():
        gate = Gate(launch=hold(launch.pk))
        _assign(gate, values)
        if Gate.objects.filter(phase=gate.phase_id).count() >= MOST_PER_PHASE:
            raise Invalid(f"A phase has at most {MOST_PER_PHASE} gates.", code="too_many")
        _store(gate, actor, "added", {name: [None, value] for name, value in values.items() if value})
    return gate


def add_usual_gates(*, actor: Actor, launch: Launch, phase: Phase) -> list[Gate]:
    """A gate for everything the portal can look at, but for those the phase has already."""
    policies.require("launches.edit", actor, launch)
    with transaction.atomic():
        hold(launch.pk)
        there = set(Gate.objects.filter(phase=phase).values_list("check_name", "title"))
        names = {name for name, _ in there} | {title for _, title in there}
        return [
            add_gate(
                actor=actor,
                launch=launch,
                values={"phase": phase, "title": check.title, "check_name": check.name},
            )
            for check in gates.checks()
            if check.name not in names and check.title not in names
        ]


def change_gate(*, actor: Actor, gate: Gate, values: Mapping[str, Any], version: int | None = None) -> Gate:
    """Change a gate. One that was signed off says something else then, so it is open again."""
    policies.require("launches.edit", actor, gate.launch)
    with transaction.atomic():
        gate = lock(gate, version)
        before = {name: getattr(gate, name) for name in values if name in FIELDS}
        _assign(gate, values)
        changes = audit.difference(before, {name: getattr(gate, name) for name in before})
        if not changes:
            return gate
        if changes.keys() & {"title", "text", "check_name", "phase"}:
            _open(gate)
        _store(gate, actor, "changed", changes)
    return gate


def remove_gate(*, actor: Actor, gate: Gate, version: int | None = None) -> None:
    policies.require("launches.edit", actor, gate.launch)
    with transaction.atomic():
        gate = lock(gate, version)
        audit.record(
            actor=actor,
            verb="gate.removed",
            obj=gate,
            launch_id=gate.launch_id,
            changes={"title": [gate.title, None]},
        )
        gate.delete()


def sign_gate(*, actor: Actor, gate: Gate, note: str = "", version: int | None = None) -> Gate:
    """Say that it holds. What the portal sees is kept with it; where that speaks against it, a note has to
    say why it is signed off nevertheless. The gate's owner may sign, and editors."""
    policies.require("gates.sign", actor, gate)
    note = _note(note)
    with transaction.atomic():
        gate = lock(gate, version)
        policies.require("gates.sign", actor, gate)
        if gate.signed_at is not None:
            return gate
        at_hand = next(each for each in gates.gates_of(gate.launch)[gate.phase_id] if each.gate.pk == gate.pk)
        if at_hand.holds is False and not note:
            against = "; ".join(each.words for each in at_hand.evidence if not each.holds)
            raise Invalid(
                f"The evidence speaks against it: {against or 'there is none'}. Say why it is signed off nevertheless.",
                code="evidence_against",
                field="note",
            )
        gate.signed_at = now()
        gate.signed_by = actor.user if isinstance(actor.user, User) else None
        gate.signed_by_label = actor.label[:254]
        gate.note = note
        gate.evidence = [each.as_json() for each in at_hand.evidence]
        _store(gate, actor, "signed", {"signed": [False, True]}, reason=note)
    return gate


def reopen_gate(*, actor: Actor, gate: Gate, note: str = "", version: int | None = None) -> Gate:
    """Take a sign-off back."""
    policies.require("gates.sign", actor, gate)
    note = _note(note)
    with transaction.atomic():
        gate = lock(gate, version)
        if gate.signed_at is None:
            return gate
        _open(gate)
        _store(gate, actor, "reopened", {"signed": [True, False]}, reason=note)
    return gate


def require_signed(phase: Phase, *, despite: str = "") -> list[str]:
    """The open gates of a phase that is about to start, which a reason may override; raises `Invalid` without."""
    waiting = list(
        Gate.objects.filter(phase=phase, signed_at=None).order_by("id").values_list("title", flat=True)
    )
    if waiting and not despite.strip():
        raise Invalid(
            f"Not signed off yet: {'; '.join(waiting)[:300]}. Give a reason to start nevertheless.",
            code="gates_open",
            field="despite",
        )
    return waiting


def lock(gate: Gate, version: int | None = None) -> Gate:
    """The gate as stored, locked after its launch. Raises `NotFound`, `Conflict` for a stale version."""
    launch = hold(gate.launch_id)
    fresh = Gate.objects.select_for_update(of=("self",)).select_related("phase").filter(pk=gate.pk).first()
    if fresh is None:
        raise NotFound("This gate was removed meanwhile.", code="removed")
    fresh.launch = fresh.phase.launch = launch
    if version is not None and version != fresh.version:
        raise Conflict(
            f"“{fresh.title[:80]}” was changed by somebody else since you opened it.",
            current={name: audit.plain(getattr(fresh, name)) for name in FIELDS},
            version=fresh.version,
        )
    return fresh


def _assign(gate: Gate, values: Mapping[str, Any]) -> None:
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise Invalid(f"A gate has no “{min(unknown)[:60]}”.", code="unknown_field", field=min(unknown))
    for name, value in values.items():
        setattr(gate, name, value)
    if gate.phase_id is None or gate.phase.launch_id != gate.launch_id:
        raise Invalid("Choose a phase of this launch.", field="phase")
    if gate.check_name and not gates.is_known(gate.check_name):
        raise Invalid("There is no such check.", field="check_name")
    try:
        gate.full_clean(exclude=["launch", "phase"])
    except ValidationError as error:
        raise Invalid.from_validation(error) from error


def _open(gate: Gate) -> None:
    gate.signed_at = gate.signed_by = None
    gate.signed_by_label = gate.note = ""
    gate.evidence = []


def _store(gate: Gate, actor: Actor, verb: str, changes: Mapping[str, Any], reason: str = "") -> None:
    if gate.pk is not None:
        gate.version += 1
    gate.save()
    audit.record(
        actor=actor,
        verb=f"gate.{verb}",
        obj=gate,
        launch_id=gate.launch_id,
        changes=dict(changes),
        reason=reason,
    )


def _note(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"Write at most {LONGEST_NOTE:,} characters.", field="note")
    try:
        validate_characters(note)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="note") from error
    return note
