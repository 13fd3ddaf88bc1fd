"""Doing the same from several threads at the same moment, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def at_once(work: Callable[[], T], *, threads: int = 4) -> list[T]:
    """What each of the threads got; raises what the first of them raised. Needs a test with real transactions."""
    barrier = threading.Barrier(threads)

    def run() -> T:
        try:
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [done.result() for done in [pool.submit(run) for _ in range(threads)]]
