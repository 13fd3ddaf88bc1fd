"""When an announcement shows: scheduling, pausing, resuming, cancelling, and following what it hangs on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.announcements import policies
from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now
from apps.announcements.services import showings
from apps.announcements.services.approving import address
from apps.announcements.services.storing import lock, move_out, release_place, require_state, save, tell_item
from apps.content.models import CalendarItem
from apps.core import bell
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.core.fields import validate_zone
from apps.launches.models import Launch
from apps.schedule.models import TEN_YEARS_IN_DAYS, Placement
from apps.schedule.services import placing
from apps.schedule.services.pinning import close, minute_of, pin

State = Announcement.State
UNSENT = (State.SCHEDULED, State.LIVE, State.PAUSED)
WAITING = (State.SCHEDULED, State.PAUSED)


def schedule(
    *,
    actor: Actor,
    announcement: Announcement,
    starts_at: datetime | None,
    ends_at: datetime | None = None,
    zone: str = "",
    version: int | None = None,
) -> Announcement:
    """Let what is approved go live at an instant (None: at once), until `ends_at` (None: until stopped).

    A scheduled one is scheduled anew. `zone` is how people think of the times (default: the launch's). Its
    placement, shared with its calendar item, is pinned to that minute for as long as it waits. Raises `Invalid`
    for a time that is past, more than ten years away or without a zone, an unknown zone, a window that ends
    before it starts, a launch that is over.
    """
    policies.require("announcements.run", actor, announcement)
    with transaction.atomic():
        announcement = lock(announcement, version)
        require_state(announcement, State.APPROVED, State.SCHEDULED, to="scheduled")
        if not announcement.launch.is_open:
            raise Invalid(
                f"The launch is {announcement.launch.get_state_display().lower()}: nothing goes live in it.",
                code="launch_over",
            )
        _set_window(announcement, starts_at, ends_at, zone or announcement.launch.zone, actor, "scheduled")
        _pin(announcement, actor)
        tell_item(announcement, CalendarItem.Status.SCHEDULED)
        bell.ring("announcements.go_live")
    return announcement


def pause(*, actor: Actor, announcement: Announcement, version: int | None = None) -> Announcement:
    """Hold it: the feed drops it at once, a scheduled one does not go live."""
    policies.require("announcements.run", actor, announcement)
    with transaction.atomic():
        announcement = lock(announcement, version)
        require_state(announcement, State.LIVE, State.SCHEDULED, to="paused")
        old, announcement.state = announcement.state, State.PAUSED
        save(announcement, actor=actor, verb="paused", changes={"state": [old, State.PAUSED]})
    return announcement


def resume(*, actor: Actor, announcement: Announcement, version: int | None = None) -> Announcement:
    """Go on: live if it was live, else scheduled as before (if its time passed meanwhile, it goes live now).

    A window that ended meanwhile is refused: schedule it anew.
    """
    policies.require("announcements.run", actor, announcement)
    with transaction.atomic():
        announcement = lock(announcement, version)
        require_state(announcement, State.PAUSED, to="resumed")
        if announcement.ends_at is not None and announcement.ends_at <= database_now():
            raise Invalid("Its window has ended meanwhile: there is nothing to resume.", code="window_over")
        new = State.LIVE if announcement.went_live_at else State.SCHEDULED
        announcement.state = new
        save(announcement, actor=actor, verb="resumed", changes={"state": [State.PAUSED, new]})
        bell.ring("announcements.go_live")
    return announcement


def cancel(
    *, actor: Actor, announcement: Announcement, reason: str = "", version: int | None = None
) -> Announcement:
    """End it for good: nobody sees it any more."""
    policies.require("announcements.run", actor, announcement)
    if "\x00" in reason or len(reason) > 2000:
        raise Invalid("Give a reason of at most 2,000 characters.", field="reason")
    with transaction.atomic():
        announcement = lock(announcement, version)
        if announcement.is_over:
            require_state(announcement, to="cancelled")
        _cancel(announcement, actor, reason)
    return announcement


def follow_launch(*, actor: Actor, launch: Launch, state: str) -> None:
    """A cancelled or archived launch cancels what is scheduled and takes down what is live.

    A completed one lets what is live run to its end and takes the rest off the schedule: it stays approved, so
    that a launch opened again shows only what somebody schedules anew. The launch is locked by the caller, who
    checked permission. Drafts stay for a launch that comes back.
    """
    showings.follow(launch=launch.pk)
    if state == Launch.State.COMPLETED:
        waiting = Announcement.objects.filter(launch=launch, state__in=WAITING, went_live_at=None)
        for announcement in waiting.order_by("pk"):
            locked = lock(announcement)
            if locked.state in WAITING and locked.went_live_at is None:
                _unschedule(locked, actor, "The launch was completed.")
                tell_item(locked, CalendarItem.Status.APPROVED, only_from=(CalendarItem.Status.SCHEDULED,))
        return
    if state not in {Launch.State.CANCELLED, Launch.State.ARCHIVED}:
        return
    for announcement in Announcement.objects.filter(launch=launch, state__in=UNSENT).order_by("pk"):
        locked = lock(announcement)
        if locked.state in UNSENT:
            _cancel(locked, actor, f"The launch was {state}.")


def follow_item(*, actor: Actor, item: CalendarItem) -> None:
    """Somebody gave the calendar item another time: what is scheduled with it goes along.

    If that time is no exact minute, the announcement leaves the schedule and stays approved.
    """
    announcement = _of_item(item)
    if announcement is None or announcement.starts_at is None or announcement.went_live_at is not None:
        return
    placement = announcement.placement
    if placement is None or placement.state != Placement.State.PLANNED or placement.fixed_at is not None:
        return
    if placement.precision == Placement.Precision.MINUTE and placement.starts_at is not None:
        if placement.starts_at != minute_of(announcement.starts_at):
            policies.require("announcements.run", actor, announcement)
            ends_at = announcement.ends_at
            if ends_at is not None:
                ends_at += placement.starts_at - announcement.starts_at
            zone = placement.time_zone or announcement.launch.zone
            _set_window(announcement, placement.starts_at, ends_at, zone, actor, "moved")
        _pin(announcement, actor)
        # Whoever changed the item goes on with what is stored now.
        item.__dict__["_placement"] = announcement.placement
        return
    policies.require("announcements.run", actor, announcement)
    _unschedule(announcement, actor, "Its calendar item has no exact time any more.")
    tell_item(announcement, CalendarItem.Status.APPROVED, only_from=(CalendarItem.Status.SCHEDULED,))
    item.refresh_from_db(fields=["status", "version", "updated_at"])


def follow_placement(*, actor: Actor, placement: Placement, state: str) -> None:
    """A cancelled calendar item takes its unsent announcement with it.

    Nothing else that is said of an item changes its announcement: the item follows that.
    """
    if placement.kind == "announcement" and not actor.is_system:
        raise Invalid("An announcement is finished on its own page.", code="linked")
    if state != Placement.State.CANCELLED:
        return
    announcement = (
        Announcement.objects.select_for_update(of=("self",), no_key=True)
        .select_related("launch", "placement")
        .filter(placement=placement, state__in=UNSENT)
        .first()
    )
    if announcement is None:
        return
    announcement.placement = placement
    policies.require("announcements.run", actor, announcement)
    _cancel(announcement, actor, "Its calendar item was cancelled.")


def leave_item(*, item: CalendarItem) -> None:
    """The calendar item is about to be removed: its announcement gets a placement of its own."""
    announcement = _of_item(item, states=None)
    if announcement is not None:
        move_out(announcement)


def _pin(announcement: Announcement, actor: Actor) -> None:
    """Bring its place on the calendar to the minute it is scheduled for. What is done stays where it was."""
    placement = announcement.placement
    if placement is None or announcement.starts_at is None or placement.state == Placement.State.DONE:
        return
    if placement.state == Placement.State.CANCELLED:
        placement = placing.set_state(actor=actor, placement=placement, state=Placement.State.PLANNED)
    announcement.placement = pin(placement, instant=announcement.starts_at)


def _of_item(item: CalendarItem, states: tuple[str, ...] | None = WAITING) -> Announcement | None:
    found = Announcement.objects.select_for_update(of=("self",), no_key=True).select_related(
        "launch", "placement"
    )
    found = found.filter(placement__kind=CalendarItem.kind, placement__record_id=item.pk)
    return (found if states is None else found.filter(state__in=states)).first()


def _set_window(
    announcement: Announcement,
    starts_at: datetime | None,
    ends_at: datetime | None,
    zone: str,
    actor: Actor,
    verb: str,
) -> None:
    try:
        validate_zone(zone)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="zone", field="zone") from error
    at = database_now()
    starts_at = starts_at or at
    for name, instant in (("starts_at", starts_at), ("ends_at", ends_at)):
        if instant is None:
            continue
        if instant.tzinfo is None:
            raise Invalid("Say in which zone this time is.", code="no_zone", field=name)
        if instant > at + timedelta(days=TEN_YEARS_IN_DAYS):
            raise Invalid("This is more than ten years away.", code="too_far", field=name)
    if starts_at < at:
        raise Invalid("This time has passed already.", code="past", field="starts_at")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid("It has to end after it starts.", code="backwards", field="ends_at")
    names = ("state", "starts_at", "ends_at", "zone")
    before = {name: getattr(announcement, name) for name in names}
    # A paused one that never went live keeps being paused when its time moves.
    state = announcement.state if announcement.state == State.PAUSED else State.SCHEDULED
    after = {"state": state, "starts_at": starts_at, "ends_at": ends_at, "zone": zone}
    for name, value in after.items():
        setattr(announcement, name, value)
    changes = {name: [before[name], after[name]] for name in names if before[name] != after[name]}
    save(announcement, actor=actor, verb=verb, changes=changes)


def _unschedule(announcement: Announcement, actor: Actor, reason: str) -> None:
    """Take a locked one that never was live off the schedule; it stays approved, and its people learn why."""
    old, announcement.state = announcement.state, State.APPROVED
    save(
        announcement, actor=actor, verb="unscheduled", changes={"state": [old, State.APPROVED]}, reason=reason
    )
    release_place(announcement)
    concerned = {
        announcement.owner_id, announcement.written_by_id, announcement.submitted_by_id,
        announcement.approved_by_id,
    }  # fmt: skip
    concerned.discard(actor.user.pk if actor.user is not None else None)
    notify(
        users=User.objects.filter(pk__in=[pk for pk in concerned if pk], is_active=True),
        kind="announcement_unscheduled",
        title=f"Off the schedule: {announcement.title}",
        body=f"{reason} It stays approved: schedule it again if it is still to be shown.",
        url=address(announcement),
        source=f"announcement:{announcement.pk}:unscheduled:{announcement.version}",
        launch_id=announcement.launch_id,
    )


def _cancel(announcement: Announcement, actor: Actor, reason: str) -> None:
    old, announcement.state = announcement.state, State.CANCELLED
    announcement.ended_at = database_now()
    save(
        announcement,
        actor=actor,
        verb="cancelled",
        changes={"state": [old, State.CANCELLED]},
        reason=reason,
    )
    placement = announcement.placement
    if placement is not None and placement.kind == "announcement":
        if placement.state == Placement.State.PLANNED:
            close(placement, Placement.State.CANCELLED)
    else:
        if announcement.went_live_at is None:
            release_place(announcement)
        # What was its announcement's status only is the item's own business again.
        tell_item(announcement, CalendarItem.Status.DRAFTING, only_from=(CalendarItem.Status.SCHEDULED,))
