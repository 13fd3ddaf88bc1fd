"""Ways out: SMTP by hand, or any of Django's mail backends (django-anymail's among them)."""

from __future__ import annotations

from django.conf import settings

from apps.delivery.transports.backend import BackendTransport
from apps.delivery.transports.base import Answer, RelayUnavailable, Result, Transport
from apps.delivery.transports.smtp import SmtpTransport

__all__ = ["Answer", "BackendTransport", "RelayUnavailable", "Result", "SmtpTransport", "Transport", "make"]

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def make() -> Transport:
    """The transport that `EMAIL_BACKEND` asks for; each lane has one of its own."""
    return SmtpTransport() if settings.EMAIL_BACKEND == SMTP_BACKEND else BackendTransport()
