"""Typed reads of the environment, and what a database or broker address means as settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from launchportal.embedded import SUPERUSER, Server


def text(name: str) -> str:
    """The variable without surrounding blanks; empty when unset."""
    return os.environ.get(name, "").strip()


def flag(name: str, *, default: bool = False) -> bool:
    """A yes or no: 1, true, yes, on or 0, false, no, off. Raises ImproperlyConfigured for anything else."""
    value = text(name).lower()
    if not value:
        return default
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int) -> int:
    """A whole number of zero or more. Raises ImproperlyConfigured for anything else."""
    value = text(name)
    if not value:
        return default
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def words(name: str) -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def database_from(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's settings for `DATABASE_URL` (any libpq URI), or for the embedded server when it is empty."""
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"connect_timeout": 5},
    }
    if not url:
        server = Server(data_dir)
        name = text("EMBEDDED_DATABASE") or "launchportal"
        return {**settings, "HOST": str(server.socket_folder), "NAME": name, "USER": SUPERUSER}
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or postgresql://.")
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not a PostgreSQL address: {error}") from error
    named = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    settings |= {key: str(parts.pop(name, "") or "") for key, name in named.items()}
    if not settings["NAME"]:
        raise ImproperlyConfigured("DATABASE_URL names no database.")
    settings["OPTIONS"] |= parts
    return settings


@dataclass(frozen=True)
class Broker:
    """Where Celery's messages go."""

    kind: Literal["pgmq", "rabbitmq", "redis"]
    url: str
    options: dict[str, Any]


def broker_from(url: str, database: dict[str, Any]) -> Broker:
    """What `CELERY_BROKER_URL` means: RabbitMQ, Redis, or (empty or `pgmq:`) the queue inside the database.

    `pgmq://user@host/name` puts the queue into another database than the portal's own.
    """
    scheme = urlsplit(url).scheme
    if scheme in ("amqp", "amqps", "pyamqp"):
        # A silent broker would block a confirming publisher for ever without the two last ones.
        options: dict[str, Any] = {
            "confirm_publish": True,
            "confirm_timeout": 1,
            "read_timeout": 2,
            "max_retries": 1,
        }
        return Broker("rabbitmq", url, options)
    if scheme in ("redis", "rediss"):
        options = {
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "retry_on_timeout": False,
            "visibility_timeout": 900,
            # Look for messages of dead workers at every sweep (10 s), not at every tenth.
            "unacked_restore_throttle": 1,
        }
        if prefix := text("CELERY_QUEUE_PREFIX"):
            options["global_keyprefix"] = prefix
        return Broker("redis", url, options)
    if url and scheme != "pgmq":
        raise ImproperlyConfigured("CELERY_BROKER_URL must begin with amqp://, redis:// or pgmq:.")
    if url.removeprefix("pgmq:").strip("/"):
        # As words, since the transport reads a URI by itself and takes no notice of its parameters.
        parts: dict[str, Any] = dict(conninfo_to_dict("postgresql:" + url.removeprefix("pgmq:")))
        conninfo = make_conninfo("", **parts)
    else:
        conninfo = conninfo_of(database)
    options = {
        "conn_string": conninfo,  # built by libpq's own quoting; the transport's is none
        "init_extension": False,
        "visibility_timeout": 900,
        "wait_time_seconds": 0,
        "polling_interval": 0.1,
        "pool_size": 4,
        "pool_timeout": 5,
        "notify_throttle_interval_ms": 0,
        # Only a worker's main process listens; see launchportal/celery.py.
        "use_notify": False,
    }
    return Broker("pgmq", "pgmq://database", options)


def conninfo_of(database: dict[str, Any]) -> str:
    """libpq's connection string for Django's settings of a database."""
    named = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    parts = {name: database[key] for name, key in named.items() if database.get(key)}
    known = {key: value for key, value in database.get("OPTIONS", {}).items() if key != "pool"}
    return make_conninfo(**parts, **known)
