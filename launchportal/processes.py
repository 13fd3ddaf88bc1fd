"""The commands of the long-running processes: runner, tests and containers start the same ones.

`python -m launchportal.processes NAME` becomes one of them: web, worker, ticks or beat. `web` listens on
`LISTEN` (127.0.0.1) and `PORT` (8000).
"""

from __future__ import annotations

import os
import sys

WORKER_OPTIONS = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]


def web(port: int, *, host: str = "127.0.0.1", workers: int = 2, threads: int = 4) -> list[str]:
    """The web server. Two workers of four threads keep the slowest answers short where one would saturate."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads), "--workers-kill-timeout", "5",
        "--log-level", "warning", "launchportal.wsgi:application",
    ]  # fmt: skip


def worker(queue: str, *, concurrency: int = 1) -> list[str]:
    """A Celery worker for one queue."""
    return [
        sys.executable, "-m", "celery", "-q", "-A", "launchportal.celery", "worker", f"--queues={queue}",
        f"--concurrency={concurrency}", f"--hostname={queue}@%h", *WORKER_OPTIONS,
    ]  # fmt: skip


def beat() -> list[str]:
    """The clock that rings the polls. Several at once do no harm."""
    return [
        sys.executable, "-m", "celery", "-q", "-A", "launchportal.celery", "beat", "--pidfile=",
        "--loglevel=WARNING",
    ]  # fmt: skip


def everything(port: int) -> dict[str, list[str]]:
    """What `make run` runs, by name. `ticks` is the slot that announcements have for themselves."""
    return {
        "web": web(port),
        "worker": worker("default", concurrency=3),
        "ticks": worker("ticks"),
        "beat": beat(),
    }


def named(name: str) -> list[str]:
    """The command of one process, its address taken from the environment; KeyError for another name."""
    port = int(os.environ.get("PORT") or 8000)
    return {**everything(port), "web": web(port, host=os.environ.get("LISTEN") or "127.0.0.1")}[name]


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in everything(0):
        sys.exit(f"Say which process: {', '.join(everything(0))}.")
    command = named(sys.argv[1])
    os.execv(command[0], command)  # noqa: S606  # the container's signals must reach the process itself
