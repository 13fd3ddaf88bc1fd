"""Seats of one session. Whoever calls holds its row: no seat is given twice, the waitlist keeps its order."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Invalid, NotFound
from apps.delivery.selectors import database_now
from apps.meetings.models import Booking, Letter, Occurrence
from apps.meetings.services import letters

State = Booking.State
BATCH = 200


def lock(occurrence_id: int) -> Occurrence:
    """The session, held until the transaction ends."""
    found = (
        Occurrence.objects.select_for_update(of=("self",), no_key=True)
        .select_related("series__launch")
        .filter(pk=occurrence_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such session any more.")
    return found


def require_open(occurrence: Occurrence, at: datetime) -> None:
    """Raise `Invalid` unless it is still to come."""
    if occurrence.state == Occurrence.State.CANCELLED:
        raise Invalid("This session was cancelled.", code="cancelled")
    if occurrence.state == Occurrence.State.HELD or occurrence.starts_at <= at:
        raise Invalid("This session has begun or is over.", code="over")


def take(booking: Booking, occurrence: Occurrence, *, reminders: list[int], may_wait: bool = True) -> None:
    """Give the booking a seat, or the last place on the waitlist. Raises `Invalid` if it is full and none waits.

    Who comes while others wait does not go before them, free seat or not: those are offered in order.
    """
    queue = Booking.objects.filter(occurrence=occurrence, state=State.WAITING).exists()
    if occurrence.is_full or queue:
        if not may_wait:
            raise Invalid("This session is full.", code="full")
        booking.state, booking.offered_until = State.WAITING, None
        booking.queued_at = database_now()
        booking.save()
        letters.to_attendee(booking, Letter.Kind.WAITING, occurrence)
        return
    booking.state, booking.offered_until = State.BOOKED, None
    booking.save()
    _count(occurrence, +1)
    _tell_booked(booking, occurrence, reminders)


def accept(booking: Booking, occurrence: Occurrence, *, reminders: list[int]) -> None:
    """An offered seat, which was kept, is taken."""
    booking.state, booking.offered_until = State.BOOKED, None
    booking.save()
    _tell_booked(booking, occurrence, reminders)


def leave(booking: Booking, occurrence: Occurrence, at: datetime, *, state: str, minutes: int) -> None:
    """Give up whatever the booking holds; a seat goes to who waits first."""
    held = booking.state in Booking.HOLDING
    booking.state, booking.offered_until = state, None
    booking.cancelled_at = at
    booking.save()
    if held:
        _count(occurrence, -1)
        offer_free(occurrence, at, minutes=minutes)


def close(occurrence: Occurrence, at: datetime) -> None:
    """The session is cancelled, and so is every booking."""
    Booking.objects.filter(occurrence=occurrence, state__in=Booking.ACTIVE).update(
        state=State.CANCELLED, offered_until=None, cancelled_at=at
    )
    Occurrence.objects.filter(pk=occurrence.pk).update(taken=0)
    occurrence.taken = 0


def offer_free(occurrence: Occurrence, at: datetime, *, minutes: int) -> int:
    """Offer free seats to who waits, first come first served; until the session begins at the latest."""
    if occurrence.state != Occurrence.State.PLANNED or occurrence.starts_at <= at:
        return 0
    waiting = Booking.objects.filter(occurrence=occurrence, state=State.WAITING).order_by("queued_at", "pk")
    left = occurrence.seats_left
    rows = list(waiting if left is None else waiting[:left])
    until = min(at + timedelta(minutes=minutes), occurrence.starts_at)
    for booking in rows:
        booking.state, booking.offered_until = State.OFFERED, until
        booking.save(update_fields=["state", "offered_until", "updated_at"])
        letters.to_attendee(booking, Letter.Kind.OFFER, occurrence)
    if rows:
        _count(occurrence, len(rows))
    return len(rows)


def expire_offers(*, at: datetime | None = None) -> int:
    """Take back seats nobody accepted in time and offer them to the next. Safe to run twice. How many."""
    at = at or database_now()
    due = Booking.objects.filter(state=State.OFFERED, offered_until__lte=at)
    ended = 0
    for occurrence_id in list(
        due.order_by("occurrence").values_list("occurrence", flat=True).distinct()[:BATCH]
    ):
        with transaction.atomic():
            occurrence = lock(occurrence_id)
            minutes = minutes_of(occurrence)
            for booking in due.filter(occurrence=occurrence).order_by("queued_at", "pk"):
                leave(booking, occurrence, at, state=State.EXPIRED, minutes=minutes)
                letters.to_attendee(booking, Letter.Kind.OFFER_OVER, occurrence)
                told(SYSTEM, booking, occurrence, "offer_expired")
                ended += 1
    return ended


def reminders_of(occurrence: Occurrence) -> list[int]:
    """Minutes before it, by its series as published."""
    return list((occurrence.series.published or {}).get("reminders", ()))


def minutes_of(occurrence: Occurrence) -> int:
    """How long a seat is offered."""
    plan = occurrence.series.published_plan
    return plan.offer_minutes if plan else 0


def told(actor: Actor, booking: Booking, occurrence: Occurrence, verb: str) -> None:
    audit.record(actor=actor, verb=f"booking.{verb}", obj=booking, launch_id=occurrence.series.launch_id)


def _tell_booked(booking: Booking, occurrence: Occurrence, reminders: list[int]) -> None:
    letters.to_attendee(booking, Letter.Kind.BOOKED, occurrence)
    letters.remind([booking], occurrence, reminders)


def _count(occurrence: Occurrence, change: int) -> None:
    occurrence.taken += change
    Occurrence.objects.filter(pk=occurrence.pk).update(taken=occurrence.taken)
