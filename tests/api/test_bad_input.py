"""What is wrong is refused with a message that says what and where, and leaves nothing half saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from apps.launches.models import Launch
from tests.api.refusals import counts, refused
from tests.api.worlds import BASE, Api, World

LAUNCH_BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"name": ["a"]}, "name"),
    ({"name": {"a": 1}}, "name"),
    ({"name": "x" * 301}, "name"),
    ({"name": "ok", "summary": "x" * 100_001}, "summary"),
    ({"name": "ok", "slug": "quiet-settings"}, "slug"),
    ({"name": "ok", "slug": "not a slug"}, "slug"),
    ({"name": "ok", "slug": "x" * 81}, "slug"),
    ({"name": "ok", "zone": "Mars/Olympus"}, "zone"),
    ({"name": "ok", "zone": "../../etc/passwd"}, "zone"),
    ({"name": 7}, "name"),
    ({"name": True}, "name"),
    ({"name": "ok", "summary": 7}, "summary"),
    ({"name": "ok", "zone": 7}, "zone"),
    ({"name": "ok", "launch_day": "2026-02-30"}, "launch_day"),
    ({"name": "ok", "launch_day": "next week"}, "launch_day"),
    ({"name": "ok", "launch_day": 20260101}, "launch_day"),
    ({"name": "ok", "launch_day": "9999-12-31"}, "launch_day"),
    ({"name": "ok", "launch_day": "0001-01-01"}, "launch_day"),
    ({"name": "ok", "rollout_start": "1800-01-01"}, "rollout_start"),
    ({"name": "ok", "launch_time": "25:00"}, "launch_time"),
    ({"name": "ok", "launch_day_fuzzy": "2026-Q5"}, "launch_day_fuzzy"),
    ({"name": "ok", "launch_day": "2026-01-01", "launch_day_fuzzy": "2026-Q1"}, "launch_day_fuzzy"),
    ({"name": "ok", "tier": 10**400}, "tier"),
    ({"name": "ok", "tier": -1}, "tier"),
    ({"name": "ok", "tier": True}, "tier"),
    ({"name": "ok", "restricted": "perhaps"}, "restricted"),
    ({"name": "ok", "owner": 10**30}, "owner"),
    ({"name": "ok", "owner": "nobody"}, "owner"),
    ({"name": "ok", "owner": True}, "owner"),
    ({"name": "ok", "owner": -1}, "owner"),
    ({"name": "ok", "owner": {}}, "owner"),
    ({"name": "ok", "holidays": "2026-12-25"}, "holidays"),
    ({"name": "ok", "holidays": ["2026-13-01"]}, "holidays.0"),
    ({"name": "ok", "holidays": [None]}, "holidays.0"),
    ({"name": "ok", "colour": "red"}, "colour"),
    ({"name": "ok", "state": "active", "versions": 1}, "versions"),
]


@pytest.mark.parametrize(("body", "field"), LAUNCH_BODIES, ids=[json.dumps(b)[:60] for b, _ in LAUNCH_BODIES])
def test_a_bad_launch_names_the_field_and_saves_nothing(
    world: World, body: dict[str, Any], field: str
) -> None:
    api = world.api("owner")
    api.get("/me/")
    before = counts()
    problem = refused(api.post("/launches/", body))
    assert field in problem["errors"], problem
    assert counts() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", None),
        (b"{", "parse_error"),
        (b"nothing", "parse_error"),
        (b'{"name": NaN}', "parse_error"),
        (b'{"name": Infinity}', "parse_error"),
        (b'{"name": "x", "tier": 1e999}', "parse_error"),
        (b'{"name": "x", "tier": ' + b"9" * 5000 + b"}", "parse_error"),
        (b'{"name": "a\\u0000b"}', "null_character"),
        (b'{"na\\u0000me": "a"}', "null_character"),
        (b'{"name": "a\x00b"}', "parse_error"),
        (b'{"name": "a\\u0001b"}', "control_character"),
        (b'{"when": {"text": "Week \\u001f 2"}}', "control_character"),
        (b'{"name": "\\ud800"}', "surrogate"),
        (b'{"name": "\xff"}', "parse_error"),
        (b"\xef\xbb\xbf{}", "parse_error"),
        (b"[" * 100_000, "parse_error"),
        (b'{"holidays":' + b"[" * 60 + b"]" * 60 + b"}", "parse_error"),
        (b'{"name": "a", "name": "b"}', "parse_error"),
        (b"[]", "invalid"),
        (b'"text"', "invalid"),
        (b"null", "invalid"),
        (b"7", "invalid"),
    ],
)
def test_a_body_that_is_no_acceptable_json_is_refused(world: World, body: bytes, code: str | None) -> None:
    api = world.api("owner")
    for method, path in (
        ("POST", "/launches/"),
        ("PATCH", f"/launches/{world.launch.slug}/"),
        ("POST", f"/launches/{world.launch.slug}/move/"),
        ("POST", f"/launches/{world.launch.slug}/records/phase/"),
    ):
        if body == b"" and method == "PATCH":
            continue
        problem = refused(api.request(method, path, raw=body))
        assert code in (None, problem["code"]), problem


def test_other_media_types_are_refused(world: World) -> None:
    api = world.api("owner")
    answer = api.client.post(f"{BASE}/launches/", "name=x", content_type="text/plain", headers=api.headers)
    refused(answer, 415)
    refused(api.get("/launches/", Accept="text/html"), 406)


def test_a_body_beyond_the_limit_is_refused(world: World) -> None:
    raw = b'{"name": "' + b"x" * (3 * 1024 * 1024) + b'"}'
    refused(world.api("owner").request("POST", "/launches/", raw=raw), 413)
    refused(world.api("owner").request("POST", "/launches/", raw=raw, Idempotency_Key="k"), 413)


@pytest.mark.parametrize(
    "path",
    [
        "/launches/%00/",
        "/launches/a%00b/",
        "/launches/{slug}/records/phase%00/",
        "/launches/{slug}/records/user/",
        "/launches/{slug}/records/Phase/",
        "/launches/{slug}/phases/99999999999999999999999/",
        "/launches/{slug}/phases/" + "9" * 5000 + "/",
        "/launches/{slug}/phases/-1/",
        "/launches/{slug}/phases/0/",
        "/launches/{slug}/phases/x/",
        "/launches/{slug}/members/9999999999999999999/",
        "/launches/{slug}/metrics/9999999999999999999/measurements/",
        "/placements/9999999999999999999/",
        "/launches/" + "x" * 5000 + "/",
        "/launches/ünïcode/",
        "/launches/..%2f..%2f/",
        "/nothing/",
        "/launches",
        "/",
    ],
)
def test_an_address_that_names_nothing_is_404(world: World, path: str) -> None:
    refused(world.api("administrator").get(path.replace("{slug}", world.launch.slug)), 404)


def test_methods_that_an_address_does_not_take_are_405(world: World) -> None:
    api = world.api("administrator")
    for method, path in (
        ("DELETE", f"/launches/{world.launch.slug}/"),
        ("PUT", f"/launches/{world.launch.slug}/"),
        ("POST", "/placements/"),
        ("GET", f"/launches/{world.launch.slug}/move/"),
        ("OPTIONS", "/launches/"),
    ):
        refused(api.request(method, path, {}), 405)


def test_fuzzy_and_exact_day_do_not_go_together_but_each_alone_does(world: World) -> None:
    api = world.api("owner")
    made = api.post("/launches/", {"name": "Fuzzy", "launch_day_fuzzy": "2026-Q1"})
    assert made.status_code == 201
    assert made.json()["launch_day_precision"] == "quarter"
    exact = api.patch(f"/launches/{made.json()['slug']}/", {"launch_day": "2026-03-04"})
    assert exact.json()["launch_day_fuzzy"] == ""
    moved = refused(api.patch(f"/launches/{made.json()['slug']}/", {"launch_day": "2026-03-05"}))
    assert moved["code"] == "move_instead"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"anchor": "launch_day"},
        {"anchor": "birthday", "to": "2131-12-01"},
        {"anchor": "launch_day", "to": "2131-02-30"},
        {"anchor": "launch_day", "to": "2199-12-01"},
        {"anchor": "launch_day", "to": "0001-01-01"},
        {"anchor": "launch_day", "to": 5},
        {"anchor": "launch_day", "to": "2131-12-01", "landing": "sideways"},
        {"anchor": "launch_day", "to": "2131-12-01", "apply": True},
        {"anchor": "launch_day", "to": "2131-12-01", "apply": True, "fingerprint": ""},
        {"anchor": "launch_day", "to": "2131-12-01", "apply": "perhaps"},
        {"anchor": "launch_day", "to": "2131-12-01", "colour": "red"},
    ],
)
def test_a_bad_move_is_refused(world: World, body: dict[str, Any]) -> None:
    before = Launch.objects.values().get(pk=world.launch.pk)
    assert refused(world.api("owner").post(f"/launches/{world.launch.slug}/move/", body))["errors"]
    assert Launch.objects.values().get(pk=world.launch.pk) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user": 10**20, "role": "viewer"},
        {"user": "owner@example.com", "role": "viewer"},
        {"user": 1, "role": "king"},
        {"role": "viewer"},
    ],
)
def test_a_bad_member_is_refused(world: World, body: dict[str, Any]) -> None:
    refused(world.api("owner").post(f"/launches/{world.launch.slug}/members/", body))


def test_members_follow_the_rules_of_a_launch(world: World) -> None:
    api = world.api("owner")
    base = f"/launches/{world.launch.slug}/members/"
    outsider = world.people["outsider"].pk
    assert "team" in refused(api.post(base, {"user": outsider, "role": "contributor"}))["errors"]
    made = api.post(base, {"user": outsider, "role": "contributor", "team": "sales"})
    assert (made.status_code, made.json()["team"]) == (201, "sales")
    refused(api.post(base, {"user": outsider, "role": "viewer"}), 409)
    owner = world.launch.members.get(user=world.people["owner"])
    assert refused(api.patch(f"{base}{owner.pk}/", {"role": "viewer"}))["code"] == "last_owner"
    assert refused(api.delete(f"{base}{owner.pk}/"))["code"] == "last_owner"
    assert api.delete(f"{base}{made.json()['id']}/").status_code == 204


def test_states_follow_each_other_only_as_they_may(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}"
    assert refused(api.post(f"{path}/complete/"))["code"] == "transition"
    for name, state in (
        ("activate", "active"),
        ("pause", "paused"),
        ("activate", "active"),
        ("complete", "completed"),
        ("archive", "archived"),
        ("restore", "completed"),
        ("activate", "active"),
        ("cancel", "cancelled"),
        ("reopen", "draft"),
    ):
        answer = api.post(f"{path}/{name}/")
        assert (answer.status_code, answer.json()["state"]) == (200, state)


def test_a_failure_nobody_foresaw_is_a_500_without_details(world: World, monkeypatch: Any) -> None:
    from apps.launches.api import launches

    def fail(**_: Any) -> None:
        raise RuntimeError("the secret of the database")

    monkeypatch.setattr(launches.service, "create_launch", fail)
    api = world.api("owner")
    api.client.raise_request_exception = False
    answer = api.post("/launches/", {"name": "x"})
    assert refused(answer, 500)["code"] == "error"
    assert b"secret of" not in answer.content


def test_what_only_the_database_refuses_is_still_a_4xx(world: World, monkeypatch: Any) -> None:
    from apps.launches.api import launches

    def overflow(**_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 99999999999::int")

    monkeypatch.setattr(launches.service, "create_launch", overflow)
    assert refused(world.api("owner").post("/launches/", {"name": "x"}))["code"] == "does_not_fit"


def test_the_type_of_a_problem_can_be_looked_up(world: World) -> None:
    problem = refused(world.api("owner").get("/nothing/"), 404)
    told = Api().get(problem["type"]).json()
    assert (told["title"], told["status"]) == (problem["title"], 404)
    refused(Api().get("/problems/nonsense/"), 404)
