"""Messages written by hand read the same in Python's own parser, whatever they hold."""

from __future__ import annotations

import uuid
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.delivery import mime
from apps.delivery.sources import Claimed, Message, Unrenderable
from apps.delivery.transports.smtp import SmtpTransport

# Anything a template may give, but not what no mail can hold (surrogates, the null character).
bodies = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=300)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)


def row(name: str = "Ada", address: str = "ada@example.com") -> Claimed:
    return Claimed(
        7, 1, "contact", 1, name, "", None, "", address, "example.com", "UTC", "", {}, 0, "<1.k@x>", uuid.uuid4()
    )  # fmt: skip


def read(raw: bytes) -> EmailMessage:
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    return message_from_bytes(raw, policy=policy.SMTP)  # type: ignore[return-value]


def unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


@given(text=bodies, html=bodies)
def test_bodies_come_back_as_they_were(text: str, html: str) -> None:
    mail = read(mime.build(Message("Hi", text, html or "<p>"), row()))
    parts = [part.get_payload(decode=True).decode() for part in mail.iter_parts()]  # type: ignore[union-attr]
    assert [unified(part) for part in parts] == [unified(text), unified(html or "<p>")]


@given(subject=lines, name=lines)
def test_headers_come_back_as_they_were(subject: str, name: str) -> None:
    mail = read(mime.build(Message(subject, "Hi"), row(name)))
    assert " ".join(str(mail["Subject"]).split()) == " ".join(subject.split())
    assert mail["To"].addresses[0].addr_spec == "ada@example.com"


@pytest.mark.parametrize("text", [".", ".\n..\n", "a\r\n.\r\nb", ".." * 600])
def test_dots_at_the_beginning_of_a_line_are_doubled(text: str) -> None:
    prepared = SmtpTransport().prepare(Message("Hi", text), row())
    body = prepared.body.split(b"\r\n\r\n", 1)[1]
    assert all(line[:2] == b".." for line in body.split(b"\r\n") if line.startswith(b"."))
    assert not prepared.body.endswith(b"\r\n.\r\n")


def test_a_long_line_is_encoded() -> None:
    read(mime.build(Message("Hi", "x" * 5000, "y" * 5000), row()))


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(Unrenderable, match="2 MiB"):
        mime.build(Message("Hi", "x\n" * 2_000_000), row())


@pytest.mark.parametrize("headers", [{"X-A": "1\r\nBcc: x@y"}, {"X:A": "1"}, {"X A": "1"}, {"": "1"}])
def test_unsafe_headers_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unrenderable):
        mime.build(Message("Hi", "Hi", headers=headers), row())


def test_a_source_cannot_replace_deliverys_own_headers() -> None:
    given_headers = {
        "Message-ID": "<mine@x>",
        "to": "all@example.com",
        "bcc": "x@example.com",
        "X-Campaign": "7",
    }
    mail = read(mime.build(Message("Hi", "Hi", headers=given_headers), row()))
    assert mail["Message-ID"] == "<1.k@x>"
    assert mail["To"] == "Ada <ada@example.com>"
    assert mail["Bcc"] is None
    assert mail["X-Campaign"] == "7"
