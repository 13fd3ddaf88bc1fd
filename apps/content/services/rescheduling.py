"""Moving one piece of work to another day or week: its anchor stays, its offset changes (T-5 becomes T-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from apps.content.models import CalendarItem
from apps.content.services.items import set_status
from apps.core.actors import Actor
from apps.core.dates import day_words
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches import kinds, policies
from apps.launches.services import records
from apps.launches.services.launch import hold
from apps.schedule.models import Move, Placement
from apps.schedule.services import moving, placing
from apps.schedule.spans import monday_of


@dataclass(frozen=True)
class Rescheduled:
    """A thing where it is now. `move` undoes it, with `along` others that moved with it; None if it was there."""

    placement: Placement
    move: Move | None = None
    along: int = 0


def to_day(*, actor: Actor, placement: Placement, day: date, version: int | None = None) -> Rescheduled:
    """Let a thing begin on a day (of its launch's zone); how long it takes stays, and so does its time of day.

    What is a whole week goes to the week that holds the day; what is pinned stays pinned, what hangs keeps
    hanging. What hangs on it follows, and what waits for it is pushed along or refuses, as
    `schedule.services.moving` says. A `version` that is not the placement's raises `Conflict`, and so does a
    dependency that forbids it. Raises `Invalid` for what does not move: done, cancelled, scheduled to the minute,
    or a whole month.
    """
    policies.require("records.work", actor, placement)
    if not placing.FIRST_DAY <= day <= placing.LAST_DAY:
        raise Invalid(f"{day} is too far away to be a date of a launch.", code="too_far", field="day")
    if placement.kind not in {kind.key for kind in kinds.all_kinds()}:
        raise Invalid("An announcement goes to another time on its own page.", code="own_page", field="day")
    with transaction.atomic():
        launch = hold(placement.launch_id)
        fresh = Placement.objects.select_for_update().filter(pk=placement.pk).first()
        if fresh is None:
            raise NotFound("This was removed meanwhile.", code="removed")
        fresh.launch = launch
        check(fresh, version)
        start = _start_at(fresh, day)
        if fresh.starts_on == start:
            return Rescheduled(fresh)
        moved = moving.move_item(actor=actor, placement=fresh, to=start)
        fresh.refresh_from_db()
        fresh.launch = launch
        return Rescheduled(fresh, moved.move, len(moved.along))


def to_week(*, actor: Actor, placement: Placement, monday: date, version: int | None = None) -> Rescheduled:
    """Let a thing happen in another week, on the same day of it."""
    if monday != monday_of(monday):
        raise Invalid(f"{monday} is no Monday.", code="monday", field="week")
    if placement.starts_on is None:
        return to_day(actor=actor, placement=placement, day=monday, version=version)
    day = monday + timedelta(days=placement.starts_on.weekday())
    return to_day(actor=actor, placement=placement, day=day, version=version)


def to_status(
    *,
    actor: Actor,
    placement: Placement,
    item: CalendarItem,
    status: str,
    version: int | None = None,
    item_version: int | None = None,
) -> CalendarItem:
    """Set a calendar item's status from a card that shows its placement's `version` and its own.

    Between open states only the item's version rises, and a move raises only the placement's: both count.
    """
    policies.require("records.work", actor, item)
    with transaction.atomic():
        item = records.lock(item)
        fresh = Placement.objects.select_for_update().get(pk=placement.pk)
        if version not in {None, fresh.version} or item_version not in {None, item.version}:
            error = stale(fresh)
            error.current |= {"status": item.get_status_display(), "item_version": item.version}
            raise error
        return set_status(actor=actor, item=item, status=status)


def later(placement: Placement, days: int) -> date:
    """The day so many days on at which a thing may begin. A whole week moves by whole weeks, rounded outwards.

    Raises `Invalid` for what has no date and for days beyond the calendar.
    """
    if placement.starts_on is None:
        raise Invalid(f"“{placement.title[:80]}” has no date to count from.", code="undated", field="days")
    if is_week(placement):
        days = -(-abs(days) // 7) * 7 * (1 if days > 0 else -1)
    try:
        day = placement.starts_on + timedelta(days=days)
    except OverflowError:
        day = date.max
    if not placing.FIRST_DAY <= day <= placing.LAST_DAY:
        raise Invalid("That is too far away to be a date of a launch.", code="too_far", field="days")
    return day


def check(placement: Placement, version: int | None) -> None:
    """Raise unless a locked placement is what the caller saw, and moves at all."""
    if version is not None and version != placement.version:
        raise stale(placement)
    refusal = why_it_stays(placement)
    if refusal:
        raise Invalid(refusal, code="fixed", field="day")


def stale(placement: Placement) -> Conflict:
    """What to raise when a placement is not what the caller saw: how it stands now."""
    where = day_words(placement.starts_on) if placement.starts_on else "no date"
    return Conflict(
        f"“{placement.title[:80]}” was changed by somebody else since you opened it.",
        current={
            "when": f"{where} ({placement.wording})" if placement.wording else where,
            "day": placement.starts_on.isoformat() if placement.starts_on else None,
            "state": placement.state,
        },
        version=placement.version,
    )


def why_it_stays(placement: Placement) -> str:
    """Why a thing cannot be moved to another day, in a sentence; empty if it can."""
    title = f"“{placement.title[:80]}”"
    if placement.state != Placement.State.PLANNED:
        done = placement.kind == "calendar_entry" and placement.state == Placement.State.DONE
        word = "published" if done else placement.get_state_display().lower()
        return f"{title} is {word}, so it stays where it is. Open it again to move it."
    if placement.fixed_at is not None:
        return f"{title} is scheduled to go out at a certain minute. Change its schedule instead."
    if placement.unit in {"month", "quarter"} or (placement.fuzzy and placement.pinned_start is None):
        return f"{title} takes a whole {placement.precision or 'period'}, not a day. Edit its time instead."
    if placement.starts_on is None and placement.anchor != Placement.Anchor.NONE:
        return f"{title} counts from a day that is not known yet. Edit its time instead."
    return ""


def is_week(placement: Placement) -> bool:
    if placement.unit:
        # From a phase or another item a week is any seven days.
        counted = {Placement.Anchor.LAUNCH_DAY, Placement.Anchor.ROLLOUT_START}
        return placement.unit == "week" and placement.anchor in counted
    return placement.precision == Placement.Precision.WEEK


def _start_at(placement: Placement, day: date) -> date:
    """The first day of what is to hold a day: of a launch's week its Monday, of a rollout's its own first day."""
    if not is_week(placement):
        return day
    if placement.anchor != Placement.Anchor.ROLLOUT_START or placement.starts_on is None:
        return monday_of(day)
    return placement.starts_on + timedelta(weeks=(day - placement.starts_on).days // 7)
