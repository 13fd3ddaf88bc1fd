"""Rows by which worker and beat show that they live, written by the processes themselves.

They replace Celery's remote control, which the queue inside the database cannot carry. A worker's and beat's
row is written by a thread of its main process, so it says nothing about the broker; the round trips of
`core.tick` say whether work gets through.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from datetime import timedelta
from typing import Any

from celery import beat
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models.functions import Now

from apps.core.models import Heartbeat

logger = logging.getLogger(__name__)
# Beat that has not looked at its schedule for this long hangs; a broker that is down makes it only slow.
BEAT_HANGS_SECONDS = 60
# Less than this is the clock being kept right, which costs no more than as much of a delay.
SET_BACK_SECONDS = 0.5
KEPT = timedelta(days=1)


def show(kind: str, name: str, queues: list[str] | None = None) -> None:
    """Write one row at the database's current time; forget processes that have been gone for a day."""
    _, created = Heartbeat.objects.update_or_create(
        kind=kind, name=name, defaults={"at": Now(), "queues": queues or []}
    )
    if created:
        Heartbeat.objects.filter(at__lt=Now() - KEPT).delete()


def process_name() -> str:
    """This process among all on all machines: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def leave(kind: str) -> None:
    """Remove this process's row at an orderly stop, so that a restart is not mistaken for a loss."""
    Heartbeat.objects.filter(kind=kind, name=process_name()).delete()


class Pulse(threading.Thread):
    """Writes this process's row every `HEARTBEAT_SECONDS`, whatever the database does meanwhile."""

    def __init__(self, kind: str, queues: list[str] | None = None) -> None:
        super().__init__(name=f"{kind}-heartbeat", daemon=True)
        self.kind = kind
        self.queues = queues
        self.stopping = threading.Event()
        self.last_sign = time.monotonic()

    def alive(self) -> bool:
        """Whether the main thread still moves; for a worker the round trips tell."""
        return self.kind != Heartbeat.Kind.BEAT or time.monotonic() - self.last_sign < BEAT_HANGS_SECONDS

    def run(self) -> None:
        while True:
            try:
                close_old_connections()
                if self.alive():
                    show(self.kind, process_name(), self.queues)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("no heartbeat written: %s", error)
                connection.close()
            if self.stopping.wait(settings.HEARTBEAT_SECONDS):
                break
        try:
            leave(self.kind)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("heartbeat row left behind: %s", error)
        connection.close()

    def stop(self) -> None:
        """End the thread and remove the row; waits at most two seconds."""
        self.stopping.set()
        self.join(timeout=2)


class Scheduler(beat.Scheduler):
    """Beat's scheduler without a file: the schedule is static, and polls may repeat."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.pulse: Pulse | None = None
        self.clock = time.time() - time.monotonic()
        super().__init__(*args, **kwargs)
        if not kwargs.get("lazy"):  # Celery also makes one just to look at it
            self.pulse = Pulse(Heartbeat.Kind.BEAT)
            self.pulse.start()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if self.pulse:
            self.pulse.last_sign = time.monotonic()
        self._follow_clock()
        return float(super().tick(*args, **kwargs))

    def _follow_clock(self) -> None:
        """A clock that was set back by an hour would keep beat silent for that hour: let it count from now on."""
        before, self.clock = self.clock, time.time() - time.monotonic()
        if self.clock < before - SET_BACK_SECONDS:
            logger.warning("the clock was set back by %.0f s", before - self.clock)
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None

    def close(self) -> None:
        if self.pulse:
            self.pulse.stop()
        super().close()
