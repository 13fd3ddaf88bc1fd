"""Fixtures for tests that kill real processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.delivery.conftest import _source, sink

if TYPE_CHECKING:
    from tests.faults.fleet import Fleet
    from tests.live import LivePortal

__all__ = ["_source", "sink"]


@pytest.fixture
def fleet(transactional_db: None, sink: object, tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    """Makes a fleet with settings of its own: `fleet(DELIVERY_BATCH="5")`."""
    from tests.faults.fleet import Fleet

    made: list[Fleet] = []

    def make(**more: str) -> Fleet:
        made.append(Fleet(sink, tmp_path, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.end()


@pytest.fixture
def portal(transactional_db: None, sink: object, tmp_path: Path) -> Iterator[Callable[..., LivePortal]]:
    """Makes an installation of Celery's processes and web on the test's own database; nothing runs until `start`."""
    from django.db import connection

    from tests.faults.fleet import database, environment
    from tests.live import LivePortal

    # Tables are emptied after each test, but bells of earlier ones still wait in the queue.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgmq.purge_queue('default')")

    made: list[LivePortal] = []

    def make(**more: str) -> LivePortal:
        folder = tmp_path / f"portal{len(made)}"
        made.append(LivePortal(database(), folder, **environment(sink, folder, **more)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.kill()
