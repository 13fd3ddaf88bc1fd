"""Typed reads of the environment, and what a database or broker address means as settings."""

from __future__ import annotations

import os
import re
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


def fraction(name: str, default: float) -> float:
    """A number of zero or more, with or without a decimal point. Raises ImproperlyConfigured for anything else."""
    return _fraction(name, text(name)) if text(name) else float(default)


def fractions(name: str, default: list[float]) -> list[float]:
    """Such numbers separated by commas."""
    return [_fraction(name, word) for word in words(name)] or [float(value) for value in default]


def _fraction(name: str, value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value):
        raise ImproperlyConfigured(f"{name} must be a number such as 0.5 or 60, not {value!r}.")
    return float(value)


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


@dataclass(frozen=True)
class Provider:
    """A mail provider that works with what is installed.

    `keys` are the variables (without `ANYMAIL_`) it cannot send without, `signing` the one that verifies its
    webhooks, if it signs them.
    """

    keys: tuple[str, ...]
    signing: str = ""


# https://anymail.dev/en/stable/esps/
PROVIDERS = {
    "brevo": Provider(("BREVO_API_KEY",)),
    "mailersend": Provider(("MAILERSEND_API_TOKEN",), "MAILERSEND_SIGNING_SECRET"),
    "mailgun": Provider(("MAILGUN_API_KEY",), "MAILGUN_WEBHOOK_SIGNING_KEY"),
    "mailjet": Provider(("MAILJET_API_KEY", "MAILJET_SECRET_KEY")),
    "mailtrap": Provider(("MAILTRAP_API_TOKEN",)),
    "mandrill": Provider(("MANDRILL_API_KEY",), "MANDRILL_WEBHOOK_KEY"),
    "postmark": Provider(("POSTMARK_SERVER_TOKEN",)),
    "sparkpost": Provider(("SPARKPOST_API_KEY",)),
    "unisender_go": Provider(("UNISENDER_GO_API_KEY", "UNISENDER_GO_API_URL"), "UNISENDER_GO_API_KEY"),
}


@dataclass(frozen=True)
class Mail:
    """How mail goes out, what anymail has to know, and whose webhooks are taken."""

    backend: str
    anymail: dict[str, Any]
    webhooks: list[str]


def mail_from(*, production: bool) -> Mail:
    """What `EMAIL_PROVIDER`, `EMAIL_WEBHOOKS`, `EMAIL_HOST` and every `ANYMAIL_...` variable mean.

    Raises ImproperlyConfigured naming what is missing. Webhooks that nothing would verify stay closed.
    """
    given: dict[str, Any] = {
        name.removeprefix("ANYMAIL_"): text(name)
        for name in os.environ
        if name.startswith("ANYMAIL_") and text(name)
    }
    if "REQUESTS_TIMEOUT" in given:
        given["REQUESTS_TIMEOUT"] = fraction("ANYMAIL_REQUESTS_TIMEOUT", 30)
    secrets = given["WEBHOOK_SECRET"] = words("ANYMAIL_WEBHOOK_SECRET")
    if not all(re.fullmatch(r"[^:]+:.{8,}", secret) for secret in secrets):
        raise ImproperlyConfigured(
            "ANYMAIL_WEBHOOK_SECRET must look like name:password, the password of at least 8 characters."
        )
    provider = text("EMAIL_PROVIDER").lower()
    asked = [name.lower() for name in words("EMAIL_WEBHOOKS")]
    for name in [provider, *asked]:
        if name and name not in PROVIDERS:
            raise ImproperlyConfigured(f"{name!r} is not a provider of mail: {', '.join(PROVIDERS)}.")
    if not provider:
        smtp = "django.core.mail.backends.smtp.EmailBackend"
        backend = smtp if text("EMAIL_HOST") else "django.core.mail.backends.console.EmailBackend"
    else:
        backend = f"anymail.backends.{provider}.EmailBackend"
        for key in PROVIDERS[provider].keys:
            if key not in given:
                raise ImproperlyConfigured(f"ANYMAIL_{key} is not set: {provider} takes no mail without it.")
    opened = []
    for name in asked or [provider]:
        if not name:
            continue
        signing = PROVIDERS[name].signing
        if secrets or signing in given:
            opened.append(name)
        elif production or asked:
            other = f" (or ANYMAIL_{signing})" if signing else ""
            raise ImproperlyConfigured(
                f"ANYMAIL_WEBHOOK_SECRET{other} is not set: without it anybody could report bounces for {name}."
            )
    return Mail(backend, given, opened)


def conninfo_of(database: dict[str, Any]) -> str:
    """libpq's connection string for Django's settings of a database."""
    named = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    parts = {name: database[key] for name, key in named.items() if database.get(key)}
    known = {key: value for key, value in database.get("OPTIONS", {}).items() if key != "pool"}
    return make_conninfo(**parts, **known)
