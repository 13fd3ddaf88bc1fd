"""What happens to every request: its id, and who may keep its answer."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

_request_id: ContextVar[str] = ContextVar("request_id", default="-")
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str:
    """The id of the request this thread works on; `-` outside of one."""
    return _request_id.get()


class RequestIds:
    """Gives every request an id: in the log, on error pages (`request.id`) and in the answer's header.

    An id that a proxy in front already gave is kept if it is a plain word.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identity = given if _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
        request.id = identity  # type: ignore[attr-defined]  # as Django's own middleware does
        token = _request_id.set(identity)
        try:
            response = self.get_response(request)
        finally:
            _request_id.reset(token)
        response["X-Request-ID"] = identity
        return response


class RequestIdFilter(logging.Filter):
    """Puts the request's id on every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


# Addresses whose last part lets in whoever has it.
_SECRET = re.compile(r"/(feeds|u|l)/[A-Za-z0-9_:.=-]{16,}")


class SecretAddressFilter(logging.Filter):
    """Keeps the secrets of addresses (calendar feeds, unsubscribing, followed links) out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = _SECRET.sub(r"/\1/[hidden]", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True


class PrivatePages:
    """Pages hold what only this person may see: no cache keeps them, unless a view said otherwise.

    It stands below the middleware that serves static files, whose answers are public.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        return response
