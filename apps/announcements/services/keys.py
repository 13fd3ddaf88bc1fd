"""Product keys: making, changing, rotating and using them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.services import require_administrator
from apps.announcements.models import ProductKey
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid

FIELDS = frozenset({"name", "origins", "is_active"})
MOST_DAYS = 30
# "Last used" is good to the minute: a busy product does not write a row with each request.
USED_EVERY = timedelta(minutes=1)


def create_key(*, actor: Actor, name: str, origins: list[str]) -> ProductKey:
    """Make a key. Its `secret` is shown to whoever made it, once. Administrators only."""
    require_administrator(actor)
    key = ProductKey(
        name=name, origins=_unique(origins), key=f"pk_{secrets.token_urlsafe(12)}", salt=secrets.token_hex(16)
    )
    with transaction.atomic():
        _save(key)
        audit.record(
            actor=actor, verb="product_key.created", obj=key, changes={"origins": [None, key.origins]}
        )
    return key


def change_key(
    *, actor: Actor, key: ProductKey, values: Mapping[str, Any], version: int | None = None
) -> ProductKey:
    """Change name or origins, or switch it off (what it signed is refused at once) and on again."""
    require_administrator(actor)
    if unknown := set(values) - FIELDS:
        name = sorted(unknown)[0][:60]
        raise Invalid(f"A key has no field “{name}”.", code="unknown_field", field=name)
    with transaction.atomic():
        key = _lock(key, version)
        before = {name: getattr(key, name) for name in values}
        for name, value in values.items():
            setattr(key, name, _unique(value) if name == "origins" else value)
        changes = audit.difference(before, {name: getattr(key, name) for name in values})
        if changes:
            key.version += 1
            _save(key)
            audit.record(actor=actor, verb="product_key.changed", obj=key, changes=changes)
    return key


def rotate_key(*, actor: Actor, key: ProductKey, days: int = 7, version: int | None = None) -> ProductKey:
    """Give it a new secret. The former one holds for `days` more (0: not at all, for one that leaked)."""
    require_administrator(actor)
    if not 0 <= days <= MOST_DAYS:
        raise Invalid(f"Both secrets hold for 0 to {MOST_DAYS} days.", field="days")
    with transaction.atomic():
        key = _lock(key, version)
        key.former_salt, key.former_until = (key.salt, now() + timedelta(days=days)) if days else ("", None)
        key.salt = secrets.token_hex(16)
        key.version += 1
        _save(key)
        audit.record(
            actor=actor,
            verb="product_key.rotated",
            obj=key,
            changes={"former_until": [None, key.former_until]},
        )
    return key


def note_use(key: ProductKey, at: datetime) -> None:
    """Remember that it is in use, at most once a minute."""
    if key.last_used_at is None or key.last_used_at < at - USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USED_EVERY)
        ProductKey.objects.filter(stale, pk=key.pk).update(last_used_at=Now())


def _lock(key: ProductKey, version: int | None) -> ProductKey:
    locked = ProductKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    if version is not None and version != locked.version:
        current = {name: audit.plain(getattr(locked, name)) for name in sorted(FIELDS)}
        raise Conflict(
            f"“{locked}” was changed by somebody else since you opened it.",
            current=current,
            version=locked.version,
        )
    return locked


def _save(key: ProductKey) -> None:
    try:
        key.clean_fields()
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    try:
        with transaction.atomic():
            key.save()
    except IntegrityError as error:
        raise Invalid("Another key has this name.", code="taken", field="name") from error


def _unique(origins: Any) -> Any:
    return list(dict.fromkeys(origins)) if isinstance(origins, list | tuple) else origins
