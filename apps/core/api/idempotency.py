"""`Idempotency-Key` on POST: the same request sent twice is done once and answered the same.

Key, change and stored answer share one transaction, and an advisory lock stands for "being answered". So a
crash in between leaves neither a change without its answer nor a key that blocks, and there is no lease to
wait for. An answer that changed nothing (4xx, 5xx) is not kept: the corrected request may use the same key.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

from django.core.exceptions import RequestDataTooBig
from django.db import connection
from django.http import HttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.actors import Actor
from apps.core.api.problems import KeyInUse, KeyReused
from apps.core.clock import now
from apps.core.models import IdempotentAnswer

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
SWEPT = 100
REPLAYED_HEADERS = ("ETag", "Location", "Content-Type")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def key_of(request: Request) -> str | None:
    """The request's key, None where it is not a POST or has none. Raises `ParseError` for a bad one."""
    if request.method != "POST" or HEADER not in request.headers:
        return None
    key = request.headers[HEADER].strip().strip('"')
    if not _KEY.fullmatch(key):
        raise ParseError("An Idempotency-Key is 1 to 255 visible ASCII characters.", code="idempotency_key")
    return key


def earlier_answer(request: Request, actor: Actor, key: str) -> IdempotentAnswer | None:
    """The stored answer to this very request, or None after taking the key for this transaction.

    Raises `KeyInUse` while another transaction holds the key, `KeyReused` if it stands for another request.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"idempotency {_owner(actor)} {key}"],
        )
        row = cursor.fetchone()
    if not row or not row[0]:
        raise KeyInUse()
    stored = IdempotentAnswer.objects.filter(
        actor=_owner(actor), key=key, created_at__gt=now() - KEPT
    ).first()
    if stored is not None and stored.request_hash != _hash(request):
        raise KeyReused()
    return stored


def replay(stored: IdempotentAnswer) -> HttpResponse:
    """The stored answer as it was given, marked as a repetition."""
    response = HttpResponse(stored.body.encode(), status=stored.status)
    for name, value in stored.headers.items():
        response[name] = value
    response["Idempotent-Replayed"] = "true"
    return response


def keep(request: Request, actor: Actor, key: str, response: Response) -> None:
    """Store a rendered answer for 24 hours, in the transaction of the change it answers."""
    expired = IdempotentAnswer.objects.filter(created_at__lte=now() - KEPT)
    expired.filter(actor=_owner(actor), key=key).delete()
    some = expired.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SWEPT]
    IdempotentAnswer.objects.filter(pk__in=list(some)).delete()
    IdempotentAnswer.objects.create(
        actor=_owner(actor),
        key=key,
        request_hash=_hash(request),
        status=response.status_code,
        headers={name: response[name] for name in REPLAYED_HEADERS if name in response},
        body=response.content.decode(),
    )


def _owner(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


def _hash(request: Request) -> str:
    digest = hashlib.sha256()
    for part in (request.method or "", request.get_full_path(), request.content_type or ""):
        digest.update(part.encode() + b"\x00")
    try:
        digest.update(request._request.body)
    except RequestDataTooBig as error:
        raise ParseError(
            "An Idempotency-Key covers bodies up to 3 MiB: send this file without one.",
            code="idempotency_key",
        ) from error
    return digest.hexdigest()
