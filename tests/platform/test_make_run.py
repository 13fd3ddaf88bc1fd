"""The runner behind `make run`, as a person at the terminal meets it: starts, stops, crashes, refusals."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from launchportal.embedded import Server
from tests.databases import ROOT
from tests.live import free_port

UP_SECONDS = 240  # a guard against hanging, not a promise
PROMISED_STOP_SECONDS = 10
ON_A_BUSY_MACHINE = 2.5  # times as long: other tests run beside these


class Runner:
    """`python -m launchportal.run` over one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.log = data_dir.parent / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "launchportal.run"],
                cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
                env={**clean, "DATA_DIR": str(self.data_dir), "PORT": str(self.port), **environment},
            )  # fmt: skip

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return 0

    def wait_for(self, path: str) -> None:
        assert self.process is not None
        until = time.monotonic() + UP_SECONDS
        while self.status(path) != 200:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < until, self.output
            time.sleep(0.1)

    def wait_until_said(self, text: str) -> None:
        """The address is said once the portal answers, by another process than the one that answers."""
        until = time.monotonic() + UP_SECONDS
        while text not in self.output:
            assert time.monotonic() < until, self.output
            time.sleep(0.05)

    def pids(self) -> set[int]:
        """Every process that runs over this data folder: the runner, its children, the database."""
        mark = f"DATA_DIR={self.data_dir}".encode()
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.add(int(folder.name))
        return found

    def wait_until_gone(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while left := self.pids():
            if time.monotonic() > until:
                commands = [Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in left]
                raise AssertionError(f"still there after {seconds:.0f} s: {commands}\n{self.output}")
            time.sleep(0.05)

    def kill_everything(self) -> None:
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self.process:
                self.process.wait()
            time.sleep(0.05)


@pytest.fixture
def runner(folder: Path) -> Iterator[Runner]:
    runner = Runner(folder / "data")
    yield runner
    runner.kill_everything()


def refusal(data_dir: Path, **environment: str) -> str:
    """What the runner says when it does not start; it must exit with 1 and say one line."""
    result = subprocess.run(
        [sys.executable, "-m", "launchportal.run"], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "DATA_DIR": str(data_dir), "PORT": str(free_port()), **environment}, check=False,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_first_start_stop_second_start(runner: Runner) -> None:
    runner.start()
    runner.wait_for("/readyz")
    runner.wait_until_said(f"http://127.0.0.1:{runner.port}/")
    first = runner.output
    for step in ("Starting PostgreSQL", "database migrations", "Gathering static files", "demo data"):
        assert step in first
    for role in ("administrator", "member", "viewer"):
        assert re.search(rf"^ +{role} +\S+@\S+$", first, re.MULTILINE), first
    kept = runner.data_dir / "demo-password"
    assert f"with the password {kept.read_text().strip()}" in first
    for secret in ("demo-password", "secret-key"):
        assert stat.S_IMODE((runner.data_dir / secret).stat().st_mode) == 0o600

    began = time.monotonic()
    assert runner.process is not None
    os.killpg(runner.process.pid, signal.SIGINT)  # what Ctrl-C does: the whole group gets it
    assert runner.process.wait(60) == 0
    runner.wait_until_gone(1)
    assert time.monotonic() - began < PROMISED_STOP_SECONDS * ON_A_BUSY_MACHINE

    runner.start()
    runner.wait_for("/healthz")
    second = runner.output
    assert f"the password kept in {kept}" in second
    assert "demo data" not in second
    assert kept.read_text().strip() not in second


@pytest.mark.full
def test_after_kill_9_of_everything_the_next_start_has_the_data(runner: Runner) -> None:
    runner.start(DEMO_PASSWORD="a password of my own")
    runner.wait_for("/readyz")
    assert "a password of my own" not in runner.output
    server = Server(runner.data_dir)
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("update accounts_user set name = 'Kept Through It' where role = 'viewer'")
    runner.kill_everything()
    runner.start()
    runner.wait_for("/readyz")
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute(
            "select true from accounts_user where name = 'Kept Through It'"
        ).fetchone() == (True,)


@pytest.mark.full
def test_what_dies_comes_back_and_nothing_outlives_the_runner(runner: Runner) -> None:
    runner.start(HEARTBEAT_SECONDS="1", HEARTBEAT_STALE_SECONDS="3")
    runner.wait_for("/readyz")
    before = runner.pids()
    postmaster = postmaster_of(runner)
    assert postmaster is not None
    for word in ("beat", "--queues=ticks"):
        (pid,) = leaders(before, word)
        os.kill(pid, signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    until = time.monotonic() + 60
    while postmaster_of(runner) in (None, postmaster):
        assert time.monotonic() < until, runner.output
        time.sleep(0.1)
    runner.wait_for("/readyz")
    assert runner.process is not None
    (stuck,) = leaders(runner.pids(), "granian")
    os.kill(stuck, signal.SIGSTOP)  # one that does not hear that it should end
    runner.process.kill()
    runner.process.wait()
    until = time.monotonic() + 30
    while left := [pid for pid in runner.pids() if not is_postgres(pid)]:
        assert time.monotonic() < until, f"{[command_of(pid) for pid in left]}\n{runner.output}"
        time.sleep(0.1)


def command_of(pid: int) -> str:
    try:
        return f"{pid}: " + Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return f"{pid}: gone"


def postmaster_of(runner: Runner) -> int | None:
    """The process of its database server, if one runs."""
    return Server(runner.data_dir)._postmaster()


def leaders(pids: set[int], word: str) -> list[int]:
    """The processes of a session of their own whose command holds a word."""
    return [
        pid
        for pid in pids
        if os.getsid(pid) == pid and word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]


def is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres") or b"/bin/postgres" in (
            Path(f"/proc/{pid}/cmdline").read_bytes()
        )
    except OSError:
        return True


def test_a_taken_port_is_one_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} on 127.0.0.1 is taken" in refusal(folder, PORT=str(port))


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_an_impossible_port_is_one_sentence(folder: Path, port: str) -> None:
    assert "PORT must be a number from 1 to 65535" in refusal(folder, PORT=port)


def test_a_folder_that_cannot_be_written_is_one_sentence(folder: Path) -> None:
    file = folder / "file"
    file.touch()
    for place in (file, file / "below", Path("/proc/launchportal")):
        assert f"the data folder {place} cannot be written" in refusal(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_data_of_somebody_else_is_one_sentence(folder: Path) -> None:
    (folder / "database").mkdir()
    os.chown(folder / "database", 65534, 65534)
    assert f"the data in {folder} belongs to user" in refusal(folder)


def test_without_python_make_says_what_is_missing(folder: Path) -> None:
    for name in ("Makefile", "requirements.lock", "bootstrap.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / "bin").mkdir()
    for tool in ("make", "sh", "test", "echo"):
        if found := shutil.which(tool):
            (folder / "bin" / tool).symlink_to(found)
    (folder / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")  # an old one: says no to the version
    (folder / "bin" / "python3").chmod(0o755)
    result = subprocess.run(
        ["make", "run"], cwd=folder, env={"PATH": str(folder / "bin")}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert result.stderr.startswith("The portal needs Python 3.11 or newer, and none was found")


PRODUCTION = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "SECRET_KEY": "s" * 60,
    "PUBLIC_URL": "https://launch.example.com",
    "CELERY_BROKER_URL": "pgmq:",
}


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PUBLIC_URL", "CELERY_BROKER_URL"])
def test_production_names_the_missing_setting(missing: str) -> None:
    environment = {**os.environ, **PRODUCTION}
    del environment[missing]
    result = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert (
        result.stderr.strip().splitlines()[-1].endswith("It is required once DATABASE_URL is set.")
        and f"{missing} is not set" in result.stderr.strip().splitlines()[-1]
    )
