"""Relays that misbehave, changes of mind in mid-flight, terminated backends, transactions left open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.test import Client

from apps.delivery import links, selectors
from apps.delivery.models import Delivery, Mailing
from apps.delivery.services import mailings, sending, suppression
from apps.delivery.services.claiming import Claimer
from apps.delivery.sources import Recipient
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.delivery.testapp.source import Numbers, register
from tests.faults.fleet import Fleet, database, hold_invariants
from tests.live import free_port

Make = Callable[..., Fleet]


def number(address: str) -> int:
    return int(address.split("@")[0].removeprefix("user"))


def test_a_relay_that_does_everything_wrong(fleet: Make, sink: Sink) -> None:
    """By number: drops after the dot, drops before it, stalls, and says 421, 432, 4xx and 5xx."""
    mailing = worlds.running(80, error_share=None)

    def rcpt(address: str, count: int) -> str | None:
        match number(address) % 8:
            case 1 if count == 1:
                return "421 4.3.2 closing"
            case 2 if count <= 2:
                return "432 4.7.12 a password transition is needed"
            case 3:
                return "550 5.7.1 no"
        return None

    def data(address: str, count: int) -> str | None:
        match number(address) % 8:
            case 4:
                return "drop"
            case 5 if count == 1:
                return "drop unsent"
            case 6 if count == 1:
                return "451 4.3.0 later"
            case 7 if number(address) == 7:
                return "stall"
        return None

    sink.rcpt, sink.data = rcpt, data
    ships = fleet(DELIVERY_FINAL_SECONDS="0.5", DELIVERY_ATTEMPT_SECONDS="20")
    ships.start(lanes=3)
    ships.wait_settled(mailing)
    found = hold_invariants(mailing, sink, size=80, in_flight=21)
    # What was dropped after the dot is uncertain whether the relay kept it (4) or not (5); one stalled.
    assert found == {"accepted": 49, "failed": 10, "uncertain": 21}


def test_without_pipelining_it_works_the_same(fleet: Make, sink: Sink) -> None:
    sink.pipelining = False
    sink.rcpt = lambda address, count: "550 5.7.1 no" if number(address) == 3 else None
    mailing = worlds.running(10)
    ships = fleet()
    ships.start()
    ships.wait_settled(mailing)
    assert hold_invariants(mailing, sink, size=10, in_flight=0) == {"accepted": 9, "failed": 1}


def test_a_relay_that_goes_away_and_comes_back(fleet: Make, sink: Sink) -> None:
    mailing = worlds.running(40)
    away = free_port()
    ships = fleet(EMAIL_PORT=str(away))
    ships.start(lanes=2)
    ships.wait(lambda: Mailing.objects.get(pk=mailing.pk).problem, "the problem is shown")
    assert set(Delivery.objects.filter(mailing=mailing).values_list("state", "attempts")) == {("ready", 0)}
    again = Sink(away)
    again.start()
    try:
        ships.wait_settled(mailing)
        assert hold_invariants(mailing, again, size=40, in_flight=0) == {"accepted": 40}
    finally:
        again.stop()


def test_pause_and_cancel_stop_before_the_next_message(fleet: Make, sink: Sink) -> None:
    mailing = worlds.running(60)
    who = worlds.actor()
    ships = fleet(DELIVERY_LEASE_SECONDS="30", DELIVERY_ATTEMPT_SECONDS="30")
    sink.gate.clear()
    ships.start(lanes=2)
    ships.wait(lambda: sink.waiting == 2, "two messages are under way")
    mailings.pause(actor=who, mailing=mailing)
    sink.gate.set()
    ships.wait(lambda: worlds.states(mailing) == {"accepted": 2, "ready": 58}, "the rest is given back")
    hold_invariants(mailing, sink, size=60, in_flight=0)

    sink.gate.clear()
    mailings.resume(actor=who, mailing=mailing)
    ships.wait(lambda: sink.waiting == 2, "it goes on")
    mailings.cancel(actor=who, mailing=mailing)
    sink.gate.set()
    ships.wait(lambda: worlds.states(mailing) == {"accepted": 4, "cancelled": 56}, "the rest is cancelled")
    assert len(sink.got) == 4
    hold_invariants(mailing, sink, size=60, in_flight=0)


def test_an_unsubscribe_in_mid_flight(fleet: Make, sink: Sink) -> None:
    mailing = worlds.running(20)
    ships = fleet(DELIVERY_LEASE_SECONDS="30", DELIVERY_ATTEMPT_SECONDS="30")
    sink.gate.clear()
    ships.start()
    ships.wait(lambda: sink.waiting == 1, "the first is under way, the others are in its worker's hands")
    leaving = Delivery.objects.filter(mailing=mailing, state="leased").latest("pk")
    answer = Client().post(f"/u/{links.token_for(leaving.pk)}/", {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    sink.gate.set()
    ships.wait_settled(mailing)
    found = hold_invariants(mailing, sink, size=20, in_flight=0)
    assert found == {"accepted": 19, "suppressed": 1}
    assert leaving.address not in sink.by_recipient()


class AroundTheWorld(Numbers):
    """Each recipient lives in one of the zones from UTC-12 to UTC+14."""

    def recipient(self, number: int) -> Recipient:
        offset = number % 27 - 14
        zone = f"Etc/GMT{offset:+d}" if offset else "Etc/GMT"
        return Recipient("contact", number, f"user{number}@example.com", str(number), zone=zone,
                         context={"number": number})  # fmt: skip


def test_quiet_hours_from_one_end_of_the_world_to_the_other(fleet: Make, sink: Sink) -> None:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    register(AroundTheWorld())
    # Quiet for twelve hours that begin half an hour ago in UTC: no zone of whole hours is near an edge.
    start = (selectors.database_now() - timedelta(minutes=30)).replace(microsecond=0)
    begin, end = start.time(), (start + timedelta(hours=12)).time()
    mailing = worlds.running(54, quiet_from=begin, quiet_until=end)
    ships = fleet()
    ships.wait_gone(ships.start(drain=True), 30)
    hold_invariants(mailing, sink, size=54, in_flight=0)
    now = selectors.database_now()
    for row in Delivery.objects.filter(mailing=mailing):
        wall = now.astimezone(ZoneInfo(row.zone)).time()
        quiet = begin <= wall < end if begin < end else wall >= begin or wall < end
        assert (row.state == "ready") == quiet, (row.zone, wall)
        if quiet:
            assert row.not_before.astimezone(ZoneInfo(row.zone)).time().replace(microsecond=0) == end


@pytest.mark.django_db(transaction=True)
def test_a_backend_that_ends_right_after_connecting_is_something_to_come_back_from() -> None:
    """A lane comes back from Django's errors; one of the driver's own would end it."""
    connection.close()
    connection.ensure_connection()
    with database().connect() as killing:
        killing.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
    with pytest.raises(OperationalError):
        sending.execute("SELECT 1", {})
    connection.close()
    assert sending.execute("SELECT 1", {}).fetchone() == (1,)


@pytest.mark.full
def test_backends_are_terminated_again_and_again(fleet: Make, sink: Sink) -> None:
    """The relay's answers are known, so they are written down on the next connection: nothing is uncertain."""
    mailing = worlds.running(600)
    ships = fleet(DELIVERY_ATTEMPT_SECONDS="60", DELIVERY_LEASE_SECONDS="2")
    ships.start(lanes=3)
    with database().connect() as killing:
        for _ in range(8):
            before = len(sink.got)
            ships.wait(
                lambda before=before: len(sink.got) > before + 10 or len(sink.got) >= 590, "it goes on"
            )  # type: ignore[misc]
            killing.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
            connection.close()
    ships.wait_settled(mailing)
    found = hold_invariants(mailing, sink, size=600, in_flight=24)
    assert found["accepted"] + found.get("uncertain", 0) == 600


def entries_read() -> int:
    """How many entries of the index for claiming were looked at so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT 1")
        cursor.execute(
            "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'delivery_to_claim'"
        )
        return int(cursor.fetchone()[0])


def test_claims_stay_fast_while_a_transaction_is_held_open(transactional_db: None) -> None:
    """No vacuum may remove what was claimed meanwhile, so whoever looks from the beginning reads all of it."""
    worlds.running(20_000)
    with database().connect() as holding:
        holding.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        holding.execute("SELECT count(*) FROM delivery_delivery")
        claimer = Claimer()
        for _ in range(180):
            assert len(claimer.claim(100)[1]) == 100
        before = entries_read()
        for _ in range(20):
            assert len(claimer.claim(100)[1]) == 100
        read = entries_read() - before
        holding.execute("ROLLBACK")
    assert 2000 <= read < 3 * 2000, f"{read} entries read for 2,000 rows"


def test_a_suppressed_domain_and_a_running_mailing(fleet: Make, sink: Sink) -> None:
    mailing = worlds.running(70)
    suppression.add(actor=worlds.administrator(), kind="domain", value="d3.example.com")
    ships = fleet()
    ships.start(lanes=2)
    ships.wait_settled(mailing)
    assert hold_invariants(mailing, sink, size=70, in_flight=0) == {"accepted": 60, "suppressed": 10}
