"""Writes one message as bytes for SMTP: headers, plain text, HTML.

By hand, as building is the dearest part of sending: Python's email package takes several times as long for
the same bytes. Tests read every kind of message back with that package.
"""

from __future__ import annotations

import binascii
import re
import time
from email.header import Header
from email.utils import formataddr, formatdate, parseaddr
from functools import lru_cache

from django.conf import settings

from apps.delivery.links import unsubscribe_headers
from apps.delivery.sources import Claimed, Message, Unrenderable

_BREAKS = re.compile(r"[\r\n\x00]")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_LINES = re.compile(rb"\r\n|\r|\n")
# Set here and by nobody else.
OWN = frozenset({
    "message-id", "date", "from", "to", "reply-to", "subject", "mime-version", "content-type", "bcc", "cc",
    "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "sender", "return-path",
})  # fmt: skip
MOST_BYTES = 2 * 1024 * 1024
LONGEST_LINE = 998


def headers_of(message: Message, row: Claimed) -> dict[str, str]:
    """Every header of the message but those about its encoding. Raises `Unrenderable` for unsafe ones."""
    found = {
        "From": _address(message.from_email or settings.DEFAULT_FROM_EMAIL, "From"),
        "To": _named(row.name, row.address),
        "Subject": message.subject,
        "Date": _date(),
        "Message-ID": row.message_id,
    }
    if message.reply_to:
        found["Reply-To"] = _address(message.reply_to, "Reply-To")
    found |= unsubscribe_headers(row.id)
    for name, value in message.headers.items():
        if not _NAME.fullmatch(name):
            raise Unrenderable(f"“{name[:40]}” cannot be the name of a header.", code="header")
        if name.lower() not in OWN:
            found[name] = value
    for name, value in found.items():
        if _BREAKS.search(value):
            raise Unrenderable(f"The header {name} would hold a line break.", code="header")
    return found


def envelope_sender(message: Message) -> str:
    """The bare address bounces go to: a mailbox whose mail the portal reads, or whom the mail is from."""
    return _bare(settings.DELIVERY_BOUNCE_MAILBOX or message.from_email or settings.DEFAULT_FROM_EMAIL)


@lru_cache(1000)
def _bare(text: str) -> str:
    return parseaddr(text)[1]


def build(message: Message, row: Claimed) -> bytes:
    """The whole message with CRLF line ends, lines of at most 998 octets, dots not yet doubled.

    Raises `Unrenderable` where it cannot be written safely.
    """
    lines = [_header(name, value) for name, value in headers_of(message, row).items()]
    lines.append("MIME-Version: 1.0")
    if message.html:
        # Follows from the Message-ID, which no body holds beforehand: it is made from a random key.
        boundary = "=_" + binascii.crc32(row.message_id.encode()).to_bytes(4, "big").hex() + row.lease.hex
        lines.append(f'Content-Type: multipart/alternative; boundary="{boundary}"')
        mark = f"\r\n--{boundary}"
        body = b"".join(
            (
                mark[2:].encode(),
                b"\r\n",
                _part(message.text, "plain"),
                mark.encode(),
                b"\r\n",
                _part(message.html, "html"),
                mark.encode(),
                b"--\r\n",
            )
        )
        whole = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body
    else:
        whole = "\r\n".join(lines).encode("ascii") + b"\r\n" + _part(message.text, "plain")
    if len(whole) > MOST_BYTES:
        raise Unrenderable("The message is larger than 2 MiB.", code="too_large")
    return whole


def _part(text: str, subtype: str) -> bytes:
    """Headers, an empty line and the body, which ends with a line break."""
    raw = text.encode("utf-8", "replace")
    if b"\r" in raw:
        raw = _LINES.sub(b"\n", raw)
    if not raw.endswith(b"\n"):
        raw += b"\n"
    raw = raw.replace(b"\n", b"\r\n")
    if raw.isascii() and b"\x00" not in raw and _short_lines(raw):
        return f'Content-Type: text/{subtype}; charset="us-ascii"\r\n\r\n'.encode() + raw
    body = binascii.b2a_qp(raw, istext=True)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + body


def _short_lines(raw: bytes) -> bool:
    if len(raw) <= LONGEST_LINE:
        return True
    return max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE


def _header(name: str, value: str) -> str:
    if value.isascii() and (len(name) + len(value) <= LONGEST_LINE - 2):
        return f"{name}: {value}"
    return (
        f"{name}: {Header(value, 'utf-8', header_name=name, maxlinelen=76).encode(linesep=chr(13) + chr(10))}"
    )


def _named(name: str, address: str) -> str:
    if not name or _BREAKS.search(name):
        # A name with a line break is somebody's trick or a slip of an import; the address alone will do.
        return address
    return formataddr((name, address), "utf-8")


@lru_cache(1000)
def _address(text: str, header: str) -> str:
    if _BREAKS.search(text):
        raise Unrenderable(f"The header {header} would hold a line break.", code="header")
    name, address = parseaddr(text)
    if "@" not in address or not address.isascii():
        raise Unrenderable(f"“{text[:80]}” is not an address for the header {header}.", code="header")
    return formataddr((name, address), "utf-8") if name else address


_second = (0, "")


def _date() -> str:
    """RFC 5322's date, the same text for all messages of one second."""
    global _second
    now = int(time.time())
    if _second[0] != now:
        _second = (now, formatdate(now))
    return _second[1]
