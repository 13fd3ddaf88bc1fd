"""Placing one thing: setting when it happens, saying that it is done, blocked, or open again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid
from apps.core.fields import validate_zone
from apps.launches import policies
from apps.launches.models import LaunchRecord, Phase
from apps.launches.services.launch import hold
from apps.schedule.models import TEN_YEARS_IN_DAYS, Placement
from apps.schedule.selectors import WORK, anchors_of
from apps.schedule.signals import placement_finished
from apps.schedule.spans import Anchors, Place, span_of
from apps.schedule.standing import standing_of
from apps.schedule.when import When, format_when

# As for a launch's own dates.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 1, 1)
_DAYS_IN = {
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1,
    "business_day": 7 / 5,
    "week": 7,
    "month": 30.5,
    "quarter": 91.5,
}

# The columns that decide the dates; setting a time sets all of them, so that none is left over.
_BLANK: dict[str, Any] = {
    "anchor": Placement.Anchor.NONE,
    "anchor_phase": None,
    "anchor_placement": None,
    "unit": "",
    "offset": None,
    "end_offset": None,
    "open_ended": False,
    "pinned_start": None,
    "pinned_end": None,
    "local_time": None,
    "time_zone": "",
    "precision": "",
    "fuzzy": "",
    "wording": "",
}


def _said(when: When) -> str:
    return (when.text or format_when(when))[:60]


def columns_of(when: When | None) -> dict[str, Any]:
    """A time as written -> the placement columns that hold it. Raises `Invalid` beyond ten years."""
    columns = dict(_BLANK)
    if when is None:
        return columns
    if when.zone:
        try:
            validate_zone(when.zone)
        except ValidationError as error:
            raise Invalid(error.messages[0], code="zone", field="when") from error
    for day in (when.date, when.end_date):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise Invalid(f"{day} is too far away to be a date of a launch.", code="too_far", field="when")
    columns.update(
        wording=when.text[:500],
        precision=when.precision or "",
        local_time=when.time,
        time_zone=when.zone or "",
        fuzzy=when.fuzzy or "",
    )
    if when.offset is not None and when.unit:
        furthest = max(abs(when.offset), abs(when.end_offset or 0))
        # The number alone first: one of thousands of digits does not even multiply.
        if furthest > TEN_YEARS_IN_DAYS * 1440 or furthest * _DAYS_IN[when.unit] > TEN_YEARS_IN_DAYS:
            raise Invalid(f"“{_said(when)}” is more than ten years away.", code="too_far", field="when")
        if when.end_offset is not None and when.end_offset < when.offset:
            raise Invalid(f"“{_said(when)}” ends before it starts.", code="backwards", field="when")
        columns.update(
            anchor=when.anchor or Placement.Anchor.LAUNCH_DAY,
            unit=when.unit,
            offset=when.offset,
            end_offset=when.end_offset,
            open_ended=when.open_ended,
        )
    elif when.date is not None:
        if when.end_date is not None and when.end_date < when.date:
            raise Invalid(f"“{_said(when)}” ends before it starts.", code="backwards", field="when")
        columns.update(anchor=Placement.Anchor.PINNED, pinned_start=when.date, pinned_end=when.end_date)
    elif when.fuzzy:
        columns.update(anchor=Placement.Anchor.PINNED)
    return columns


def when_of(placement: Placement | None) -> When | None:
    """The other way round. None for a thing that says no time."""
    if placement is None or (placement.anchor == Placement.Anchor.NONE and not placement.wording):
        return None
    if placement.anchor in {Placement.Anchor.PHASE, Placement.Anchor.PLACEMENT}:
        return _dates_of(placement)
    relative = placement.anchor in {Placement.Anchor.LAUNCH_DAY, Placement.Anchor.ROLLOUT_START}
    return When(
        text=placement.wording,
        anchor=placement.anchor if relative else None,
        unit=placement.unit or None,  # type: ignore[arg-type]
        offset=placement.offset,
        end_offset=placement.end_offset,
        open_ended=placement.open_ended,
        date=placement.pinned_start,
        end_date=placement.pinned_end,
        time=placement.local_time,
        zone=placement.time_zone or None,
        precision=placement.precision or None,  # type: ignore[arg-type]
        fuzzy=placement.fuzzy or None,
    )


def _dates_of(placement: Placement) -> When | None:
    """What hangs on a phase or another item, as the days it falls on: a plan has no words for the rest."""
    if placement.starts_on is None:
        return None
    last = placement.ends_on if placement.ends_on != placement.starts_on else None
    return When(
        date=placement.starts_on,
        end_date=last,
        time=placement.local_time,
        zone=placement.time_zone or None,
        precision="day" if placement.local_time is None else "minute",
    )


def _hangs_there_already(placement: Placement, columns: dict[str, Any]) -> bool:
    """Whether a time says just the days on which something hung falls: then it stays hung."""
    shown = _dates_of(placement) if placement.anchor in {"phase", "placement"} else None
    if shown is None:
        return False
    own = columns_of(shown)
    return all(own[name] == columns[name] for name in own.keys() - {"wording", "precision"})


def as_place(placement: Placement) -> Place:
    return Place(
        anchor=placement.anchor,
        unit=placement.unit,
        offset=placement.offset,
        end_offset=placement.end_offset,
        open_ended=placement.open_ended,
        pinned_start=placement.pinned_start,
        pinned_end=placement.pinned_end,
        local_time=placement.local_time,
        time_zone=placement.time_zone,
        landing=placement.landing,
        anchor_phase_id=placement.anchor_phase_id,
        anchor_placement_id=placement.anchor_placement_id,
        fixed_at=placement.fixed_at,
    )


def compute(placement: Placement, anchors: Anchors) -> bool:
    """Bring the stored dates up to date; returns whether they changed. Does not save."""
    span = span_of(as_place(placement), anchors)
    new = (span.starts_on, span.ends_on, span.starts_at, span.ends_at)
    if (placement.starts_on, placement.ends_on, placement.starts_at, placement.ends_at) == new:
        return False
    placement.starts_on, placement.ends_on, placement.starts_at, placement.ends_at = new
    return True


def copied_from(record: LaunchRecord) -> dict[str, Any]:
    """What a placement copies from its thing, so that calendars are one query."""
    return {"title": record.title, "owner_id": record.owner_id, "team_id": getattr(record, "team_id", None)}


def copy_from(record: LaunchRecord) -> None:
    """Bring along what a placement copies, after the record changed."""
    placement = find(record)
    copied = copied_from(record)
    if placement is None or all(getattr(placement, name) == value for name, value in copied.items()):
        return
    for name, value in copied.items():
        setattr(placement, name, value)
    Placement.objects.filter(pk=placement.pk).update(**copied, version=F("version") + 1, updated_at=now())
    placement.version += 1


def find(record: LaunchRecord) -> Placement | None:
    """The placement of a record; what a selector prefetched, else one query."""
    if "_placement" in record.__dict__:
        return record.__dict__["_placement"]  # type: ignore[no-any-return]
    found = Placement.objects.filter(kind=record.kind, record_id=record.pk).select_related("launch").first()
    record.__dict__["_placement"] = found
    return found


def prefetch(records: Sequence[LaunchRecord]) -> None:
    """Load the placements of records of one kind. One query."""
    if not records:
        return
    found = {
        placement.record_id: placement
        for placement in Placement.objects.filter(
            kind=records[0].kind, record_id__in=[record.pk for record in records]
        )
    }
    for record in records:
        placement = found.get(record.pk)
        if placement is not None:
            placement.launch = record.launch
        record.__dict__["_placement"] = placement


def place_record(
    *, actor: Actor, record: LaunchRecord, when: When | None, anchors: Anchors | None = None
) -> bool:
    """Set when a record happens (a service of the record's own app checked permission and writes the audit).

    Another time than it had takes off the pin of what is scheduled with it; the app above that laid the pin
    sees to what that means. Returns whether anything changed. Things that follow this one are recomputed in
    the same transaction.
    """
    columns = columns_of(when)
    with transaction.atomic():
        placement = (
            Placement.objects.select_for_update().filter(kind=record.kind, record_id=record.pk).first()
        )
        if placement is None:
            placement = Placement(
                launch=record.launch,
                kind=record.kind,
                record_id=record.pk,
                phase=record if isinstance(record, Phase) else None,
            )
        elif all(
            getattr(placement, name) == value for name, value in columns.items()
        ) or _hangs_there_already(placement, columns):
            record.__dict__["_placement"] = placement
            return False
        elif any(getattr(placement, name) != columns[name] for name in columns.keys() - {"wording"}):
            placement.fixed_at = None
        for name, value in {**columns, **copied_from(record)}.items():
            setattr(placement, name, value)
        compute(placement, anchors or anchors_of(record.launch))
        try:
            placement.full_clean(exclude=["launch", "phase", "team", "owner"], validate_unique=False)
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), field="when") from error
        if placement.pk:
            placement.version += 1
        placement.save()
        record.__dict__["_placement"] = placement
        recompute_followers(placement)
    return True


def place_new(*, records: Sequence[LaunchRecord], whens: Sequence[When | None]) -> None:
    """Place new records of one kind and launch in one statement. What counts as work gets a placement
    even if it says no time, as progress counts it."""
    if not records:
        return
    anchors = anchors_of(records[0].launch)
    made: list[Placement] = []
    for record, when in zip(records, whens, strict=True):
        if when is None and record.kind not in WORK:
            record.__dict__["_placement"] = None
            continue
        placement = Placement(
            launch=record.launch,
            kind=record.kind,
            record_id=record.pk,
            phase=record if isinstance(record, Phase) else None,
            **columns_of(when),
            **copied_from(record),
        )
        compute(placement, anchors)
        # A plan brings what is long past too; the clock announces only what it changes from here on.
        # What it brings as done is done from the start.
        placement.state = getattr(record, "placement_state", Placement.State.PLANNED)
        if placement.state == Placement.State.DONE:
            placement.done_at = now()
        placement.standing = standing_of(placement)
        try:
            placement.full_clean(
                exclude=["launch", "phase", "team", "owner", "anchor_phase", "anchor_placement"],
                validate_unique=False,
                validate_constraints=False,
            )
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), field="when") from error
        record.__dict__["_placement"] = placement
        made.append(placement)
    Placement.objects.bulk_create(made)


def recompute_followers(placement: Placement) -> None:
    """Recompute open things anchored on this one, and on those, level by level (cycles cannot arise here
    because a level never visits a placement twice)."""
    seen = {placement.pk}
    level = [placement]
    while level:
        phases = [item.phase_id for item in level if item.phase_id]
        followers = Placement.objects.filter(state=Placement.State.PLANNED).exclude(pk__in=seen)
        nearest = list(
            (
                followers.filter(anchor_placement__in=level) | followers.filter(anchor_phase__in=phases)
            ).distinct()
        )
        if not nearest:
            return
        anchors = anchors_of(placement.launch)
        changed = [follower for follower in nearest if compute(follower, anchors)]
        at = now()
        for follower in changed:
            follower.version += 1
            # No save() sees to it here, and calendars that subscribed ask by it.
            follower.updated_at = at
        Placement.objects.bulk_update(
            changed, ["starts_on", "ends_on", "starts_at", "ends_at", "version", "updated_at"]
        )
        seen |= {follower.pk for follower in nearest}
        level = nearest


def finish(*, actor: Actor, placement: Placement, done: bool = True, version: int | None = None) -> Placement:
    """Say that a thing is done, or open again. Done things keep their dates whatever moves."""
    policies.require("schedule.finish", actor, placement)
    if placement.phase_id:
        raise Invalid("A phase is finished among the phases, with its rollout steps.", code="phase")
    with transaction.atomic():
        placement = _lock(placement, version)
        new = Placement.State.DONE if done else Placement.State.PLANNED
        if placement.state == new:
            return placement
        return _set_state(actor, placement, new)


def set_state(*, actor: Actor, placement: Placement, state: str) -> Placement:
    """For services of apps above whose own status decides this (a published item is done)."""
    with transaction.atomic():
        placement = _lock(placement, None)
        return placement if placement.state == state else _set_state(actor, placement, state)


def block(*, actor: Actor, placement: Placement, reason: str, version: int | None = None) -> Placement:
    """Say what a thing waits for; an empty reason says that it waits for nothing any more."""
    policies.require("schedule.finish", actor, placement)
    with transaction.atomic():
        placement = _lock(placement, version)
        old, placement.blocked_by = placement.blocked_by, reason.strip()
        if old == placement.blocked_by:
            return placement
        try:
            placement.clean_fields(exclude=["launch"])
        except ValidationError as error:
            raise Invalid.from_validation(error) from error
        placement.version += 1
        placement.save()
        audit.record(
            actor=actor,
            verb=f"{placement.kind}.{'blocked' if placement.blocked_by else 'unblocked'}",
            obj=placement,
            launch_id=placement.launch_id,
            changes={"blocked_by": [old, placement.blocked_by]},
        )
    return placement


def _set_state(actor: Actor, placement: Placement, new: str) -> Placement:
    old, placement.state = placement.state, new
    placement.done_at = now() if new == Placement.State.DONE else None
    if new == Placement.State.PLANNED:
        # While it was done it stood still; now it follows its anchor again, and what it went out at is past.
        placement.fixed_at = None
        compute(placement, anchors_of(placement.launch))
    else:
        placement.blocked_by = ""
        placement.standing = new
    placement.version += 1
    placement.save()
    audit.record(
        actor=actor,
        verb=f"{placement.kind}.{'reopened' if new == Placement.State.PLANNED else new}",
        obj=placement,
        launch_id=placement.launch_id,
        changes={"state": [old, new]},
    )
    placement_finished.send(sender=Placement, placement=placement, actor=actor, state=new)
    return placement


def _lock(placement: Placement, version: int | None) -> Placement:
    launch = hold(placement.launch_id)
    fresh = Placement.objects.select_for_update().get(pk=placement.pk)
    fresh.launch = launch
    if version is not None and version != fresh.version:
        raise Conflict(
            f"“{fresh.title[:80]}” was changed by somebody else since you opened it.",
            current={"state": fresh.state, "blocked_by": fresh.blocked_by, "wording": fresh.wording},
            version=fresh.version,
        )
    return fresh
