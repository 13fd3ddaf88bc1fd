"""Brokers that go away, fall silent or forget, and Celery workers that are killed: only latency may change."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection

from apps.accounts.services import create_token
from apps.core.actors import SYSTEM
from apps.delivery.models import Mailing
from apps.delivery.services import polling
from launchportal.environment import broker_from
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.faults.fleet import hold_invariants, settled
from tests.live import LivePortal
from tests.services import behind_proxy, broker_environment

Make = Callable[..., LivePortal]
PAGE_SECONDS = 1.0
RING = "from celery import current_app; current_app.send_task('delivery.poll')"
GROWN = [pytest.param(kind, marks=pytest.mark.services) for kind in ("rabbitmq", "redis")]


def purge(portal: LivePortal) -> int:
    """Throw away every doorbell that no worker has taken yet; returns how many those were."""
    broker = broker_from(portal.environment["CELERY_BROKER_URL"], settings.DATABASES["default"])
    options = dict(broker.options)
    if prefix := portal.environment.get("CELERY_QUEUE_PREFIX"):
        options["global_keyprefix"] = prefix
    with Connection(broker.url, transport_options=options) as to:
        try:
            return int(to.channel().queue_purge("default") or 0)
        except to.channel_errors:
            return 0  # before anybody has rung there is no queue


def nobody_sends() -> bool:
    """Whether no task holds a slot in which it sends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [polling._LOCK],
        )
        return cursor.fetchone() == (0,)


def wait_settled(portal: LivePortal, mailing: Mailing, seconds: float = 90) -> None:
    try:
        portal.wait_for(lambda: settled(mailing), "everything is settled", seconds)
    except AssertionError as error:
        raise AssertionError(f"{worlds.states(mailing)} {error}") from None


class Page:
    """What a person's browser or program asks of the portal, and whether the answer came soon enough."""

    def __init__(self, portal: LivePortal, token: str) -> None:
        self.portal = portal
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, path: str, *, post: bool = False, seconds: float = PAGE_SECONDS) -> None:
        request = urllib.request.Request(
            self.portal.url + path, headers=self.headers, data=b"{}" if post else None
        )
        began = time.monotonic()
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200
        took = time.monotonic() - began
        assert took < seconds, f"{path} took {took:.2f} s"


@pytest.mark.parametrize("kind", GROWN)
@pytest.mark.parametrize("fault", ["refuse", "fall_silent"])
def test_the_broker_is_away_for_a_while(
    portal: Make, sink: Sink, request: pytest.FixtureRequest, kind: str, fault: str
) -> None:
    """Pages stay quick, also those that ring; what they asked for and what was under way is sent afterwards."""
    from tests.outreach.worlds import build_world

    environment = broker_environment(request, kind)
    with behind_proxy(environment["CELERY_BROKER_URL"]) as (url, proxy):
        made = portal(**{**environment, "CELERY_BROKER_URL": url})
        made.start("web", "worker", "beat")
        world = build_world()
        campaign = world.approved(rule="plan = team")
        _, token = create_token(actor=SYSTEM, user=world.people["csm"], name="t", scopes=["read", "write"])
        page = Page(made, token)
        made.wait_for(made.failing, "web answers")  # and names what does not run here
        for _ in range(8):  # a process's first requests load what later ones have
            page.ask(f"/api/v1/campaigns/{campaign.pk}/", seconds=20)
            page.ask("/accounts/login/", seconds=20)
        mailing = worlds.scheduled(300, rate=40)
        made.wait_for(lambda: len(sink.got) > 10, "it sends")
        getattr(proxy, fault)()
        made.wait_for(lambda: "broker" in made.failing(), "the broker is missed")
        made.wait_for(nobody_sends, "the task in hand ends and no other begins")
        assert worlds.states(mailing)["ready"] > 0
        for step in ("schedule", "pause", "resume"):
            page.ask(f"/api/v1/campaigns/{campaign.pk}/{step}/", post=True)
            page.ask(f"/api/v1/campaigns/{campaign.pk}/")
            page.ask("/accounts/login/")
        campaign.refresh_from_db()
        assert campaign.mailing is not None and campaign.mailing.state == Mailing.State.SCHEDULED
        proxy.recover()
        wait_settled(made, mailing)
        wait_settled(made, campaign.mailing)
    assert hold_invariants(mailing, sink, size=300, in_flight=0) == {"accepted": 300}
    assert hold_invariants(campaign.mailing, sink, size=2, in_flight=0) == {"accepted": 2}


@pytest.mark.parametrize("kind", ["pgmq", *GROWN])
def test_the_queue_is_purged_again_and_again(
    portal: Make, sink: Sink, request: pytest.FixtureRequest, kind: str
) -> None:
    # Each task sends for a second and rings for the next, so there is always a bell to lose.
    made = portal(
        **broker_environment(request, kind),
        DELIVERY_TASK_SECONDS="1",
        DELIVERY_LANES="2",
        DELIVERY_POLL_SECONDS="0.5",
    )
    mailing = worlds.scheduled(150, rate=50)
    made.start("beat")
    made.wait_for(lambda: purge(made) > 0, "beat has rung, for nothing")
    made.start("worker")
    lost = 0
    until = time.monotonic() + 60
    while not settled(mailing) and time.monotonic() < until:
        lost += purge(made)
        time.sleep(0.2)
    wait_settled(made, mailing, 1)
    assert lost
    assert hold_invariants(mailing, sink, size=150, in_flight=0) == {"accepted": 150}


@pytest.mark.parametrize("kind", [pytest.param("pgmq", marks=pytest.mark.full), *GROWN])
def test_the_same_doorbell_a_hundred_times_at_once(
    portal: Make, sink: Sink, request: pytest.FixtureRequest, kind: str
) -> None:
    mailing = worlds.scheduled(300)
    made = portal(**broker_environment(request, kind), DELIVERY_SLOTS="2")
    made.manage("shell", "-c", f"for _ in range(100):\n    {RING}")
    made.start("worker")
    wait_settled(made, mailing)
    assert hold_invariants(mailing, sink, size=300, in_flight=0) == {"accepted": 300}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("kind", [pytest.param("pgmq", marks=pytest.mark.full), *GROWN])
def test_celery_workers_are_killed(
    portal: Make, sink: Sink, request: pytest.FixtureRequest, kind: str
) -> None:
    """First the processes that send, which their parent replaces; then parent and all."""
    made = portal(**broker_environment(request, kind), DELIVERY_SLOTS="2", DELIVERY_LANES="2")
    mailing = worlds.scheduled(200)
    sink.gate.clear()
    made.start("worker", "beat")
    in_flight = 0
    for whole in (False, True):
        made.wait_for(lambda: sink.waiting >= 2, "messages are under way")
        in_flight += 4
        if whole:
            made.kill("worker")
        else:
            for child in children(made.running["worker"].pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        made.wait_for(lambda: sink.waiting == 0, "their connections are closed")
        if whole:
            made.start("worker")
    sink.gate.set()
    wait_settled(made, mailing)
    found = hold_invariants(mailing, sink, size=200, in_flight=in_flight)
    assert found["uncertain"] >= 2 and found["accepted"] + found["uncertain"] == 200


def ring_until_settled(portal: LivePortal, mailing: Mailing, size: int) -> None:
    """Ring once for the messages, and once more, as beat would, for somebody to see that none is left."""
    portal.manage("shell", "-c", RING)
    portal.wait_for(lambda: worlds.states(mailing) == {"accepted": size}, "all are sent", 30)
    portal.manage("shell", "-c", RING)
    wait_settled(portal, mailing, 30)


def test_idle_processes_of_a_worker_are_killed(portal: Make, sink: Sink) -> None:
    """One of them waits at the head of the queue; its place must not die with it."""
    made = portal()
    made.start("worker")
    ring_until_settled(made, worlds.scheduled(1), 1)
    made.wait_for(nobody_sends, "all are idle")
    for child in children(made.running["worker"].pid):
        os.kill(child, signal.SIGKILL)
    second = worlds.scheduled(20)
    ring_until_settled(made, second, 20)
    assert hold_invariants(second, sink, size=20, in_flight=0) == {"accepted": 20}
