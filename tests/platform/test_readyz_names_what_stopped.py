"""/readyz over real processes: whatever stops is named, and nothing else is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchportal.embedded import Hold, Server, temporary_data_dir
from tests.databases import FAST, ROOT, Database
from tests.live import LivePortal

# Long enough that whatever else would go stale by the fault has done so.
SETTLED_SECONDS = 4


class Installation:
    """A portal whose database and whose broker are two servers, so that each can be stopped alone."""

    def __init__(self, folder: Path) -> None:
        self.main = Server(folder / "main", settings=FAST)
        self.queue = Server(folder / "queue", settings=FAST)
        self.holds: dict[Server, Hold] = {server: server.hold() for server in (self.main, self.queue)}
        self.portal = LivePortal(
            Database(self.main.conninfo()),
            folder / "data",
            CELERY_BROKER_URL=f"pgmq://postgres@/launchportal?host={self.queue.socket_folder}",
            HEARTBEAT_SECONDS="1",
            HEARTBEAT_STALE_SECONDS="3",
        )
        self.portal.manage("prepare")

    def close(self) -> None:
        self.portal.kill()
        for hold in self.holds.values():
            hold.release()

    def expect_exactly(self, *names: str) -> None:
        self.portal.wait_for(lambda: self.portal.failing() == list(names), f"{names} failing")
        time.sleep(SETTLED_SECONDS)
        assert self.portal.failing() == list(names)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    folder = temporary_data_dir()
    installation = Installation(folder)
    try:
        installation.portal.start()
        installation.portal.wait_until_ready()
        yield installation
    finally:
        installation.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def ready_before_and_after(installation: Installation) -> Iterator[None]:
    installation.portal.wait_until_ready()
    yield
    installation.portal.wait_until_ready()


@pytest.mark.parametrize("name", ["worker", "ticks"])
def test_a_killed_worker_is_named(installation: Installation, name: str) -> None:
    installation.portal.kill(name)
    installation.expect_exactly("worker")
    installation.portal.start(name)


def test_killed_beat_is_named(installation: Installation) -> None:
    installation.portal.kill("beat")
    installation.expect_exactly("beat")
    installation.portal.start("beat")


def test_worker_and_beat_are_both_named_when_both_are_gone(installation: Installation) -> None:
    installation.portal.kill("worker", "ticks", "beat")
    installation.expect_exactly("beat", "worker")
    installation.portal.start("worker", "ticks", "beat")


def test_the_stopped_broker_is_named(installation: Installation) -> None:
    installation.queue.stop()
    installation.expect_exactly("broker")
    installation.holds[installation.queue].revive()


def test_the_stopped_database_is_named(installation: Installation) -> None:
    installation.main.stop()
    installation.expect_exactly("database")
    assert urllib.request.urlopen(f"{installation.portal.url}/healthz").status == 200
    installation.holds[installation.main].revive()


def test_a_missing_migration_is_named(installation: Installation) -> None:
    with Database(installation.main.conninfo()).connect() as connection:
        gone = connection.execute(
            "delete from django_migrations where app = 'core' and name = '0001_initial' returning applied"
        ).fetchone()
        assert gone is not None
        try:
            assert installation.portal.failing() == ["migrations"]
        finally:
            connection.execute(
                "insert into django_migrations (app, name, applied) values ('core', '0001_initial', %s)", gone
            )


def test_reasons_are_told_to_this_machine_but_not_through_a_proxy(installation: Installation) -> None:
    installation.portal.kill("beat")
    installation.portal.wait_for(lambda: installation.portal.failing() == ["beat"], "beat failing")
    assert "no beat" in details(installation, {})["beat"]
    assert details(installation, {"X-Forwarded-For": "203.0.113.9"}) == {}
    installation.portal.start("beat")


def details(installation: Installation, headers: dict[str, str]) -> dict[str, str]:
    request = urllib.request.Request(f"{installation.portal.url}/readyz", headers=headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        return dict(json.load(answer).get("details", {}))


def test_an_orderly_stop_leaves_no_heartbeat_behind(installation: Installation) -> None:
    installation.portal.stop("beat")
    assert installation.portal.failing() == ["beat"]
    installation.portal.start("beat")


def test_prepare_can_run_several_times_at_once(installation: Installation) -> None:
    command = [sys.executable, "manage.py", "prepare", "--verbosity=0"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=installation.portal.environment, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [(process.communicate()[1], process.returncode) for process in both] == [(b"", 0), (b"", 0)]
