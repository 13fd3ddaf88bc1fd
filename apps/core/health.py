"""Whether this installation is up (`/healthz`) and whether all its parts work (`/readyz`)."""

from __future__ import annotations

import ipaddress
import secrets
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from apps.core import broker
from apps.core.models import Heartbeat

PARTS = ("database", "migrations", "broker", "worker", "beat")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when this process answers at all; looks at nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, else 503 naming those that do not.

    Why they do not is told to this machine and to whoever brings `OPERATIONS_TOKEN`.
    """
    failing = find_failing()
    body: dict[str, Any] = {"ready": not failing, "failing": sorted(failing)}
    if failing and may_see_details(request):
        body["details"] = failing
    response = JsonResponse(body, status=503 if failing else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # an answer, not an error of this process
    return response


def find_failing() -> dict[str, str]:
    """The parts that do not work, each with the reason in a sentence.

    A part is named only if it is itself at fault as far as can be told: with the database down nothing is
    known about migrations, worker and beat, so they are not named.
    """
    failing: dict[str, str] = {}
    try:
        if reason := _migrations():
            failing["migrations"] = reason
    except (DatabaseError, InterfaceError) as error:
        connections[DEFAULT_DB_ALIAS].close()
        failing["database"] = _first_line(error)
    if reason := broker.problem(shared_database_is_down="database" in failing):
        failing["broker"] = reason
    if "database" in failing or "migrations" in failing:
        return failing
    try:
        failing |= _processes("broker" in failing)
    except (DatabaseError, InterfaceError) as error:
        failing["database"] = _first_line(error)
    return failing


def _migrations() -> str:
    loader = MigrationLoader(connections[DEFAULT_DB_ALIAS])
    missing = sorted(loader.graph.nodes.keys() - loader.applied_migrations.keys())
    if not missing:
        return ""
    return f"{len(missing)} migrations are not applied, one of them {'.'.join(missing[0])}"


def _processes(broker_is_down: bool) -> dict[str, str]:
    fresh = Heartbeat.objects.filter(at__gt=Now() - timedelta(seconds=settings.HEARTBEAT_STALE_SECONDS))
    rows = list(fresh.values_list("kind", "name", "queues"))
    failing: dict[str, str] = {}
    wanted = set(current_app.amqp.queues)
    beat = any(kind == Heartbeat.Kind.BEAT for kind, _, _ in rows)
    if not beat:
        failing["beat"] = f"no beat has shown itself for {settings.HEARTBEAT_STALE_SECONDS} s"
    served = {queue for kind, _, queues in rows if kind == Heartbeat.Kind.WORKER for queue in queues}
    passed = {name for kind, name, _ in rows if kind == Heartbeat.Kind.ROUND_TRIP}
    if missing := wanted - served:
        failing["worker"] = f"nobody takes work from {', '.join(sorted(missing))}"
    elif beat and not broker_is_down and (stuck := wanted - passed):
        failing["worker"] = f"work sent to {', '.join(sorted(stuck))} is not done"
    return failing


def may_see_details(request: HttpRequest) -> bool:
    """A request from this machine itself (not through a proxy on it), or with the operations token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.OPERATIONS_TOKEN and secrets.compare_digest(
        given.encode(), settings.OPERATIONS_TOKEN.encode()
    ):
        return True
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
