"""Real processes for tests: web, workers and beat as `make run` starts them, on databases of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launchportal import processes
from tests.databases import ROOT, Database, TestServer, production_environment
from tests.services import broker_environment

UP_SECONDS = 180.0  # a guard against hanging, not a promise
DOWN_SECONDS = 20.0


class LivePortal:
    """One installation of real processes. `start`, `stop`, `kill` take names: web, worker, ticks, beat."""

    def __init__(self, database: Database, folder: Path, **environment: str) -> None:
        self.database = database
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            **production_environment(database),
            "PUBLIC_URL": self.url,
            "DATA_DIR": str(folder),
            "PLAIN_STATIC": "1",
            "PORT": str(self.port),
            **environment,
        }
        self.commands = processes.everything(self.port)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "processes.log"

    def start(self, *names: str) -> None:
        """Start these processes; all of them when none is named."""
        for name in names or self.commands:
            assert name not in self.running, f"{name} runs already"
            with self.log.open("ab") as log:
                self.running[name] = subprocess.Popen(
                    self.commands[name], cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip

    def stop(self, *names: str) -> None:
        """End these processes in order, as the runner would."""
        for name in names or list(self.running):
            self.running[name].terminate()
        for name in names or list(self.running):
            process = self.running.pop(name)
            try:
                process.wait(DOWN_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise AssertionError(f"{name} did not stop within {DOWN_SECONDS:.0f} s") from None

    def kill(self, *names: str) -> None:
        """kill -9, with the children."""
        for name in names or list(self.running):
            process = self.running.pop(name)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a management command against this installation's database; returns what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, input=stdin, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout

    def failing(self) -> list[str]:
        """The parts that /readyz names; empty when all work."""
        try:
            answer = urllib.request.urlopen(f"{self.url}/readyz", timeout=20)
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            answer = error
        with answer:
            return list(json.load(answer)["failing"])

    def wait_until_ready(self) -> None:
        """Wait until /readyz answers 200; fails with the processes' output otherwise."""
        self.wait_for(lambda: self.failing() == [], "nothing failing", UP_SECONDS)

    def wait_for(self, reached: Callable[[], Any], what: str, seconds: float = 30.0) -> None:
        """Ask until the answer is true; connection errors mean not yet."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, process in self.running.items():
                assert process.poll() is None, f"{name} ended by itself:\n{self.last_lines()}"
            with contextlib.suppress(OSError):
                if reached():
                    return
            time.sleep(0.1)
        try:
            last = self.failing()
        except OSError as error:
            last = [str(error)]
        raise AssertionError(f"not in {seconds:.0f} s: {what}; /readyz names {last}\n{self.last_lines()}")

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:]) if self.log.exists() else ""


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked `every_installation` runs on the embedded default and on each grown-up pair of services."""
    if metafunc.definition.get_closest_marker("every_installation"):
        grown = [pytest.param(kind, marks=pytest.mark.services) for kind in ("rabbitmq", "redis")]
        metafunc.parametrize("running_portal", ["embedded", *grown], indirect=True)


@pytest.fixture(scope="session")
def running_portal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LivePortal]:
    """Web, workers and beat on a free port with an empty migrated database, for all tests of this process.

    Several tests share it: make your own launches, and leave the processes as they are.
    """
    kind = getattr(request, "param", "embedded")
    server: TestServer = request.getfixturevalue("test_server" if kind == "embedded" else "postgres_server")
    label = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_live"
    with server.database(label) as database:
        environment = broker_environment(request, kind)
        portal = LivePortal(database, tmp_path_factory.mktemp("portal"), **environment)
        portal.start()
        try:
            portal.wait_until_ready()
            yield portal
        finally:
            portal.kill()


@pytest.fixture
def new_portal(test_server: TestServer, tmp_path: Path) -> Iterator[Callable[..., LivePortal]]:
    """Makes an installation for one test that may do anything to it: `new_portal(CELERY_BROKER_URL=...)`.

    Nothing runs until `start`.
    """
    label = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_own"
    made: list[LivePortal] = []
    with test_server.database(label) as database:

        def make(**environment: str) -> LivePortal:
            made.append(LivePortal(database, tmp_path / f"portal{len(made)}", **environment))
            return made[-1]

        yield make
        for portal in made:
            portal.kill()
