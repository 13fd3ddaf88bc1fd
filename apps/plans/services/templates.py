"""Making templates of launches, and changing what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches import policies
from apps.launches.models import Launch
from apps.plans import builtin
from apps.plans.models import LaunchTemplate
from apps.plans.templating.document import read
from apps.plans.templating.taking import document_of

FIELDS = frozenset({"name", "summary", "tier", "archived"})


def may_make(actor: Actor, launch: Launch) -> bool:
    """Everybody sees a template: of a restricted launch only its owners and administrators make one."""
    if not (policies.can_write_somewhere(actor) and policies.can_see_launch(actor, launch)):
        return False
    return not launch.restricted or policies.can_own_launch(actor, launch)


def may_change(actor: Actor, template: LaunchTemplate) -> bool:
    """Administrators and who made it; nobody what comes with the portal."""
    if template.is_built_in or not policies.can_write_somewhere(actor):
        return False
    own = actor.user is not None and template.made_by_id == actor.user.pk
    return own or policies.is_administrator(actor)


def require_change(actor: Actor, template: LaunchTemplate) -> None:
    if may_change(actor, template):
        return
    if template.is_built_in:
        raise NotAllowed(
            "This template comes with the portal and is not changed: start from it, then save yours."
        )
    raise NotAllowed("Only administrators and who made a template may change it.")


def make_template(
    *, actor: Actor, launch: Launch, name: str, summary: str = "", tier: int | None = None
) -> LaunchTemplate:
    """Keep a launch as a template that everybody signed in sees.

    Its records, gates, approval rules, waits and times as offsets; owners as roles. Not kept: persons, what
    happened, announcements, campaigns, files. A number of queries that does not grow with the records. Raises
    `NotAllowed`, `NotFound`, `Invalid`.
    """
    policies.require("launches.see", actor, launch)
    policies.require("launches.create", actor)
    if not may_make(actor, launch):
        raise NotAllowed(
            "This launch is restricted and everybody sees templates: only its owner may make one of it."
        )
    document = document_of(launch)
    if not document.records:
        raise Invalid("This launch has nothing yet that a template could keep.", code="empty")
    # What goes in has to come out again.
    stored = read(document.as_json()).as_json()
    made_by = actor.user if isinstance(actor.user, User) else None
    template = LaunchTemplate(
        name=name.strip(),
        summary=summary.strip(),
        tier=tier,
        document=stored,
        made_from=launch,
        made_by=made_by,
    )
    with transaction.atomic():
        template.slug = _free_slug(template.name)
        _check(template)
        try:
            with transaction.atomic():
                template.save()
        except IntegrityError:
            raise Conflict("Somebody just saved a template of that name: save yours again.") from None
        audit.record(
            actor=actor,
            verb="template.made",
            obj=template,
            launch_id=launch.pk,
            changes={"name": [None, template.name], "tier": [None, tier], **_counted(document.counts())},
        )
    return template


def change_template(
    *, actor: Actor, template: LaunchTemplate, values: Mapping[str, Any], version: int | None = None
) -> LaunchTemplate:
    """Change name, summary or tier, or put it away and back (`archived`). Raises `Conflict` for another version."""
    require_change(actor, template)
    unknown = set(values) - FIELDS
    if unknown:
        raise Invalid(f"A template has no field “{sorted(unknown)[0][:60]}”.", code="unknown_field")
    with transaction.atomic():
        stored = LaunchTemplate.objects.select_for_update().filter(pk=template.pk).first()
        if stored is None:
            raise NotFound("This template was removed meanwhile.")
        if version is not None and version != stored.version:
            raise Conflict(
                f"“{stored.name[:80]}” was changed by somebody else since you opened it.",
                current={name: getattr(stored, name) for name in sorted(FIELDS)},
                version=stored.version,
            )
        changes = audit.difference({name: getattr(stored, name) for name in FIELDS}, values)
        if not changes:
            return stored
        for name, (_, new) in changes.items():
            setattr(stored, name, new)
        stored.version += 1
        _check(stored)
        stored.save()
        audit.record(actor=actor, verb="template.changed", obj=stored, changes=changes)
    return stored


def _check(template: LaunchTemplate) -> None:
    try:
        template.full_clean(exclude=["made_from", "made_by", "document"], validate_unique=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error


def _counted(counts: Mapping[str, int]) -> dict[str, list[Any]]:
    return {f"{kind} records": [None, count] for kind, count in counts.items()}


def _free_slug(name: str) -> str:
    base = slugify(name)[:60].strip("-") or "template"
    taken = {each.slug for each in builtin.templates()}
    taken |= set(LaunchTemplate.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)
