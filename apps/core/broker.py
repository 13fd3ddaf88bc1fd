"""Whether the broker takes messages, asked with a short limit."""

from __future__ import annotations

from typing import Any

import psycopg
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

LIMIT_SECONDS = 2


def problem(*, shared_database_is_down: bool = False) -> str:
    """Why the broker takes no messages, or nothing when it does. Takes at most a few seconds.

    Where the queue lives in the portal's own database and that is down, the database is at fault, not
    the broker.
    """
    if settings.BROKER_KIND != "pgmq":
        return _connect()
    if shared_database_is_down and _is_own_database():
        return ""
    return _look_into_queue_database()


def _is_own_database() -> bool:
    from launchportal.environment import conninfo_of

    return bool(
        settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"] == conninfo_of(settings.DATABASES["default"])
    )


def _look_into_queue_database() -> str:
    conninfo = settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"]
    try:
        with psycopg.connect(conninfo, connect_timeout=LIMIT_SECONDS) as connection:
            found = connection.execute("select to_regclass('pgmq.meta')").fetchone()
    except psycopg.Error as error:
        return str(error).strip().split("\n")[0]
    return "" if found and found[0] else "the queue's tables are not installed"


def _connect() -> str:
    options: dict[str, Any] = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS}
    for name in ("socket_timeout", "socket_connect_timeout", "read_timeout"):
        if name in options:
            options[name] = LIMIT_SECONDS
    errors = connection_errors()
    try:
        with current_app.connection_for_write(
            connect_timeout=LIMIT_SECONDS, transport_options=options
        ) as connection:
            connection.ensure_connection(
                max_retries=1, interval_start=0, interval_step=0, timeout=LIMIT_SECONDS
            )
            connection.channel().close()  # type: ignore[attr-defined]  # every transport has it
    except errors as error:
        return f"{type(error).__name__}: {error}".strip().split("\n")[0]
    return ""


def connection_errors() -> tuple[type[BaseException], ...]:
    """What this broker's library raises when it cannot be reached."""
    connection = current_app.connection_for_write()
    return (*connection.connection_errors, *connection.channel_errors, OperationalError, OSError)
