"""Going back to a saved version: the launch says again what it said, and what people did since is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.launches import kinds, policies
from apps.launches.models import Channel, Launch, LaunchRecord, Phase
from apps.launches.services import launch as launches
from apps.launches.services import records as writing
from apps.plans.mapping.directory import Directory
from apps.plans.mapping.inward import changed_values, values_of
from apps.plans.models import PlanDocument, PlanLink, PlanVersion
from apps.plans.services.apply import ORDER
from apps.plans.services.documents import read
from apps.plans.services.linking import notes_of
from apps.plans.services.settling import put_in_order, require_unchanged, set_day, worked_on
from apps.plans.services.snapshots import LAUNCH_FIELDS, as_live, launch_fact, records_of, uid_of
from apps.plans.services.versions import Stored, save_version, stored
from apps.plans.writing import Layout, Live
from apps.plans.writing.diff import match
from apps.plans.writing.live import same

# What people do with a record after the plan was written; a surviving record keeps it.
PEOPLES = frozenset(
    {"owner", "status", "done", "in_service", "message_approved", "parts", "heading", "phase"}
)
_DATES = {"launch day": "launch_day", "start of the rollout": "rollout_start"}


def restore(
    *, actor: Actor, launch: Launch, version: PlanVersion, fingerprint: str | None = None
) -> PlanVersion:
    """Bring a launch back to what a version said, and save that as a new version.

    Facts match by identity, then by content. Surviving records keep their owners, done marks, states and
    measurements; records with such work stay even where the version does not have them. Raises `Conflict`
    when the launch is not the one with this fingerprint any more, `NotAllowed`.
    """
    policies.require("launches.edit", actor, launch)
    wanted = stored(version)
    with transaction.atomic():
        launch = launches.lock_launch(launch)
        require_unchanged(launch, fingerprint)
        uids = _bring_back(actor, launch, wanted)
        launch = _launch_fields(actor, launch, wanted)
        if wanted.document is not None:
            _document(launch, wanted.document, uids)
        audit.record(
            actor=actor,
            verb="version.restored",
            obj=version,
            launch_id=launch.pk,
            changes={"number": [None, version.number]},
        )
        return save_version(
            actor=actor, launch=launch, summary=f"Back to version {version.number}: {version.summary}"[:500]
        )


def _bring_back(actor: Actor, launch: Launch, wanted: Stored) -> dict[str, str]:
    """Make the records say what the version says; returns {uid in the version: uid now}."""
    records = records_of(launch)
    current = as_live(records)
    target = [fact for fact in wanted.facts if fact.kind != "launch"]
    pairs = {new.key: old.key for old, new in match(current, target)}
    work = worked_on(launch, records)
    # History is never taken back: going back is itself a part of it.
    gone = [
        uid
        for uid, record in records.items()
        if uid not in set(pairs.values()) and uid not in work and record.kind != "history"
    ]
    for uid in sorted(gone, key=lambda uid: records[uid].kind != "rollout_step"):
        if not (records[uid].kind == "rollout_step" and f"phase:{records[uid].phase_id}" in gone):  # type: ignore[attr-defined]
            writing.remove_record(actor=actor, record=records[uid])
    directory = Directory()
    now = {fact.key: fact for fact in current}
    made = _add_missing(actor, launch, [fact for fact in target if fact.key not in pairs], pairs, directory)
    directory.add_channels(Channel.objects.filter(launch=launch))
    for fact in target:
        if fact.key in pairs:
            _update(actor, records[pairs[fact.key]], now[pairs[fact.key]], fact, directory)
    uids = {**pairs, **{key: uid_of(record) for key, record in made.items()}}
    put_in_order(records_of(launch).values(), [uids[fact.key] for fact in target])
    return uids


def _add_missing(
    actor: Actor, launch: Launch, missing: list[Live], pairs: Mapping[str, str], directory: Directory
) -> dict[str, LaunchRecord]:
    made: dict[str, LaunchRecord] = {}
    for key in ORDER:
        facts = [fact for fact in missing if fact.kind == key]
        if not facts:
            continue
        kind = kinds.get(key)
        directory.add_channels(Channel.objects.filter(launch=launch))
        rows = []
        for fact in facts:
            values = values_of(kind, *_told(fact), directory)
            if key == "rollout_step":
                values["phase"] = _phase(launch, fact.parent, pairs, made)
            rows.append(values)
        added = writing.add_records(actor=actor, launch=launch, kind=kind, rows=rows, brings_back=True)
        made.update({fact.key: record for fact, record in zip(facts, added, strict=True)})
    return made


def _phase(
    launch: Launch, parent: str | None, pairs: Mapping[str, str], made: Mapping[str, LaunchRecord]
) -> LaunchRecord | None:
    """The phase a step of the version belongs to, as it is now."""
    if parent is not None and parent in made:
        return made[parent]
    uid = pairs.get(parent or "", "")
    return Phase.objects.get(launch=launch, pk=int(uid.partition(":")[2])) if uid else None


def _told(fact: Live) -> tuple[str, str, Mapping[str, Any]]:
    """A fact as `values_of` takes it: a segment's group is its rank, its heading stands beside."""
    group = str(fact.fields.get("heading") or "") if fact.kind == "segment" else fact.group
    return fact.title, group, fact.fields


def _update(actor: Actor, record: LaunchRecord, old: Live, new: Live, directory: Directory) -> None:
    names = {
        name
        for name, value in new.fields.items()
        if name not in PEOPLES and name in old.fields and not same(name, old.fields[name], value)
    }
    title, group, fields = _told(new)
    old_title, old_group, _ = _told(old)
    before = {**fields, **{name: old.fields[name] for name in names}}
    values = changed_values(
        kinds.of(record), (old_title, old_group, before), (title, group, fields), directory
    )
    if values:
        writing.change_record(actor=actor, record=record, values=values, reason="Back to an earlier version")


def _launch_fields(actor: Actor, launch: Launch, wanted: Stored) -> Launch:
    fact = next((one for one in wanted.facts if one.kind == "launch"), None)
    if fact is None:
        return launch
    launch = Launch.objects.get(pk=launch.pk)
    now = launch_fact(launch).fields
    changed = {
        label: fact.fields[label]
        for label in LAUNCH_FIELDS
        if label in fact.fields and fact.fields[label] != now[label]
    }
    values: dict[str, Any] = {
        LAUNCH_FIELDS[label]: value for label, value in changed.items() if label not in _DATES
    }
    if launch.launch_day is not None:
        values.pop("launch_day_fuzzy", None)  # a day that was set stays set
    if values.get("launch_time"):
        values["launch_time"] = time.fromisoformat(values["launch_time"])
    if values:
        launch = launches.change_launch(actor=actor, launch=launch, values=values)
    for label, anchor in _DATES.items():
        if changed.get(label):
            launch = set_day(
                actor, launch, anchor, date.fromisoformat(changed[label]), "Back to an earlier version"
            )
    return launch


def _document(launch: Launch, kept: Mapping[str, Any], uids: Mapping[str, str]) -> None:
    """The version's document again, linked to the records that its facts are now."""
    plan = read(kept["source"], answers=kept["answers"], file_name=kept["file_name"])
    document, _ = PlanDocument.objects.get_or_create(launch=launch, defaults={"source": plan.source})
    document.source = plan.source
    document.file_name = plan.file_name
    document.language = plan.reading.language
    document.layout = Layout.of(plan.reading).to_json()
    document.notes = notes_of(plan.reading)
    coverage = plan.reading.coverage
    document.coverage = {
        "source_blocks": coverage.source_blocks, "typed": coverage.typed, "notes": coverage.notes,
        "lost": coverage.lost,
    }  # fmt: skip
    document.answers = dict(kept["answers"])
    document.version += 1
    document.save()
    document.links.all().delete()
    links = []
    for key, kind, pk, title, fields, answered in kept["links"]:
        now_kind, now_pk = kind, pk
        if kind != "launch":
            uid = uids.get(f"{kind}:{pk}")
            if uid is None:
                continue  # it had been removed before the version was saved
            now_kind, _, text = uid.partition(":")
            now_pk = int(text)
        links.append(
            PlanLink(
                document=document,
                key=key,
                kind=now_kind,
                object_id=now_pk,
                title=title,
                fields=fields,
                answered=answered,
            )
        )
    PlanLink.objects.bulk_create(links)
