"""Fixtures for the tests of outgoing mail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.delivery.sink import Sink
from tests.live import free_port


@pytest.fixture(autouse=True)
def _source() -> None:
    from tests.delivery.testapp.source import register

    register()


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A running SMTP server that the settings point to."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    made = Sink(free_port())
    made.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
    settings.DELIVERY_CONNECT_SECONDS = settings.DELIVERY_COMMAND_SECONDS = 5
    settings.DELIVERY_FINAL_SECONDS = 5
    yield made
    made.gate.set()
    made.stop()


@pytest.fixture
def drain(sink: Sink) -> Callable[[], int]:
    """Send what is due in this thread and transaction."""
    from apps.delivery.services.worker import Worker

    return lambda: Worker(lanes=1).run()
