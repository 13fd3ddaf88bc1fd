"""From a wall time as people and programs give it to the instant it means."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from apps.core.errors import Invalid
from apps.core.fields import validate_zone
from apps.schedule.spans import first_instant


def instant_of(given: datetime | None, *, zone: str, field: str) -> datetime | None:
    """A wall time in `zone` (or a time with its own offset) as an instant in UTC; None stays None.

    A wall time that exists twice means the first, one that does not exist the first instant after it.
    Raises `Invalid` for an unknown zone and for times outside the calendar.
    """
    if given is None:
        return None
    try:
        validate_zone(zone)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="zone", field="zone") from error
    try:
        if given.tzinfo is not None:
            return given.astimezone(UTC)
        instant = first_instant(given.date(), given.time().replace(microsecond=0), zone)
    except (OverflowError, ValueError) as error:
        raise Invalid("This time is outside the calendar.", code="too_far", field=field) from error
    return instant


def does_not_exist(given: datetime, zone: str) -> bool:
    """Whether clocks in `zone` skip this wall time."""
    instant = first_instant(given.date(), given.time().replace(microsecond=0), zone)
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != given.replace(microsecond=0)
