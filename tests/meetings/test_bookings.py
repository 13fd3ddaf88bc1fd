"""Seats and the waitlist: confirmed by mail, never oversold, offered in order for a time, moved and cancelled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction

from apps.core.actors import ANONYMOUS
from apps.core.clock import now
from apps.core.errors import Invalid, NotFound
from apps.meetings import links
from apps.meetings.models import Booking, Letter, Occurrence, Question
from apps.meetings.services import bookings, seats
from tests.meetings.worlds import Meetings, make_meetings, sign_up


@pytest.fixture
def session(meetings: Meetings) -> Occurrence:
    series = meetings.series()
    meetings.publish(series)
    return meetings.sessions(series)[0]


def states(session: Occurrence) -> dict[str, str]:
    return dict(Booking.objects.filter(occurrence=session).values_list("name", "state"))


def test_a_seat_is_taken_only_once_the_mail_is_answered(session: Occurrence) -> None:
    booking = sign_up(session, "Ada", confirm=False, question="How do I start?")
    session.refresh_from_db()
    assert (booking.state, session.taken) == ("pending", 0)
    bookings.confirm(actor=ANONYMOUS, booking_id=booking.pk)
    bookings.confirm(actor=ANONYMOUS, booking_id=booking.pk)
    session.refresh_from_db()
    assert session.taken == 1
    assert Question.objects.get().text == "How do I start?"
    assert Letter.objects.filter(kind="reminder").count() == 2


def test_signing_up_twice_says_nothing_and_sends_the_same_again(session: Occurrence) -> None:
    sign_up(session, "Ada")
    values = {"name": "Ada", "email": "ADA@customer.example"}
    for _ in range(20):
        bookings.sign_up(actor=ANONYMOUS, occurrence=session, values=values)
    assert Booking.objects.count() == 1
    assert Letter.objects.filter(kind__in=["confirm", "booked"]).count() == bookings.MOST_TO_ONE


@pytest.mark.parametrize("state", ["waiting", "offered"])
def test_who_waits_is_not_written_to_without_end(session: Occurrence, state: str) -> None:
    ada, _, _ = [sign_up(session, name) for name in ("Ada", "Mary", "Carol")]
    if state == "offered":
        bookings.cancel(actor=ANONYMOUS, booking_id=ada.pk)
    assert states(session)["Carol"] == state
    for _ in range(20):
        values = {"name": "Carol", "email": "carol@customer.example"}
        bookings.sign_up(actor=ANONYMOUS, occurrence=session, values=values)
    assert Letter.objects.filter(booking__name="Carol").count() <= bookings.MOST_TO_ONE
    assert states(session)["Carol"] == state


def test_one_network_signs_up_so_many_an_hour(session: Occurrence) -> None:
    sender = bookings.sender_hash("192.0.2.1")
    for number in range(bookings.MOST_FROM_ONE):
        values = {"name": "N", "email": f"n{number}@customer.example"}
        bookings.sign_up(actor=ANONYMOUS, occurrence=session, values=values, sender=sender)
    values = {"name": "N", "email": "late@customer.example"}
    with pytest.raises(bookings.TooMany):
        bookings.sign_up(actor=ANONYMOUS, occurrence=session, values=values, sender=sender)
    assert "192.0.2.1" not in sender


def test_the_waitlist_keeps_its_order_and_offers_end(session: Occurrence) -> None:
    ada, _, *_ = [sign_up(session, name) for name in ("Ada", "Mary", "Carol", "Dana")]
    assert states(session) == {"Ada": "booked", "Mary": "booked", "Carol": "waiting", "Dana": "waiting"}
    bookings.cancel(actor=ANONYMOUS, booking_id=ada.pk)
    assert (states(session)["Carol"], states(session)["Dana"]) == ("offered", "waiting")
    # Whoever comes now does not go before those who wait.
    sign_up(session, "Eve")
    carol = Booking.objects.get(name="Carol")
    assert carol.offered_until is not None
    assert seats.expire_offers(at=carol.offered_until - timedelta(seconds=1)) == 0
    assert seats.expire_offers(at=carol.offered_until) == 1
    assert seats.expire_offers(at=carol.offered_until) == 0
    assert (states(session)["Carol"], states(session)["Dana"], states(session)["Eve"]) == (
        "expired", "offered", "waiting",
    )  # fmt: skip
    with pytest.raises(Invalid, match="whoever waits next"):
        bookings.accept_offer(actor=ANONYMOUS, booking_id=carol.pk)
    dana = Booking.objects.get(name="Dana")
    bookings.accept_offer(actor=ANONYMOUS, booking_id=dana.pk)
    session.refresh_from_db()
    assert session.taken == 2


def test_moving_to_a_full_session_changes_nothing(meetings: Meetings, session: Occurrence) -> None:
    full = meetings.sessions(session.series)[1]
    for name in ("Carol", "Dana"):
        sign_up(full, name)
    ada = sign_up(session, "Ada")
    with pytest.raises(Invalid, match="full"):
        bookings.move(actor=ANONYMOUS, booking_id=ada.pk, to=full.pk)
    assert states(session) == {"Ada": "booked"}
    free = meetings.sessions(session.series)[2]
    moved = bookings.move(actor=ANONYMOUS, booking_id=ada.pk, to=free.pk)
    assert bookings.booking_of(links.booking_token(ada.pk)) == moved
    session.refresh_from_db()
    free.refresh_from_db()
    assert (session.taken, free.taken) == (0, 1)


def test_sessions_of_another_series_are_not_there(meetings: Meetings, session: Occurrence) -> None:
    other = make_other(meetings)
    ada = sign_up(session, "Ada")
    with pytest.raises(NotFound):
        bookings.move(actor=ANONYMOUS, booking_id=ada.pk, to=other.pk)


def make_other(meetings: Meetings) -> Occurrence:
    from apps.core.actors import SYSTEM
    from apps.launches import kinds
    from apps.launches.services.records import add_record

    record = add_record(
        actor=SYSTEM, launch=meetings.launch, kind=kinds.get("office_hours"), values={"title": "Other"}
    )
    series = Meetings(meetings.launch, meetings.owner, record).series()
    meetings.publish(series)
    return meetings.sessions(series)[0]


def test_votes_are_one_each_and_not_for_oneself(session: Occurrence) -> None:
    ada, mary = sign_up(session, "Ada"), sign_up(session, "Mary")
    asked = bookings.ask(actor=ANONYMOUS, booking_id=ada.pk, text="<script>alert(1)</script>")
    assert bookings.vote(actor=ANONYMOUS, booking_id=mary.pk, question_id=asked.pk)
    asked.refresh_from_db()
    assert asked.votes_count == 1
    assert not bookings.vote(actor=ANONYMOUS, booking_id=mary.pk, question_id=asked.pk)
    with pytest.raises(Invalid):
        bookings.vote(actor=ANONYMOUS, booking_id=ada.pk, question_id=asked.pk)


def test_forged_and_expired_links_are_told_apart_from_good_ones(
    session: Occurrence, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = sign_up(session, "Ada", confirm=False)
    token = links.confirm_token(booking.pk)
    assert links.to_confirm(token) == booking.pk
    for wrong in (token[:-1], links.booking_token(booking.pk), "1.x.y", ""):
        with pytest.raises(NotFound, match="not one of ours"):
            links.to_confirm(wrong)
    with pytest.raises(NotFound, match="not one of ours"):
        links.booking_of(token)
    monkeypatch.setattr(links, "CONFIRM_WITHIN", -1)
    with pytest.raises(NotFound, match="48 hours"):
        links.to_confirm(token)


def test_the_past_takes_no_sign_ups(session: Occurrence) -> None:
    Occurrence.objects.filter(pk=session.pk).update(starts_at=now() - timedelta(minutes=1))
    with pytest.raises(Invalid, match="begun"):
        sign_up(session, "Ada")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"zone": "Moon/Base"}, "zone"),
    ],
)
def test_bad_sign_ups_say_what_is_wrong(session: Occurrence, values: dict[str, str], field: str) -> None:
    given = {"name": "Ada", "email": "ada@customer.example", **values}
    with pytest.raises(Invalid) as caught:
        bookings.sign_up(actor=ANONYMOUS, occurrence=session, values=given)
    assert field in caught.value.errors
    assert not Booking.objects.exists()


def test_the_database_holds_seats_too(session: Occurrence) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Occurrence.objects.filter(pk=session.pk).update(taken=3)


@pytest.mark.django_db(transaction=True)
def test_no_seat_is_sold_twice_at_once() -> None:
    meetings = make_meetings()
    series = meetings.series(seats=5)
    meetings.publish(series)
    session = meetings.sessions(series)[0]
    asked = [sign_up(session, f"n{number}", confirm=False).pk for number in range(20)]

    def confirm(pk: int) -> str:
        try:
            return bookings.confirm(actor=ANONYMOUS, booking_id=pk).state
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        got = sorted(pool.map(confirm, asked))
    assert got == ["booked"] * 5 + ["waiting"] * 15
    session.refresh_from_db()
    assert session.taken == 5
