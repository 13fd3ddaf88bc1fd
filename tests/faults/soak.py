"""`make soak`: sends mailing after mailing while all that may go wrong does, and counts what came of each message.

Real processes on a real database with a real SMTP server: Celery's worker and beat, and `manage.py deliver` beside
them. SOAK_MINUTES says how long (10), SOAK_SEED repeats the faults of an earlier run in their order. Ends with 1 if
a message was sent twice or lost, or if more are uncertain than were under way when something died.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.databases import Database
    from tests.delivery.sink import Sink

LINE_SECONDS = 10.0
SETTLE_SECONDS = 180.0
DELIVERERS, LANES, SLOTS = 2, 3, 2
STOCK = 3000  # rows that wait at least
SIZES = (500, 12_000)
SETTINGS = {
    "DELIVERY_LANES": str(LANES),
    "DELIVERY_SLOTS": str(SLOTS),
    "DELIVERY_LEASE_SECONDS": "3",
    "DELIVERY_ATTEMPT_SECONDS": "6",
    "DELIVERY_FINAL_SECONDS": "1",
    "DELIVERY_RETRY_SECONDS": "0.2,0.5,1,1,2,2",
    "DELIVERY_SNAPSHOT_CHUNK": "500",
    "DELIVERY_TASK_SECONDS": "4",
    "LOG_LEVEL": "ERROR",
}


@dataclass
class Result:
    """What became of every message, once all is settled."""

    sent: int
    duplicates: int
    lost: int
    unaccounted: int
    uncertain: int
    in_flight: int

    def __str__(self) -> str:
        return (
            f"sent {self.sent}, duplicates {self.duplicates}, lost {self.lost}, "
            f"in the sink unknown to anybody {self.unaccounted}, "
            f"uncertain {self.uncertain} (sends under way at the faults: at most {self.in_flight})"
        )

    @property
    def is_good(self) -> bool:
        return not (self.duplicates or self.lost or self.unaccounted) and self.uncertain <= self.in_flight


class Relay:
    """How the SMTP server misbehaves just now: a kind of answer for a share of the messages."""

    BEFORE = {"421": "421 4.3.2 closing", "432": "432 4.7.12 not now", "550": "550 5.7.1 no"}
    AFTER = {
        "drop": "drop",
        "drop unsent": "drop unsent",
        "stall": "stall",
        "451": "451 4.3.0 later",
        "554": "554 5.6.0 no",
    }
    # After these nobody knows what became of the message.
    UNSURE = ("drop", "drop unsent", "stall")

    def __init__(self, sink: Sink, seed: int) -> None:
        self.seed = seed
        self.kind, self.share = "", 0.0
        self.unsure = 0
        sink.keep_content = False
        sink.rcpt = lambda address, count: self._answer(self.BEFORE, address, count)
        sink.data = lambda address, count: self._answer(self.AFTER, address, count)

    def _answer(self, answers: dict[str, str], address: str, count: int) -> str | None:
        if self.kind not in answers or random.Random(f"{self.seed} {address} {count}").random() > self.share:
            return None
        self.unsure += self.kind in self.UNSURE
        return answers[self.kind]


class Soak:
    """The processes, the faults that befall them, and what is to be undone when."""

    def __init__(self, database: Database, sink: Sink, folder: Path, seed: int) -> None:
        from tests.delivery import worlds
        from tests.faults.fleet import Fleet, environment
        from tests.live import LivePortal

        self.sink, self.chance = sink, random.Random(seed)
        self.relay = Relay(sink, seed)
        self.fleet = Fleet(sink, folder, **SETTINGS)
        self.portal = LivePortal(database, folder, **environment(sink, folder, **SETTINGS))
        self.actor = worlds.actor()
        self.sizes: dict[int, int] = {}
        self.deliverers: list[int] = []
        self.stopped: set[int] = set()
        self.undo: list[tuple[float, Callable[[], None]]] = []
        self.faults: Counter[str] = Counter()
        self.in_flight = 0
        self.began = time.monotonic()

    # Keeping it going ------------------------------------------------------------------------------

    def run(self, seconds: float) -> Result:
        self.portal.start("worker", "beat")
        until = self.began + seconds
        next_fault, next_line = self.began + 5, self.began + LINE_SECONDS
        while (now := time.monotonic()) < until:
            self.supervise()
            self.stock_up()
            for entry in [entry for entry in self.undo if entry[0] <= now]:
                self.undo.remove(entry)
                entry[1]()
            if now >= next_fault:
                self.fault()
                next_fault = now + self.chance.uniform(0.2, 2.0)
            if now >= next_line:
                next_line += LINE_SECONDS
                self.say()
            time.sleep(0.05)
        return self.settle()

    def supervise(self) -> None:
        """Start what died, as `make run` and a container's restart policy do."""
        from tests.faults.fleet import alive

        self.deliverers = [pid for pid in self.deliverers if alive(pid)]
        while len(self.deliverers) < DELIVERERS:
            self.deliverers.append(self.fleet.start(lanes=LANES))
        for name, process in list(self.portal.running.items()):
            if process.poll() is not None:
                self.faults[f"{name} ended by itself"] += 1
                self.portal.kill(name)
                self.portal.start(name)

    def stock_up(self) -> None:
        """Another mailing, whenever little is left of the earlier ones."""
        from apps.delivery.models import Delivery, Mailing
        from tests.delivery import worlds

        if Mailing.objects.filter(state__in=["scheduled", "snapshotting"]).exists():
            return
        if Delivery.objects.filter(state="ready")[:STOCK].count() < STOCK:
            size = self.chance.randint(*SIZES)
            self.sizes[worlds.scheduled(size).pk] = size

    def say(self) -> None:
        states = self.states()
        waits = states["ready"] + states["leased"] + states["attempting"]
        seen = len(self.sink.got)
        print(
            f"{time.monotonic() - self.began:5.0f} s  sent {seen}, waiting {waits}, "
            f"uncertain {states['uncertain']}, failed {states['failed']}, "
            f"mailings {len(self.sizes)}, faults {self.faults.total()}",
            flush=True,
        )

    def states(self) -> Counter[str]:
        from django.db.models import Count

        from apps.delivery.models import Delivery

        rows = Delivery.objects.order_by().values_list("state").annotate(count=Count("pk"))
        return Counter(dict(rows))

    # Faults ----------------------------------------------------------------------------------------

    def fault(self) -> None:
        kinds = (
            self.kill_deliverer, self.kill_deliverer, self.stop_deliverer, self.kill_worker, self.kill_children,
            self.kill_beat, self.terminate_backends, self.misbehave, self.misbehave, self.misbehave, self.pause,
            self.purge,
        )  # fmt: skip
        kind = self.chance.choice(kinds)
        self.faults[kind.__name__.replace("_", " ")] += 1
        kind()

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        self.undo.append((time.monotonic() + seconds, what))

    def kill_deliverer(self) -> None:
        self.fleet.kill(self.chance.choice(self.deliverers))
        self.in_flight += LANES

    def stop_deliverer(self) -> None:
        """Some sleep past their leases, and others send their rows meanwhile."""
        pid, seconds = self.chance.choice(self.deliverers), self.chance.uniform(0.5, 10)
        if pid in self.stopped:
            return
        self.stopped.add(pid)
        self.fleet.signal(pid, signal.SIGSTOP)
        self.in_flight += LANES
        self.later(seconds, lambda: self.wake(pid))

    def wake(self, pid: int) -> None:
        from tests.faults.fleet import alive

        self.stopped.discard(pid)
        if alive(pid):
            self.fleet.signal(pid, signal.SIGCONT)

    def kill_worker(self) -> None:
        self.portal.kill("worker")
        self.in_flight += LANES * SLOTS
        self.portal.start("worker")

    def kill_children(self) -> None:
        pid = self.portal.running["worker"].pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.in_flight += LANES * SLOTS

    def kill_beat(self) -> None:
        self.portal.kill("beat")
        self.portal.start("beat")

    def terminate_backends(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
        self.in_flight += LANES * (SLOTS + DELIVERERS)

    def misbehave(self) -> None:
        self.relay.share = self.chance.uniform(0.01, 0.3)
        self.relay.kind = self.chance.choice([*Relay.BEFORE, *Relay.AFTER])
        if self.relay.kind in Relay.UNSURE:
            self.relay.share /= 10
        self.later(self.chance.uniform(0.5, 3), self.behave)

    def behave(self) -> None:
        self.relay.kind = ""

    def pause(self) -> None:
        from apps.core.errors import DomainError
        from apps.delivery.models import Mailing
        from apps.delivery.services import mailings

        running = list(Mailing.objects.filter(state="running").order_by("pk"))
        if not running:
            return
        chosen = self.chance.choice(running)
        with contextlib.suppress(DomainError):  # it finished meanwhile
            mailings.pause(actor=self.actor, mailing=chosen)
            self.later(
                self.chance.uniform(0.2, 3), lambda: void(mailings.resume(actor=self.actor, mailing=chosen))
            )

    def purge(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pgmq.purge_queue('default')")

    # The end ---------------------------------------------------------------------------------------

    def settle(self) -> Result:
        """Undo what still lasts, let everything be sent, and count."""
        for _, what in self.undo:
            what()
        self.behave()
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until and not self.is_settled():
            self.supervise()
            time.sleep(0.2)
        self.say()
        for name, count in sorted(self.faults.items()):
            print(f"{count:7} x {name}")
        return self.tally()

    def is_settled(self) -> bool:
        from apps.delivery.models import Delivery, Mailing

        if Mailing.objects.exclude(state="finished").exists():
            return False
        return not Delivery.objects.filter(state__in=["ready", "leased", "attempting"]).exists()

    def tally(self) -> Result:
        from apps.delivery.models import Delivery, Mailing

        ids = self.sink.ids
        taken = set(ids)
        lost = 0
        for mailing in Mailing.objects.all():
            rows = Delivery.objects.filter(mailing=mailing).count()
            lost += abs(mailing.recipients - rows)
            lost += abs(self.sizes[mailing.pk] - mailing.recipients - mailing.duplicates)
        states = dict(Delivery.objects.values_list("message_id", "state"))
        known = ("accepted", "uncertain", "failed", "dead")
        lost += sum(state not in known for state in states.values())
        lost += sum(state == "accepted" and name not in taken for name, state in states.items())
        return Result(
            sent=len(ids),
            duplicates=len(ids) - len(taken),
            lost=lost,
            unaccounted=sum(states.get(name) not in ("accepted", "uncertain") for name in taken),
            uncertain=sum(state == "uncertain" for state in states.values()),
            in_flight=self.in_flight + self.relay.unsure,
        )

    def end(self) -> None:
        self.portal.kill()
        self.fleet.end()


def void(_: Any) -> None:
    """For what is called for its effect."""


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES") or 10)
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1_000_000))
    for name in (
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "PUBLIC_URL",
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "EMAIL_HOST",
    ):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="lp-soak-", dir="/tmp"))
    os.environ |= {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "tests.delivery.testapp.settings",
        "LOG_LEVEL": "ERROR",  # what goes wrong here is meant to
        "LAUNCHPORTAL_TEST_RUN": str(os.getpid()),
    }
    import django

    django.setup()
    from django.db import connection

    from tests.databases import TestServer
    from tests.delivery.sink import Sink
    from tests.live import free_port

    # The queue's library sets levels of its own; connections of this process are among those that are terminated.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    print(f"{minutes:g} minutes, SOAK_SEED={seed}", flush=True)
    with TestServer.open() as server, server.database("soak") as database:
        database.use_in_this_process()
        sink = Sink(free_port())
        sink.start()
        soak = Soak(database, sink, folder, seed)
        try:
            result = soak.run(minutes * 60)
        finally:
            soak.end()
            sink.stop()
            connection.close()
            shutil.rmtree(folder, ignore_errors=True)
    print(f"SOAK_SEED={seed}: {result}", flush=True)
    return 0 if result.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
