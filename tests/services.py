"""The services of a grown installation for tests: a PostgreSQL server, RabbitMQ and Redis.

Each run uses a part of them of its own. TEST_POSTGRES_URL, TEST_RABBITMQ_URL and TEST_REDIS_URL tell where they
are; else they are sought on this machine, as Debian sets them up. A service that is missing is a skip with its
reason, or a failure where REQUIRE_SERVICES=1.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg.conninfo import make_conninfo

from tests.databases import ROOT, TestServer

POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


def missing(what: str, reason: object) -> None:
    """Skip, or fail where everything must be there."""
    sentence = f"{what} is not to be had here: {reason}"
    if os.environ.get("REQUIRE_SERVICES"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def postgres_server() -> TestServer:
    """A PostgreSQL server (not the embedded one) on which this run makes databases of its own."""
    folder = ROOT / "build" / "tests-server"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        psycopg.connect(POSTGRES_URL, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        missing("a PostgreSQL server", error)
    return TestServer(make_conninfo(POSTGRES_URL), folder)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[Callable[[], str]]:
    """Makes virtual hosts of this run's own and tells their addresses; the given one where we may not make any."""
    parts = urlsplit(RABBITMQ_URL)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672), 3).close()
    except OSError as error:
        missing("RabbitMQ", error)
    run = f"test_{os.environ['LAUNCHPORTAL_TEST_RUN']}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    made: list[str] = []

    def make() -> str:
        if "TEST_RABBITMQ_URL" in os.environ:
            return RABBITMQ_URL
        name = f"{run}_{len(made)}"
        try:
            _rabbitmqctl("add_vhost", name)
            made.append(name)
            _rabbitmqctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        except (OSError, subprocess.CalledProcessError) as error:
            missing("a virtual host on RabbitMQ", error)
        return urlunsplit(parts._replace(path=f"/{name}"))

    yield make
    for name in made:
        _rabbitmqctl("delete_vhost", name)


def _rabbitmqctl(*arguments: str) -> None:
    subprocess.run(["rabbitmqctl", "-q", *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def redis_prefix() -> Iterator[Callable[[], str]]:
    """Makes beginnings for keys on the Redis at `REDIS_URL`; what was kept below them is removed afterwards."""
    client = redis.Redis.from_url(REDIS_URL, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.RedisError as error:
        missing("Redis", error)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    prefix = f"test:{os.environ['LAUNCHPORTAL_TEST_RUN']}:{worker}:"
    numbers = itertools.count()
    yield lambda: f"{prefix}{next(numbers)}:"
    for key in client.scan_iter(match=f"{prefix}*"):
        client.delete(key)


class Proxy:
    """Stands between the portal and a service, so that the service can go away without being touched."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.silent = threading.Event()
        self.open: set[socket.socket] = set()
        self.listener: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self._serve(self.listener)

    def refuse(self) -> None:
        """End every connection and take no new ones."""
        assert self.listener is not None
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        self._drop()

    def fall_silent(self) -> None:
        """Keep connections and take new ones, but pass nothing on."""
        self.silent.set()

    def recover(self) -> None:
        if self.silent.is_set():
            self._drop()  # bytes were lost, so these conversations cannot go on
            self.silent.clear()
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port))
            self._serve(self.listener)

    def close(self) -> None:
        if self.listener is not None:
            self.refuse()

    def _drop(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                service = socket.create_connection(self.target, 5)
            except OSError:
                client.close()
                continue
            service.settimeout(None)
            for source, sink in ((client, service), (service, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        self.open |= {source}
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.silent.is_set():
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.open -= {source}
        source.close()


@contextmanager
def behind_proxy(url: str) -> Iterator[tuple[str, Proxy]]:
    """The same address, but through a proxy."""
    parts = urlsplit(url)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or {"amqp": 5672, "redis": 6379}[parts.scheme])
    credentials, at, _ = parts.netloc.rpartition("@")
    try:
        yield urlunsplit(parts._replace(netloc=f"{credentials}{at}127.0.0.1:{proxy.port}")), proxy
    finally:
        proxy.close()


def broker_environment(request: pytest.FixtureRequest, kind: str) -> dict[str, str]:
    """Settings for a portal on `rabbitmq`, `redis` or `pgmq`, whose service is asked for on the way.

    Each portal gets queues of its own. Two on the same ones take each other's work, and may do so in step: then
    one never sees a round trip of its own.
    """
    if kind == "rabbitmq":
        return {"CELERY_BROKER_URL": request.getfixturevalue("rabbitmq")()}
    if kind == "redis":
        return {
            "CELERY_BROKER_URL": REDIS_URL,
            "CELERY_QUEUE_PREFIX": request.getfixturevalue("redis_prefix")(),
        }
    return {"CELERY_BROKER_URL": "pgmq:"}
