"""The portal on a PostgreSQL server with RabbitMQ, Redis or its own queue: work gets through, faults are survived."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import amqp
import pytest

from tests.databases import TestServer
from tests.live import LivePortal
from tests.services import Proxy, behind_proxy, broker_environment

pytestmark = pytest.mark.services
PAGE_SECONDS = 1.0


@pytest.fixture(scope="module", params=["rabbitmq", "redis", "pgmq"])
def grown(
    request: pytest.FixtureRequest, postgres_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LivePortal, str]]:
    """A running portal and the kind of its broker."""
    with postgres_server.database(f"grown_{request.param}") as database:
        portal = LivePortal(
            database, tmp_path_factory.mktemp("grown"), HEARTBEAT_SECONDS="1", HEARTBEAT_STALE_SECONDS="4",
            **broker_environment(request, request.param),
        )  # fmt: skip
        portal.start()
        try:
            portal.wait_until_ready()
            yield portal, request.param
        finally:
            portal.kill()


def test_work_gets_through_on_every_broker(grown: tuple[LivePortal, str]) -> None:
    portal, _ = grown
    assert portal.failing() == []
    with portal.database.connect() as connection:
        newest = connection.execute("select max(at) from core_heartbeat where kind = 'round_trip'").fetchone()
        # Every queue's ring came through again: the oldest is newer than what was the newest.
        portal.wait_for(
            lambda: (
                connection.execute(
                    "select min(at) > %s from core_heartbeat where kind = 'round_trip'", newest
                ).fetchone()
                == (True,)
            ),
            "another round trip on every queue",
        )


def test_a_killed_worker_is_named_and_another_takes_over(grown: tuple[LivePortal, str]) -> None:
    portal, _ = grown
    portal.kill("ticks")
    portal.wait_for(lambda: portal.failing() == ["worker"], "worker failing")
    portal.start("ticks")
    portal.wait_until_ready()


def test_a_restarted_worker_stops_within_its_grace(grown: tuple[LivePortal, str]) -> None:
    portal, _ = grown
    portal.stop("worker")
    portal.start("worker")
    portal.wait_until_ready()


@pytest.mark.parametrize("grown", ["rabbitmq"], indirect=True)
def test_queues_on_rabbitmq_are_quorum_queues(grown: tuple[LivePortal, str]) -> None:
    url = grown[0].environment["CELERY_BROKER_URL"]
    host, _, vhost = url.rpartition("@")[2].partition("/")
    with amqp.Connection(host, virtual_host=vhost) as connection:
        for queue in ("default", "ticks"):
            channel = connection.channel()
            # Declaring a queue again with other arguments is refused: so these are what it has.
            channel.queue_declare(
                queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
            with pytest.raises(amqp.PreconditionFailed):
                connection.channel().queue_declare(queue, durable=True, auto_delete=False)


@pytest.fixture(params=["rabbitmq", "redis"])
def cut_off(
    request: pytest.FixtureRequest, postgres_server: TestServer, tmp_path: Path
) -> Iterator[tuple[LivePortal, Proxy]]:
    """A running portal whose broker can be made to refuse or to fall silent."""
    environment = broker_environment(request, request.param)
    with (
        postgres_server.database(f"cut_{request.param}") as database,
        behind_proxy(environment["CELERY_BROKER_URL"]) as (url, proxy),
    ):
        environment |= {"CELERY_BROKER_URL": url, "HEARTBEAT_SECONDS": "1", "HEARTBEAT_STALE_SECONDS": "4"}
        portal = LivePortal(database, tmp_path / "cut", **environment)
        portal.start()
        try:
            portal.wait_until_ready()
            yield portal, proxy
        finally:
            portal.kill()


@pytest.mark.parametrize("fault", ["refuse", "fall_silent"])
def test_a_lost_broker_is_named_holds_up_no_page_and_is_found_again(
    cut_off: tuple[LivePortal, Proxy], fault: str
) -> None:
    portal, proxy = cut_off
    getattr(proxy, fault)()
    portal.wait_for(lambda: portal.failing() == ["broker"], "broker failing", 60)
    for _ in range(5):
        began = time.monotonic()
        with urllib.request.urlopen(f"{portal.url}/accounts/login/", timeout=10) as answer:
            assert answer.status == 200
        assert time.monotonic() - began < PAGE_SECONDS
    with urllib.request.urlopen(
        urllib.request.Request(f"{portal.url}/healthz", headers={"Accept": "text/plain"}), timeout=5
    ) as answer:
        assert answer.status == 200
    proxy.recover()
    portal.wait_for(lambda: portal.failing() == [], "everything back", 90)


def test_ringing_does_not_wait_for_a_silent_broker(cut_off: tuple[LivePortal, Proxy]) -> None:
    portal, proxy = cut_off
    proxy.fall_silent()
    printed = portal.manage(
        "shell", "-c",
        "import json, time; from apps.core.bell import ring; began = time.monotonic(); "
        "[ring('core.tick', str(n)) for n in range(20)]; print(json.dumps(time.monotonic() - began))",
    )  # fmt: skip
    assert json.loads(printed.strip().splitlines()[-1]) < 0.2
