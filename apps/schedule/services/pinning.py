"""Pinning a thing to an exact minute, for as long as an app above waits to send or show it then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.core.exceptions import ValidationError

from apps.accounts.models import Team, User
from apps.core.errors import Invalid
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.schedule.selectors import anchors_of
from apps.schedule.services.placing import columns_of, compute, recompute_followers


def minute_of(instant: datetime) -> datetime:
    """The whole minute an instant belongs to on a calendar, in UTC.

    Rounded up, so that nothing counts as late before its instant came.
    """
    instant = instant.astimezone(UTC)
    whole = instant.replace(second=0, microsecond=0)
    return whole if whole == instant else whole + timedelta(minutes=1)


def pin(placement: Placement, *, instant: datetime) -> Placement:
    """Pin a locked placement to the minute of an instant; what follows it moves along.

    The place it had stays beneath the pin: it is what the plan says, and counts again after `unpin`. For
    services that checked permission and write the audit event, inside their transaction. Its state stays.
    """
    return _fix(placement, minute_of(instant))


def unpin(placement: Placement) -> Placement:
    """Take the pin off a locked placement: it is where its anchor puts it now, and follows it again."""
    return _fix(placement, None)


def _fix(placement: Placement, instant: datetime | None) -> Placement:
    if placement.fixed_at == instant:
        return placement
    placement.fixed_at = instant
    compute(placement, anchors_of(placement.launch))
    placement.version += 1
    placement.save()
    recompute_followers(placement)
    return placement


def close(placement: Placement, state: str) -> None:
    """Close a locked placement that belongs to one thing only, whose own service writes the audit event."""
    placement.state = placement.standing = state
    placement.blocked_by = ""
    placement.version += 1
    placement.save()


def place_undated(
    *, launch: Launch, kind: str, record_id: int, title: str, owner: User | None, team: Team | None
) -> Placement:
    """A placement without dates for a thing that is no plan record and shares no other thing's."""
    placement = Placement(
        launch=launch, kind=kind, record_id=record_id, title=title, owner=owner, team=team, **columns_of(None)
    )
    try:
        placement.full_clean(exclude=["launch", "owner", "team"], validate_unique=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    placement.save()
    return placement
