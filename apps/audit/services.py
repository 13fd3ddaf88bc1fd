"""Writing events. There is no other way in, and none out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import models

from apps.audit.models import Event
from apps.core.actors import Actor
from apps.core.middleware import current_request_id

Changes = Mapping[str, list[Any] | tuple[Any, Any]]


def plain(value: Any) -> Any:
    """A value as the log keeps it: JSON types only, text cut at 2,000 characters."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal | date | datetime | time):
        return str(value)
    if isinstance(value, models.Model):
        return label(value)[:200]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    text = str(value)
    return text if len(text) <= 2000 else text[:1999] + "…"


def label(obj: models.Model) -> str:
    """How the log names an object: as its `audit_label` says where its own text would tell of a person."""
    return str(getattr(obj, "audit_label", obj))


def record(
    *,
    actor: Actor,
    verb: str,
    obj: models.Model,
    launch_id: int | None = None,
    changes: Changes | None = None,
    reason: str = "",
) -> Event:
    """Append one event in the caller's transaction; `changes` maps field names to [old, new]."""
    return Event.objects.create(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label[:254],
        verb=verb,
        launch_id=launch_id,
        object_type=obj._meta.label_lower,
        object_id=obj.pk,
        object_label=label(obj)[:500],
        changes={name: [plain(pair[0]), plain(pair[1])] for name, pair in (changes or {}).items()},
        reason=reason,
        request_id=current_request_id().removeprefix("-"),
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields of `after` whose value differs from `before`, as [old, new]."""
    return {name: [before.get(name), new] for name, new in after.items() if before.get(name) != new}
