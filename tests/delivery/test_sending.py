"""A mailing from draft to its end: what goes out, what is recorded, what the relay's answers lead to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.delivery import selectors
from apps.delivery.models import Delivery, DeliveryEvent, Mailing, Suppression
from apps.delivery.services import mailings, suppression
from apps.delivery.sources import Claimed, Message, Recipient, Unrenderable
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.delivery.testapp.source import NAME, Numbers, register

pytestmark = pytest.mark.django_db
Drain = Callable[[], int]


def row(mailing: Mailing, number: int) -> Delivery:
    return Delivery.objects.get(mailing=mailing, recipient_id=number)


def test_a_scheduled_mailing_goes_out_once_to_everybody(sink: Sink, drain: Drain) -> None:
    mailing = worlds.scheduled(12)
    assert drain() == 12
    assert drain() == 0
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.FINISHED
    assert worlds.states(mailing) == {"accepted": 12}
    stored = Delivery.objects.filter(mailing=mailing)
    assert sorted(sink.ids) == sorted(stored.values_list("message_id", flat=True))
    one = row(mailing, 3)
    assert one.reply == "250 2.0.0 queued"
    assert one.attempts == 1
    assert [event.kind for event in selectors.timeline(one)] == ["accepted"]


def test_what_arrives_is_the_message_with_its_headers(sink: Sink, drain: Drain, settings: Any) -> None:
    settings.DELIVERY_UNSUBSCRIBE_MAILBOX = "unsubscribe@example.com"
    mailing = worlds.scheduled(1)
    drain()
    got = sink.got[0]
    mail = got.parsed()
    assert got.sender == "csm@example.com"
    assert mail["From"] == "Kai CSM <csm@example.com>"
    assert mail["To"] == "Person 1 <user1@d1.example.com>"
    assert mail["Subject"] == "News for Person 1"
    assert mail["Message-ID"] == row(mailing, 1).message_id
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http")
    assert "<mailto:unsubscribe@example.com?subject=unsubscribe%20" in mail["List-Unsubscribe"]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert plain.get_content().replace("\r\n", "\n") == "Hello Person 1,\n\nNumber 1.\n.A line with a dot.\n"
    assert html.get_content().strip() == "<p>Hello Person 1,</p><p>Number 1 – für Account 1.</p>"


def test_4xx_is_tried_again_later_and_dead_in_the_end(sink: Sink, drain: Drain, settings: Any) -> None:
    settings.DELIVERY_RETRY_SECONDS = [0.0, 0.0]
    mailing = worlds.scheduled(2)
    sink.rcpt = lambda address, count: "451 4.3.0 later" if address.startswith("user1@") else None
    drain()
    dead = row(mailing, 1)
    assert (dead.state, dead.attempts, dead.reply) == ("dead", 3, "451 4.3.0 later")
    assert [event.kind for event in selectors.timeline(dead)] == ["deferred", "deferred", "dead"]
    assert row(mailing, 2).state == "accepted"


def test_the_wait_grows_by_the_list_with_a_fifth_of_jitter(sink: Sink, drain: Drain) -> None:
    mailing = worlds.scheduled(1)
    sink.data = lambda address, count: "450 4.2.1 busy"
    drain()
    waiting = row(mailing, 1)
    wait = (waiting.not_before - selectors.database_now()).total_seconds()
    assert waiting.state == "ready"
    assert 46 < wait <= 72


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_5xx_fails_for_good(sink: Sink, drain: Drain, step: str) -> None:
    mailing = worlds.scheduled(2)
    setattr(sink, step, lambda address, count: "554 5.7.1 no" if address.startswith("user1@") else None)
    drain()
    assert row(mailing, 1).state == "failed"
    assert row(mailing, 2).state == "accepted"
    assert not Suppression.objects.exists()


def test_an_address_that_does_not_exist_is_suppressed_for_all(sink: Sink, drain: Drain) -> None:
    sink.rcpt = lambda address, count: "550 5.1.1 unknown" if address.startswith("user1@") else None
    worlds.scheduled(2)
    drain()
    entry = Suppression.objects.get()
    assert (entry.value, entry.topic, entry.reason) == ("user1@d1.example.com", "", "bounce")
    again = worlds.scheduled(2)
    drain()
    assert row(again, 1).state == "suppressed"
    assert len(sink.got) == 2


def test_a_connection_that_breaks_after_the_dot_leaves_it_uncertain(sink: Sink, drain: Drain) -> None:
    mailing = worlds.scheduled(3)
    sink.data = lambda address, count: "drop" if address.startswith("user2@") else None
    drain()
    lost = row(mailing, 2)
    assert lost.state == "uncertain"
    assert worlds.states(mailing) == {"accepted": 2, "uncertain": 1}
    drain()
    assert len(sink.got) == 3, "it is never sent again by itself"


def test_421_closes_the_connection_and_the_rest_goes_on(sink: Sink, drain: Drain) -> None:
    mailing = worlds.scheduled(4)
    sink.rcpt = lambda address, count: "421 4.3.2 closing" if address.startswith("user2@") else None
    drain()
    assert worlds.states(mailing) == {"accepted": 3, "ready": 1}


def test_a_relay_that_is_away_costs_no_attempt(settings: Any, sink: Sink) -> None:
    from apps.delivery.services.worker import Lane, Stop

    settings.EMAIL_PORT = 1
    settings.DELIVERY_RELAY_PAUSE_SECONDS = 0
    mailing = worlds.running(3)
    lane = Lane(Stop(), 10)
    assert lane.step() == 0
    mailing.refresh_from_db()
    assert "lets nobody in" in mailing.problem
    assert worlds.states(mailing) == {"ready": 3}
    assert row(mailing, 1).attempts == 0


class OneBad(Numbers):
    """Number 2 has no message; asked for all at once it fails altogether."""

    def message(self, row: Claimed) -> Message | Unrenderable:
        if row.context["number"] == 2:
            return Unrenderable("The value “plan” is missing.")
        return super().message(row)


class OneRaises(OneBad):
    def message(self, row: Claimed) -> Message | Unrenderable:
        if row.context["number"] == 2:
            raise ZeroDivisionError
        return super().message(row)


@pytest.mark.parametrize(
    ("source", "reason"),
    [(OneBad(), "The value “plan” is missing."), (OneRaises(), "The message could not be made.")],
)
def test_one_that_cannot_be_rendered_fails_alone(
    sink: Sink, drain: Drain, source: Numbers, reason: str
) -> None:
    register(source)
    mailing = worlds.scheduled(3)
    drain()
    failed = row(mailing, 2)
    assert (failed.state, failed.reason) == ("failed", reason)
    assert worlds.states(mailing) == {"accepted": 2, "failed": 1}


@pytest.mark.parametrize("header", ["subject", "from_email", "reply_to"])
def test_a_line_break_in_a_header_reaches_nobody(sink: Sink, drain: Drain, header: str) -> None:
    class Injecting(Numbers):
        def message(self, row: Claimed) -> Message | Unrenderable:
            found = super().message(row)
            assert isinstance(found, Message)
            setattr(found, header, "Kai <csm@example.com>\r\nBcc: thief@example.com")
            return found

    register(Injecting())
    mailing = worlds.scheduled(1)
    drain()
    assert row(mailing, 1).state == "failed"
    assert "line break" in row(mailing, 1).reason
    assert not sink.got


def test_a_line_break_in_a_name_leaves_the_address_alone(sink: Sink, drain: Drain) -> None:
    class Injecting(Numbers):
        def recipient(self, number: int) -> Recipient:
            return Recipient(
                "contact", number, "a@example.com", str(number), name="A\r\nBcc: x@example.com",
                context={"number": number},
            )  # fmt: skip

        def message(self, row: Claimed) -> Message | Unrenderable:
            return Message("Hello", "Hello")

    register(Injecting())
    worlds.scheduled(1)
    drain()
    assert sink.got[0].parsed()["To"] == "a@example.com"
    assert sink.got[0].parsed()["Bcc"] is None


def test_too_many_errors_pause_it(sink: Sink, drain: Drain, settings: Any) -> None:
    settings.DELIVERY_ERROR_LEAST = 10
    settings.DELIVERY_BATCH = 100
    mailing = worlds.scheduled(60, error_share=0.5)
    sink.rcpt = lambda address, count: "554 5.7.1 no"
    drain()
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.PAUSED
    assert "were not accepted" in mailing.pause_reason
    assert worlds.states(mailing)["ready"] > 0
    sink.rcpt = lambda address, count: None
    mailings.resume(actor=worlds.actor(), mailing=mailing)
    drain()
    mailing.refresh_from_db()
    assert mailing.state == Mailing.State.FINISHED


def test_a_sender_rate_lets_through_what_it_says(sink: Sink, drain: Drain, settings: Any) -> None:
    settings.DELIVERY_SENDER_RATE = 5.0
    mailing = worlds.scheduled(12)
    drain()
    assert worlds.states(mailing)["accepted"] <= 7
    later = Delivery.objects.filter(mailing=mailing, state="ready").order_by("-not_before").first()
    assert later is not None
    assert timedelta(0) < later.not_before - selectors.database_now() < timedelta(seconds=3)


def test_a_domain_rate_holds_back_its_domain_only(sink: Sink, drain: Drain, settings: Any) -> None:
    settings.DELIVERY_DOMAIN_RATE = 1.0
    mailing = worlds.scheduled(14)
    drain()
    accepted = Delivery.objects.filter(mailing=mailing, state="accepted").values_list("domain", flat=True)
    assert set(accepted) == {f"d{number}.example.com" for number in range(7)}
    assert worlds.states(mailing)["ready"] > 0


def test_figures_always_add_up(sink: Sink, drain: Drain) -> None:
    mailing = worlds.running(6)
    suppression.add(actor=worlds.administrator(), value="user1@d1.example.com")
    sink.rcpt = lambda address, count: "554 no" if address.startswith("user2@") else None
    sink.data = lambda address, count: "drop" if address.startswith("user3@") else None
    drain()
    found = selectors.figures(mailing)
    mailing.refresh_from_db()
    assert found.total == mailing.recipients == 6
    assert sum(found.by_state.values()) == 6
    assert {name: count for name, count in found.by_state.items() if count} == {
        "suppressed": 1, "failed": 1, "uncertain": 1, "accepted": 3,
    }  # fmt: skip
    assert found.rate > 0


def test_states_allow_what_they_should() -> None:
    mailing = worlds.draft()
    who = worlds.actor()
    with pytest.raises(Invalid):
        mailings.schedule(actor=who, mailing=mailing)
    mailing = mailings.approve(actor=who, mailing=mailing)
    with pytest.raises(Invalid, match="passed already"):
        mailings.schedule(actor=who, mailing=mailing, starts_at=selectors.database_now() - timedelta(hours=1))
    mailing = mailings.schedule(actor=who, mailing=mailing)
    mailing = mailings.pause(actor=who, mailing=mailing, reason="Wait")
    assert mailings.start_due() == 0
    mailing = mailings.resume(actor=who, mailing=mailing)
    assert mailing.state == "scheduled"
    mailing = mailings.cancel(actor=who, mailing=mailing)
    with pytest.raises(Invalid):
        mailings.resume(actor=who, mailing=mailing)


def test_the_source_decides_who_may() -> None:
    from apps.core.actors import ANONYMOUS

    with pytest.raises(NotAllowed):
        mailings.approve(actor=ANONYMOUS, mailing=worlds.draft())


def test_a_source_has_one_mailing_for_each_of_its_ids() -> None:
    made = worlds.draft()
    with pytest.raises(Conflict):
        mailings.create_mailing(
            actor=worlds.actor(), source=NAME, source_id=made.source_id, title="Twice", topic="x"
        )


def test_history_cannot_be_changed(sink: Sink, drain: Drain) -> None:
    from django.db import DatabaseError, transaction

    worlds.scheduled(1)
    drain()
    for change in (lambda: DeliveryEvent.objects.update(detail="x"), DeliveryEvent.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
