"""The bell: rings after the commit, once, and never holds up or breaks what it is rung for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core import bell
from launchportal.celery import app


class Sent(list[tuple[str, tuple[Any, ...]]]):
    """What reached the broker's library, which may be slow or broken."""

    slow = 0.0
    broken = False

    def send(self, task: str, args: tuple[Any, ...] = (), **options: Any) -> None:
        time.sleep(self.slow)
        if self.broken:
            raise OperationalError("no broker")
        assert options["expires"]
        self.append((task, tuple(args)))

    def waited_in_vain(self) -> bool:
        time.sleep(0.5)
        return not self

    def wait_for(self, count: int) -> list[tuple[str, tuple[Any, ...]]]:
        until = time.monotonic() + 5
        while len(self) < count and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        return list(self)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    sent = Sent()
    monkeypatch.setattr(app, "send_task", sent.send)
    yield sent
    bell._finish()


@pytest.mark.django_db(transaction=True)
def test_rings_only_after_the_commit(sent: Sent) -> None:
    with transaction.atomic():
        bell.ring("core.tick", "default")
        assert sent.waited_in_vain()
    assert sent.wait_for(1) == [("core.tick", ("default",))]


@pytest.mark.django_db(transaction=True)
def test_does_not_ring_for_what_was_rolled_back(sent: Sent) -> None:
    with transaction.atomic():
        bell.ring("core.tick", "default")
        transaction.set_rollback(True)
    assert sent.waited_in_vain()


@pytest.mark.django_db(transaction=True)
def test_a_slow_broker_holds_nobody_up_and_gets_each_bell_once(sent: Sent) -> None:
    sent.slow = 0.2
    began = time.monotonic()
    bell.ring("first")
    time.sleep(0.05)  # the first is on its way now; what follows waits behind it
    for _ in range(50):
        bell.ring("core.tick", "default")
        bell.ring("core.tick", "ticks")
    assert time.monotonic() - began < 0.15
    assert sent.wait_for(3) == [("first", ()), ("core.tick", ("default",)), ("core.tick", ("ticks",))]


@pytest.mark.django_db(transaction=True)
def test_a_broken_broker_breaks_nothing_and_the_next_bell_rings(
    sent: Sent, caplog: pytest.LogCaptureFixture
) -> None:
    sent.broken = True
    bell.ring("core.tick", "lost")
    until = time.monotonic() + 5
    while "was not rung" not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    assert "the bell core.tick was not rung: no broker" in caplog.text
    sent.broken = False
    bell.ring("core.tick", "found")
    assert sent.wait_for(1) == [("core.tick", ("found",))]


@pytest.mark.django_db(transaction=True)
def test_more_bells_than_can_wait_are_dropped_with_a_warning(
    sent: Sent, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ringer = bell._Ringer()
    ringer.waiting.maxsize = 2
    for number in range(3):
        ringer.put("core.tick", (number,))
    assert "the bell core.tick was not rung" in caplog.text
