"""What is reported about messages afterwards, in whatever order and however often."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.actors import SYSTEM
from apps.delivery import selectors
from apps.delivery.models import Delivery, DeliveryEvent, Mailing, Suppression, WaitingReport
from apps.delivery.reports import Outcome, Report, copy_of, is_lasting, key_of, read_message_id
from apps.delivery.services import deciding, feedback, mailings, reaping, sending, suppression
from apps.delivery.services.claiming import Claimer
from apps.delivery.services.exchange import Exchange
from apps.delivery.sources import Claimed
from apps.delivery.transports import Answer, Result
from tests.delivery import worlds
from tests.delivery.test_fence import FAR, expire

pytestmark = pytest.mark.django_db
ADDRESS = "user1@d1.example.com"
AT = datetime(2031, 5, 1, 12, tzinfo=UTC)


def attempting() -> tuple[Mailing, Claimed]:
    """One message that is being sent just now."""
    mailing = worlds.running(1)
    (row,) = Claimer().claim(10)[1]
    assert Exchange().intend(row, open_until=FAR)
    return mailing, row


def accepted(provider_id: str = "p-1") -> Claimed:
    _, row = attempting()
    sending.record(row, Answer(Result.ACCEPTED, "Handed over.", provider_id))
    return row


def told(row: Claimed, kind: str, key: str = "", **fields: Any) -> Outcome:
    given = {"delivery_id": row.id, "copy": copy_of(row.message_id), **fields}
    return feedback.take(actor=SYSTEM, report=Report(kind=kind, key=key or f"k:{kind}", **given))


def stored(row: Claimed) -> Delivery:
    return Delivery.objects.get(pk=row.id)


def kinds(row: Claimed) -> list[str]:
    return sorted(DeliveryEvent.objects.filter(delivery_id=row.id).values_list("kind", flat=True))


def test_a_report_counts_once() -> None:
    row = accepted()
    assert told(row, "bounced", stops="bounce", at=AT, detail="550 5.1.1 unknown") == Outcome.RECORDED
    assert told(row, "bounced", stops="bounce", at=AT) == Outcome.REPEATED
    event = DeliveryEvent.objects.get(kind="bounced")
    assert (event.at, event.detail, event.provider_event) == (AT, "550 5.1.1 unknown", "k:bounced")
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"provider_id": "p-1"},
        {"provider_id": "own"},
        {"message_id": "own"},
        {"delivery_id": "id", "copy": "own"},
        {"delivery_id": "id", "address": "USER1@d1.example.com"},
    ],
)
def test_it_is_found_by_any_of_its_names(fields: dict[str, str]) -> None:
    row = accepted()
    own = {"id": row.id, "own": row.message_id}
    given: dict[str, Any] = {name: own.get(value, value) for name, value in fields.items()}
    if "copy" in given:
        given["copy"] = copy_of(row.message_id)
    report = Report(kind="delivered", key="k", **given)
    assert feedback.take(actor=SYSTEM, report=report) == Outcome.RECORDED
    assert kinds(row) == ["accepted", "delivered"]


@pytest.mark.parametrize(
    "fields",
    [
        {"delivery_id": "id"},
        {"delivery_id": "id", "copy": "1.0123456789abcdef"},
        {"delivery_id": "id", "address": "other@example.com"},
        {"delivery_id": 987654321, "copy": "1.0123456789abcdef"},
        {"message_id": "<contact.1.1.0123456789abcdef@example.com>"},
        {},
    ],
)
def test_what_names_no_message_of_ours_is_counted_as_unknown(fields: dict[str, Any]) -> None:
    """The same id with another mailing's key is another installation's, behind the same provider's account."""
    row = accepted("")
    given = {name: row.id if value == "id" else value for name, value in fields.items()}
    report = Report(kind="complained", key="k", stops="complaint", **given)
    assert feedback.take(actor=SYSTEM, report=report) == Outcome.UNKNOWN
    assert kinds(row) == ["accepted"]
    assert not Suppression.objects.exists()


def test_a_provider_that_is_faster_than_our_own_record_settles_it() -> None:
    _, row = attempting()
    assert told(row, "delivered", provider_id="p-9") == Outcome.RECORDED
    assert (stored(row).state, stored(row).provider_id) == ("accepted", "p-9")
    assert not sending.record(row, Answer(Result.UNCERTAIN, "Timed out"))
    assert stored(row).state == "accepted"
    assert kinds(row) == ["accepted", "delivered"]


def test_what_names_only_the_providers_id_waits_until_that_is_recorded() -> None:
    _, row = attempting()
    report = Report(kind="bounced", key="k", provider_id="p-7", address=ADDRESS, stops="bounce", at=AT)
    assert feedback.take(actor=SYSTEM, report=report) == Outcome.WAITING
    assert feedback.take(actor=SYSTEM, report=report) == Outcome.WAITING
    assert feedback.match_waiting(actor=SYSTEM) == 0
    assert selectors.waiting_reports() == 1
    sending.record(row, Answer(Result.ACCEPTED, "Handed over.", "p-7"))
    assert feedback.match_waiting(actor=SYSTEM) == 1
    assert feedback.match_waiting(actor=SYSTEM) == 0
    assert kinds(row) == ["accepted", "bounced"]
    assert DeliveryEvent.objects.get(kind="bounced").at == AT
    assert Suppression.objects.get().value == ADDRESS
    assert not WaitingReport.objects.exists()
    assert feedback.take(actor=SYSTEM, report=report) == Outcome.REPEATED


def test_the_poll_matches_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.delivery.services import worker

    _, row = attempting()
    feedback.take(actor=SYSTEM, report=Report(kind="opened", key="k", provider_id="p-7"))
    sending.record(row, Answer(Result.ACCEPTED, "Handed over.", "p-7"))
    monkeypatch.setattr(worker, "_matched_at", 0.0)
    worker.housekeep()
    assert kinds(row) == ["accepted", "opened"]


def test_what_never_finds_its_message_is_forgotten_after_a_day() -> None:
    feedback.take(actor=SYSTEM, report=Report(kind="opened", key="k", provider_id="strange"))
    WaitingReport.objects.update(received_at=selectors.database_now() - timedelta(hours=25))
    feedback.match_waiting(actor=SYSTEM)
    assert not WaitingReport.objects.exists()


REPORTS = [
    ("accepted", {}),
    ("failed", {"stops": "topic"}),
    ("delivered", {}),
    ("bounced", {"stops": "bounce"}),
    ("complained", {"stops": "complaint"}),
]


def test_any_order_ends_the_same() -> None:
    """Before, during and after our own record, and repeated: state, list and history do not depend on it."""
    # Some of the 720, spread over all of them.
    orders = list(itertools.permutations([*REPORTS, ("own record", {})]))[::23]
    worlds.running(len(orders))
    rows = Claimer().claim(len(orders))[1]
    for row, order in zip(rows, orders, strict=True):
        assert Exchange().intend(row, open_until=FAR)
        for kind, fields in order:
            if kind == "own record":
                sending.record(row, Answer(Result.ACCEPTED, "Handed over."))
                continue
            for _ in range(2):
                told(row, kind, f"{row.id}:{kind}", **fields)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}
    reports = DeliveryEvent.objects.exclude(provider_event="").exclude(kind="accepted")
    assert Counter(reports.values_list("kind", flat=True)) == dict.fromkeys(
        ["failed", "delivered", "bounced", "complained"], len(orders)
    )
    stopped = Counter(Suppression.objects.values_list("topic", "reason"))
    assert stopped == dict.fromkeys([("", "complaint"), ("product-news", "unsubscribe")], len(orders))


@pytest.mark.parametrize("order", ["before", "after"])
def test_what_the_provider_took_and_dropped_failed(order: str) -> None:
    _, row = attempting()
    steps = [
        lambda: sending.record(row, Answer(Result.ACCEPTED, "Handed over.")),
        lambda: told(row, "failed", detail="on their list", stops="bounce"),
    ]
    for step in steps if order == "after" else reversed(steps):
        step()
    assert stored(row).state == "failed"
    assert "on their list" in stored(row).reason
    assert Suppression.objects.get().reason == "bounce"


@pytest.mark.parametrize("kind", ["accepted", "delivered"])
def test_a_drop_from_before_a_person_put_it_back_says_nothing_of_the_next_attempt(kind: str) -> None:
    mailing, row = attempting()
    sending.record(row, Answer(Result.ACCEPTED, "Handed over."))
    told(row, "failed", detail="on their list")
    assert stored(row).state == "failed"
    assert deciding.requeue(actor=worlds.actor(), mailing=mailing, reason="Mended", failed=True) == 1
    told(row, "failed", "late", detail="on their list")
    assert stored(row).state == "ready"
    (again,) = Claimer().claim(10)[1]
    assert Exchange().intend(again, open_until=FAR)
    told(row, kind)
    assert stored(row).state == "accepted"
    told(row, "failed", "anew", detail="on their list again")
    assert stored(row).state == ("failed" if kind == "accepted" else "accepted")


@pytest.mark.parametrize("kind", ["accepted", "delivered", "opened", "bounced", "delayed", "replied"])
def test_an_uncertain_row_is_settled_by_proof(kind: str) -> None:
    mailing, row = attempting()
    expire()
    reaping.reap()
    assert stored(row).state == "uncertain"
    assert told(row, kind) == Outcome.RECORDED
    assert stored(row).state == "accepted"
    assert kind in stored(row).reason
    assert kinds(row).count("accepted") == 1
    assert selectors.figures(mailing).by_state["accepted"] == 1


def test_a_persons_decision_stands_and_a_second_copy_is_not_proven_by_the_first() -> None:
    _, row = attempting()
    expire()
    reaping.reap()
    first = copy_of(row.message_id)
    deciding.decide(actor=worlds.actor(), delivery=stored(row), decision="send_again", reason="She asked")
    assert stored(row).state == "ready"
    assert told(row, "delivered", copy=first) == Outcome.RECORDED
    assert stored(row).state == "ready", "it was the first copy"
    (again,) = Claimer().claim(1)[1]
    assert Exchange().intend(again, open_until=FAR)
    told(row, "opened", copy=first)
    assert stored(row).state == "attempting"
    told(row, "failed", copy=copy_of(again.message_id))
    assert stored(row).state == "failed", "what is known of the first copy proves nothing of the second"
    told(row, "clicked", copy=copy_of(again.message_id))
    assert stored(row).state == "accepted"


def test_not_sent_decided_by_a_person_stays() -> None:
    _, row = attempting()
    expire()
    reaping.reap()
    deciding.decide(actor=worlds.actor(), delivery=stored(row), decision="not_sent", reason="Not in the log")
    told(row, "delivered")
    assert stored(row).state == "failed"
    assert "delivered" in kinds(row)


def test_a_message_that_was_delivered_is_not_tried_again() -> None:
    """The relay said 4xx and sent it all the same."""
    _, row = attempting()
    sending.record(row, Answer(Result.DEFERRED, "451 later"))
    assert stored(row).state == "ready"
    told(row, "delivered")
    assert stored(row).state == "accepted"


def test_an_untried_row_is_no_ones_to_settle() -> None:
    mailing = worlds.running(1)
    row = Delivery.objects.get(mailing=mailing)
    report = Report(kind="delivered", key="k", message_id=row.message_id)
    feedback.take(actor=SYSTEM, report=report)
    row.refresh_from_db()
    assert row.state == "ready"


@pytest.mark.parametrize(
    ("stops", "address", "topics"),
    [
        ("bounce", "", {""}),
        ("bounce", ADDRESS.upper(), {""}),
        ("bounce", "forwarded@elsewhere.example", set()),
        ("complaint", "redacted", {""}),
        ("topic", "", {"product-news"}),
        ("", ADDRESS, set()),
    ],
)
def test_what_it_means_for_the_address(stops: str, address: str, topics: set[str]) -> None:
    told(accepted(), "bounced", stops=stops, address=address)
    assert selectors.suppressed_topics(ADDRESS) == topics


def test_unsubscribing_at_the_provider_is_told_once() -> None:
    row = accepted()
    told(row, "unsubscribed", stops="topic")
    assert kinds(row) == ["accepted", "unsubscribed"]


@pytest.mark.parametrize("order", [("bounce", "complaint"), ("complaint", "bounce")])
def test_the_weightier_reason_stays(order: tuple[str, str]) -> None:
    row = accepted()
    suppression.stop_everything(actor=SYSTEM, delivery=stored(row))
    for number, stops in enumerate(order):
        told(row, "bounced", f"k{number}", stops=stops)
    assert Suppression.objects.get().reason == "complaint"


def test_too_many_bounces_pause_the_mailing(settings: Any) -> None:
    settings.DELIVERY_ERROR_LEAST = 4
    mailing = worlds.running(10, error_share=0.5)
    rows = Claimer().claim(4)[1]
    for row in rows:
        assert Exchange().intend(row, open_until=FAR)
        sending.record(row, Answer(Result.ACCEPTED, "Handed over."))
    for row in rows:
        told(row, "bounced", f"b{row.id}")
    mailing.refresh_from_db()
    assert mailing.state == "paused"
    mailings.resume(actor=worlds.actor(), mailing=mailing)


@pytest.mark.parametrize(
    ("words", "lasting"),
    [
        ("550 5.1.1 no such user", True),
        ("5.1.10 null MX", True),
        ("550 5.2.1 disabled", True),
        ("552 5.2.2 full", False),
        ("554 5.7.1 blocked", False),
        ("451 4.4.1 later", False),
        ("from 192.5.1.1: nothing", None),
        ("", None),
    ],
)
def test_which_bounces_last(words: str, lasting: bool | None) -> None:
    for otherwise in (True, False):
        assert is_lasting(words, otherwise=otherwise) == (otherwise if lasting is None else lasting)


def test_message_ids_are_read_as_the_snapshot_writes_them() -> None:
    row = Delivery.objects.get(mailing=worlds.running(1))
    named = read_message_id(row.message_id)
    assert named is not None
    assert (named.recipient_kind, named.recipient_id, named.round) == ("contact", 1, 1)
    assert named.key == row.mailing.key
    assert read_message_id("<CAF@mail.example.com>") is None


def test_long_keys_stay_apart() -> None:
    assert len(key_of("a", "x" * 500)) <= 200
    assert key_of("a", "x" * 500) != key_of("a", "x" * 499 + "y")
