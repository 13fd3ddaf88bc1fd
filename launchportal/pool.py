"""Celery's pool of processes for the queue inside the database, but none of them can block the others by dying.

Transports without an event loop share one pipe among a worker's children. Whoever waits at it holds a lock, which is
a semaphore: a child that is killed while it is idle takes it along, and its worker never does anything again.
"""

from __future__ import annotations

import fcntl
import tempfile
from typing import Any

from billiard.pool import Pool


class ProcessLock:
    """A lock between processes that the kernel takes back from a dead holder. Threads do not exclude each other."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # open for as long as the lock is there

    def acquire(self) -> bool:
        """Wait for it, however long that takes."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Let the next process have it."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> ProcessLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class SurvivingPool(Pool):
    """Billiard's pool with such locks at both ends of the children's work."""

    def _setup_queues(self) -> None:
        super()._setup_queues()  # type: ignore[misc]  # billiard's types leave it out
        queues: Any = self
        queues._inqueue._rlock = ProcessLock()
        queues._outqueue._wlock = ProcessLock()
