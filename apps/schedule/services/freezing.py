"""Days on which nothing should go out: of one launch, or of all."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches import policies
from apps.launches.models import Launch
from apps.schedule.models import Freeze
from apps.schedule.services.placing import FIRST_DAY, LAST_DAY

LONGEST = 366


def add_freeze(*, actor: Actor, launch: Launch | None, title: str, starts_on: date, ends_on: date) -> Freeze:
    """Freeze some days (both ends included) of a launch, which its editors do, or of all, which administrators
    do. Raises `Invalid` for days that run backwards, for more than a year, or out of range; `NotAllowed`."""
    _require(actor, launch)
    if ends_on < starts_on:
        raise Invalid("It ends before it starts.", code="backwards", field="ends_on")
    if (ends_on - starts_on).days >= LONGEST:
        raise Invalid("A freeze lasts a year at most.", code="too_long", field="ends_on")
    for name, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid(f"{day} is too far away.", code="too_far", field=name)
    made = Freeze(launch=launch, title=title.strip(), starts_on=starts_on, ends_on=ends_on)
    try:
        made.full_clean(exclude=["launch"])
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    with transaction.atomic():
        made.save()
        audit.record(
            actor=actor,
            verb="freeze.added",
            obj=made,
            launch_id=launch.pk if launch else None,
            changes={"title": [None, made.title], "days": [None, [starts_on, ends_on]]},
        )
    return made


def remove_freeze(*, actor: Actor, freeze: Freeze, version: int | None = None) -> None:
    """Let things go out on these days again."""
    _require(actor, freeze.launch)
    with transaction.atomic():
        fresh = Freeze.objects.select_for_update().filter(pk=freeze.pk).first()
        if fresh is None:
            raise NotFound("This freeze was removed meanwhile.", code="removed")
        if version is not None and version != fresh.version:
            raise Conflict("Somebody changed this freeze since you looked.", version=fresh.version)
        audit.record(
            actor=actor,
            verb="freeze.removed",
            obj=fresh,
            launch_id=fresh.launch_id,
            changes={"title": [fresh.title, None], "days": [[fresh.starts_on, fresh.ends_on], None]},
        )
        fresh.delete()


def _require(actor: Actor, launch: Launch | None) -> None:
    if launch is None:
        policies.require("schedule.freeze_all", actor)
    else:
        policies.require("schedule.freeze", actor, launch)
