"""A new edition of a live launch's document: the difference first, then exactly that, keeping people's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.content.models import CalendarItem
from apps.content.services import remember_parts
from apps.core.actors import Actor
from apps.launches import kinds, policies
from apps.launches.models import Channel, Launch, LaunchRecord
from apps.launches.services import launch as launches
from apps.launches.services.records import change_record, remove_record
from apps.plans.mapping import overview
from apps.plans.mapping.directory import Directory
from apps.plans.mapping.inward import changed_values
from apps.plans.models import PlanDocument
from apps.plans.services.apply import Applied, add_facts
from apps.plans.services.comparing import Edition, Kept, changes_of, compared
from apps.plans.services.documents import ReadPlan, read
from apps.plans.services.linking import store_document
from apps.plans.services.settling import fingerprint, put_in_order, require_unchanged, set_day
from apps.plans.services.snapshots import as_live, records_of, uid_of
from apps.plans.writing import Change
from apps.plans.writing.live import same


@dataclass(frozen=True)
class Difference:
    """What a new edition changes. `fingerprint` stands for the launch it was compared with."""

    changes: list[Change]
    kept: list[Kept]
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        return {
            "changes": [
                {
                    "what": each.what,
                    "kind": each.kind,
                    "title": each.title,
                    "field": each.field,
                    "text": each.text,
                }
                for each in self.changes
            ],
            "kept": [{"title": each.title, "reason": each.reason} for each in self.kept],
            "fingerprint": self.fingerprint,
        }


def reread(launch: Launch, plan: ReadPlan, *, accept_proposals: bool = True) -> ReadPlan:
    """A new edition read with what earlier editions were answered (ids of questions outlive an edit)."""
    earlier = PlanDocument.objects.filter(launch=launch).values_list("answers", flat=True).first()
    return read(
        plan.source,
        answers={**(earlier or {}), **plan.answers},
        accept_proposals=accept_proposals,
        file_name=plan.file_name,
    )


def difference(*, launch: Launch, plan: ReadPlan) -> Difference:
    """What the document would change in the launch. Changes nothing."""
    edition = compared(launch, plan)
    return Difference(changes_of(edition), edition.kept, fingerprint(launch))


def apply_edition(
    *, actor: Actor, launch: Launch, plan: ReadPlan, fingerprint: str | None = None
) -> Difference:
    """Bring a launch in line with a new edition of its document, in one transaction.

    Matching is by stable identity, then by content. What people did since stays: done marks, owners they set,
    reached steps, measurements, and records with such work that the document no longer names. Raises
    `Conflict` when the launch is not the one with this fingerprint any more, `NotAllowed`, `Invalid`.
    """
    policies.require("launches.edit", actor, launch)
    with transaction.atomic():
        launch = launches.lock_launch(launch)
        require_unchanged(launch, fingerprint)
        edition = compared(launch, plan)
        changes = changes_of(edition)
        made = _write(actor, edition)
        document = _store(edition, made)
        audit.record(
            actor=actor,
            verb="plan.edition",
            obj=document,
            launch_id=launch.pk,
            changes={"facts": [None, [change.text for change in changes[:100]]]},
        )
    return Difference(changes, edition.kept, "")


def _write(actor: Actor, edition: Edition) -> dict[int, LaunchRecord]:
    launch, reading = edition.launch, edition.plan.reading
    directory = Directory()
    made: dict[int, LaunchRecord] = {}
    on_launch: dict[int, str] = _on_launch(edition)
    for index, key in edition.pairs.items():
        record = edition.record(key)
        if record is not None:
            made[index] = record
    _remove(actor, edition)
    applied = Applied(launch, made=made)
    add_facts(actor, applied, reading.records, on_launch, directory, only=edition.added)
    directory.add_channels(Channel.objects.filter(launch=launch))
    several: list[tuple[CalendarItem, list[str]]] = []
    for index, changed in edition.fields.items():
        record = made.get(index)
        if record is None or not changed:
            continue
        made[index] = _update(actor, edition, index, record, changed, directory)
        parts = reading.records[index].fields.get("parts")
        if "title" in changed and isinstance(record, CalendarItem) and parts is not None:
            several.append((made[index], [str(part)[:500] for part in parts]))  # type: ignore[arg-type]
    remember_parts(several)
    edition.launch = _change_launch(actor, edition, on_launch, directory)
    order = [uid_of(made[index]) for index in sorted(made)]
    put_in_order(records_of(edition.launch).values(), order)
    return made


def _remove(actor: Actor, edition: Edition) -> None:
    """Steps before their phases, which would take them along."""
    gone = sorted(edition.gone, key=lambda key: edition.current[key].kind != "rollout_step")
    for key in gone:
        record = edition.record(key)
        if record is not None:
            remove_record(actor=actor, record=record)


def _update(
    actor: Actor,
    edition: Edition,
    index: int,
    record: LaunchRecord,
    changed: Mapping[str, Any],
    directory: Directory,
) -> LaunchRecord:
    new = edition.fresh[index]
    base = edition.base.get(edition.pairs[index], edition.current[edition.pairs[index]])
    fields = {name: value for name, value in new.fields.items() if name != "group"}
    after = {**fields, **{name: value for name, value in changed.items() if name not in ("title", "group")}}
    before = {**fields, **{name: base.fields.get(name) for name in changed if name not in ("title", "group")}}
    if new.kind == "segment":
        after["group"], before["group"] = new.group, base.group if "group" in changed else new.group
    kind = kinds.of(record)
    if kind.key == "overview":
        values: dict[str, Any] = overview.fact_values(edition.plan.reading.records[index])
    else:
        values = changed_values(
            kind,
            (
                base.title if "title" in changed else new.title,
                base.group if "group" in changed else new.group,
                before,
            ),
            (new.title, new.group, after),
            directory,
        )
    if not values:
        return record
    return change_record(
        actor=actor, record=record, values=values, version=record.version, reason="New edition of the plan"
    )


def _on_launch(edition: Edition) -> dict[int, str]:
    """Facts of the new document that are fields of the launch: those paired with one, and new known ones."""
    facts = overview.launch_facts(edition.plan.reading, Directory())
    return {
        index: key
        for index, key in facts.on_launch.items()
        if index not in edition.pairs or edition.record(edition.pairs[index]) is None
    }


def _change_launch(
    actor: Actor, edition: Edition, on_launch: Mapping[int, str], directory: Directory
) -> Launch:
    """Bring the launch's own fields along where the document changed them."""
    launch = Launch.objects.get(pk=edition.launch.pk)
    facts = overview.launch_facts(edition.plan.reading, directory)
    changed = {
        key
        for index, key in on_launch.items()
        if index in edition.added or "value" in edition.fields.get(index, {})
    }
    values: dict[str, Any] = {}
    for key in changed & {"name", "launch_type", "target_audience"}:
        if facts.values.get(key):
            values[key] = facts.values[key]
    if "owner" in changed:
        values["owner_name"] = facts.values.get("owner_name", "")
        if "owner" in facts.values:
            values["owner"] = facts.values["owner"]
    if "launch_date" in changed and launch.launch_day is None and facts.values["launch_day"] is None:
        values["launch_day_fuzzy"] = facts.values["launch_day_fuzzy"]
    if values:
        launch = launches.change_launch(actor=actor, launch=launch, values=values)
    for key, anchor in (("launch_date", "launch_day"), ("rollout_start", "rollout_start")):
        day = facts.values[anchor]
        if key in changed and day is not None:
            launch = set_day(actor, launch, anchor, day, "New edition of the plan")
    return launch


def _store(edition: Edition, made: Mapping[int, LaunchRecord]) -> PlanDocument:
    """Keep the new document. A fact that people changed and the document did not stays marked as changed."""
    document = PlanDocument.objects.filter(launch=edition.launch).first()
    stored = (
        {link.key: {**link.fields, "title": link.title} for link in document.links.all()} if document else {}
    )
    fresh = as_live(records_of(edition.launch))
    now = {fact.key: fact for fact in fresh}
    baselines: dict[int, dict[str, Any]] = {}
    for index, record in made.items():
        fact = now[uid_of(record)]
        key = edition.pairs.get(index)
        fields = {**fact.fields, "title": fact.title}
        if key is not None:
            earlier, new = stored.get(key, {}), edition.fresh[index]
            told = {**new.fields, "title": new.title, "group": new.group}
            for name, value in list(fields.items()):
                if name in edition.fields.get(index, {}) or same(name, told.get(name), value):
                    continue
                if name in edition.placed.get(index, ()):
                    continue
                if name in earlier or name in told:
                    fields[name] = earlier.get(name, told.get(name))
        baselines[index] = fields
    return store_document(
        launch=edition.launch,
        plan=edition.plan,
        made=made,
        on_launch=_on_launch(edition),
        baselines=baselines,
    )
