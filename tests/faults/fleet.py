"""Sending processes on a test's own database, and what must hold whatever happened to them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg.conninfo import make_conninfo

from apps.delivery.models import Delivery, Mailing
from tests.databases import ROOT, Database, production_environment
from tests.delivery.sink import Sink
from tests.delivery.worlds import states

# Everything that takes minutes takes a moment here.
QUICK = {
    "DELIVERY_BATCH": "20",
    "DELIVERY_LEASE_SECONDS": "1.5",
    "DELIVERY_ATTEMPT_SECONDS": "1.5",
    "DELIVERY_IDLE_SECONDS": "0.02",
    "DELIVERY_RETRY_SECONDS": "0.05,0.05,0.05,0.05,0.05,0.05",
    "DELIVERY_FINAL_SECONDS": "5",
    "DELIVERY_RELAY_PAUSE_SECONDS": "0.1",
    "DELIVERY_SNAPSHOT_CHUNK": "50",
    "DELIVERY_TASK_SECONDS": "3",
    "LOG_LEVEL": "WARNING",
}


def database() -> Database:
    """This very test's database, so that the test sees and makes the same rows as its processes."""
    stored = settings.DATABASES["default"]
    named = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    return Database(
        make_conninfo(**{name: str(stored[key]) for name, key in named.items() if stored.get(key)})
    )


def environment(sink: Sink, folder: Path, **more: str) -> dict[str, str]:
    return {
        **production_environment(database()),
        "DJANGO_SETTINGS_MODULE": "tests.delivery.testapp.settings",
        "DATA_DIR": str(folder),
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(sink.port),
        **QUICK,
        **more,
    }


class Fleet:
    """Workers by process id. Only those started here are signalled."""

    def __init__(self, sink: Sink, folder: Path, **more: str) -> None:
        self.sink = sink
        self.log = folder / "workers.log"
        self.pids: set[int] = set()
        with self.log.open("ab") as log:
            self.nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT, env={**os.environ, **environment(sink, folder, **more)},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip

    def start(self, *, lanes: int = 1, fault: str = "", drain: bool = False) -> int:
        assert self.nursery.stdin is not None and self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps({"lanes": lanes, "fault": fault, "drain": drain}) + "\n")
        self.nursery.stdin.flush()
        answer = self.nursery.stdout.readline()
        assert answer, self.log.read_text()
        self.pids.add(int(answer))
        return int(answer)

    def signal(self, pid: int, number: int) -> None:
        assert pid in self.pids
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def kill(self, pid: int) -> None:
        self.signal(pid, signal.SIGKILL)

    def wait_gone(self, pid: int, seconds: float = 20) -> None:
        self.wait(lambda: not alive(pid), f"process {pid} is gone", seconds)

    def wait(self, reached: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := reached():
                return found
            time.sleep(0.01)
        raise AssertionError(f"not within {seconds} s: {what}\n{self.log.read_text()[-3000:]}")

    def wait_settled(self, mailing: Mailing, seconds: float = 60) -> None:
        """Until nothing of the mailing is waiting or in anybody's hands."""
        try:
            self.wait(lambda: settled(mailing), "everything is settled", seconds)
        except AssertionError as error:
            stored = Mailing.objects.get(pk=mailing.pk)
            raise AssertionError(f"{stored.state} {states(mailing)} {error}") from None

    def end(self) -> None:
        for pid in self.pids:
            if alive(pid):
                self.signal(pid, signal.SIGCONT)
                self.kill(pid)
        self.nursery.kill()
        self.nursery.wait()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def settled(mailing: Mailing) -> bool:
    """Whether nothing of the mailing is waiting or in anybody's hands."""
    in_hand = Delivery.objects.filter(mailing=mailing, state__in=["ready", "leased", "attempting"])
    over = Mailing.objects.filter(pk=mailing.pk, state__in=["finished", "cancelled"])
    return over.exists() and not in_hand.exists()


def hold_invariants(mailing: Mailing, sink: Sink, *, size: int, in_flight: int) -> dict[str, int]:
    """The four that hold after every fault; returns the count of each state.

    `in_flight` is how many sends were under way when something died.
    """
    mailing.refresh_from_db()
    found = states(mailing)
    assert sum(found.values()) == mailing.recipients, (found, mailing.recipients)
    assert mailing.recipients + mailing.duplicates == size
    assert len(sink.ids) == len(set(sink.ids)), "sent twice"
    # Of every mailing that there is: the sink may have taken messages of others too.
    stored = dict(Delivery.objects.values_list("message_id", "state"))
    accepted = {name for name, state in stored.items() if state == "accepted"}
    assert accepted <= set(sink.ids), "accepted, but not in the sink"
    unsure = {name for name, state in stored.items() if state == "uncertain"}
    assert set(sink.ids) - accepted <= unsure, "in the sink, but nobody knows"
    assert len(unsure) <= in_flight, (found, in_flight)
    return found
