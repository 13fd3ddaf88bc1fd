"""Bringing many accounts, contacts and product users in line with another system, in a few statements.

What a row does not name stays as it is; attributes are merged, and one given as null goes. A row that is wrong
is left out and told, so callers decide whether the others are worth keeping: the API keeps them, an import does
not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from apps.accounts.models import User
from apps.audience import policies
from apps.audience.models import Account, Contact, ProductUser
from apps.audience.services import rows as checks
from apps.audience.services.rows import Row
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid

MOST = 1000
Key = tuple[Any, ...]


@dataclass
class Outcome:
    """What became of one row: created, updated, unchanged or error. `pk` and `key` name what it is about."""

    status: str
    key: str = ""
    pk: int | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """One kind of thing that rows are about. `columns` are written as they are; `key` finds the stored one."""

    model: type[models.Model]
    checks: Mapping[str, Any]
    key: tuple[str, ...]
    columns: tuple[str, ...]
    needs_to_exist: tuple[str, ...]
    versioned: bool = True

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name)


TARGETS: dict[str, Target] = {
    "accounts": Target(
        Account,
        checks.ACCOUNT,
        ("external_id",),
        ("external_id", "name", "plan", "value", "health", "csm", "attributes"),
        ("external_id", "name"),
    ),
    "contacts": Target(
        Contact,
        checks.CONTACT,
        ("account", "email"),
        ("account", "email", "name", "role", "zone", "language", "is_active"),
        ("account", "email"),
    ),
    "users": Target(
        ProductUser,
        checks.USER,
        ("account", "external_id"),
        ("account", "external_id", "name", "email", "attributes"),
        ("account", "external_id"),
        versioned=False,
    ),
}


def upsert(*, actor: Actor, what: str, given: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Create or change up to 1,000 rows of `what` ("accounts", "contacts", "users"), one outcome each, in order.

    One transaction. Raises `NotAllowed`, and `Invalid` for too many rows.
    """
    policies.require("accounts.change", actor)
    if len(given) > MOST:
        raise Invalid(f"At most {MOST:,} at once; this has {len(given):,}.", code="too_many")
    target = TARGETS[what]
    with transaction.atomic():
        outcomes = apply_rows(target, [checks.read(row, target.checks) for row in given])
        figures = tally(outcomes)
        changed = figures["created"] + figures["updated"]
        first = next((outcome.pk for outcome in outcomes if outcome.pk is not None), None)
        if changed and first is not None:
            # One event for the batch: what changed in each is in the system it came from.
            audit.record(
                actor=actor,
                verb=f"{target.label.replace(' ', '_')}.upserted",
                obj=target.model._default_manager.get(pk=first),
                changes={name: [None, count] for name, count in figures.items()},
            )
    return outcomes


def tally(outcomes: Iterable[Outcome]) -> dict[str, int]:
    counts = {"created": 0, "updated": 0, "unchanged": 0, "error": 0}
    for outcome in outcomes:
        counts[outcome.status] += 1
    return counts


def apply_rows(target: Target, rows: Sequence[Row], *, dry_run: bool = False) -> list[Outcome]:
    """Store checked rows inside the caller's transaction; for imports and `upsert`, which asked the policy.

    With `dry_run` nothing is written and the outcomes tell what would be.
    """
    _resolve(target, rows)
    keys = [_key(target, row) for row in rows]
    stored = _stored(target, [key for key in keys if key is not None])
    outcomes: list[Outcome] = []
    new: dict[Key, models.Model] = {}
    changed: dict[int, models.Model] = {}
    made: list[tuple[Outcome, models.Model]] = []
    for row, key in zip(rows, keys, strict=True):
        found = stored.get(key) or new.get(key) if key is not None else None
        _require(target, row, found)
        if row.errors or key is None:
            outcomes.append(Outcome("error", _said(row, target), errors=row.errors))
            continue
        if found is None:
            found = target.model()
            _write(found, row.values)
            new[key] = found
            outcome = Outcome("created", str(key[-1]))
            made.append((outcome, found))
        else:
            differs = _write(found, row.values)
            fresh = found.pk is None
            outcome = Outcome("updated" if differs else "unchanged", str(key[-1]), found.pk)
            if fresh:
                made.append((outcome, found))
            elif differs:
                changed[found.pk] = found
        outcomes.append(outcome)
    if not dry_run:
        _save(target, list(new.values()), list(changed.values()))
        for outcome, obj in made:
            outcome.pk = obj.pk
    return outcomes


def _save(target: Target, new: list[models.Model], changed: list[models.Model]) -> None:
    manager = target.model._default_manager
    at = now()
    for obj in changed:
        obj.updated_at = at  # type: ignore[attr-defined]
        if target.versioned:
            obj.version += 1  # type: ignore[attr-defined]
    manager.bulk_create(new, batch_size=2000)
    extra = ("updated_at", *(("version",) if target.versioned else ()))
    written = [name for name in target.columns if name not in target.key]
    manager.bulk_update(changed, [*written, *extra], batch_size=500)


def _write(obj: models.Model, values: Mapping[str, Any]) -> bool:
    """Put the values on the object; whether that changed anything."""
    differs = False
    for name, value in values.items():
        column = f"{name}_id" if name in {"account", "csm"} else name
        if name == "attributes":
            merged = {**obj.attributes, **value}  # type: ignore[attr-defined]
            value = {key: held for key, held in merged.items() if held is not None}
        if getattr(obj, column) != value:
            differs = True
            setattr(obj, column, value)
    return differs


def _require(target: Target, row: Row, found: models.Model | None) -> None:
    """A new one needs its name; a stored one keeps it. Of a line with too few cells nothing is known."""
    if "" in row.errors:
        return
    for name in target.needs_to_exist if found is None else target.key:
        if name not in row.values and name not in row.errors:
            row.errors[name] = ["This is needed."]
    if found is None:
        for name in row.unsaid:
            row.errors[name] = ["Write true or false: of a new one nobody may guess it."]


def _key(target: Target, row: Row) -> Key | None:
    if any(name not in row.values for name in target.key):
        return None
    return tuple(row.values[name] for name in target.key)


def _said(row: Row, target: Target) -> str:
    return str(row.values.get(target.key[-1], ""))


def _resolve(target: Target, rows: Sequence[Row]) -> None:
    """Ids of products and addresses become keys of the database: a contact's account, an account's CSM."""
    if target.model is Account:
        wanted = {row.values["csm"] for row in rows if row.values.get("csm")}
        people = dict(User.objects.filter(email__in=wanted, is_active=True).values_list("email", "pk"))
        for row in rows:
            email = row.values.get("csm")
            if email == "":
                row.values["csm"] = None
            elif email and email not in people:
                del row.values["csm"]
                row.errors["csm"] = [f"Nobody here has the address {email}."]
            elif email:
                row.values["csm"] = people[email]
        return
    ids = {row.values["account"] for row in rows if "account" in row.values}
    accounts = dict(Account.objects.filter(external_id__in=ids).values_list("external_id", "pk"))
    for row in rows:
        said = row.values.get("account")
        if said is None:
            continue
        if said in accounts:
            row.values["account"] = accounts[said]
        else:
            del row.values["account"]
            row.errors["account"] = [f"There is no account “{said[:80]}”."]


def _stored(target: Target, keys: Sequence[Key]) -> dict[Key, models.Model]:
    """What is stored under these keys, locked in the order of its ids so that two batches cannot deadlock."""
    columns = [f"{name}_id" if name == "account" else name for name in target.key]
    held = target.model._default_manager.select_for_update(no_key=True).order_by("pk")
    held = held.filter(**{f"{target.key[0]}__in": {key[0] for key in keys}})
    if len(target.key) > 1:
        held = held.filter(**{f"{target.key[1]}__in": {key[1] for key in keys}})
    return {tuple(getattr(obj, column) for column in columns): obj for obj in held}
