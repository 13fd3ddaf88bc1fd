"""What is done across apps: copying a launch whole."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import kinds, policies
from apps.launches.kinds import Kind
from apps.launches.models import Launch, LaunchRecord
from apps.launches.selectors import records as records_of
from apps.launches.services import launch as launches
from apps.launches.services.records import SHARED_FIELDS, add_records

# How far things got stays with the original: the copy begins anew.
_BEGINS_ANEW = {"status", "message_approved", "owner"}
# What was written about the original's document.
_STAYS = {"history"}
# Metrics first, since other targets name them; phases and channels before what hangs on them.
_FIRST = ("kpi", "phase", "channel")
_COPIED = (
    "summary", "launch_type", "target_audience", "tier", "restricted", "self_approval", "zone", "launch_time",
    "holidays",
)  # fmt: skip


def duplicate_launch(*, actor: Actor, launch: Launch, name: str, launch_day: date | None = None) -> Launch:
    """Copy a launch as a new draft of the actor's: its records with their targets and relative times.

    Pinned dates, states, measurements, announcements, owners and history stay behind. `launch_day` (a date
    in the launch's zone) is what the copy's relative times count from; the rollout starts as many days after
    it as it did. One transaction. Raises `NotAllowed`, `Invalid`.
    """
    policies.require("launches.see", actor, launch)
    policies.require("launches.create", actor)
    fields: dict[str, Any] = {field: getattr(launch, field) for field in _COPIED}
    if launch_day and launch.rollout_start and launch.launch_day:
        fields["rollout_start"] = launch_day + (launch.rollout_start - launch.launch_day)
    if not name.strip():
        raise Invalid("The copy needs a name.", field="name")
    with transaction.atomic():
        copy = launches.create_launch(actor=actor, name=name, launch_day=launch_day, **fields)
        twins: dict[tuple[str, int], LaunchRecord] = {}
        order = [kinds.get(key) for key in _FIRST]
        order += [kind for kind in kinds.all_kinds() if kind.key not in {*_FIRST, *_STAYS}]
        counts: dict[str, list[Any]] = {}
        for kind in order:
            originals = records_of(launch, kind, limit=None)
            if not originals:
                continue
            made = add_records(
                actor=actor, launch=copy, kind=kind, rows=[_values(kind, each, twins) for each in originals]
            )
            counts[kind.counts_key] = [None, len(made)]
            for original, twin in zip(originals, made, strict=True):
                twins[kind.key, original.pk] = twin
        audit.record(
            actor=actor,
            verb="launch.duplicated",
            obj=copy,
            launch_id=copy.pk,
            changes={"copied_from": [None, launch.name], **counts},
        )
    return copy


def _values(kind: Kind, record: LaunchRecord, twins: dict[tuple[str, int], LaunchRecord]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in (*kind.fields, *SHARED_FIELDS):
        if name in _BEGINS_ANEW:
            continue
        value = getattr(record, name)
        if isinstance(value, LaunchRecord):
            value = twins.get((value.kind, value.pk))
        values[name] = value
    for facet in kinds.facets(kind).values():
        value = facet.value(record)
        if facet.name == "when" and value and value.get("date"):
            continue
        values[facet.name] = value
    return values
