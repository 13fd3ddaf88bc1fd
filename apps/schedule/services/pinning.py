"""Fixing a thing to an exact minute, for what an app above sends or shows at that minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from apps.accounts.models import Team, User
from apps.core.errors import Invalid
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.schedule.selectors import anchors_of
from apps.schedule.services.placing import columns_of, compute, recompute_followers
from apps.schedule.spans import first_instant


def minute_of(instant: datetime) -> datetime:
    """The whole minute an instant belongs to on a calendar, in UTC.

    Rounded up, so that nothing counts as late before its instant came.
    """
    instant = instant.astimezone(UTC)
    whole = instant.replace(second=0, microsecond=0)
    return whole if whole == instant else whole + timedelta(minutes=1)


def wall_time(instant: datetime, zone: str) -> tuple[date, time, str]:
    """(day, time, zone) that name a whole minute, in `zone` if possible.

    In the hour that exists twice a wall time means the first of both; the second is named in UTC.
    """
    local = instant.astimezone(ZoneInfo(zone))
    day, at = local.date(), local.time().replace(fold=0)
    if first_instant(day, at, zone) == instant:
        return day, at, zone
    instant = instant.astimezone(UTC)
    return instant.date(), instant.time(), "UTC"


def pin(placement: Placement, *, instant: datetime, zone: str) -> Placement:
    """Pin a locked placement to the minute of an instant; what follows it moves along.

    For services that checked permission and write the audit event, inside their transaction. Its state stays.
    """
    day, at, named = wall_time(minute_of(instant), zone)
    columns = {
        **columns_of(None),
        "anchor": Placement.Anchor.PINNED,
        "pinned_start": day,
        "local_time": at,
        "time_zone": named,
        "precision": Placement.Precision.MINUTE,
    }
    if all(getattr(placement, name) == value for name, value in columns.items()):
        return placement
    for name, value in columns.items():
        setattr(placement, name, value)
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
