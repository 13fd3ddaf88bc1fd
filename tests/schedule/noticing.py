"""Owned work and people who were there long ago, for tests of reminders and digests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from apps.accounts.models import User
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.launches.services.launch import set_state
from apps.schedule.models import Digest, Reminder
from apps.schedule.notices import Notices
from apps.schedule.services.choosing import choose_notices
from apps.schedule.spans import first_instant
from tests.schedule.worlds import Calendar, make_calendar, pinned

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def running(**fields: Any) -> Calendar:
    """An active launch whose owner has been here for years."""
    calendar = make_calendar(**fields)
    set_state(actor=calendar.act(), launch=calendar.launch, to="active")
    calendar.launch.refresh_from_db()
    User.objects.update(date_joined=LONG_AGO, zone="Europe/Berlin")
    calendar.owner.refresh_from_db()
    return calendar


def person(email: str, zone: str = "Europe/Berlin", **fields: Any) -> User:
    made = User.objects.create_user(email, name=email.split("@")[0].title(), zone=zone, **fields)
    User.objects.filter(pk=made.pk).update(date_joined=LONG_AGO)
    made.refresh_from_db()
    return made


def owned(calendar: Calendar, day: str, *, by: User | None = None, **values: Any) -> CalendarItem:
    return calendar.item(pinned(day, **values.pop("when", {})), owner=by or calendar.owner, **values)


def choose(user: User, **values: Any) -> Notices:
    return choose_notices(actor=Actor.of(user), values=values)


def move_to(calendar: Calendar, item: CalendarItem, zone: str) -> None:
    User.objects.filter(pk=item.owner_id).update(zone=zone)


def local(day: date, hour: int, zone: str = "Europe/Berlin", minute: int = 0) -> datetime:
    return first_instant(day, time(hour, minute), zone)


def reminders(**conditions: Any) -> list[tuple[str, str, str]]:
    """(kind, state, reason) of each row, in order of their time."""
    rows = Reminder.objects.filter(**conditions).order_by("due_at", "pk")
    return [(row.kind, row.state, row.reason) for row in rows]


def digests(user: User) -> list[tuple[date, str, str]]:
    rows = Digest.objects.filter(user=user).order_by("week")
    return [(row.week, row.state, row.reason) for row in rows]


def every(first: datetime, last: datetime, step: timedelta) -> list[datetime]:
    found = []
    while first <= last:
        found.append(first)
        first += step
    return found
