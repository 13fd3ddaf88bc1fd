"""`make run`: starts the database, prepares the data, then runs web, workers and beat until told to stop."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from honcho import manager as honcho_manager
from honcho.process import Popen, Process

from launchportal import processes
from launchportal.embedded import EmbeddedError, Hold, Server, default_data_dir, owner_name

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
# Ctrl-C ends everything within ten seconds: so long for the processes, the rest for the database.
KILL_AFTER_SECONDS = 7
# A process that dies sooner than this, this often in a row, will not come up at all.
SHORT_LIFE_SECONDS = 10.0
SHORT_LIVES = 3
PR_SET_PDEATHSIG = 1


class CannotRun(Exception):
    """Why the portal does not start, in one sentence for the person at the terminal."""


class Stopped(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM while we were still starting."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop_starting)
    hold: Hold | None = None
    try:
        port = chosen_port()
        data_dir = default_data_dir()
        check_folder(data_dir)
        check_port(port)
        if os.environ.get("DATABASE_URL"):
            say("Using the database that DATABASE_URL names")
        else:
            say(f"Starting PostgreSQL on {data_dir / 'database'}")
            hold = Server(data_dir).hold()
        catcher = catch_mail(data_dir)
        prepare()
        say("Starting web, workers and beat")
        return run(port, hold, catcher)
    except (CannotRun, EmbeddedError) as problem:
        print(f"The portal cannot start: {problem}", file=sys.stderr, flush=True)
        return 1
    except Stopped:
        say("Stopped")
        return 0
    finally:
        if hold:
            say("Stopping PostgreSQL")
            hold.release()


def say(line: str) -> None:
    print(f"* {line}", flush=True)


def _stop_starting(number: int, frame: FrameType | None) -> None:
    raise Stopped


# What must hold before anything starts --------------------------------------------------------------


def chosen_port() -> int:
    value = os.environ.get("PORT", "").strip() or "8000"
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise CannotRun(f"PORT must be a number from 1 to 65535, not {value!r}.")
    os.environ["PORT"] = value
    return int(value)


def check_port(port: int) -> None:
    """The web server would share a taken port silently, so ask for it ourselves first."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise CannotRun(f"port {port} is reserved for the system: set PORT to 1024 or more.") from error
        except OSError as error:
            raise CannotRun(
                f"port {port} on {HOST} is taken, perhaps by a portal that still runs: set PORT to another."
            ) from error


def check_folder(folder: Path) -> None:
    """Everything the portal keeps lies here, so we must be able to write."""
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        owner = owner_name(folder)
        whose = f" (it belongs to {owner})" if owner else ""
        raise CannotRun(
            f"the data folder {folder} cannot be written{whose}: {error.strerror}. Set DATA_DIR to another."
        ) from error


def prepare() -> None:
    """Migrations, static files and, on the first start, demo data: in a process of its own."""
    child = subprocess.Popen([sys.executable, "manage.py", "prepare", "--start"], cwd=ROOT)
    try:
        code = child.wait()
    except Stopped:
        child.terminate()
        child.wait()
        raise
    if code:
        raise CannotRun("preparing the data failed; the lines above say why.")


# Running --------------------------------------------------------------------------------------------


def catch_mail(data_dir: Path) -> list[str]:
    """Without a relay, a mail server of our own takes what is sent; its command, empty where there is one."""
    if any(os.environ.get(name, "").strip() for name in ("EMAIL_HOST", "EMAIL_PROVIDER")):
        return []
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    folder = data_dir / "mail"
    os.environ |= {"EMAIL_HOST": HOST, "EMAIL_PORT": str(port), "CAUGHT_MAIL": str(folder)}
    return [sys.executable, "-m", "launchportal.catcher", str(port), str(folder)]


def run(port: int, hold: Hold | None, catcher: list[str]) -> int:
    honcho_manager.KILL_WAIT = KILL_AFTER_SECONDS
    manager = Manager()
    commands = processes.everything(port)
    if catcher:
        commands["mail"] = catcher
    for name, command in commands.items():
        manager.add_process(name, f"exec {shlex.join(command)}", cwd=str(ROOT), env=child_environment())
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=_announce, args=(port, manager), daemon=True).start()
    if hold:
        threading.Thread(target=_keep_database, args=(hold, manager), daemon=True).start()
    manager.loop()
    return 0 if manager.asked_to_stop else (manager.returncode or 1)


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "launchportal.settings"}


class SupervisedProcess(Process):
    """Starts its command again when it dies by itself, and ends it when the runner dies."""

    stopping: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._child_ctor = _tied_child

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        signal.signal(signal.SIGUSR1, self._end_with_runner)
        _hear_of_parents_end(signal.SIGUSR1)
        relayed = _Relay(events)
        short_lives = 0
        while True:
            started = time.monotonic()
            super().run(relayed, ignore_signals)
            short_lives = short_lives + 1 if time.monotonic() - started < SHORT_LIFE_SECONDS else 0
            if self.stopping.is_set() or short_lives >= SHORT_LIVES:
                events.put(relayed.last)
                return
            self._send_message(f"ended with {relayed.last.data['returncode']}; starting it again\n".encode())
            if self.stopping.wait(1):
                events.put(relayed.last)
                return

    def _end_with_runner(self, number: int, frame: FrameType | None) -> None:
        """The runner is gone: what we run may finish its work in hand, but nothing outlives its time for that."""
        if self._child is not None:
            _end(self._child.pid)
        os._exit(1)


class _Relay:
    """Passes a process's messages on, but keeps back its end: whether it is the end is not its to say."""

    def __init__(self, events: Any) -> None:
        self.events = events
        self.last: Any = None

    def put(self, message: Any) -> None:
        if message.type == "stop":
            self.last = message
        else:
            self.events.put(message)


class Manager(honcho_manager.Manager):
    """Honcho's manager, but a stop is told to each process and not to its children.

    Celery finishes the work in hand when its main process is told; a child that is told drops it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._process_ctor = SupervisedProcess
        self._procmgr = _Leaders()
        self.stopping = multiprocessing.Event()
        SupervisedProcess.stopping = self.stopping
        self.asked_to_stop = False

    def terminate(self) -> None:
        self.asked_to_stop = self.returncode in (130, 143)
        self.stopping.set()
        super().terminate()

    def _system_print(self, data: str) -> None:
        """Its lines about single signals are of no use to the reader."""


class _Leaders:
    def terminate(self, pid: int) -> None:
        _signal(os.kill, pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        _signal(os.killpg, pid, signal.SIGKILL)


def _signal(send: Callable[[int, int], None], pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        send(pid, number)


def _tied_child(command: str, **options: Any) -> Any:
    child = Popen(command, preexec_fn=lambda: _hear_of_parents_end(signal.SIGTERM), **options)
    threading.Thread(target=_sweep_after, args=(child.pid,), daemon=True).start()
    return child


def _sweep_after(pid: int) -> None:
    """Once a main process has ended, end what it left in its group: orphans would keep its output open."""
    with contextlib.suppress(ChildProcessError):
        os.waitid(
            os.P_PID, pid, os.WEXITED | os.WNOWAIT
        )  # not reaped yet, so the group's number is still its own
        _signal(os.killpg, pid, signal.SIGKILL)


def _end(pid: int) -> None:
    """Ask a child to end; what is left of its group after the time for that is killed."""
    _signal(os.kill, pid, signal.SIGTERM)
    until = time.monotonic() + KILL_AFTER_SECONDS
    with contextlib.suppress(ChildProcessError):  # reaped by the one who waits for it
        while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            if time.monotonic() > until:
                break
            time.sleep(0.05)
    _signal(os.killpg, pid, signal.SIGKILL)


def _hear_of_parents_end(number: int) -> None:
    """Ask Linux for this signal once our parent is gone: kill -9 of the runner leaves nothing behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def _keep_database(hold: Hold, manager: Manager) -> None:
    """Start the database again when it died."""
    while not manager.stopping.wait(1):
        try:
            if hold.revive():
                say("The database had died and was started again")
        except EmbeddedError as problem:
            say(f"The database died and cannot be started again yet: {problem}")


def _announce(port: int, manager: Manager) -> None:
    """Say where the portal is once it answers there, and when everything behind it works."""
    address = f"http://{HOST}:{port}"
    if _wait_for(f"{address}/healthz", manager):
        say(f"The launch portal runs at {address}/ (Ctrl-C stops it)")
    if _wait_for(f"{address}/readyz", manager):
        say("Web, workers, beat and database all work")


def _wait_for(url: str, manager: Manager) -> bool:
    while not manager.stopping.wait(0.1):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            continue
    return False


if __name__ == "__main__":
    sys.exit(main())
