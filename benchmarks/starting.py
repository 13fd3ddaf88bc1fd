"""How long `make run` takes to a page in a new clone, and the second time: `python -m benchmarks.starting`.

The first start makes the virtual environment (packages come from this machine's cache), the database and the
demonstration. To reach: 60 s and 8 s.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.installation import OWN, ROOT

PATIENCE_SECONDS = 300
STOP_SECONDS = 30
OURS = (*OWN, "DATA_DIR", "DEMO_PASSWORD", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lp-bench-", dir="/tmp") as folder:
        clone = Path(folder) / "portal"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        for what, to_reach in (("first", 60), ("second", 8)):
            page, stop = start(clone)
            print(
                f"| {what} `make run` in a new clone | {page:.1f} s to a page; stopped in {stop:.1f} s | {to_reach} s |"
            )


def start(clone: Path) -> tuple[float, float]:
    """Seconds until sign-in shows, and from Ctrl-C until everything ended."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    began = time.monotonic()
    portal = subprocess.Popen(
        ["make", "run"], cwd=clone, env={**environment, "PORT": str(port)}, stdout=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        while not shows(port):
            if portal.poll() is not None or time.monotonic() - began > PATIENCE_SECONDS:
                raise SystemExit("make run reached no page")
            time.sleep(0.1)
        page = time.monotonic() - began
    finally:
        asked = time.monotonic()
        os.killpg(portal.pid, signal.SIGINT)
        portal.wait(STOP_SECONDS)
    return page, time.monotonic() - asked


def shows(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    main()
