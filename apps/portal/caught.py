"""Reading what the mail server of `make run` caught (`launchportal.catcher`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import nh3
from django.conf import settings

NEWEST = 200
_SHOWN = (
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)


@dataclass(frozen=True)
class CaughtMail:
    """One mail: `key` is the name of its file."""

    key: str
    at: datetime
    sender: str
    recipient: str
    subject: str
    headers: list[tuple[str, str]]
    text: str
    html: str


def is_on() -> bool:
    """Whether mail is caught here instead of being sent."""
    return bool(settings.CAUGHT_MAIL)


def newest(text: str = "") -> list[CaughtMail]:
    """The newest first; those whose recipient or subject holds the text."""
    folder = Path(settings.CAUGHT_MAIL) / "new"
    if not is_on() or not folder.is_dir():
        return []
    paths = sorted(folder.iterdir(), key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    found = []
    for path in paths:
        mail = _read(path)
        if not text or text.casefold() in f"{mail.recipient} {mail.subject}".casefold():
            found.append(mail)
        if len(found) == NEWEST:
            break
    return found


def one(key: str) -> CaughtMail | None:
    """The mail in this file; None for no file of ours."""
    folder = (Path(settings.CAUGHT_MAIL) / "new").resolve()
    path = (folder / key).resolve()
    if not is_on() or path.parent != folder or not path.is_file():
        return None
    return _read(path)


def _read(path: Path) -> CaughtMail:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return CaughtMail(
        key=path.name,
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        sender=str(mail.get("From", "")),
        recipient=str(mail.get("To", "")),
        subject=str(mail.get("Subject", "")),
        headers=[(name, str(mail[name])) for name in _SHOWN if mail.get(name)],
        text=_content(plain),
        html=nh3.clean(_content(html), link_rel="noopener nofollow") if html is not None else "",
    )


def _content(part: object) -> str:
    if not isinstance(part, EmailMessage):
        return ""
    return str(part.get_content()).replace("\r\n", "\n")
