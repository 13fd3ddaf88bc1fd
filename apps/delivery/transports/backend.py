"""Any of Django's mail backends as a way out: providers' APIs through django-anymail, files, the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from anymail.exceptions import (
    AnymailError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailSerializationError,
)
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from apps.delivery import mime
from apps.delivery.reports import copy_of
from apps.delivery.sources import Claimed, Message
from apps.delivery.transports.base import Answer, RelayUnavailable, Result

_REFUSED = frozenset({"invalid", "rejected", "failed"})
# They count opens and clicks as their account is set, and refuse to be told by message.
_NOT_TOLD = frozenset({"Brevo", "Mailtrap"})


@dataclass(frozen=True, slots=True)
class Prepared:
    mail: EmailMultiAlternatives
    track: bool = False


class BackendTransport:
    """One backend, kept open. What a provider answered is certain; an exception without an answer is not."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None
        self._asked = False  # whether the message in hand has got as far as a request

    def prepare(self, message: Message, row: Claimed) -> Prepared:
        headers = mime.headers_of(message, row)
        sender, to, subject = headers.pop("From"), headers.pop("To"), headers.pop("Subject")
        reply_to = headers.pop("Reply-To", "")
        mail = EmailMultiAlternatives(
            subject, message.text, sender, [to], headers=headers, reply_to=[reply_to] if reply_to else None
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        # Anymail reads these. A provider's webhook hands the metadata back; its figures go by tag.
        mail.metadata = {"delivery": str(row.id), "copy": copy_of(row.message_id)}  # type: ignore[attr-defined]
        mail.tags = [f"mailing-{row.mailing_id}"]  # type: ignore[attr-defined]
        return Prepared(mail, message.track)

    @property
    def is_open(self) -> bool:
        return self._backend is not None

    def open(self) -> None:
        if self.is_open:
            return
        backend: BaseEmailBackend = get_connection()
        try:
            backend.open()
        except OSError as error:
            raise RelayUnavailable(str(error)) from error
        self._backend = backend
        post = getattr(backend, "post_to_esp", None)
        if post is not None:

            def asking(payload: Any, message: Any) -> Any:
                self._asked = True
                return post(payload, message)

            backend.post_to_esp = asking  # type: ignore[attr-defined]

    def send(self, prepared: object) -> Answer:
        assert isinstance(prepared, Prepared)
        if self._backend is None:
            return Answer(Result.DEFERRED, "The connection was closed.")
        if getattr(self._backend, "esp_name", "") not in _NOT_TOLD:
            prepared.mail.track_opens = prepared.track  # type: ignore[attr-defined]
            prepared.mail.track_clicks = False  # type: ignore[attr-defined]  # links are ours already
        self._asked = False
        try:
            sent = self._backend.send_messages([prepared.mail])
        except AnymailRecipientsRefused as error:
            return Answer(Result.FAILED, _first_line(error))
        except AnymailRequestsAPIError as error:
            if _never_left(error):
                return Answer(Result.DEFERRED, f"The provider was not to be reached: {_first_line(error)}")
            return _from_status(getattr(error.response, "status_code", None), _first_line(error))
        except AnymailError as error:
            if not self._asked or isinstance(error, AnymailSerializationError):
                # Raised while the request was put together: nothing went out.
                return Answer(Result.FAILED, _first_line(error))
            return Answer(Result.UNCERTAIN, f"An answer that is none: {_first_line(error)}")
        except Exception as error:  # noqa: BLE001  # whatever a backend raises: it may have sent
            self.close()
            return Answer(Result.UNCERTAIN, f"{type(error).__name__}: {_first_line(error)}")
        if not sent:
            return Answer(Result.FAILED, "The backend sent nothing and said nothing.")
        status = getattr(prepared.mail, "anymail_status", None)
        provider_id = str(getattr(status, "message_id", "") or "")[:200]
        said = set(getattr(status, "status", None) or ())
        if said and said <= _REFUSED:
            return Answer(Result.FAILED, f"The provider says: {', '.join(sorted(said))}.", provider_id)
        if "unknown" in said and not provider_id:
            return Answer(Result.UNCERTAIN, "The provider's answer says nothing about this recipient.")
        return Answer(Result.ACCEPTED, "Handed over.", provider_id)

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()


def _from_status(status: int | None, words: str) -> Answer:
    if status is None:
        return Answer(Result.UNCERTAIN, words)
    if status in (401, 403, 429):
        # A wrong key or a full quota is mended by people; nothing was taken.
        return Answer(Result.DEFERRED, words)
    if 400 <= status < 500:
        return Answer(Result.FAILED, words)
    # A provider that stumbled may have taken the message all the same.
    return Answer(Result.UNCERTAIN, words)


def _never_left(error: AnymailRequestsAPIError) -> bool:
    """Whether there was not even a connection, so that nothing can have been taken."""
    cause = error.__cause__
    if isinstance(cause, requests.exceptions.ConnectTimeout):
        return True
    inner = cause.args[0] if isinstance(cause, requests.exceptions.ConnectionError) and cause.args else None
    return isinstance(getattr(inner, "reason", inner), NewConnectionError | ConnectTimeoutError)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:400]
