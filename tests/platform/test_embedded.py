"""The embedded server itself: odd folders, several holders, crashes, what it leaves alone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from launchportal import embedded
from launchportal.embedded import EmbeddedError, Server
from tests.databases import FAST, ROOT

HOLD_IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from launchportal.embedded import Server
hold = Server(Path(sys.argv[1])).hold()
print("holding", flush=True)
sys.stdin.readline()
hold.release()
"""


def another_holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_IN_ANOTHER_PROCESS, str(folder)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n"
    return process


@pytest.mark.parametrize(
    "name",
    ["plain", "with space", "it's", 'double"quote', "dollar$HOME `id`", "comma, and ünïcode", "long" * 40],
)
def test_any_folder_will_do(folder: Path, name: str) -> None:
    server = Server(folder / name, settings=FAST)
    with server.hold():
        with psycopg.connect(server.conninfo()) as connection:
            assert connection.execute("show data_directory").fetchone() == (str(server.cluster),)
            assert connection.execute("show server_version").fetchone()[0].startswith("18")  # type: ignore[index]
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
    assert not server.answers()


def test_nothing_listens_on_a_network(folder: Path) -> None:
    server = Server(folder, settings=FAST)
    with server.hold(), psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show unix_socket_permissions").fetchone() == ("0700",)


def test_folders_above_stay_closed_to_others(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with Server(closed / "data", settings=FAST).hold():
        pass
    assert not closed.stat().st_mode & stat.S_IRWXO
    assert not closed.stat().st_mode & stat.S_IRGRP


def test_the_last_holder_stops_it(folder: Path) -> None:
    server = Server(folder, settings=FAST)
    first = server.hold()
    other = another_holder(folder)
    first.release()
    assert server.answers()
    other.communicate("\n")
    assert not server.answers()


def test_a_holder_killed_with_9_does_not_count(folder: Path) -> None:
    server = Server(folder, settings=FAST)
    other = another_holder(folder)
    other.kill()
    other.wait()
    assert server.answers()
    server.hold().release()
    assert not server.answers()


def test_the_data_survive_a_killed_server(folder: Path) -> None:
    server = Server(folder)
    hold = server.hold()
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    postmaster = server._postmaster()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)
    while server._postmaster() is not None:
        time.sleep(0.01)
    assert hold.revive()
    assert not hold.revive()
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)
    hold.release()


def test_a_process_id_that_something_else_has_now_is_no_server(folder: Path) -> None:
    server = Server(folder, settings=FAST)
    server.hold().release()
    (server.cluster / "postmaster.pid").write_text(
        f"{os.getpid()}\n{server.cluster}\n1\n5432\n\n\n0 0\nready\n"
    )
    assert server._postmaster() is None
    with server.hold():
        assert server.answers()


def test_two_that_start_it_at_once_share_one(folder: Path) -> None:
    command = [sys.executable, "-c", HOLD_IN_ANOTHER_PROCESS, str(folder)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
    assert [process.communicate("\n")[0] for process in both] == ["", ""]
    assert not Server(folder).answers()


def test_an_interrupted_first_start_is_made_good(folder: Path) -> None:
    server = Server(folder, settings=FAST)
    server.hold().release()
    (server.cluster / "PG_VERSION").unlink()
    server.cluster.rename(server.home / "cluster.new")
    with server.hold():
        assert server.answers()


def test_a_socket_folder_that_somebody_else_made_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = folder / "planted"
    planted.symlink_to(folder)
    monkeypatch.setattr(Server, "socket_folder", planted)
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        Server(folder / "data").hold()


def test_a_machine_without_the_binaries_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match="set DATABASE_URL"):
        embedded.binaries()


def test_stopping_is_quick_even_with_somebody_connected(folder: Path) -> None:
    server = Server(folder, settings=FAST)
    hold = server.hold()
    connection = psycopg.connect(server.conninfo())
    connection.execute("select 1")  # leaves a transaction open
    began = time.monotonic()
    hold.release()
    assert time.monotonic() - began < embedded.STOP_SECONDS
    connection.close()
    assert not server.answers()
