"""Without a relay all mail is caught and can be read, by who may see addresses; nothing leaves."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.kept import Kept, kept
from tests.live import free_port

if TYPE_CHECKING:
    from tests.audience.worlds import World

ROOT = Path(__file__).resolve().parents[2]
built = kept("tests.audience.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    return built.fresh()  # type: ignore[no-any-return]


@pytest.fixture
def catcher(tmp_path: Path, settings: Any) -> Iterator[int]:
    """The mail server of `make run` as a process; its port."""
    port = free_port()
    folder = tmp_path / "mail"
    child = subprocess.Popen([sys.executable, "-m", "launchportal.catcher", str(port), str(folder)], cwd=ROOT)
    settings.CAUGHT_MAIL = str(folder)
    try:
        deadline = time.monotonic() + 20
        while not _answers(port):
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
    finally:
        child.terminate()
        assert child.wait(5) == 0


def _answers(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=1).quit()
    except OSError:
        return False
    return True


def send(port: int, subject: str, html: str = "") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "jo@example.com", "ann@acme.example", subject
    mail.set_content("Hello Ann, see https://portal.example/u/x/\n")
    if html:
        mail.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.send_message(mail)


def test_what_was_sent_is_read_in_the_portal(world: World, catcher: int) -> None:
    send(catcher, "First")
    send(catcher, "Zweite – mit Ümlaut", html="<p>Hello <b>Ann</b><script>alert(1)</script></p>")
    client = world.client("csm")
    page = client.get("/mail/").content.decode()
    assert "First" in page
    assert "Zweite – mit Ümlaut" in page
    assert "First" not in client.get("/mail/?q=zweite").content.decode()
    key = page.split('href="/mail/', 1)[1].split("/", 1)[0]
    for address in {key, *[part.split("/", 1)[0] for part in page.split('href="/mail/')[1:]]}:
        shown = client.get(f"/mail/{address}/").content.decode()
        assert "ann@acme.example" in shown
        assert "alert(1)" not in shown
    assert world.client("marketer").get("/mail/").status_code == 403
    for wrong in ("nothing", "..", "%2e%2e%2f%2e%2e%2fsecrets"):
        assert client.get(f"/mail/{wrong}/").status_code == 404


def test_where_a_relay_is_there_is_nothing_to_read(world: World, settings: Any) -> None:
    settings.CAUGHT_MAIL = ""
    assert world.client("csm").get("/mail/").status_code == 404
    assert world.client("csm").get("/mail/x/").status_code == 404
