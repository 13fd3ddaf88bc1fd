"""Rings a worker: tells it that rows wait, without ever making the caller wait for the broker.

A bell may get lost, since polls find the rows anyway; so ringing raises nothing and holds nobody up.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)
EXPIRES_SECONDS = 60
MOST_WAITING = 1000
AT_EXIT_SECONDS = 2.0


def ring(task: str, *args: Any) -> None:
    """Ring for a task by its name once the current transaction is committed (at once outside of one).

    `args` must be JSON. The same bell that is still waiting to be rung is not rung twice.
    """
    transaction.on_commit(lambda: _ringer().put(task, args), robust=True)


class _Ringer(threading.Thread):
    """Sends the messages of one process, one after the other, from a thread of its own."""

    def __init__(self) -> None:
        super().__init__(name="bell", daemon=True)
        self.pid = os.getpid()
        self.waiting: queue.Queue[tuple[str, tuple[Any, ...]] | None] = queue.Queue(MOST_WAITING)
        self.pending: set[str] = set()
        self.lock = threading.Lock()

    def put(self, task: str, args: tuple[Any, ...]) -> None:
        key = repr((task, args))
        with self.lock:
            if key in self.pending:
                return
            try:
                self.waiting.put_nowait((task, args))
            except queue.Full:
                logger.warning("the bell %s was not rung: %d others wait", task, MOST_WAITING)
                return
            self.pending.add(key)

    def run(self) -> None:
        while (bell := self.waiting.get()) is not None:
            task, args = bell
            with self.lock:
                self.pending.discard(repr(bell))
            try:
                current_app.send_task(task, args=args, expires=EXPIRES_SECONDS)
            except Exception as error:  # noqa: BLE001  # whatever a broker's library raises: the polls find the row
                logger.warning("the bell %s was not rung: %s", task, error)


_current: _Ringer | None = None
_starting = threading.Lock()


def _ringer() -> _Ringer:
    """This process's ringer; a forked child starts one of its own."""
    global _current
    with _starting:
        if _current is None or _current.pid != os.getpid() or not _current.is_alive():
            _current = _Ringer()
            _current.start()
        return _current


@atexit.register
def _finish() -> None:
    """A short-lived command sends what it rang before it ends, within two seconds."""
    if _current is not None and _current.pid == os.getpid():
        try:
            _current.waiting.put_nowait(None)
        except queue.Full:
            return
        _current.join(AT_EXIT_SECONDS)
