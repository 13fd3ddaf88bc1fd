"""What every service here shares: locking in one order, moving between states, one audit event per change."""

from __future__ import annotations

from typing import Any

from apps.announcements.content import COVERED, FREE
from apps.announcements.models import Announcement
from apps.announcements.services import showings
from apps.audit import services as audit
from apps.content.services.places import OPEN, follow_status, lock_placement
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.schedule.services.pinning import close, pin, place_undated, unpin

State = Announcement.State


def lock(announcement: Announcement, version: int | None = None) -> Announcement:
    """The announcement as stored now, locked with all that services write; `Conflict` for a stale version.

    The order is launch, calendar item, placement, announcement everywhere, so that two changes wait for each
    other instead of stopping each other.
    """
    launch = Launch.objects.select_for_update(no_key=True).get(pk=announcement.launch_id)
    placement_id = Announcement.objects.filter(pk=announcement.pk).values_list("placement", flat=True).first()
    placement = lock_placement(placement_id)
    fresh = Announcement.objects.select_for_update(no_key=True).filter(pk=announcement.pk).first()
    if fresh is None:
        raise NotFound("This announcement was removed meanwhile.", code="removed")
    fresh.launch = launch
    if fresh.placement_id == placement_id:
        fresh.placement = placement
    if placement is not None:
        placement.launch = launch
    check_version(fresh, version)
    return fresh


def check_version(announcement: Announcement, version: int | None) -> None:
    """Raise `Conflict` with what is stored now unless the caller saw the newest version."""
    if version is None or version == announcement.version:
        return
    names = (*COVERED, *FREE, "state", "starts_at", "ends_at", "zone")
    current: dict[str, Any] = {name: audit.plain(getattr(announcement, name)) for name in names}
    current["teams"] = sorted(team.name for team in announcement.teams.all())
    current["translations"] = [str(each) for each in announcement.translations.all()]
    raise Conflict(
        f"“{announcement.title[:80]}” was changed by somebody else since you opened it.",
        current=current,
        version=announcement.version,
    )


def require_state(announcement: Announcement, *allowed: str, to: str) -> None:
    """Raise unless the announcement is in one of these states."""
    if announcement.state not in allowed:
        raise Invalid(
            f"An announcement that is {announcement.get_state_display().lower()} cannot be {to}.",
            code="transition",
            field="state",
        )


def save(
    announcement: Announcement,
    *,
    actor: Actor,
    verb: str,
    changes: dict[str, list[Any]],
    reason: str = "",
) -> None:
    """Store a locked announcement with its next version and its audit event."""
    announcement.version += 1
    announcement.save()
    showings.follow(announcement=announcement.pk)
    audit.record(
        actor=actor,
        verb=f"announcement.{verb}",
        obj=announcement,
        launch_id=announcement.launch_id,
        changes=changes,
        reason=reason,
    )


def release_place(announcement: Announcement) -> None:
    """Nothing goes live at its minute any more: the place the plan gives counts again.

    What is done stays where it was, as that is when it happened.
    """
    placement = announcement.placement
    if placement is not None and placement.state != Placement.State.DONE:
        announcement.placement = unpin(placement)


def move_out(announcement: Announcement) -> None:
    """Leave the calendar item of a locked announcement: from now on it has a place of its own.

    What is yet to come and what was shown stands there at its minute, what was not at none.
    """
    placement = place_undated(
        launch=announcement.launch,
        kind="announcement",
        record_id=announcement.pk,
        title=announcement.title,
        owner=announcement.owner,
        team=announcement.team,
    )
    waits = announcement.state in {State.SCHEDULED, State.PAUSED}
    if announcement.starts_at is not None and (waits or announcement.went_live_at is not None):
        placement = pin(placement, instant=announcement.starts_at)
    if announcement.went_live_at is not None:
        close(placement, Placement.State.DONE)
    elif announcement.is_over:
        close(placement, Placement.State.CANCELLED)
    announcement.placement = placement
    announcement.version += 1
    announcement.save(update_fields=["placement", "version", "updated_at"])


def tell_item(announcement: Announcement, status: str, *, only_from: tuple[str, ...] = OPEN) -> None:
    """Bring the calendar item's status along, if it shares one's place."""
    if announcement.placement is not None:
        follow_status(announcement.placement, status, only_from=only_from)
