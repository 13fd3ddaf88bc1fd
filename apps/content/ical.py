"""Dated work as an iCalendar feed (RFC 5545, RFC 7986)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, Event, vDuration, vText

from apps.content.selectors.entries import OTHERS
from apps.core.dates import t_label
from apps.launches import kinds
from apps.launches.models import Launch
from apps.schedule.models import Placement

REFRESH = timedelta(hours=1)
# A thing to the minute has no length of its own; calendars draw what takes no time badly.
MOMENT = timedelta(minutes=30)


def calendar_of(name: str, placements: Sequence[Placement], *, left_out: int = 0) -> bytes:
    """A published calendar with one event per dated thing.

    What has a time of day stands at its instant, in UTC, so no zone rules travel along; everything else is of
    whole days of its launch's zone, whose DTEND is the day after the last. UIDs never change; SEQUENCE grows
    with each change, of the thing or of its launch. What is `left_out` for want of room is said in the calendar's
    description. Needs `launch` and `team` loaded.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Launch portal//Content calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    if left_out:
        are = "is" if left_out == 1 else "are"
        words = f"The {len(placements):,} events nearest to come: {left_out:,} more {are} left out."
        calendar.add("description", words)
        calendar.add("x-wr-caldesc", words)
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vText("PT1H"))
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    for placement in placements:
        calendar.add_component(_event(placement, host))
    written: bytes = calendar.to_ical()
    return written


def _event(placement: Placement, host: str) -> Event:
    event = Event()
    launch = placement.launch
    changed = max(placement.updated_at, launch.updated_at).astimezone(UTC).replace(microsecond=0)
    event.add("uid", f"placement-{placement.pk}@{host}")
    event.add("dtstamp", changed)
    event.add("created", placement.created_at.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", changed)
    event.add("sequence", placement.version + launch.version - 1)
    event.add("summary", placement.title)
    for name, value in zip(("dtstart", "dtend"), _span(placement), strict=True):
        event.add(name, value)
    event.add("status", "CANCELLED" if _is_off(placement) else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # work that is due makes nobody busy
    event.add(
        "categories", [text for text in (_kind(placement), placement.team and placement.team.name) if text]
    )
    url = f"{settings.PUBLIC_URL.rstrip('/')}/launches/{launch.slug}/calendar/{placement.pk}/"
    event.add("url", url)
    event.add("description", "\n".join([*_told(placement), url]))
    return event


def _is_off(placement: Placement) -> bool:
    """Whether it will not take place: called off itself, or still to come when its launch was."""
    planned_for_nothing = (
        placement.launch.state == Launch.State.CANCELLED and placement.state == Placement.State.PLANNED
    )
    return placement.state == Placement.State.CANCELLED or planned_for_nothing


def _span(placement: Placement) -> tuple[date | datetime, date | datetime]:
    first = placement.starts_on or date.min
    if placement.starts_at is not None:
        start = placement.starts_at.astimezone(UTC)
        end = placement.ends_at.astimezone(UTC) if placement.ends_at else start
        return start, end if end > start else start + MOMENT
    last = placement.ends_on or first  # what has no end shows where it begins
    return first, last + timedelta(days=1)


def _told(placement: Placement) -> list[str]:
    launch = placement.launch
    lines = [f"{_kind(placement)} of {launch.name}"]
    if launch.launch_day and placement.starts_on:
        lines.append(t_label(placement.starts_on, launch.launch_day))
    if placement.state == Placement.State.DONE:
        lines.append("Done")
    elif placement.blocked_by:
        lines.append(f"Waits for {placement.blocked_by[:200]}")
    if placement.owner:
        lines.append(f"Owner: {placement.owner}")
    return lines


def _kind(placement: Placement) -> str:
    return OTHERS[placement.kind][0] if placement.kind in OTHERS else kinds.get(placement.kind).label
