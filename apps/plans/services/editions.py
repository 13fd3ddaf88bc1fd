"""A new edition of a live launch's document: the difference first, then exactly that, keeping people's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from apps.plans.services.documents import ReadPlan, read
from apps.plans.services.export import export_plan, overview_of, told_by, uids_by_key
from apps.plans.services.linking import store_document
from apps.plans.services.settling import fingerprint, put_in_order, require_unchanged, set_day, worked_on
from apps.plans.services.snapshots import as_live, records_of, uid_of
from apps.plans.writing import Change, Layout, Live, compare, live_records
from apps.plans.writing.diff import match
from apps.plans.writing.live import UNWRITTEN, same, unsaid


@dataclass(frozen=True)
class Kept:
    """Something that stays although the document says otherwise, and why."""

    title: str
    reason: str


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


@dataclass
class _Edition:
    """The comparison worked out. `current` is the launch in the document's words, keyed as in its layout;
    `pairs` maps the index of a new fact to the key of the current one; `fields` are what the document
    changed in a pair."""

    plan: ReadPlan
    launch: Launch
    records: dict[str, LaunchRecord]
    uids: dict[str, str]
    current: dict[str, Live]
    base: dict[str, Live]
    fresh: dict[int, Live]
    pairs: dict[int, str] = field(default_factory=dict)
    fields: dict[int, dict[str, Any]] = field(default_factory=dict)
    # What a fact takes from its place or title in the document, and nobody said.
    placed: dict[int, set[str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    work: dict[str, str] = field(default_factory=dict)

    def record(self, key: str) -> LaunchRecord | None:
        """The record a current fact is; None for one told on the launch itself."""
        return self.records.get(self.uids.get(key, key))

    @property
    def added(self) -> set[int]:
        return set(self.fresh) - set(self.pairs)


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
    edition = _compared(launch, plan)
    return Difference(_changes(edition), edition.kept, fingerprint(launch))


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
        edition = _compared(launch, plan)
        changes = _changes(edition)
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


# Comparing.


def _compared(launch: Launch, plan: ReadPlan) -> _Edition:
    document = PlanDocument.objects.filter(launch=launch).first()
    records = records_of(launch)
    facts = as_live(records)
    if document is None:
        told, uids, base = overview_of(launch, facts), {}, {}
    else:
        layout = Layout.from_json(document.layout)
        told = told_by(launch, document, layout, facts)
        uids = uids_by_key(document)
        base = {
            laid.key: Live(laid.kind, laid.key, laid.title, laid.fields, laid.group, 0, laid.parent)
            for laid in layout.records
        }
    reading = plan.reading
    by_key = {record.key: index for index, record in enumerate(reading.records)}
    edition = _Edition(
        plan=plan,
        launch=launch,
        records=records,
        uids=uids,
        current={one.key: one for one in told},
        base=base,
        fresh={by_key[one.key]: one for one in live_records(reading)},
        work=worked_on(launch, records),
    )
    _pair(edition, by_key)
    for index, key in edition.pairs.items():
        edition.fields[index] = _changed_fields(edition, index, key)
    _left_out(edition)
    return edition


def _pair(edition: _Edition, by_key: Mapping[str, int]) -> None:
    """Which fact of the document is which of the launch: by what it says today, else by what it said."""
    old = [one for one in edition.current.values() if one.kind != "rollout_step"]
    new = [one for one in edition.fresh.values() if one.kind != "rollout_step"]
    for earlier, later in match(old, new, keys=False):
        edition.pairs[by_key[later.key]] = earlier.key
    taken = set(edition.pairs.values())
    before = [edition.base[one.key] for one in old if one.key not in taken and one.key in edition.base]
    rest = [one for one in new if by_key[one.key] not in edition.pairs]
    for earlier, later in match(before, rest, keys=False):
        edition.pairs[by_key[later.key]] = earlier.key
    _pair_steps(edition, by_key)


def _pair_steps(edition: _Edition, by_key: Mapping[str, int]) -> None:
    """Rollout steps match within their phase: the same percent first, then in order those nobody reached."""
    parents = {edition.fresh[index].key: key for index, key in edition.pairs.items()}
    steps: dict[str | None, list[Live]] = {}
    for one in edition.current.values():
        if one.kind == "rollout_step":
            steps.setdefault(one.parent, []).append(one)
    waiting: list[tuple[int, str | None]] = []
    for index, one in edition.fresh.items():
        if one.kind != "rollout_step":
            continue
        parent = parents.get(one.parent or "")
        own = steps.get(parent, [])
        found = next((step for step in own if step.fields.get("percent") == one.fields.get("percent")), None)
        if found is not None:
            own.remove(found)
            edition.pairs[index] = found.key
        else:
            waiting.append((index, parent))
    for index, parent in waiting:
        own = [
            step for step in steps.get(parent, []) if edition.uids.get(step.key, step.key) not in edition.work
        ]
        if own:
            steps[parent].remove(own[0])
            edition.pairs[index] = own[0].key


def _changed_fields(edition: _Edition, index: int, key: str) -> dict[str, Any]:
    """What the document changed in one fact since it was last read, where the launch says something else."""
    new, current = edition.fresh[index], edition.current[key]
    base = edition.base.get(key, current)
    as_read = edition.plan.reading.records[index].as_read
    placeholders = edition.plan.reading.records[index].placeholders
    as_told = {mark.field for mark in edition.plan.reading.records[index].marks}
    changed: dict[str, Any] = {}
    told = {**new.fields, "title": new.title, "group": new.group}
    was = {**base.fields, "title": base.title, "group": base.group}
    now = {**current.fields, "title": current.title, "group": current.group}
    for name, value in told.items():
        if name in UNWRITTEN or same(name, was.get(name), value) or same(name, now.get(name), value):
            continue
        if name in as_read and same(name, was.get(name), as_read[name]):
            continue
        if name == "group" and new.kind == "rollout_step":
            continue
        if key not in edition.base and unsaid(name, now.get(name)) and name not in as_told:
            edition.placed.setdefault(index, set()).add(name)
            continue
        if placeholders.get(name) and same(name, now.get(name), placeholders[name]):
            continue  # somebody wrote what a document leaves open with
        reason = _peoples_own(name, value, was, now)
        if reason:
            edition.kept.append(Kept(current.title, reason))
        else:
            changed[name] = value
    return changed


def _peoples_own(name: str, value: Any, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Why a field stays as people set it; empty where the document decides."""
    if name == "done" and not value and now.get("done"):
        return "It was marked as done; the document leaves it open."
    if name == "owner" and not same("owner", was.get("owner"), now.get("owner")):
        return f"{now.get('owner') or 'Nobody'} was made its owner; the document says {value or 'nobody'}."
    return ""


def _left_out(edition: _Edition) -> None:
    """What the document no longer names: removed, unless people worked on it or added it themselves."""
    paired = set(edition.pairs.values())
    left = [key for key in edition.current if key not in paired]
    named = _told_by_export(edition) if any(edition.record(key) for key in left) else set()
    for key in left:
        one = edition.current[key]
        record = edition.record(key)
        if record is None:
            continue  # told on the launch itself, whose fields are never emptied by leaving a line out
        reason = edition.work.get(uid_of(record))
        if reason:
            edition.kept.append(Kept(one.title, f"The document no longer names it, but {reason}."))
        elif edition.base and key not in edition.base:
            edition.kept.append(
                Kept(one.title, "It was added in the portal, and the document does not name it.")
            )
        elif key not in named:
            edition.kept.append(Kept(one.title, "The launch's own document does not tell it."))
        elif one.kind == "history":
            edition.kept.append(Kept(one.title, "History is only added to."))
        else:
            edition.gone.append(key)


def _told_by_export(edition: _Edition) -> set[str]:
    """The facts that the launch's own export tells: only these can be taken out of a document."""
    exported = live_records(read(export_plan(edition.launch)).reading)
    facts = list(edition.current.values())
    named = {one.key for one, _ in match(facts, exported, keys=False)}
    return named | {one.key for one in facts if one.kind == "rollout_step"}


def _changes(edition: _Edition) -> list[Change]:
    """The difference in words: the launch as it is against the launch as it would be."""
    names = {edition.fresh[index].key: key for index, key in edition.pairs.items()}
    after: list[Live] = []
    for index, new in edition.fresh.items():
        key = edition.pairs.get(index)
        parent = names.get(new.parent or "", f"new:{new.parent}" if new.parent else None)
        if key is None:
            after.append(replace(new, key=f"new:{new.key}", position=index, parent=parent))
            continue
        current, changed = edition.current[key], dict(edition.fields[index])
        title, group = changed.pop("title", current.title), changed.pop("group", current.group)
        after.append(
            replace(
                current,
                title=title,
                group=group,
                fields={**current.fields, **changed},
                position=index,
                parent=parent,
            )
        )
    paired = set(edition.pairs.values())
    gone = set(edition.gone)
    after += [one for key, one in edition.current.items() if key not in paired and key not in gone]
    return compare(list(edition.current.values()), after)


# Writing.


def _write(actor: Actor, edition: _Edition) -> dict[int, LaunchRecord]:
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


def _remove(actor: Actor, edition: _Edition) -> None:
    """Steps before their phases, which would take them along."""
    gone = sorted(edition.gone, key=lambda key: edition.current[key].kind != "rollout_step")
    for key in gone:
        record = edition.record(key)
        if record is not None:
            remove_record(actor=actor, record=record)


def _update(
    actor: Actor,
    edition: _Edition,
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


def _on_launch(edition: _Edition) -> dict[int, str]:
    """Facts of the new document that are fields of the launch: those paired with one, and new known ones."""
    facts = overview.launch_facts(edition.plan.reading, Directory())
    return {
        index: key
        for index, key in facts.on_launch.items()
        if index not in edition.pairs or edition.record(edition.pairs[index]) is None
    }


def _change_launch(
    actor: Actor, edition: _Edition, on_launch: Mapping[int, str], directory: Directory
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


def _store(edition: _Edition, made: Mapping[int, LaunchRecord]) -> PlanDocument:
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
