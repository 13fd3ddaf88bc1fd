"""How a person wants to be told: of what comes up and what is late, and of their week."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from apps.accounts.models import Preference, User
from apps.core.errors import Invalid
from apps.delivery.addresses import normalise
from apps.delivery.selectors import suppressed_among
from apps.schedule.spans import first_instant

PREFERENCE = "notices"
REMINDERS_TOPIC, DIGEST_TOPIC = "reminders", "your-week"
CHANNELS = {
    "off": "Not at all",
    "inbox": "In the inbox",
    "mail": "By mail",
    "both": "In the inbox and by mail",
}
CHANNEL_CHOICES = list(CHANNELS.items())
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_DAYS = 14
# Reminders come in the morning: nobody is to be woken because a day ended somewhere.
MORNING = time(8)
BEFORE_A_SESSION = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Notices:
    """One person's choices. `weekday` is ISO's (Monday 1), `hour` a full hour on their own clock.

    `days` is how many days before its first day a thing is announced. `version` is for optimistic locking.
    """

    reminders: str = "both"
    days: int = 1
    late: bool = True
    digest: str = "both"
    weekday: int = 1
    hour: int = 8
    version: int = 1

    def values(self) -> dict[str, Any]:
        """What is stored: everything but the version."""
        return {name: value for name, value in asdict(self).items() if name != "version"}


DEFAULT = Notices()


def checked(values: Mapping[str, Any], *, version: int = 1) -> Notices:
    """Choices that make sense. Raises `Invalid` naming the field."""
    if not isinstance(values, Mapping):
        raise Invalid("Choices are an object.")
    unknown = set(values) - set(DEFAULT.values())
    if unknown:
        raise Invalid(f"There is no choice “{sorted(unknown)[0][:40]}”.", code="unknown_field")
    for name in ("reminders", "digest"):
        if name in values and not (isinstance(values[name], str) and values[name] in CHANNELS):
            raise Invalid(f"Choose one of: {', '.join(CHANNELS)}.", field=name)
    for name, least, most in (("days", 0, MOST_DAYS), ("weekday", 1, 7), ("hour", 0, 23)):
        value = values.get(name, least)
        # True is a number to Python, and to nobody else.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Invalid(f"Choose a whole number from {least} to {most}.", field=name)
    if not isinstance(values.get("late", True), bool):
        raise Invalid("Say yes or no.", field="late")
    return Notices(**{**DEFAULT.values(), **values}, version=version)


def notices_of(user_ids: Collection[int]) -> dict[int, Notices]:
    """The choices of these people; who made none has the defaults. One query."""
    found = dict.fromkeys(user_ids, DEFAULT)
    rows = Preference.objects.filter(name=PREFERENCE, user_id__in=user_ids)
    for user_id, value, version in rows.values_list("user_id", "value", "version"):
        try:
            found[user_id] = checked(value, version=version)
        except Invalid:
            # What an older release stored must not stop everybody's reminders.
            found[user_id] = Notices(version=version)
    return found


def without_mail(users: Iterable[User], topic: str) -> set[int]:
    """The ids of those whose address gets no mail of a topic: unsubscribed, bounced, suppressed. One query."""
    addresses: dict[int, str] = {}
    for user in users:
        try:
            addresses[user.pk] = normalise(user.email)
        except Invalid:
            addresses[user.pk] = ""
    stopped = suppressed_among(addresses.values(), topic)
    return {pk for pk, address in addresses.items() if not address or address in stopped}


def ahead_at(day: date, moment: datetime | None, *, days: int, zone: str) -> datetime:
    """When somebody in `zone` hears of a thing that starts on `day`: in the morning, `days` days before.

    Of one with a time of day (`moment`) at least an hour before that.
    """
    due = first_instant(day - timedelta(days=days), MORNING, zone)
    return due if moment is None else min(due, moment.astimezone(UTC) - BEFORE_A_SESSION)


def late_at(day: date, moment: datetime | None, *, launch_zone: str, zone: str) -> datetime:
    """The first morning in `zone` on which a thing that ended undone is late (see `standing`)."""
    over = first_instant(day + timedelta(days=1), time(0), launch_zone)
    if moment is not None:
        over = moment + timedelta(minutes=1)
    morning = over.astimezone(UTC).date() - timedelta(days=1)
    while (found := first_instant(morning, MORNING, zone)) <= over:
        morning += timedelta(days=1)
    return found


def digest_at(week: date, notices: Notices, zone: str) -> datetime:
    """When the digest of the ISO week that begins on the Monday `week` is due."""
    return first_instant(week + timedelta(days=notices.weekday - 1), time(notices.hour), zone)


def stopped_topics(user: User, notices: Notices) -> list[str]:
    """The topics this person chose mail of and gets none, since their address is on the suppression list."""
    chosen = ((REMINDERS_TOPIC, notices.reminders), (DIGEST_TOPIC, notices.digest))
    return [topic for topic, way in chosen if way in ("mail", "both") and without_mail([user], topic)]
