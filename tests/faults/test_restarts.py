"""A database that is restarted, or dies, in the middle of a mailing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from apps.delivery.models import Delivery, Epoch, Mailing
from launchportal.embedded import Hold, Server, binaries, temporary_data_dir
from tests.databases import Database, TestServer
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.faults.fleet import Fleet, alive, hold_invariants, settled
from tests.live import LivePortal

pytestmark = pytest.mark.full
# Unlike on other tests' servers, what is committed outlives the server's death (though not the machine's).
DURABLE = {"fsync": "off", "full_page_writes": "off"}


@pytest.fixture
def hold(test_server: TestServer, django_db_setup: None, django_db_blocker: Any) -> Iterator[Hold]:
    """A server of this test's own with a migrated database, which Django in this process uses meanwhile.

    To be asked for after everything that works on the usual database.
    """
    folder = temporary_data_dir()
    usual = test_server.at(settings.DATABASES["default"]["NAME"])
    holding = Server(folder, settings=DURABLE).hold()
    try:
        own = Database(holding.server.conninfo())
        copy(test_server.at(test_server.template()), own)
        connection.close()
        queue = settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"]
        own.use_in_this_process()
        # This process's own bells ring where its connection to the queue already leads.
        settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"] = queue
        yield holding
    finally:
        connection.close()
        usual.use_in_this_process()
        holding.release()
        shutil.rmtree(folder, ignore_errors=True)


def copy(source: Database, target: Database) -> None:
    dump = subprocess.run(
        [binaries() / "pg_dump", "--format=custom", f"--dbname={source.conninfo}"],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [binaries() / "pg_restore", "--exit-on-error", f"--dbname={target.conninfo}"],
        check=True, capture_output=True, input=dump.stdout,
    )  # fmt: skip


def kill(server: Server) -> None:
    """kill -9 of the server's first process; the others end with it."""
    postmaster = server._postmaster()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)


def restart(hold: Hold, end: Callable[[Server], None], wait: Callable[..., Any]) -> None:
    connection.close()
    end(hold.server)
    wait(lambda: not hold.server.answers(), "the database is gone")
    wait(hold.revive, "the database is back")


def is_settled(mailing: Mailing) -> bool:
    """The same as `settled`, asked over a connection that may have been lost."""
    try:
        return settled(mailing)
    except (DatabaseError, InterfaceError):
        connection.close()
        return False


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_database_is_restarted_and_killed_under_workers(
    fleet: Callable[..., Fleet], sink: Sink, hold: Hold, lanes: int
) -> None:
    """They wait for it with the relay's answers in hand, write those down and go on."""
    ships = fleet(DELIVERY_ATTEMPT_SECONDS="60", DELIVERY_LEASE_SECONDS="2")
    pid = ships.start(lanes=lanes)
    first = worlds.running(1)
    ships.wait(lambda: settled(first), "it works, and is idle")
    restart(hold, Server.stop, ships.wait)
    mailing = worlds.running(300)
    for end in (Server.stop, kill, Server.stop):
        before = len(sink.got)
        ships.wait(lambda before=before: len(sink.got) > before + 20, "it goes on")  # type: ignore[misc]
        restart(hold, end, ships.wait)
    ships.wait(lambda: is_settled(mailing), "everything is settled", 60)
    assert alive(pid)
    found = hold_invariants(mailing, sink, size=300, in_flight=4 * lanes)
    assert found["accepted"] + found.get("uncertain", 0) == 300


def test_the_database_with_its_queue_is_restarted_under_celery(
    portal: Callable[..., LivePortal], sink: Sink, hold: Hold
) -> None:
    made = portal(DELIVERY_LANES="3", DELIVERY_ATTEMPT_SECONDS="60", DELIVERY_LEASE_SECONDS="2")
    mailing = worlds.scheduled(300, rate=60)
    made.start("worker", "ticks", "beat")
    for end in (Server.stop, kill):
        before = len(sink.got)
        made.wait_for(lambda before=before: len(sink.got) > before + 20, "it sends")  # type: ignore[misc]
        restart(hold, end, made.wait_for)
    made.wait_for(lambda: is_settled(mailing), "everything is settled", 90)
    found = hold_invariants(mailing, sink, size=300, in_flight=2 * 3)
    assert found["accepted"] + found.get("uncertain", 0) == 300


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_standby_that_lost_the_latest_takes_over_from_under_workers(
    fleet: Callable[..., Fleet], sink: Sink, hold: Hold, lanes: int
) -> None:
    """What it says is ready was sent since: nothing goes out, by workers that never stopped, until somebody looked."""
    ships = fleet(DELIVERY_ATTEMPT_SECONDS="60", DELIVERY_LEASE_SECONDS="2")
    mailing = worlds.running(300, rate=40)
    pid = ships.start(lanes=lanes)
    ships.wait(lambda: len(sink.got) > 20, "it sends")
    cluster = hold.server.cluster
    standby = cluster.with_name("standby")
    connection.close()
    hold.server.stop()
    # With its owner, which the server insists on.
    subprocess.run(["cp", "-a", cluster, standby], check=True)
    hold.revive()
    before = len(sink.got)
    ships.wait(lambda: len(sink.got) > before + 40, "it sends what the standby never hears of")
    connection.close()
    kill(hold.server)
    ships.wait(lambda: not hold.server.answers(), "the first server is gone")
    time.sleep(0.5)  # whatever had been handed over arrives
    before = len(sink.got)
    shutil.rmtree(cluster)
    standby.rename(cluster)
    (cluster / "standby.signal").touch()
    ships.wait(hold.revive, "the standby answers")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_promote()")
    ships.wait(lambda: Epoch.objects.filter(number=2).exists(), "a worker notices")
    time.sleep(3)
    assert alive(pid)
    assert Delivery.objects.filter(mailing=mailing, state="ready").exists()
    assert len(sink.got) == before
    assert len(sink.ids) == len(set(sink.ids)), "sent twice"
