"""A launch as a list of facts: for versions, for comparing, and for writing the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.launches import kinds, selectors
from apps.launches.kinds import Kind
from apps.launches.models import Launch, LaunchRecord
from apps.plans.mapping.outward import facts_of, plain
from apps.plans.writing import Live
from apps.rollouts.models import RolloutStep

# What a version keeps of the launch itself, by the words it is compared in.
LAUNCH_FIELDS = {
    "name": "name",
    "summary": "summary",
    "launch type": "launch_type",
    "target audience": "target_audience",
    "time zone": "zone",
    "launch day": "launch_day",
    "rough launch day": "launch_day_fuzzy",
    "time of launch": "launch_time",
    "start of the rollout": "rollout_start",
    "tier": "tier",
}


def uid_of(record: LaunchRecord) -> str:
    """A record's stable identity across kinds."""
    return f"{record.kind}:{record.pk}"


def launch_fact(launch: Launch) -> Live:
    """The launch's own fields as one fact."""
    fields: dict[str, Any] = {label: plain(getattr(launch, name)) for label, name in LAUNCH_FIELDS.items()}
    fields["owner"] = str(launch.owner) if launch.owner else launch.owner_name
    return Live(kind="launch", key="launch", title="Launch", fields=fields)


def records_of_kinds(launch: Launch, wanted: Iterable[Kind]) -> dict[str, LaunchRecord]:
    """All records of some kinds by uid, kind by kind in their order, facets loaded."""
    return {
        uid_of(record): record for kind in wanted for record in selectors.records(launch, kind, limit=None)
    }


def records_of(launch: Launch) -> dict[str, LaunchRecord]:
    """Every record of a launch by uid. The number of queries does not grow with the records."""
    return records_of_kinds(launch, kinds.all_kinds())


def as_live(records: Mapping[str, LaunchRecord]) -> list[Live]:
    """The facts that loaded records are, with all their fields; `key` is the record's uid."""
    found = []
    for position, (uid, record) in enumerate(records.items()):
        fields = facts_of(record)
        found.append(
            Live(
                kind=record.kind,
                key=uid,
                title=record.title,
                fields=fields,
                group=str(fields.get("group") or ""),
                position=position,
                parent=f"phase:{record.phase_id}"
                if isinstance(record, RolloutStep) and record.phase_id
                else None,
            )
        )
    return found


def snapshot(launch: Launch) -> list[Live]:
    """The launch as it is now: its own fact first, then every record."""
    return [launch_fact(launch), *as_live(records_of(launch))]


def to_json(facts: Iterable[Live]) -> list[dict[str, Any]]:
    """Facts as a version stores them; `from_json` is its inverse."""
    return [
        {
            "kind": fact.kind,
            "uid": fact.key,
            "title": fact.title,
            "fields": dict(fact.fields),
            "group": fact.group,
            "parent": fact.parent,
        }
        for fact in facts
    ]


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[Live]:
    return [
        Live(row["kind"], row["uid"], row["title"], row["fields"], row["group"], position, row["parent"])
        for position, row in enumerate(rows)
    ]
