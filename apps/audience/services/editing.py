"""Changing one account, contact or saved segment by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.audience import policies
from apps.audience.models import Account, Contact, SavedSegment
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound

Kept = TypeVar("Kept", bound=Account | Contact | SavedSegment)
# Events about people name the fields that changed, not what they hold.
_PERSONAL = ("email", "name", "role", "zone", "language")


def save(*, actor: Actor, obj: Kept, values: Mapping[str, Any], version: int | None = None) -> Kept:
    """Change what is stored, or store a new object with these values.

    Raises `NotAllowed`, `Invalid`, and `Conflict` for a `version` that is not the stored one.
    """
    policies.require("accounts.change", actor)
    model: Any = type(obj)
    new = obj.pk is None
    with transaction.atomic():
        if not new:
            stored = model.objects.select_for_update(no_key=True).filter(pk=obj.pk).first()
            if stored is None:
                raise NotFound(f"This {model._meta.verbose_name} is not there any more.")
            if version is not None and stored.version != version:
                current = {name: getattr(stored, name) for name in values}
                raise Conflict(
                    "Somebody changed this while you were writing.", current=current, version=stored.version
                )
            obj = stored
        before = {name: getattr(obj, name) for name in values}
        for name, value in values.items():
            setattr(obj, name, value.lower() if name == "email" and isinstance(value, str) else value)
        changes = {name: [before[name], getattr(obj, name)] for name in values}
        changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        if not changes and not new:
            return obj
        try:
            obj.full_clean()
        except ValidationError as error:
            raise Invalid.from_validation(error) from error
        if not new:
            obj.version += 1
        obj.save()
        audit.record(
            actor=actor,
            verb=f"{_noun(obj)}.{'added' if new else 'changed'}",
            obj=obj,
            changes=_told(obj, changes),
        )
    return obj


def remove(*, actor: Actor, obj: Account | Contact | SavedSegment, version: int | None = None) -> None:
    """Remove it, an account with its contacts and users. What was sent to them stays provable elsewhere."""
    policies.require("accounts.change", actor)
    model: Any = type(obj)
    with transaction.atomic():
        stored = model.objects.select_for_update().filter(pk=obj.pk).first()
        if stored is None:
            raise NotFound(f"This {model._meta.verbose_name} is not there any more.")
        if version is not None and stored.version != version:
            raise Conflict("Somebody changed this while you looked at it.", version=stored.version)
        audit.record(actor=actor, verb=f"{_noun(obj)}.removed", obj=stored)
        stored.delete()


def _noun(obj: Account | Contact | SavedSegment) -> str:
    return str(type(obj)._meta.verbose_name).replace(" ", "_")


def _told(obj: Any, changes: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    if isinstance(obj, Contact):
        return {name: ["", "changed"] if name in _PERSONAL else pair for name, pair in changes.items()}
    return dict(changes)
