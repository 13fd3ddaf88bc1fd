"""`manage.py prepare`: what must be in place before processes start, made or brought up to date."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandParser, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pgmq.install import install_pgmq_from_sql

from launchportal.celery import DEFAULT, TICKS
from launchportal.environment import conninfo_of

LOCK = 7_204_931_118  # any number that nobody else locks


class Command(BaseCommand):
    help = "Apply migrations and install the queue. Safe to run twice, and by several at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--start",
            action="store_true",
            help="Also gather static files and, in an empty embedded database, make the demo data.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # A second one waits here: Django's migrate knows no lock of its own, and the queue's schema is no
        # extension, so it must be installed exactly once.
        with psycopg.connect(conninfo_of(settings.DATABASES["default"]), autocommit=True) as lock:
            lock.execute("select pg_advisory_lock(%s)", [LOCK])
            if settings.BROKER_KIND == "pgmq":
                install_queue(settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"])
            self.migrate(options["verbosity"])
            if options["start"]:
                self.gather_static()
                if not settings.PRODUCTION:
                    self.make_demo()

    def say(self, line: str) -> None:
        self.stdout.write(f"* {line}")
        self.stdout.flush()

    def migrate(self, verbosity: int) -> None:
        executor = MigrationExecutor(connection)
        if missing := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say(f"Applying {len(missing)} database migrations")
            call_command("migrate", interactive=False, verbosity=max(verbosity - 1, 0))

    def gather_static(self) -> None:
        """Collect static files under hashed names, unless what there is was made from the same files."""
        if settings.PLAIN_STATIC:
            return
        mark = settings.STATIC_ROOT / ".made-from"
        state = _state_of_static()
        if mark.exists() and mark.read_text() == state:
            return
        self.say("Gathering static files")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        mark.write_text(state)

    def make_demo(self) -> None:
        """A launch in mid-flight to look around in, on the first start only, and one sign-in per role."""
        if "demo" not in get_commands():
            return
        kept = settings.DATA_DIR / "demo-password"
        users = get_user_model().objects
        if not users.exists():
            given = os.environ.get("DEMO_PASSWORD", "")
            password = given or secrets.token_urlsafe(9)
            if not given:
                _write_private(kept, password)
            self.say("Making demo data")
            os.environ["DEMO_PASSWORD"] = password
            call_command("demo", if_empty=True, verbosity=0)
            shown = "with the password in DEMO_PASSWORD" if given else f"with the password {password}"
        elif kept.exists():
            shown = f"with the password kept in {kept}"
        else:
            return
        self.say(f"Sign in {shown} as")
        for role in ("administrator", "member", "viewer"):
            if person := users.filter(role=role, is_active=True).order_by("pk").first():
                self.stdout.write(f"    {role:14} {person.get_username()}")
        self.stdout.flush()


def install_queue(conninfo: str) -> None:
    """Install PGMQ's schema and the portal's queues where they are missing, under an advisory lock."""
    with psycopg.connect(conninfo) as queue_database:
        queue_database.execute("select pg_advisory_xact_lock(%s)", [LOCK + 1])
        found = queue_database.execute("select to_regtype('pgmq.message_record')").fetchone()
        if not found or found[0] is None:
            install_pgmq_from_sql(conn=queue_database)
        for queue in (DEFAULT, TICKS):
            queue_database.execute("select pgmq.create(%s)", [queue])


def _write_private(path: Path, secret: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret + "\n")


def _state_of_static() -> str:
    """A digest of the names, sizes and times of all files that would be gathered."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(["CVS", ".*", "*~"]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
