"""SMTP, step by step, so that what came before the final dot and what after it are told apart.

Before the dot a broken connection proves that nothing was sent; after it nobody knows (RFC 1047).
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from apps.delivery import faults, mime
from apps.delivery.sources import Claimed, Message
from apps.delivery.transports.base import Answer, RelayUnavailable, Result

# https://www.iana.org/assignments/smtp-enhanced-status-codes: no such mailbox, or it moved away
_NO_SUCH_ADDRESS = re.compile(r"\b5\.1\.(1|6|10)\b")
_DOT = re.compile(rb"(?m)^\.")
LONGEST_REPLY = 400


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready for DATA: dots doubled, without the final one."""

    sender: str
    recipient: str
    body: bytes


class Reply(NamedTuple):
    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:LONGEST_REPLY]


class _Broken(Exception):
    """The connection is of no use any more; nothing of the message was accepted."""


class SmtpTransport:
    """One kept connection. Commands go out together where the server takes that (RFC 2920)."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None
        self._sent = 0
        self._used_at = 0.0
        self._pipelining = False

    def prepare(self, message: Message, row: Claimed) -> Prepared:
        body = mime.build(message, row)
        if b"\n." in body:
            body = _DOT.sub(b"..", body)
        return Prepared(mime.envelope_sender(message), row.address, body)

    @property
    def is_open(self) -> bool:
        return self._smtp is not None and not self._is_worn_out()

    def open(self) -> None:
        if self.is_open:
            return
        self.close()
        try:
            self._smtp = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise RelayUnavailable(_words(error)) from error
        self._pipelining = self._smtp.has_extn("pipelining")
        self._sent, self._used_at = 0, time.monotonic()

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(OSError):
                if smtp.sock is not None:
                    smtp.sock.sendall(b"QUIT\r\n")
            smtp.close()

    def send(self, prepared: object) -> Answer:
        """Tries a second connection at once if the kept one turns out to be closed before the message began."""
        assert isinstance(prepared, Prepared)
        reused = self._sent > 0
        try:
            return self._attempt(prepared)
        except _Broken as error:
            self._drop()
            if not reused:
                return Answer(Result.DEFERRED, str(error))
        try:
            self.open()
            return self._attempt(prepared)
        except (_Broken, RelayUnavailable) as error:
            self._drop()
            return Answer(Result.DEFERRED, str(error))

    # One message ------------------------------------------------------------------------------------

    def _attempt(self, prepared: Prepared) -> Answer:
        smtp = self._smtp
        if smtp is None or smtp.sock is None:
            raise _Broken("The connection was closed.")
        self._sent += 1
        self._used_at = time.monotonic()
        commands = [
            f"MAIL FROM:<{prepared.sender}>\r\n".encode("ascii"),
            f"RCPT TO:<{prepared.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        ]
        try:
            refused = self._begin(smtp, commands)
        except (OSError, smtplib.SMTPException) as error:
            raise _Broken(f"Before the message: {_words(error)}") from error
        if refused is not None:
            return refused
        try:
            smtp.sock.settimeout(settings.DELIVERY_COMMAND_SECONDS)
            if settings.DELIVERY_FAULT:
                half = len(prepared.body) // 2
                smtp.sock.sendall(prepared.body[:half])
                faults.point("in_data")
                smtp.sock.sendall(prepared.body[half:])
            else:
                smtp.sock.sendall(prepared.body)
        except OSError as error:
            # The final dot has not left, so the server must not deliver what it has (RFC 5321, 4.1.1.4).
            self._drop()
            return Answer(Result.DEFERRED, f"While sending the message: {_words(error)}")
        try:
            smtp.sock.settimeout(settings.DELIVERY_FINAL_SECONDS)
            smtp.sock.sendall(b".\r\n")
            final = _reply(smtp)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Answer(Result.UNCERTAIN, f"After the message: {_words(error)}")
        faults.point("after_250")
        self._used_at = time.monotonic()
        return self._judge(final)

    def _begin(self, smtp: smtplib.SMTP, commands: list[bytes]) -> Answer | None:
        """Up to the server's 354; the answer if it refuses."""
        assert smtp.sock is not None
        smtp.sock.settimeout(settings.DELIVERY_COMMAND_SECONDS)
        if self._pipelining:
            smtp.sock.sendall(b"".join(commands))
            replies = [_reply(smtp) for _ in commands]
            refused = next((reply for reply in replies[:2] if reply.code >= 300), None)
            if refused is not None and replies[2].code == 354:
                # It waits for a message to nobody. Going away is the one certain way to send none.
                self._drop()
                return self._judge(refused)
        else:
            replies = []
            for command in commands:
                smtp.sock.sendall(command)
                replies.append(_reply(smtp))
                if replies[-1].code >= 400:
                    break
            refused = next((reply for reply in replies[:2] if reply.code >= 300), None)
        if refused is None and replies[2].code != 354:
            refused = replies[2]
        if refused is None:
            return None
        answer = self._judge(refused)
        if self._smtp is not None:
            smtp.sock.sendall(b"RSET\r\n")
            if _reply(smtp).code >= 400:
                self._drop()
        return answer

    def _judge(self, reply: Reply) -> Answer:
        if reply.code == 421:
            self._drop()
        if 200 <= reply.code < 300:
            return Answer(Result.ACCEPTED, str(reply))
        if 400 <= reply.code < 500:
            return Answer(Result.DEFERRED, str(reply))
        if 500 <= reply.code < 600:
            return Answer(Result.FAILED, str(reply), bounced=bool(_NO_SUCH_ADDRESS.search(reply.text)))
        self._drop()
        return Answer(Result.DEFERRED, f"An answer that is none: {reply}")

    # The connection ---------------------------------------------------------------------------------

    def _connect(self) -> smtplib.SMTP:
        host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
        # Its own name is given, or smtplib asks the name server for it.
        own, seconds = settings.DELIVERY_MESSAGE_DOMAIN, settings.DELIVERY_CONNECT_SECONDS
        smtp: smtplib.SMTP
        if getattr(settings, "EMAIL_USE_SSL", False):
            smtp = smtplib.SMTP_SSL(host, port, own, context=ssl.create_default_context(), timeout=seconds)
        else:
            smtp = smtplib.SMTP(host, port, own, timeout=seconds)
        try:
            smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_USE_TLS:
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            if settings.EMAIL_HOST_USER:
                smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            assert smtp.sock is not None
            # The dot goes out in a packet of its own; it must not wait for the body's acknowledgement.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _is_worn_out(self) -> bool:
        return (
            self._sent >= settings.DELIVERY_CONNECTION_MESSAGES
            or time.monotonic() - self._used_at > settings.DELIVERY_CONNECTION_IDLE_SECONDS
        )

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def _reply(smtp: smtplib.SMTP) -> Reply:
    """The next reply. Unlike smtplib's own reading it keeps apart what never came and what said no."""
    code, text = smtp.getreply()
    if code == -1:
        raise smtplib.SMTPServerDisconnected("The server closed the connection.")
    return Reply(code, text.decode("utf-8", "replace").replace("\n", " ").replace("\x00", ""))


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return f"{error.smtp_code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
    return str(error) or type(error).__name__
