"""Requests made up from the API's own description: whatever comes, the answer is never a 5xx.

An administrator asks, with real ids in the addresses, so that requests get past the doors. `make test` tries
a few per operation, `make test-full` many more.
"""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from apps.launches import kinds
from tests.api.worlds import Api, World

SHARES = 4


@cache
def operations() -> list[Any]:
    """Every operation of the schema; the address that takes any kind of record becomes one for each kind."""
    import schemathesis

    document = Api().get("/schema/?format=json").json()
    for path in [path for path in document["paths"] if "{kind}" in path]:
        operations_of_any = document["paths"].pop(path)
        for kind in kinds.all_kinds():
            own = deepcopy(operations_of_any)
            for operation in own.values():
                operation["operationId"] += f"_{kind.key}"
                operation["parameters"] = [p for p in operation["parameters"] if p["name"] != "kind"]
                _take_only(operation, kind.key)
            document["paths"][path.replace("{kind}", kind.key)] = own
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


def _take_only(operation: dict[str, Any], kind: str) -> None:
    """Let the body be one of this kind of record, where it could be of any."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "RecordInput" in body.get("$ref", ""):
        name = "".join(part.title() for part in kind.split("_"))
        body["$ref"] = body["$ref"].replace("RecordInput", f"{name}Record")


def send_to(client: Client, case: Any, token: str) -> Any:
    """Send a made-up request, with good headers where bad ones would only test the doors."""
    headers = {
        name: value
        for name, value in (case.headers or {}).items()
        if name.lower() not in ("host", "content-length", "x-launch-identity") and name.isascii()
    }
    headers["Authorization"] = token
    if case.method in ("PATCH", "DELETE"):
        headers["If-Match"] = "*"
    body: Any = b""
    if isinstance(case.body, bytes):
        body = case.body
    elif type(case.body).__name__ != "NotSet":
        body = json.dumps(case.body)
    query = urlencode(case.query or {}, doseq=True, errors="surrogatepass")
    return client.generic(
        case.method,
        f"{case.formatted_path}?{query}",
        body,
        content_type=case.media_type or "application/json",
        headers=headers,
    )


def real_path(world: World, path: str) -> dict[str, Any]:
    """Path parameters that name something there is."""
    found: dict[str, Any] = {"slug": world.launch.slug, "name": "invalid", "number": 1}
    for part, key in (
        *((f"records/{kind.key}", kind.key) for kind in kinds.all_kinds()),
        ("phases", "phase"),
        ("segments", "segment"),
        ("items", "calendar_entry"),
        ("metrics", "kpi"),
        ("steps", "rollout_step"),
    ):
        if f"/{part}/" in path:
            found["id"] = world.first(key).pk
    if "/members/" in path:
        found["id"] = world.launch.members.get(user=world.people["member"]).pk
    if "/placements/" in path:
        found["id"] = world.launch.placements.filter(kind="calendar_entry")[0].pk
    if "/announcements/" in path:
        found["id"] = _announcement(world)
    return {name: value for name, value in found.items() if "{" + name + "}" in path}


def _announcement(world: World) -> int:
    made = world.api("owner").post(f"/launches/{world.launch.slug}/announcements/", {"title": "News"})
    assert made.status_code == 201
    return int(made.json()["id"])


def ask(world: World, share: int, examples: int, *, everything: bool) -> int:
    """Send made-up requests to a share of the operations; returns how many were accepted."""
    import schemathesis

    token = world.api("administrator", ["read", "write", "feed", "admin"]).headers["Authorization"]
    client = Client(raise_request_exception=False)
    accepted = 0

    chosen = [found for found in operations() if everything or "/records/" not in found.path]
    for number, operation in enumerate(chosen[share::SHARES]):
        parameters = real_path(world, operation.path)
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

            @seed(number)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode, path_parameters=parameters))
            def send(case: Any) -> None:
                nonlocal accepted
                # Each request finds the data as they were.
                with transaction.atomic():
                    answer = send_to(client, case, token)
                    transaction.set_rollback(True)
                assert answer.status_code < 500, (case.as_curl_command(), answer.content[:500])
                assert answer.status_code != 401, case.as_curl_command()
                accepted += answer.status_code < 300

            # Not every operation has something to get wrong.
            with suppress(Unsatisfiable):
                send()
    return accepted


@pytest.mark.parametrize("share", range(SHARES))
def test_made_up_requests_never_break_the_api(world: World, share: int) -> None:
    assert ask(world, share, 2, everything=False) > 10


@pytest.mark.full
@pytest.mark.parametrize("share", range(SHARES))
def test_many_made_up_requests_never_break_the_api(world: World, share: int) -> None:
    assert ask(world, share, 12, everything=True) > 100
