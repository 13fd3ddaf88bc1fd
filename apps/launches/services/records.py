"""The one way to add, change, order and remove the records of a plan, whatever their kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches import kinds, policies
from apps.launches.kinds import Kind
from apps.launches.models import Launch, LaunchRecord
from apps.launches.services.launch import hold
from apps.launches.signals import record_changed, record_removed

R = TypeVar("R", bound=LaunchRecord)

# Every record has these; a kind's own list says which of them its form shows.
SHARED_FIELDS = ("title", "text", "group", "owner", "owner_name")


def writable_fields(kind: Kind) -> set[str]:
    """The model fields that values may set for this kind."""
    return set(kind.fields) | set(SHARED_FIELDS)


def _split(kind: Kind, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    facets = kinds.facets(kind)
    allowed = writable_fields(kind)
    columns: dict[str, Any] = {}
    virtual: dict[str, Any] = {}
    for name, value in values.items():
        if name in facets:
            virtual[name] = value
        elif name in allowed:
            columns[name] = value
        else:
            raise Invalid(
                f"A {kind.label.lower()} has no field “{name[:60]}”.", code="unknown_field", field=name
            )
    return columns, virtual


def _validate(record: LaunchRecord) -> None:
    try:
        record.full_clean(exclude=["launch"], validate_unique=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    for field in record._meta.fields:
        named = record.__dict__["_state"].fields_cache.get(field.name) if field.is_relation else None
        if isinstance(named, LaunchRecord) and named.launch_id != record.launch_id:
            raise Invalid(
                f"{field.verbose_name.capitalize()}: “{named.title[:60]}” belongs to another launch.",
                code="other_launch",
                field=field.name,
            )


def _assign(record: LaunchRecord, columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for name, new in columns.items():
        old = getattr(record, name, None)  # a new record has nothing yet where it must name another one
        if old != new:
            changes[name] = [old, new]
            setattr(record, name, new)
    return changes


def add_record(
    *,
    actor: Actor,
    launch: Launch,
    kind: Kind,
    values: Mapping[str, Any],
    position: int | None = None,
    audited: bool = True,
) -> LaunchRecord:
    """Add one record at the end of its kind, or at `position` (0-based).

    `values` holds model fields and facets (`when`, `targets`) as JSON types. Raises `Invalid` with the
    field's name, `NotAllowed`, `NotFound`. The import adds hundreds in one transaction and writes one audit
    event for all of them (`audited=False`).
    """
    policies.require("launches.contribute", actor, launch)
    columns, virtual = _split(kind, values)
    record = kind.model(launch=launch, **kind.where)
    _assign(record, columns)
    if not policies.can_work_on_record(actor, record):
        if record.owner_id not in (None, getattr(actor.user, "pk", None)):
            raise Invalid("Contributors add for themselves: leave the owner to an editor.", field="owner")
        # A contributor's new record belongs to them, so that they may also change it later.
        record.owner = actor.user  # type: ignore[assignment]
    _validate(record)
    with transaction.atomic():
        record.launch = hold(launch.pk)
        if kind.before_save is not None:
            kind.before_save(actor, record, {name: [None, value] for name, value in columns.items()})
        siblings = kind.model._default_manager.filter(launch=launch)
        if position is None:
            last = siblings.aggregate(last=Max("position"))["last"]
            record.position = 0 if last is None else last + 1
        else:
            siblings.filter(position__gte=position).update(position=F("position") + 1)
            record.position = position
        record.save()
        for name, value in virtual.items():
            kinds.facets(kind)[name].store(record, value, actor=actor)
        if audited:
            audit.record(
                actor=actor,
                verb=f"{kind.key}.added",
                obj=record,
                launch_id=launch.pk,
                changes={
                    name: [None, value] for name, value in values.items() if value not in (None, "", [])
                },
            )
        record_changed.send(sender=kind.model, record=record, actor=actor, created=True)
    return record


def add_records(
    *,
    actor: Actor,
    launch: Launch,
    kind: Kind,
    rows: Sequence[Mapping[str, Any]],
    brings_back: bool = False,
) -> list[LaunchRecord]:
    """Add many records of one kind after those it has, in as many statements as for one.

    For the import, which writes one audit event for all it added. `rows` are values as for `add_record`;
    people, teams and records among them are objects that exist. What a saved version `brings_back` is as it was
    then, whatever new records would have to meet. Raises as `add_record` does.
    """
    policies.require("launches.edit", actor, launch)
    made: list[LaunchRecord] = []
    facets = kinds.facets(kind)
    given: dict[str, list[Any]] = {name: [] for name in facets}
    relations = [field.name for field in kind.model._meta.fields if field.is_relation]
    for values in rows:
        columns, virtual = _split(kind, values)
        record = kind.model(launch=launch, **kind.where)
        _assign(record, columns)
        try:
            # Relations and constraints would be a query each; the database checks both anyway.
            record.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            raise Invalid.from_validation(error) from error
        made.append(record)
        for name in facets:
            given[name].append(virtual.get(name))
    with transaction.atomic():
        held = hold(launch.pk)
        last = kind.model._default_manager.filter(launch=launch).aggregate(last=Max("position"))["last"]
        for position, record in enumerate(made, start=0 if last is None else last + 1):
            record.position = position
            record.launch = held
        if kind.before_add is not None and not brings_back:
            kind.before_add(actor, made)
        kind.model._default_manager.bulk_create(made)
        for name, facet in facets.items():
            facet.store_many(made, given[name], actor=actor)
        for record in made:
            record_changed.send(sender=kind.model, record=record, actor=actor, created=True)
    return made


def change_record(
    *,
    actor: Actor,
    record: R,
    values: Mapping[str, Any],
    version: int | None = None,
    seen: Mapping[str, str] | None = None,
    reason: str = "",
) -> R:
    """Change fields and facets of a record. A `version` that is not the stored one raises `Conflict`.

    So does a facet that is written another way by now than the caller saw it (`seen`, by name): a move changes
    when a thing happens, and not the record's version.
    """
    policies.require("records.work", actor, record)
    kind = kinds.of(record)
    columns, virtual = _split(kind, values)
    with transaction.atomic():
        record = lock(record)
        check_version(record, version)
        _check_seen(record, virtual, seen or {})
        changes = _assign(record, columns)
        _validate(record)
        if kind.before_save is not None and changes:
            kind.before_save(actor, record, changes)
        for name, value in virtual.items():
            facet = kinds.facets(kind)[name]
            before = facet.value(record)
            if facet.store(record, value, actor=actor):
                changes[name] = [before, facet.value(record)]
        if not changes:
            return record
        record.version += 1
        record.save()
        for facet in kinds.facets(kind).values():
            facet.refresh(record)
        audit.record(
            actor=actor,
            verb=f"{kind.key}.changed",
            obj=record,
            launch_id=record.launch_id,
            changes=changes,
            reason=reason,
        )
        record_changed.send(sender=kind.model, record=record, actor=actor, created=False)
    return record


def reorder_record(*, actor: Actor, record: LaunchRecord, to: int) -> None:
    """Put a record at index `to` (0-based, clamped) among those of its kind in its launch."""
    policies.require("records.work", actor, record)
    kind = kinds.of(record)
    with transaction.atomic():
        # One lock per launch, so that two people reordering cannot interleave.
        hold(record.launch_id)
        siblings = list(kind.model._default_manager.filter(launch=record.launch_id, **kind.where))
        ids = [sibling.pk for sibling in siblings if sibling.pk != record.pk]
        old = next((index for index, sibling in enumerate(siblings) if sibling.pk == record.pk), None)
        if old is None:
            raise NotFound(f"This {kind.label.lower()} was removed meanwhile.")
        to = max(0, min(to, len(ids)))
        if to == old:
            return
        ids.insert(to, record.pk)
        by_id = {sibling.pk: sibling for sibling in siblings}
        for index, pk in enumerate(ids):
            by_id[pk].position = index
        kind.model._default_manager.bulk_update(list(by_id.values()), ["position"])
        audit.record(
            actor=actor,
            verb=f"{kind.key}.reordered",
            obj=record,
            launch_id=record.launch_id,
            changes={"position": [old + 1, to + 1]},
        )


def remove_record(*, actor: Actor, record: LaunchRecord, version: int | None = None) -> None:
    """Remove a record and what hangs on it. What it held stays in the audit log and in saved versions."""
    policies.require("records.work", actor, record)
    kind = kinds.of(record)
    with transaction.atomic():
        record = lock(record)
        check_version(record, version)
        held = {name: [getattr(record, name), None] for name in kind.fields if getattr(record, name)}
        for facet in kinds.facets(kind).values():
            value = facet.value(record)
            if value:
                held[facet.name] = [value, None]
        audit.record(
            actor=actor, verb=f"{kind.key}.removed", obj=record, launch_id=record.launch_id, changes=held
        )
        record_removed.send(sender=kind.model, record=record, actor=actor)
        for facet in kinds.facets(kind).values():
            facet.remove(record)
        record.delete()


def lock(record: R) -> R:
    """The record as stored now, its launch's row and its own locked; `NotFound` when it was removed."""
    launch = hold(record.launch_id)
    fresh = type(record)._default_manager.select_for_update().filter(pk=record.pk).first()
    if fresh is None:
        raise NotFound(f"This {kinds.of(record).label.lower()} was removed meanwhile.", code="removed")
    fresh.launch = launch
    return fresh


def check_version(record: LaunchRecord, version: int | None) -> None:
    """Raise `Conflict` with what is stored now unless the caller saw the newest version."""
    if version is None or version == record.version:
        return
    kind = kinds.of(record)
    current: dict[str, Any] = {name: audit.plain(getattr(record, name)) for name in kind.fields}
    for facet in kinds.facets(kind).values():
        current[facet.name] = facet.written(record)
    raise _stale(record, current)


def _check_seen(record: LaunchRecord, values: Mapping[str, Any], seen: Mapping[str, str]) -> None:
    """Raise `Conflict` where a facet that is to be stored is not what the caller saw."""
    facets = kinds.facets(kinds.of(record))
    current: dict[str, Any] = {}
    for name in values.keys() & seen.keys():
        written = facets[name].written(record)
        # Forms trim what they get, and browsers have line ends of their own.
        if written.split() != seen[name].split():
            current[name] = written
    if current:
        raise _stale(record, current)


def _stale(record: LaunchRecord, current: dict[str, Any]) -> Conflict:
    return Conflict(
        f"“{record.title[:80]}” was changed by somebody else since you opened it.",
        current=current,
        version=record.version,
    )
