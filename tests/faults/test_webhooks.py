"""Webhooks repeated, reordered, forged and before the acknowledgement, against real servers and workers."""

from __future__ import annotations

import itertools
import json
import random
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from apps.delivery.models import Delivery, DeliveryEvent, Mailing, Suppression, WaitingReport
from tests.delivery import worlds
from tests.delivery.calls import BOUNCE, SIGNING_KEY, mailgun, signed
from tests.delivery.mails import bounce
from tests.delivery.provider import Provider
from tests.delivery.sink import Sink
from tests.faults.fleet import Fleet, database
from tests.live import LivePortal

Make = Callable[..., Fleet]


class Installation:
    """A provider on this machine, the portal's web server, and workers that send through that provider."""

    def __init__(self, fleet: Make, folder: Path) -> None:
        self.provider = Provider()
        self.settings = {
            "EMAIL_PROVIDER": "mailgun", "ANYMAIL_MAILGUN_API_KEY": "key",
            "ANYMAIL_MAILGUN_SENDER_DOMAIN": "example.com", "ANYMAIL_MAILGUN_API_URL": self.provider.url,
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY, "DELIVERY_WEBHOOK_BYTES": "50000",
            "DJANGO_SETTINGS_MODULE": "tests.delivery.testapp.settings", "LOG_LEVEL": "WARNING",
        }  # fmt: skip
        self.portal = LivePortal(database(), folder / "portal", **self.settings)
        self.fleet = fleet

    def start(self) -> None:
        self.provider.start()
        self.portal.start("web")
        self.portal.wait_for(self._is_up, "the web server answers", 60)

    def _is_up(self) -> bool:
        with urllib.request.urlopen(f"{self.portal.url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)

    def workers(self, **more: str) -> Fleet:
        return self.fleet(**{**self.settings, **more})

    def post(self, body: bytes, path: str = "mailgun/tracking/") -> int:
        request = urllib.request.Request(
            f"{self.portal.url}/anymail/{path}", body, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self) -> None:
        self.portal.kill()
        self.provider.stop()


@pytest.fixture
def installed(fleet: Make, tmp_path: Path, sink: Sink) -> Iterator[Installation]:
    made = Installation(fleet, tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def events_of(fields: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What a provider tells of the message it was just given: of every third a bounce, of every fifth a complaint."""
    number = int(fields["to"].split("user")[1].split("@")[0])
    variables = {"delivery": fields["v:delivery"], "copy": fields["v:copy"]}
    told = [("delivered", {}), ("opened", {})]
    if number % 3 == 0:
        told.append(("failed", BOUNCE))
    if number % 5 == 0:
        told.append(("complained", {}))
    return [
        (event, {**mailgun(event, identity=f"{number}-{event}", to=f"user{number}@d{number % 7}.example.com",
                           **more), "user-variables": variables})
        for event, more in told
    ]  # fmt: skip


def test_before_the_acknowledgement_repeated_reordered_and_forged_at_once(installed: Installation) -> None:
    """The provider calls before it answers, from many threads; each event three times, forged ones in between."""
    answers: list[int] = []
    forged: list[int] = []

    def tell(count: int) -> None:
        events = events_of(installed.provider.got[count - 1]["fields"]) * 3
        random.Random(count).shuffle(events)
        with ThreadPoolExecutor(4) as pool:
            answers.extend(pool.map(lambda told: installed.post(signed(told[1])), events))
            complaint = mailgun("complained", to="user1@d1.example.com")
            complaint["user-variables"] = events[0][1]["user-variables"]
            forged.append(installed.post(signed(complaint, key="guessed")))

    installed.provider.answer = tell  # type: ignore[assignment]  # answers as usual afterwards
    mailing = worlds.running(24, error_share=None)
    ships = installed.workers(DELIVERY_ATTEMPT_SECONDS="60", DELIVERY_LEASE_SECONDS="30")
    ships.start(lanes=4)
    ships.wait_settled(mailing, 90)
    # What was delivered is settled while the provider still calls.
    ships.wait(lambda: len(forged) == 24, "the provider has said it all")
    assert set(answers) == {200}, installed.portal.last_lines()
    assert set(forged) == {400}
    assert worlds.states(mailing) == {"accepted": 24}
    assert len(installed.provider.got) == 24, "each was sent once"
    kinds = Counter(DeliveryEvent.objects.filter(mailing_id=mailing.pk).values_list("kind", flat=True))
    assert kinds == {"accepted": 24, "delivered": 24, "opened": 24, "bounced": 8, "complained": 4}
    stopped = dict(Suppression.objects.values_list("value", "reason"))
    expected = {number: "complaint" if number % 5 == 0 else "bounce"
                for number in range(1, 25) if number % 3 == 0 or number % 5 == 0}  # fmt: skip
    assert stopped == {f"user{n}@d{n % 7}.example.com": reason for n, reason in expected.items()}


@pytest.mark.full
def test_a_worker_that_dies_between_the_providers_call_and_its_answer(installed: Installation) -> None:
    """One message was delivered, says the provider; of the other nobody heard until later. Neither goes twice."""
    told: list[int] = []

    def call_and_stay_silent(count: int) -> Any:
        fields = installed.provider.got[count - 1]["fields"]
        if not told:
            told.append(int(fields["v:delivery"]))
            assert installed.post(signed(events_of(fields)[0][1])) == 200
        for pid in list(ships.pids):
            ships.kill(pid)
        return "drop"

    installed.provider.answer = call_and_stay_silent
    mailing = worlds.running(2, error_share=None)
    ships = installed.workers()
    first = ships.start()
    ships.wait_gone(first)
    second = ships.start()
    ships.wait_gone(second)
    installed.provider.answer = lambda count: None
    ships.start(drain=True)
    ships.wait(lambda: worlds.states(mailing) == {"accepted": 1, "uncertain": 1}, "one proven, one not")
    assert Delivery.objects.get(mailing=mailing, state="accepted").pk == told[0]
    unsure = Delivery.objects.get(mailing=mailing, state="uncertain")
    late = mailgun("delivered", row=unsure, identity="late", to=unsure.address)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(installed.post, [signed(late) for _ in range(16)])) == {200}
    assert worlds.states(mailing) == {"accepted": 2}
    assert DeliveryEvent.objects.filter(delivery=unsure, kind="delivered").count() == 1
    assert DeliveryEvent.objects.filter(delivery=unsure, kind="accepted").count() == 1
    assert len(installed.provider.got) == 2


@pytest.mark.full
def test_what_names_only_the_providers_id_finds_its_row_later(installed: Installation) -> None:
    def tell(count: int) -> None:
        data = mailgun("delivered", identity=f"only-{count}")
        data["message"]["headers"]["message-id"] = f"{count}.mail@provider.example"
        assert installed.post(signed(data)) == 200
        assert WaitingReport.objects.exists()

    installed.provider.answer = tell  # type: ignore[assignment]
    mailing = worlds.running(3, error_share=None)
    ships = installed.workers(DELIVERY_ATTEMPT_SECONDS="60")
    ships.start()
    ships.wait_settled(mailing)
    delivered = DeliveryEvent.objects.filter(mailing_id=mailing.pk, kind="delivered")
    ships.wait(lambda: delivered.values("delivery").distinct().count() == 3, "every report found its row")
    assert not WaitingReport.objects.exists()


def sent(size: int) -> tuple[Mailing, list[Delivery]]:
    """A mailing of which everything was accepted."""
    mailing = worlds.running(size, error_share=None)
    Delivery.objects.filter(mailing=mailing).update(state="accepted", attempts=1)
    return mailing, list(Delivery.objects.filter(mailing=mailing).order_by("recipient_id"))


def test_a_mail_through_the_pipe(transactional_db: None, tmp_path: Path) -> None:
    """As a mail server starts it: a process of its own for each mail, several at once for the same one."""
    _, (row,) = sent(1)
    portal = LivePortal(
        database(), tmp_path / "portal", DJANGO_SETTINGS_MODULE="tests.delivery.testapp.settings"
    )
    with ThreadPoolExecutor(2) as pool:
        mail = bounce(row.message_id).decode()
        answers = list(
            pool.map(lambda _: portal.manage("receive_mail", "--sender=", stdin=mail).strip(), range(2))
        )
    assert sorted(answers) == ["recorded", "repeated"]
    assert Suppression.objects.get().value == row.address
    assert DeliveryEvent.objects.get().kind == "bounced"


def test_whatever_is_posted(installed: Installation) -> None:
    """In all orders, at the same moment, oversized, unreadable, unknown, and with headers in its subject."""
    _, rows = sent(24)
    orders = list(itertools.permutations(["delivered", "opened", "complained", "failed"]))
    bodies = []
    for row, order in zip(rows, orders, strict=True):
        for event in order:
            more = BOUNCE if event == "failed" else {}
            data = mailgun(event, row=row, identity=f"{row.pk}-{event}", to=row.address, **more)
            bodies += [signed(data), signed(data)]
    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(installed.post, bodies)) == {200: len(bodies)}
    kinds = Counter(DeliveryEvent.objects.values_list("kind", flat=True))
    assert kinds == {"delivered": 24, "opened": 24, "complained": 24, "bounced": 24}
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"complaint"}
    assert Suppression.objects.count() == 24

    row = rows[0]
    before = DeliveryEvent.objects.count()
    unknown = mailgun("complained", identity="unknown")
    unknown["user-variables"] = {"delivery": "999999", "copy": "1.0123456789abcdef"}
    refused = {
        signed(mailgun("clicked", row=row, padding="x" * 60_000)): 413,
        b"{": 400,
        json.dumps({"event-data": mailgun("clicked", row=row)}).encode(): 400,
        signed(mailgun("clicked", row=row), key="guessed"): 400,
        signed(unknown): 200,
        signed({"event": ["clicked"]}): 400,
    }
    for body, status in refused.items():
        assert installed.post(body) == status, body[:200]
    assert installed.post(signed(mailgun("clicked", row=row)), "postmark/tracking/") == 404
    assert DeliveryEvent.objects.count() == before

    injected = mailgun(
        "clicked", row=row, identity="inject", url="https://x.example/\r\nBcc: thief@example.com"
    )
    injected["message"]["headers"]["subject"] = "News\r\nBcc: thief@example.com"
    assert installed.post(signed(injected)) == 200
    detail = DeliveryEvent.objects.get(kind="clicked").detail
    assert detail.isprintable()
