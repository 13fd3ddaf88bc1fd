"""The API's description of itself: valid OpenAPI 3.1, complete, and its documentation works under the CSP."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from apps.launches import kinds
from apps.schedule.schemas import WHEN_JSON
from apps.schedule.when import When
from tests.api.worlds import Api, World


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def test_the_schema_is_valid_and_made_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO(), stderr=StringIO())


def test_the_schema_is_openapi_3_1_for_everybody(db: None) -> None:
    answer = Api().get("/schema/?format=json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")


def _addresses(patterns: list[Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _addresses(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append(path)
    return found


def test_every_address_stands_in_the_schema(schema: dict[str, Any]) -> None:
    ours = {
        "/" + re.sub(r"<(\w+:)?(\w+)>", r"{\2}", path)
        for path in _addresses(get_resolver().url_patterns)
        if path.startswith("api/v1/")
    }
    described = {re.sub(r"\{id\}", "{pk}", path) for path in schema["paths"]}
    described |= {path.replace("{pk}", "{id}") for path in described}
    unlisted = {"/api/v1/schema/", "/api/v1/docs/", "/api/v1/"}
    assert {path for path in ours if path not in described} <= unlisted


def test_every_operation_says_how_it_refuses(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            if "/problems/" not in path:
                assert "401" in answers, (method, path)
            for status, answer in answers.items():
                if status.startswith(("4", "5")):
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            if method == "put" and path.endswith("/bulk/"):
                assert "If-Match" not in names  # no single version stands for a batch
            elif method in ("put", "patch", "delete"):
                assert method != "put" or path.endswith(("/reviewers/", "/approval/"))  # each sets a whole
                assert {"412", "428"} <= set(answers)
                assert "If-Match" in names
            if method == "post":
                assert "Idempotency-Key" in names


def test_every_kind_of_record_is_described(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]
    mapping = components["Record"]["discriminator"]["mapping"]
    assert set(mapping) == {kind.key for kind in kinds.all_kinds()}
    for kind in kinds.all_kinds():
        described = components[mapping[kind.key].rsplit("/", 1)[1]]["properties"]
        assert {*kind.fields, *kinds.facets(kind)} <= set(described)


def test_a_time_is_described_as_it_travels() -> None:
    assert list(WHEN_JSON["properties"]) == list(When.__dataclass_fields__)


def test_the_documentation_is_served_without_inline_script_or_style(db: None) -> None:
    page = Api().get("/docs/", Accept="text/html")
    assert page.status_code == 200
    policy = page["Content-Security-Policy"]
    assert "'unsafe" not in policy
    html = page.content.decode()
    assert "<style" not in html
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert "style=" not in html
    (script,) = [src for src in re.findall(r'src="([^"]+)"', html) if "script" in src and "/docs/" in src]
    code = Api().get(script.replace("&amp;", "&"))
    assert code["Content-Type"].startswith("application/javascript")
    assert b"/schema/" in code.content


def test_answers_are_what_the_schema_says(world: World, schema: dict[str, Any]) -> None:
    """Every GET of everything there is, checked against the description."""
    import jsonschema

    api = world.api("administrator", ["read", "write", "admin", "feed"])
    slug = world.launch.slug
    checked = 0
    for path, operations in schema["paths"].items():
        if (
            "get" not in operations
            or "/problems/" in path
            or "versions" in path
            or path.endswith((".md", ".csv"))
        ):
            continue
        if "{row}" in path:  # of a mail that went out: tests/outreach has one
            continue
        if path.endswith("/files/{id}/"):  # no JSON: tests/content has one
            continue
        for kind in kinds.all_kinds() if "{kind}" in path else [None]:
            named = "big-launch" if path.startswith("/api/v1/templates/") else slug
            filled = path.replace("{slug}", named).replace("{kind}", kind.key if kind else "")
            filled = filled.replace("{item}", str(world.first("calendar_entry").pk))
            filled = filled.replace("{channel}", str(world.first("channel").pk))
            if kind and "{record}" in filled:
                filled = filled.replace("{record}", str(world.first(kind.key).pk))
            if "{id}" in filled or "{pk}" in filled:
                key = _id_for(world, api, path, kind.key if kind else None)
                if key is None:
                    continue
                filled = filled.replace("{id}", str(key)).replace("{pk}", str(key))
            if filled.endswith("/feed"):
                filled += "?account=a&user=u"
            answer = api.get(filled)
            assert answer.status_code == 200, (filled, answer.content)
            described = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            root = {**described, "components": schema["components"]}
            jsonschema.Draft202012Validator(root).validate(answer.json())
            checked += 1
    assert checked > 50


def _id_for(world: World, api: Api, path: str, kind: str | None) -> int | None:
    if kind:
        return world.first(kind).pk
    for part, body in (
        ("/api/v1/accounts/", {"external_id": path, "name": "Acme"}),
        ("/api/v1/segments/", {"name": path, "rule": "value > 5"}),
        ("/api/v1/follow-ups/", {"title": "Call", "due_on": "2031-03-04"}),
        ("/api/v1/suppressions/", {"value": "ann@acme.example"}),
        ("/api/v1/campaigns/", {"title": "Speak to them"}),
        ("/api/v1/feeds/", {"name": "Phone", "scope": "mine"}),
    ):
        if path.startswith(part):
            at = f"/launches/{world.launch.slug}/campaigns/" if "campaigns" in part else part
            made = api.post(at, body)
            assert made.status_code == 201, made.content
            return int(made.json()["id"])
    for part, key in (
        ("phases", "phase"),
        ("segments", "segment"),
        ("items", "calendar_entry"),
        ("metrics", "kpi"),
    ):
        if f"/{part}/" in path:
            return world.first(key).pk
    if "/gates/" in path:
        body = {"phase": world.first("phase").pk, "title": path[:200], "check_name": "on_call_covered"}
        made = api.post(f"/launches/{world.launch.slug}/gates/", body)
        assert made.status_code == 201, made.content
        return int(made.json()["id"])
    if "/members/" in path:
        return world.launch.members.all()[0].pk
    if "/placements/" in path:
        return world.launch.placements.filter(kind="calendar_entry")[0].pk
    if "/announcements/" in path:
        made = api.post(f"/launches/{world.launch.slug}/announcements/", {"title": "News"})
        assert made.status_code == 201, made.content
        return int(made.json()["id"])
    return None
