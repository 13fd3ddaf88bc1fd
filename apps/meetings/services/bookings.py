"""Signing up for a session, without an account: confirmed by mail, moved and cancelled by a signed link."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.core.errors import DomainError, Invalid, NotFound
from apps.delivery.addresses import normalise
from apps.delivery.selectors import database_now
from apps.launches.models import Launch
from apps.meetings import links
from apps.meetings.models import Booking, Letter, Occurrence, Question, Series, Vote
from apps.meetings.services import letters, seats

State = Booking.State
# From one network address in an hour; to one mail address in a day. Beyond the second nobody is told: the answer
# is the same as ever, and no mail goes out.
MOST_FROM_ONE = 20
MOST_TO_ONE = 6
MOST_QUESTIONS = 5
# What signing up sends, the first time or once more.
AGAIN = (Letter.Kind.CONFIRM, Letter.Kind.BOOKED, Letter.Kind.WAITING, Letter.Kind.OFFER)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN = (Launch.State.DRAFT, Launch.State.ACTIVE, Launch.State.PAUSED, Launch.State.COMPLETED)


class TooMany(DomainError):
    """More than anybody needs."""

    status = 429
    default_code = "too_many"


def sender_hash(address: str) -> str:
    """What is kept of a network address: enough to count, not enough to know it."""
    return hmac.new(settings.SECRET_KEY.encode(), f"meetings {address}".encode(), hashlib.sha256).hexdigest()[
        :32
    ]


def public_series(slug: str) -> Series:
    """A series with a public page. Raises `NotFound` alike for none, one that is not public, one that is over."""
    found = Series.objects.select_related("launch").filter(slug=slug).first()
    if found is None or not found.is_public or found.launch.state not in OPEN:
        raise NotFound("There is no such page, or it is closed.")
    return found


def sign_up(*, actor: Actor, occurrence: Occurrence, values: Mapping[str, str], sender: str = "") -> None:
    """Ask for a seat: nothing is taken before the mail to this address is answered.

    `values`: name, email, company, zone, question. Says nothing about whether the address signed up before. Raises
    `Invalid`, and `TooMany` for too many from one network address.
    """
    email = _address(values.get("email", ""))
    booking = Booking(
        occurrence=occurrence, email=email, sender=sender, name=" ".join(values.get("name", "").split()),
        company=" ".join(values.get("company", "").split()), zone=values.get("zone", "") or occurrence.zone,
    )  # fmt: skip
    _check(booking)
    question = _question(values.get("question", ""))
    at = database_now()
    with transaction.atomic():
        held = seats.lock(occurrence.pk)
        seats.require_open(held, at)
        recent = Booking.objects.filter(created_at__gt=at - HOUR, sender=sender)
        if sender and recent.count() >= MOST_FROM_ONE:
            raise TooMany(
                "So many sign-ups came from your network in the last hour that this one has to wait."
            )
        there = Booking.objects.filter(occurrence=held, email=email, state__in=Booking.ACTIVE).first()
        mails = Letter.objects.filter(booking__email=email, kind__in=AGAIN, created_at__gt=at - DAY).count()
        if there is None:
            booking.save()
            seats.told(actor, booking, held, "asked")
            if question:
                Question.objects.create(occurrence=held, booking=booking, text=question)
            there = booking
        if mails < MOST_TO_ONE:
            # Who signed up before gets what they got then once more: only they learn that it was so.
            again = {
                State.BOOKED: Letter.Kind.BOOKED,
                State.PENDING: Letter.Kind.CONFIRM,
                State.OFFERED: Letter.Kind.OFFER,
            }
            kind = again.get(State(there.state), Letter.Kind.WAITING)
            letters.to_attendee(there, kind, held, number=mails)


def confirm(*, actor: Actor, booking_id: int) -> Booking:
    """Take the seat, or a place on the waitlist. Confirming twice changes nothing."""
    at = database_now()
    with transaction.atomic():
        booking, occurrence = _held(booking_id)
        if booking.state in (State.BOOKED, State.WAITING, State.OFFERED):
            return booking
        seats.require_open(occurrence, at)
        if booking.state != State.PENDING:
            raise Invalid("This sign-up was cancelled. Sign up once more.", code="cancelled")
        booking.confirmed_at = at
        seats.take(booking, occurrence, reminders=seats.reminders_of(occurrence))
        seats.told(actor, booking, occurrence, "confirmed")
    return booking


def book_person(*, actor: Actor, occurrence: Occurrence, user: User) -> Booking:
    """A colleague signs themselves up: known already, so nothing is to be confirmed."""
    at = database_now()
    with transaction.atomic():
        held = seats.lock(occurrence.pk)
        seats.require_open(held, at)
        email = _address(user.email)
        there = Booking.objects.filter(occurrence=held, email=email, state__in=Booking.ACTIVE).first()
        if there is not None and there.state != State.PENDING:
            return there
        booking = there or Booking(occurrence=held, email=email)
        booking.user, booking.name, booking.zone, booking.confirmed_at = (
            user,
            user.name or email,
            user.zone,
            at,
        )
        booking.save()
        seats.take(booking, held, reminders=seats.reminders_of(held))
        seats.told(actor, booking, held, "confirmed")
    return booking


def accept_offer(*, actor: Actor, booking_id: int) -> Booking:
    """Take the offered seat. Raises `Invalid` when it was offered to the next meanwhile."""
    at = database_now()
    with transaction.atomic():
        booking, occurrence = _held(booking_id)
        if booking.state == State.BOOKED:
            return booking
        seats.require_open(occurrence, at)
        if booking.state != State.OFFERED or booking.offered_until is None or booking.offered_until <= at:
            raise Invalid(
                "The time for this offer is over: the seat goes to whoever waits next.", code="over"
            )
        seats.accept(booking, occurrence, reminders=seats.reminders_of(occurrence))
        seats.told(actor, booking, occurrence, "accepted")
    return booking


def cancel(*, actor: Actor, booking_id: int) -> Booking:
    """Not coming, or not waiting any more. Doing it twice changes nothing."""
    at = database_now()
    with transaction.atomic():
        booking, occurrence = _held(booking_id)
        if not booking.is_active:
            return booking
        seats.require_open(occurrence, at)
        confirmed = booking.state != State.PENDING
        seats.leave(booking, occurrence, at, state=State.CANCELLED, minutes=seats.minutes_of(occurrence))
        if confirmed:
            letters.to_attendee(booking, Letter.Kind.WITHDRAWN, occurrence)
        seats.told(actor, booking, occurrence, "cancelled")
    return booking


def move(*, actor: Actor, booking_id: int, to: int) -> Booking:
    """To another session of the same series (its continuations included) that has a free seat, or not at all."""
    at = database_now()
    with transaction.atomic():
        first = Booking.objects.select_related("occurrence__series").filter(pk=booking_id).first()
        if first is None:
            raise NotFound("There is no such sign-up any more.")
        # Both in the order of their ids, as everywhere.
        held = {pk: seats.lock(pk) for pk in sorted({first.occurrence_id, to})}
        booking = Booking.objects.select_for_update().get(pk=booking_id)
        if booking.occurrence_id == to:
            return booking
        old, new = held[booking.occurrence_id], held[to]
        if booking.state not in (State.BOOKED, State.WAITING, State.OFFERED):
            raise Invalid("There is nothing to move any more: sign up once more.", code="cancelled")
        if (old.series.kind, old.series.record_id) != (new.series.kind, new.series.record_id):
            raise NotFound("There is no such session in this series.")
        seats.require_open(old, at)
        seats.require_open(new, at)
        other = Booking.objects.filter(occurrence=new, email=booking.email, state__in=Booking.ACTIVE).first()
        if other is not None and other.state != State.PENDING:
            raise Invalid("You have signed up for that session already.", code="there")
        moved = other or Booking(occurrence=new, email=booking.email)
        for name in ("user", "name", "company", "zone", "sender"):
            setattr(moved, name, getattr(booking, name))
        moved.confirmed_at, moved.moved_from = at, booking
        moved.save()
        seats.take(moved, new, reminders=seats.reminders_of(new), may_wait=False)
        seats.leave(booking, old, at, state=State.CANCELLED, minutes=seats.minutes_of(old))
        letters.to_attendee(booking, Letter.Kind.WITHDRAWN, old)
        Question.objects.filter(booking=booking, answered=False).update(occurrence=new, booking=moved)
        seats.told(actor, moved, new, "moved")
    return moved


def ask(*, actor: Actor, booking_id: int, text: str) -> Question:
    """A question for the session one is booked for; hosts read it beforehand, attendees vote."""
    text = _question(text)
    if not text:
        raise Invalid("Write what you want to ask.", field="text")
    with transaction.atomic():
        booking, occurrence = _held(booking_id)
        _require_comes(booking)
        if booking.questions.count() >= MOST_QUESTIONS:
            raise Invalid(
                f"{MOST_QUESTIONS} questions are as many as one session has time for.", code="too_many"
            )
        made = Question.objects.create(occurrence=occurrence, booking=booking, text=text)
        seats.told(actor, booking, occurrence, "question")
    return made


def vote(*, actor: Actor, booking_id: int, question_id: int) -> bool:
    """Want this answered, too; once more takes it back. Whether one wants it now."""
    with transaction.atomic():
        booking, occurrence = _held(booking_id)
        _require_comes(booking)
        question = Question.objects.select_for_update().filter(
            pk=question_id, occurrence=occurrence, hidden=False
        ).first()  # fmt: skip
        if question is None:
            raise NotFound("There is no such question.")
        if question.booking_id == booking.pk:
            raise Invalid("It is your own.", code="own")
        gone, _ = Vote.objects.filter(question=question, booking=booking).delete()
        if not gone:
            Vote.objects.create(question=question, booking=booking)
        Question.objects.filter(pk=question.pk).update(votes_count=F("votes_count") + (-1 if gone else 1))
    return not gone


def booking_of(token: str) -> Booking:
    """The booking of a signed link; of one that was moved, where it went. Raises `NotFound`."""
    found = (
        Booking.objects.select_related("occurrence__series__launch")
        .filter(pk=links.booking_of(token))
        .first()
    )
    seen = 0
    while found is not None and found.state == State.CANCELLED and seen < 50:
        later = (
            Booking.objects.select_related("occurrence__series__launch")
            .filter(moved_from=found)
            .order_by("-pk")
            .first()
        )
        if later is None:
            break
        found, seen = later, seen + 1
    if found is None:
        raise NotFound("There is no such sign-up any more.", code="bad_link")
    return found


def _held(booking_id: int) -> tuple[Booking, Occurrence]:
    """A booking with its session held; only who holds the session changes its bookings."""
    occurrence_id = Booking.objects.filter(pk=booking_id).values_list("occurrence", flat=True).first()
    if occurrence_id is None:
        raise NotFound("There is no such sign-up any more.", code="bad_link")
    occurrence = seats.lock(occurrence_id)
    return Booking.objects.get(pk=booking_id), occurrence


def _require_comes(booking: Booking) -> None:
    if booking.state not in (State.BOOKED, State.WAITING, State.OFFERED):
        raise Invalid("Only who has signed up asks here.", code="cancelled")


def _address(text: str) -> str:
    try:
        return normalise(text)
    except Invalid as error:
        raise Invalid(error.message, code="address", field="email") from error


def _question(text: str) -> str:
    text = text.strip()
    if len(text) > 1000 or "\x00" in text:
        raise Invalid("A question has at most 1,000 characters.", field="question")
    return text


def _check(booking: Booking) -> None:
    try:
        booking.full_clean(exclude=["occurrence"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
