"""anymail's views behind a few guards: they take nothing too large, and answer what cannot be read with a 400."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from anymail import urls
from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import inbound
from anymail.webhooks.base import AnymailBasicAuthMixin
from django.conf import settings
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt

logger = logging.getLogger(__name__)
# What reading somebody else's bytes raises. Errors of our own services are none of these: they come later.
_UNREADABLE = (
    ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError, AnymailConfigurationError,
)  # fmt: skip


class _Guarded:
    """Stands before one of anymail's views."""

    signal: Any
    basic_auth: Any
    esp_name: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        size = request.META.get("CONTENT_LENGTH") or "0"
        takes_mail = self.signal in (inbound, None)  # None: one address for both
        most = settings.DELIVERY_INBOUND_BYTES if takes_mail else settings.DELIVERY_WEBHOOK_BYTES
        if not size.isdecimal() or int(size) > most:
            return HttpResponse(
                f"At most {most} bytes are taken here.\n", status=413, content_type="text/plain"
            )
        if takes_mail and self.basic_auth:
            # Before much is read; anymail looks again.
            AnymailBasicAuthMixin.validate_request(self, request)
        if takes_mail and request.content_type != "multipart/form-data":
            # Mails with attachments are larger than what other pages of the portal take.
            request._body = request.read(most)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return answer

    def run_validators(self, request: HttpRequest) -> None:
        try:
            super().run_validators(request)  # type: ignore[misc]
        except _UNREADABLE as error:
            raise AnymailWebhookValidationFailure("This cannot be verified.") from error

    def parse_events(self, request: HttpRequest) -> list[Any]:
        try:
            found: list[Any] = super().parse_events(request)  # type: ignore[misc]
        except _UNREADABLE as error:
            logger.warning("%s sent what cannot be read: %s", self.esp_name, error)
            raise BadRequest("This cannot be read.") from error
        return found


def patterns(providers: Iterable[str]) -> list[URLPattern]:
    """The addresses of these providers' webhooks (`mailgun/tracking/`, `mailgun/inbound/`...)."""
    wanted = set(providers)
    found = []
    for pattern in urls.urlpatterns:
        route = str(pattern.pattern).lstrip("^")
        if route.partition("/")[0] in wanted:
            callback = pattern.callback
            view = _guard(callback.view_class, callback.view_initkwargs)
            found.append(URLPattern(pattern.pattern, view, name=pattern.name))
    return found


def _guard(view_class: type[Any], initial: dict[str, Any]) -> Callable[..., HttpResponseBase]:
    guarded: Any = type(f"Guarded{view_class.__name__}", (_Guarded, view_class), {})
    view = guarded.as_view(**initial)

    @csrf_exempt  # a secret or a signature is what allows it
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            found: HttpResponseBase = view(request, *args, **kwargs)
        except (AnymailConfigurationError, ImproperlyConfigured) as error:
            logger.warning("%s is not set up: %s", view_class.__name__, error)
            raise Http404("This webhook is not set up.") from error
        return found

    return answer
