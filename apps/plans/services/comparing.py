"""What a new edition of a document changes in its live launch, and what stays as people made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from apps.launches.models import Launch, LaunchRecord
from apps.plans.models import PlanDocument
from apps.plans.services.documents import ReadPlan, read
from apps.plans.services.export import export_plan, overview_of, told_by, uids_by_key
from apps.plans.services.settling import worked_on
from apps.plans.services.snapshots import as_live, records_of, uid_of
from apps.plans.writing import Change, Layout, Live, compare, live_records
from apps.plans.writing.diff import match
from apps.plans.writing.live import UNWRITTEN, same, unsaid


@dataclass(frozen=True)
class Kept:
    """Something that stays although the document says otherwise, and why."""

    title: str
    reason: str


@dataclass
class Edition:
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


def compared(launch: Launch, plan: ReadPlan) -> Edition:
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
    edition = Edition(
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


def _pair(edition: Edition, by_key: Mapping[str, int]) -> None:
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


def _pair_steps(edition: Edition, by_key: Mapping[str, int]) -> None:
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


def _changed_fields(edition: Edition, index: int, key: str) -> dict[str, Any]:
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


def _left_out(edition: Edition) -> None:
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


def _told_by_export(edition: Edition) -> set[str]:
    """The facts that the launch's own export tells: only these can be taken out of a document."""
    exported = live_records(read(export_plan(edition.launch)).reading)
    facts = list(edition.current.values())
    named = {one.key for one, _ in match(facts, exported, keys=False)}
    return named | {one.key for one in facts if one.kind == "rollout_step"}


def changes_of(edition: Edition) -> list[Change]:
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
