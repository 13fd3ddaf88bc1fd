"""Making, changing and ending launches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid
from apps.launches import policies
from apps.launches.models import Launch, Member
from apps.launches.signals import launch_dates_changed, launch_state_changed

# Moved only by `schedule.services.moving`, which shows first what moves with them.
ANCHORS = frozenset({"launch_day", "rollout_start"})
FIELDS = frozenset(
    {
        "name", "summary", "launch_type", "target_audience", "tier", "restricted", "self_approval", "zone",
        "launch_day", "launch_day_fuzzy", "launch_time", "rollout_start", "holidays", "owner", "owner_name",
    }
)  # fmt: skip
# Who sees a launch, who owns it and whether people approve their own work is for its owners to say.
OWNERS_FIELDS = frozenset({"owner", "restricted", "self_approval"})

TRANSITIONS: dict[str, frozenset[str]] = {
    "draft": frozenset({"active", "cancelled", "archived"}),
    "active": frozenset({"paused", "completed", "cancelled", "archived"}),
    "paused": frozenset({"active", "completed", "cancelled", "archived"}),
    "completed": frozenset({"active", "archived"}),
    "cancelled": frozenset({"draft", "archived"}),
    "archived": frozenset(),
}

# Addresses below /launches/ that are not a launch's.
RESERVED = frozenset({"new"})


SLUG_TRIES = 10


def free_slug(name: str) -> str:
    """A slug for a name that no launch has; "launch" where the name holds no Latin letters."""
    base = slugify(name)[:60].strip("-") or "launch"
    taken = RESERVED | set(Launch.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def _check(launch: Launch) -> None:
    if launch.launch_day and launch.launch_day_fuzzy:
        raise Invalid("Give the launch day or a rough time, not both.", field="launch_day_fuzzy")
    try:
        # Whether the slug is free is for the insert to find out: asked before, somebody may be quicker.
        launch.full_clean(validate_unique=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    for name in sorted(ANCHORS):
        day: date | None = getattr(launch, name)
        if day and not date(1990, 1, 1) <= day <= date(2200, 1, 1):
            raise Invalid(f"{day} is too far away to be a launch's date.", field=name)
    for holiday in launch.holidays if isinstance(launch.holidays, list) else [""]:
        try:
            date.fromisoformat(holiday)
        except (TypeError, ValueError):
            raise Invalid(
                "Holidays are a list of dates such as 2026-12-25.", field="holidays", code="holidays"
            ) from None


def create_launch(*, actor: Actor, name: str, slug: str = "", **fields: Any) -> Launch:
    """Make a launch in state draft; the person who makes it owns it, or edits it where another owner is given.

    A given `slug` must be free.
    """
    policies.require("launches.create", actor)
    unknown = set(fields) - FIELDS
    if unknown:
        raise Invalid(f"A launch has no field “{sorted(unknown)[0]}”.", code="unknown_field")
    maker = actor.user if isinstance(actor.user, User) else None
    owner = fields.pop("owner", None) or maker
    if slug in RESERVED:
        raise Invalid(f"“{slug}” is an address of the portal itself: choose another slug.", field="slug")
    launch = Launch(name=name, slug=slug or free_slug(name), owner=owner, **fields)
    _check(launch)
    with transaction.atomic():
        _insert(launch, chosen=bool(slug))
        if owner is not None:
            Member.objects.create(launch=launch, user=owner, role=Member.Role.OWNER)
            if maker is not None and maker != owner:
                Member.objects.create(launch=launch, user=maker, role=Member.Role.EDITOR)
            actor.memo.pop("roles", None)
        audit.record(
            actor=actor,
            verb="launch.created",
            obj=launch,
            launch_id=launch.pk,
            changes={"name": [None, name], "launch_day": [None, launch.launch_day]},
        )
    return launch


def _insert(launch: Launch, *, chosen: bool) -> None:
    """Store a new launch. Where somebody took its slug this moment, another is made, unless it was chosen."""
    for _ in range(SLUG_TRIES):
        try:
            with transaction.atomic():
                launch.save(force_insert=True)
            return
        except IntegrityError as error:
            if not Launch.objects.filter(slug=launch.slug).exists():
                raise
            if chosen:
                raise Invalid(
                    "Another launch has this address already.", code="slug", field="slug"
                ) from error
        launch.slug = free_slug(launch.name)
    raise Conflict("Many launches of this name are being made right now. Try again.", code="slug")


def change_launch(
    *, actor: Actor, launch: Launch, values: Mapping[str, Any], version: int | None = None
) -> Launch:
    """Change a launch's own fields. An anchor that is already set is moved by `schedule`, not here."""
    policies.require("launches.edit", actor, launch)
    unknown = set(values) - FIELDS
    if unknown:
        raise Invalid(f"A launch has no field “{sorted(unknown)[0]}”.", code="unknown_field")
    with transaction.atomic():
        launch = lock_launch(launch, version)
        for anchor in ANCHORS & set(values):
            stored = getattr(launch, anchor)
            if stored is not None and values[anchor] != stored:
                raise Invalid(
                    "This date has things hanging on it: move it, and you see first what moves along.",
                    code="move_instead",
                    field=anchor,
                )
        before = {name: getattr(launch, name) for name in values}
        for name, value in values.items():
            setattr(launch, name, value)
        if values.get("launch_day"):
            launch.launch_day_fuzzy = ""
        _check(launch)
        changes = audit.difference(before, values)
        if OWNERS_FIELDS & set(changes):
            policies.require("launches.own", actor, launch)
        if changes:
            _save(actor, launch, "launch.changed", changes)
    return launch


def set_anchors(
    *,
    actor: Actor,
    launch: Launch,
    changes: Mapping[str, list[Any]],
    reason: str = "",
    verb: str = "launch.moved",
) -> None:
    """Store moved anchors of a locked launch. For `schedule.services.moving`, inside its transaction."""
    for name, (_, new) in changes.items():
        setattr(launch, name, new)
    if launch.launch_day:
        launch.launch_day_fuzzy = ""
    _check(launch)
    launch.version += 1
    launch.save()
    audit.record(actor=actor, verb=verb, obj=launch, launch_id=launch.pk, changes=changes, reason=reason)


def set_state(*, actor: Actor, launch: Launch, to: str, version: int | None = None) -> Launch:
    """Move a launch to another state. Cancelling and archiving stop everything unsent (receivers above)."""
    policies.require("launches.own" if to in {"cancelled", "archived"} else "launches.edit", actor, launch)
    with transaction.atomic():
        launch = lock_launch(launch, version)
        if to not in TRANSITIONS[launch.state]:
            raise Invalid(
                f"A launch that is {launch.get_state_display().lower()} cannot become {to[:20]}.",
                code="transition",
                field="state",
            )
        old, launch.state = launch.state, to
        if to == Launch.State.ARCHIVED:
            launch.state_before_archive = old
        _save(actor, launch, f"launch.{to}", {"state": [old, to]})
        launch_state_changed.send(sender=Launch, launch=launch, actor=actor, old=old, new=to)
    return launch


def restore(*, actor: Actor, launch: Launch, version: int | None = None) -> Launch:
    """Bring an archived launch back to the state it had; what was stopped stays stopped."""
    policies.require("launches.own", actor, launch)
    with transaction.atomic():
        launch = lock_launch(launch, version)
        if launch.state != Launch.State.ARCHIVED:
            raise Invalid("Only an archived launch can be restored.", code="transition", field="state")
        launch.state = launch.state_before_archive or Launch.State.DRAFT
        _save(actor, launch, "launch.restored", {"state": ["archived", launch.state]})
        launch_state_changed.send(sender=Launch, launch=launch, actor=actor, old="archived", new=launch.state)
    return launch


def hold(launch_id: int) -> Launch:
    """The launch as stored now, its row locked until the transaction ends.

    Whoever writes what hangs on a launch takes this lock first, then records, then placements. So two changes
    wait for each other instead of stopping each other, and dates are computed from the anchors there are, not
    from those a request read before somebody moved them.
    """
    return Launch.objects.select_for_update(no_key=True).get(pk=launch_id)


def lock_launch(launch: Launch, version: int | None = None) -> Launch:
    """The launch as stored now, its row locked; `Conflict` if the caller saw another version."""
    fresh = hold(launch.pk)
    if version is not None and version != fresh.version:
        raise Conflict(
            f"“{fresh.name[:80]}” was changed by somebody else since you opened it.",
            current={name: audit.plain(getattr(fresh, name)) for name in FIELDS},
            version=fresh.version,
        )
    return fresh


def _save(actor: Actor, launch: Launch, verb: str, changes: Mapping[str, list[Any]]) -> None:
    launch.version += 1
    launch.save()
    audit.record(actor=actor, verb=verb, obj=launch, launch_id=launch.pk, changes=changes)
    if set(changes) & {"zone", "launch_day", "launch_day_fuzzy", "launch_time", "rollout_start", "holidays"}:
        launch_dates_changed.send(sender=Launch, launch=launch, actor=actor, changes=changes)
