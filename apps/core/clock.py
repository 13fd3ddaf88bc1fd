"""The one place that reads the clock for callers that gave no `at`."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return timezone.now()


def today_in(zone: str, at: datetime | None = None) -> date:
    """The calendar day it is in an IANA zone at an instant."""
    return (at or now()).astimezone(ZoneInfo(zone)).date()
