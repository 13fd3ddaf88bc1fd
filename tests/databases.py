"""Databases for tests: one embedded server for all runs, a migrated template, quick copies of it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from launchportal.embedded import EmbeddedError, Server

ROOT = Path(__file__).resolve().parent.parent
# The data of a test server is worth nothing: never wait for the disk.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


@dataclass(frozen=True)
class Database:
    """One throwaway database."""

    conninfo: str

    @property
    def name(self) -> str:
        return str(conninfo_to_dict(self.conninfo)["dbname"])

    @property
    def url(self) -> str:
        """The same as a `DATABASE_URL`."""
        parts = {key: str(value) for key, value in conninfo_to_dict(self.conninfo).items() if value}
        name = parts.pop("dbname")
        return f"postgresql:///{quote(name)}?{urlencode(parts)}"

    def use_in_this_process(self) -> None:
        """Point Django and Celery of this process here."""
        from django.conf import settings
        from django.db import connection

        parts = conninfo_to_dict(self.conninfo)
        named = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}
        for target in (settings.DATABASES["default"], connection.settings_dict):
            target.update({key: str(parts.get(name) or "") for key, name in named.items()})
        if settings.BROKER_KIND == "pgmq":
            settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"] = self.conninfo

    def connect(self) -> psycopg.Connection:
        """A connection of its own, in autocommit."""
        return psycopg.connect(self.conninfo, autocommit=True)


@dataclass(frozen=True)
class TestServer:
    """A running server to make databases on. `TEST_DATABASE_URL` names one to use instead of our own."""

    __test__ = False
    admin: str
    folder: Path

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[TestServer]:
        """Hold our server for as long as this process tests; it stops with the last process that does."""
        if given := os.environ.get("TEST_DATABASE_URL"):
            folder = ROOT / "build" / ("tests-" + hashlib.sha256(given.encode()).hexdigest()[:8])
            folder.mkdir(parents=True, exist_ok=True)
            yield cls(make_conninfo(given), folder)
            return
        folder = ROOT / "build" / "tests"
        server = Server(folder, settings=FAST)
        try:
            hold = server.hold()
        except EmbeddedError:
            # A machine that crashed may have left it unreadable, since it never waits for the disk.
            shutil.rmtree(server.home, ignore_errors=True)
            hold = server.hold()
        with hold:
            yield cls(server.conninfo("postgres"), folder)

    def execute(self, statement: str, *names: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            query = sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
            cursor = connection.execute(query)
            return cursor.fetchall() if cursor.description else []

    def at(self, name: str) -> Database:
        return Database(make_conninfo(self.admin, dbname=name))

    @contextmanager
    def database(self, label: str, *, empty: bool = False) -> Iterator[Database]:
        """A fresh database for this process, dropped afterwards: a copy of the template, or an empty one."""
        name = f"test_{os.environ['LAUNCHPORTAL_TEST_RUN']}_{label}"
        template = "template0" if empty else self.template()
        self.execute("drop database if exists {} with (force)", name)
        self.execute("create database {} template {}", name, template)
        try:
            yield self.at(name)
        finally:
            self.execute("drop database if exists {} with (force)", name)

    def template(self) -> str:
        """The name of a database with every migration applied, made once per state of the migrations."""
        name = f"template_{_state_of_migrations()}"
        with open(self.folder / "template.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            existing = {str(row[0]) for row in self.execute("select datname from pg_database")}
            self._drop_leftovers(existing, keep=name)
            if name in existing:
                return name
            fresh = f"{name}_new"
            self.execute("drop database if exists {} with (force)", fresh)
            self.execute("create database {} template template0", fresh)
            try:
                subprocess.run(
                    [sys.executable, "manage.py", "prepare", "--verbosity=0"],
                    cwd=ROOT, check=True, capture_output=True, text=True,
                    env={**os.environ, **production_environment(self.at(fresh))},
                )  # fmt: skip
            except subprocess.CalledProcessError as error:
                raise RuntimeError(f"the test database could not be migrated:\n{error.stderr}") from error
            self.execute("alter database {} rename to {}", fresh, name)
        return name

    def _drop_leftovers(self, existing: set[str], *, keep: str) -> None:
        """Databases of runs that were killed, and templates of other states of the migrations."""
        for name in existing:
            kind, _, rest = name.partition("_")
            run = rest.split("_")[0]
            if (kind == "test" and run.isdecimal() and not Path(f"/proc/{run}").exists()) or (
                kind == "template" and rest and name not in (keep, "template0", "template1")
            ):
                self.execute("drop database if exists {} with (force)", name)


def production_environment(database: Database) -> dict[str, str]:
    """Settings by which a process of the portal runs against a test database."""
    return {
        "DATABASE_URL": database.url,
        "CELERY_BROKER_URL": "pgmq:",
        "SECRET_KEY": "only-for-tests-" + "x" * 50,
        "PUBLIC_URL": "http://127.0.0.1:8000",
    }


def _state_of_migrations() -> str:
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted((ROOT / "apps").glob("*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]
