"""What every test stands on: a real PostgreSQL with a migrated database, and ways to act as somebody."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

# How long an example takes says how busy the machine is; speed is what benchmarks are for.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")

# Before Django reads its settings: tests depend on nothing that the developer's shell happens to hold.
for name in (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "PUBLIC_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "PORT",
    "DEBUG",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_PROVIDER",
    "EMAIL_WEBHOOKS",
    "CAUGHT_MAIL",
    *(name for name in os.environ if name.startswith("ANYMAIL_")),
):
    os.environ.pop(name, None)
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="lp-", dir="/tmp")
    os.environ["LAUNCHPORTAL_TEST_RUN"] = str(os.getpid())
    Path(os.environ["DATA_DIR"], "static").mkdir()
os.environ["DJANGO_SETTINGS_MODULE"] = "launchportal.settings"

from django.conf import settings  # noqa: E402

settings.DATABASES  # noqa: B018  # reads the settings now, so that pytest-django sets Django up

from tests.databases import TestServer  # noqa: E402

pytest_plugins = ["tests.services", "tests.live", "tests.kept"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: takes long; runs in `make test-full` only.")
    config.addinivalue_line("markers", "services: needs RabbitMQ, Redis or a PostgreSQL server.")
    config.addinivalue_line("markers", "browser: drives a real browser.")
    config.addinivalue_line("markers", "every_installation: runs on embedded, RabbitMQ and Redis.")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["DATA_DIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def test_server() -> Iterator[TestServer]:
    """The database server of this run, shared by all of its processes."""
    with TestServer.open() as server:
        yield server


@pytest.fixture(scope="session")
def django_db_setup(
    test_server: TestServer, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """A database of this process's own, copied from a migrated template (instead of pytest-django's way)."""
    from django.db import connection

    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with django_db_blocker.unblock(), test_server.database(worker) as database:
        database.use_in_this_process()
        # On the class: whichever connection a test leaves behind as this process's own is emptied the same way.
        operations = type(connection.ops)
        plain, operations.execute_sql_flush = operations.execute_sql_flush, _flush_the_log_too
        yield
        operations.execute_sql_flush = plain
        connection.close()


def _flush_the_log_too(operations: Any, statements: list[str]) -> None:
    """Empty the tables after a test that committed, also those that refuse that otherwise."""
    from django.db import connection, transaction

    refusing = {
        "audit_event": "audit_event_no_truncate",
        "delivery_deliveryevent": "delivery_event_no_truncate",
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for table, trigger in refusing.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        for statement in statements:
            cursor.execute(statement)
        for table, trigger in refusing.items():
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


@pytest.fixture(autouse=True)
def media_folder(tmp_path: Path, settings: Any) -> None:
    """Uploads of one test lie in its own folder."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {"location": tmp_path / "media", "base_url": None},
        },
    }
