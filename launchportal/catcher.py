"""The mail server of `make run`: takes every mail, sends none, keeps them as files to be read in the portal.

`python -m launchportal.catcher PORT FOLDER` listens on 127.0.0.1 until it is told to stop; FOLDER is a Maildir.
Where EMAIL_HOST names a real relay, nothing of this runs.
"""

from __future__ import annotations

import asyncio
import mailbox
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MOST_KEPT = 2000
MOST_BYTES = 10 * 1024 * 1024


class Keeper:
    """Puts what arrives into a Maildir, and throws the oldest away once there is too much."""

    def __init__(self, folder: Path) -> None:
        self.box = mailbox.Maildir(folder, create=True)
        self.taken = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        self.box.add(content if isinstance(content, bytes) else str(content).encode())
        self.taken += 1
        if self.taken % 100 == 1:
            self._prune()
        return "250 2.0.0 kept"

    def _prune(self) -> None:
        new = Path(self.box._path) / "new"
        for path in sorted(new.iterdir(), key=lambda each: each.stat().st_mtime)[:-MOST_KEPT]:
            path.unlink(missing_ok=True)


async def serve(port: int, folder: Path) -> None:
    """Take mail until SIGTERM or SIGINT."""
    keeper = Keeper(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(keeper, data_size_limit=MOST_BYTES, hostname="localhost", loop=loop), "127.0.0.1", port
    )
    async with server:
        await stopped.wait()


def main() -> None:
    if len(sys.argv) != 3 or not sys.argv[1].isdecimal():
        sys.exit("Say which port and which folder.")
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))


if __name__ == "__main__":
    main()
