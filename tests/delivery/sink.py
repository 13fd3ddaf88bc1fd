"""A real SMTP server for tests that remembers what it took, and misbehaves when asked to."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_MESSAGE_ID = re.compile(rb"(?mi)^Message-ID: (<[^>]+>)")


@dataclass
class Got:
    """One message the sink took."""

    message_id: str
    sender: str
    recipient: str
    content: bytes

    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]


class Sink(Controller):
    """`answers` may give a reply to RCPT or DATA by recipient and count; "drop" closes without
    one ("drop unsent" without keeping it), "stall" answers two seconds late.

    `gate`, when cleared, holds every answer to the final dot back until it is set.
    """

    def __init__(self, port: int) -> None:
        self.got: list[Got] = []
        self.rcpt: Callable[[str, int], str | None] = lambda address, count: None
        self.data: Callable[[str, int], str | None] = lambda address, count: None
        self.seen: Counter[tuple[str, str]] = Counter()
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = 0
        self.pipelining = True
        self.keep_content = True
        super().__init__(self, hostname="127.0.0.1", port=port, ready_timeout=20)

    def factory(self) -> SMTP:
        return SMTP(self.handler, hostname="sink.example.com", enable_SMTPUTF8=False)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Says that it takes commands together; its reading by lines does so anyway."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.seen["RCPT", address] += 1
        answer = self.rcpt(address, self.seen["RCPT", address])
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        address = envelope.rcpt_tos[0]
        self.seen["DATA", address] += 1
        answer = self.data(address, self.seen["DATA", address])
        if answer is not None and answer != "stall" and not answer.startswith("drop"):
            return answer
        content = bytes(envelope.content or b"")
        found = _MESSAGE_ID.search(content)
        if answer != "drop unsent":
            name = found[1].decode() if found else ""
            self.got.append(
                Got(name, str(envelope.mail_from), address, content if self.keep_content else b"")
            )
        if answer == "stall":
            await asyncio.sleep(2)
        elif answer is not None:
            assert server.transport is not None
            server.transport.abort()
            return "250 nobody hears this"
        self.waiting += 1
        try:
            while not self.gate.is_set():
                await asyncio.sleep(0.01)
        finally:
            self.waiting -= 1  # also when the sender is gone before its answer
        return "250 2.0.0 queued"

    @property
    def ids(self) -> list[str]:
        return [got.message_id for got in self.got]

    def by_recipient(self) -> dict[str, Got]:
        return {got.recipient: got for got in self.got}
