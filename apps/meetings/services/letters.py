"""Letters about sessions: rows made in the transaction that gives cause, due when that says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from apps.delivery.selectors import database_now
from apps.meetings.models import Booking, Letter, Occurrence

Kind = Letter.Kind
# Who held a seat or waited for one hears of changes; who never confirmed does not.
CONCERNED = ("booked", "offered", "waiting")


def to_hosts(pairs: Iterable[tuple[Occurrence, int]]) -> None:
    """People host these sessions, or what they host changed: an invitation of the present sequence."""
    at = database_now()
    _add(
        Letter(
            kind=Kind.HOSTING, occurrence=occurrence, user_id=person, sequence=occurrence.sequence, due_at=at,
            key=f"hosting:{occurrence.pk}:{person}:{occurrence.sequence}:{occurrence.version}",
        )
        for occurrence, person in pairs
    )  # fmt: skip


def no_more_hosts(pairs: Iterable[tuple[Occurrence, int]]) -> None:
    """People host these sessions no more, be they cancelled or somebody else's."""
    at = database_now()
    _add(
        Letter(
            kind=Kind.NOT_HOSTING, occurrence=occurrence, user_id=person, sequence=occurrence.sequence, due_at=at,
            key=f"not-hosting:{occurrence.pk}:{person}:{occurrence.sequence}:{occurrence.version}",
        )
        for occurrence, person in pairs
    )  # fmt: skip


def changed(occurrence: Occurrence, *, reminders: Sequence[int]) -> None:
    """Time, place or title differ: everybody concerned gets the update, and reminders for the new time."""
    bookings = list(Booking.objects.filter(occurrence=occurrence, state__in=CONCERNED))
    at = database_now()
    _add(_to(booking, Kind.CHANGED, occurrence, at) for booking in bookings)
    remind([booking for booking in bookings if booking.state == Booking.State.BOOKED], occurrence, reminders)


def cancelled(occurrence: Occurrence, hosts: Sequence[int]) -> None:
    """It does not take place."""
    at = database_now()
    bookings = Booking.objects.filter(occurrence=occurrence, state__in=CONCERNED)
    _add(_to(booking, Kind.CANCELLED, occurrence, at) for booking in bookings)
    no_more_hosts([(occurrence, person) for person in hosts])


def to_attendee(booking: Booking, kind: str, occurrence: Occurrence, *, number: int = 0) -> None:
    """One letter to somebody who signed up, at once. `number` tells apart those that may come more than once."""
    _add([_to(booking, kind, occurrence, database_now(), number=number)])


def remind(bookings: Sequence[Booking], occurrence: Occurrence, reminders: Sequence[int]) -> None:
    """Reminders of the present schedule, those whose time is still to come."""
    at = database_now()
    _add(
        Letter(
            kind=Kind.REMINDER, occurrence=occurrence, booking=booking, sequence=occurrence.sequence,
            due_at=occurrence.starts_at - timedelta(minutes=minutes),
            key=f"reminder-{minutes}:{booking.pk}:{occurrence.sequence}",
        )
        for booking in bookings
        for minutes in reminders
        if occurrence.starts_at - timedelta(minutes=minutes) > at
    )  # fmt: skip


def afterwards(occurrence: Occurrence, bookings: Sequence[Booking]) -> None:
    """Thanks to those who came, and a word to those who did not. Nobody gets it twice."""
    at = database_now()
    _add(
        _to(booking, Kind.THANKS if booking.attended else Kind.MISSED, occurrence, at, stable=True)
        for booking in bookings
        if booking.attended is not None
    )


def _to(
    booking: Booking,
    kind: str,
    occurrence: Occurrence,
    at: datetime,
    *,
    number: int = 0,
    stable: bool = False,
) -> Letter:
    version = "after" if stable else str(occurrence.sequence)
    name = "after" if stable else kind
    return Letter(
        kind=kind, occurrence=occurrence, booking=booking, sequence=occurrence.sequence, due_at=at,
        key=f"{name}:{booking.pk}:{version}:{number}",
    )  # fmt: skip


def _add(letters: Iterable[Letter]) -> None:
    rows = list(letters)
    if rows:
        Letter.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
