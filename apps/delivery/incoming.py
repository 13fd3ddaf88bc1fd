"""Reads mail that comes to us: answers, machines' answers, bounces, complaints, unsubscribing.

Everything in a mail is its sender's word. What a reader here cannot make out is empty, never an error.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser, Parser
from email.utils import getaddresses

from apps.core.errors import Invalid
from apps.delivery.addresses import normalise
from apps.delivery.reports import key_of

_ID = re.compile(r"<[^<>\s]{1,250}>")
_UNSUBSCRIBE = re.compile(r"\s*unsubscribe\s+([0-9]{1,18}\.[A-Za-z0-9_-]{20,100})\s*", re.IGNORECASE)
_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
MOST_REPORTED = 10


@dataclass(frozen=True)
class Mail:
    """One mail with its envelope. `sent_by` is None where nobody said, and empty for the null sender of machines.

    `key` names the mail for good; `said` is who handed it over, for people.
    """

    message: Message
    key: str
    sent_by: str | None = None
    sent_to: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What a delivery status notification (RFC 3464) says of one recipient."""

    action: str
    status: str
    diagnostic: str
    address: str


def read(data: bytes) -> Message:
    """A message from its bytes, however broken. Raises `Invalid` for what nests too deep."""
    try:
        return BytesParser(policy=policy.compat32).parsebytes(data)
    except RecursionError as error:
        raise Invalid("This mail holds mails within mails beyond reading.", code="nested") from error


def header(message: Message, name: str) -> str:
    """A header as one line of text, without control characters; empty if it is not there or cannot be read."""
    try:
        value = message[name]
        text = "" if value is None else str(value)
        if "=?" in text:
            text = str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001  # parsers of headers raise whatever they like
        return ""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:2000]


def mail_key(message: Message) -> str:
    """One key for every copy of a mail, by whatever way it comes; empty without a Message-ID."""
    own = header(message, "Message-ID")
    return key_of("mail", own) if own else ""


def addresses(message: Message, *names: str) -> set[str]:
    """The usable addresses in these headers, normalised."""
    try:
        values = [str(value) for name in names for value in message.get_all(name, [])]
    except Exception:  # noqa: BLE001  # as above
        return set()
    found = set()
    for _, address in getaddresses(values[:50]):
        try:
            found.add(normalise(address))
        except Invalid:
            continue
    return found


def recipients(mail: Mail) -> set[str]:
    """Whom the mail went to, by its envelope and its headers."""
    found = addresses(mail.message, *_TO)
    with contextlib.suppress(Invalid):
        found.add(normalise(mail.sent_to))
    return found


def references(message: Message) -> list[str]:
    """The Message-IDs it answers, the nearest first."""
    nearest = _ID.findall(header(message, "In-Reply-To"))
    # The end of a long list is the nearest; a header is read up to a length, so it is taken whole here.
    thread = _ID.findall(" ".join(str(message.get("References", "")).split())[-20_000:])
    return list(dict.fromkeys([*nearest, *reversed(thread)]))


def is_automatic(mail: Mail) -> bool:
    """Whether a machine wrote it: an absence, a receipt, a list (RFC 3834, and what was before it)."""
    message = mail.message
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if any(header(message, name) for name in ("X-Autoreply", "X-Autorespond", "List-Id")):
        return True
    if header(message, "Precedence").lower() in {"bulk", "auto_reply", "junk", "list"}:
        return True
    return mail.sent_by in ("", "<>") or header(message, "Return-Path") == "<>"


def unsubscribe_token(message: Message) -> str:
    """The token in a subject such as `List-Unsubscribe` offers; empty for any other subject."""
    found = _UNSUBSCRIBE.fullmatch(header(message, "Subject"))
    return found[1] if found else ""


def report_type(message: Message) -> str:
    """`delivery-status`, `feedback-report`, `disposition-notification`... of a multipart/report (RFC 6522)."""
    if message.get_content_type() != "multipart/report":
        return ""
    return str(message.get_param("report-type") or "").lower()


def statuses(message: Message) -> Iterator[Status]:
    """The recipients a delivery status notification speaks of, the first ten."""
    for part in _parts(message, "message/delivery-status"):
        groups = part.get_payload()
        for group in groups[:MOST_REPORTED] if isinstance(groups, list) else []:
            if not isinstance(group, Message) or not header(group, "Action"):
                continue
            yield Status(
                action=header(group, "Action").lower(),
                status=header(group, "Status").partition(" ")[0],
                diagnostic=_after_type(header(group, "Diagnostic-Code"))[:400],
                address=_after_type(header(group, "Original-Recipient") or header(group, "Final-Recipient")),
            )


def feedback_type(message: Message) -> str:
    """`abuse`, `fraud`, `not-spam`... of a feedback report (RFC 5965)."""
    for part in _parts(message, "message/feedback-report"):
        payload = part.get_payload()
        fields = payload[0] if isinstance(payload, list) and payload else None
        if isinstance(fields, Message):
            return header(fields, "Feedback-Type").lower()
        if isinstance(payload, str):
            return header(Parser(policy=policy.compat32).parsestr(payload), "Feedback-Type").lower()
    return ""


def original_message_id(message: Message) -> str:
    """The Message-ID of the mail a report returns, whole or only its headers."""
    for part in _parts(message, "message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if inner is None:
            raw = part.get_payload(decode=True)
            inner = BytesParser(policy=policy.compat32).parsebytes(raw) if isinstance(raw, bytes) else None
        if isinstance(inner, Message) and (found := _ID.search(header(inner, "Message-ID"))):
            return found[0]
    return ""


def _parts(message: Message, *types: str) -> Iterator[Message]:
    """The report's own parts of these types, not those of a mail it returns."""
    payload = message.get_payload()
    for part in payload[:20] if isinstance(payload, list) else []:
        if isinstance(part, Message) and part.get_content_type() in types:
            yield part


def _after_type(value: str) -> str:
    """`rfc822; ada@example.com` without its type."""
    return value.partition(";")[2].strip() if ";" in value else value
