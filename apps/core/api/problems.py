"""Every refusal of the API as problem details (RFC 9457), made in one place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    ValidationError,
)
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError
from django.http import Http404
from django.http.request import UnreadablePostError
from psycopg.errors import UniqueViolation
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Conflict, DomainError, Invalid
from apps.core.middleware import current_request_id

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

# What `type` points at: a stable name per status, with a title that does not change from case to case.
TITLES: dict[int, tuple[str, str]] = {
    400: ("invalid", "The request is not acceptable"),
    401: ("unauthenticated", "Sign in or bring a token"),
    403: ("not-allowed", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This address does not take this method"),
    406: ("not-acceptable", "No such format"),
    409: ("conflict", "This conflicts with what is stored"),
    412: ("precondition-failed", "Changed by somebody else meanwhile"),
    413: ("too-large", "The request is too large"),
    415: ("unsupported-media-type", "Send JSON"),
    422: ("key-reused", "This key was used for another request"),
    428: ("precondition-required", "Send If-Match"),
    429: ("too-many-requests", "Too many requests"),
    500: ("error", "The portal failed"),
    503: ("unavailable", "Not available at the moment"),
}


class PreconditionRequired(exceptions.APIException):
    """A change must say which version it changes (RFC 6585)."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = "Send the object's ETag as If-Match, so that nobody's change is overwritten unseen."
    default_code = "if_match_required"


class PreconditionFailed(exceptions.APIException):
    """`If-Match` names a version that is not the stored one."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "This was changed since you read it. Read it again."
    default_code = "conflict"


class KeyInUse(exceptions.APIException):
    """Another request with this idempotency key is being answered right now."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "A request with this Idempotency-Key is still being answered. Try again in a second."
    default_code = "idempotency_in_progress"


class KeyReused(exceptions.APIException):
    """The idempotency key already stands for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used for another request within the last 24 hours."
    default_code = "idempotency_key_reused"


def problem(
    request: Request,
    *,
    status_code: int,
    code: str,
    detail: str,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """One problem-details answer. `errors` maps field names (dotted inside lists and objects) to messages."""
    name, title = TITLES.get(status_code, TITLES[400])
    body: dict[str, Any] = {
        "type": f"/api/v1/problems/{name}/",
        "title": title,
        "status": status_code,
        "detail": detail,
        "code": code,
        "instance": request.path,
        "request_id": current_request_id(),
    }
    if errors:
        body["errors"] = {field: list(messages) for field, messages in errors.items()}
    body.update({key: value for key, value in more.items() if value not in (None, {})})
    return Response(body, status=status_code, headers=dict(headers or {}), content_type=MEDIA_TYPE)


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: nothing leaves the API as anything but problem details.

    What nobody foresaw is logged with its traceback, announced like any failed request, and answered by 500.
    """
    request: Request = context["request"]
    if isinstance(error, DomainError):
        return _domain(request, error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, ValidationError):
        return _domain(request, Invalid.from_validation(error))
    elif isinstance(error, RequestDataTooBig | TooManyFieldsSent):
        return problem(request, status_code=413, code="too_large", detail="The request is larger than 3 MiB.")
    elif isinstance(error, SuspiciousOperation | UnreadablePostError):
        error = exceptions.ParseError("The request could not be read.")
    elif isinstance(error, DataError):
        # Services validate first; this is for what only the database can refuse.
        logger.warning("refused by the database: %s", error)
        error = exceptions.ParseError("A value does not fit where it should be stored.", code="does_not_fit")
    elif isinstance(error, IntegrityError) and isinstance(error.__cause__, UniqueViolation):
        logger.warning("refused by the database: %s", error)
        return _domain(request, Conflict("Somebody else just stored the same.", code="already_exists"))
    if isinstance(error, exceptions.APIException):
        return _api(request, error)
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    got_request_exception.send(sender=type(context.get("view")), request=request._request)
    return problem(
        request,
        status_code=500,
        code="error",
        detail="Something went wrong here. The request id tells the operators which request it was.",
    )


def _domain(request: Request, error: DomainError) -> Response:
    more: dict[str, Any] = {}
    code = error.status
    if isinstance(error, Invalid):
        code = status.HTTP_400_BAD_REQUEST
    elif isinstance(error, Conflict):
        more = {"current": error.current, "version": error.version}
        if "If-Match" in request.headers and error.code == Conflict.default_code:
            code = status.HTTP_412_PRECONDITION_FAILED
    return problem(
        request, status_code=code, code=error.code, detail=error.message, errors=error.errors, **more
    )


def _api(request: Request, error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, KeyInUse):
        headers["Retry-After"] = "1"
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    if code == "insufficient_scope":
        headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'  # RFC 6750, 3.1
    if isinstance(error, exceptions.ValidationError):
        errors = flatten(error.detail)
        first = next(iter(errors.items()), ("", ["The request is not acceptable."]))
        detail = first[1][0] if first[0] in ("", "non_field_errors") else f"{first[0]}: {first[1][0]}"
        named = {name or "non_field_errors": messages for name, messages in errors.items()}
        return problem(request, status_code=400, code="invalid", detail=detail, errors=named)
    return problem(
        request, status_code=error.status_code, code=code, detail=str(error.detail), headers=headers
    )


def flatten(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested error detail as field names joined by dots: {"targets.0.value": ["..."]}."""
    found: dict[str, list[str]] = {}
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            key = str(name)
            found |= flatten(inner, path if key == "non_field_errors" and path else _join(path, key))
    elif isinstance(detail, list | tuple):
        plain = [str(item) for item in detail if not isinstance(item, Mapping | list | tuple)]
        if plain:
            found[path] = plain
        for index, item in enumerate(detail):
            if isinstance(item, Mapping | list | tuple) and item:
                found |= flatten(item, _join(path, str(index)))
    else:
        found[path] = [str(detail)]
    return found


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
