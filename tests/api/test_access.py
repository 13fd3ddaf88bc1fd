"""Who gets what: strangers 401, what one may not see 404, what one may not do 403, scopes of tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import ApiToken
from apps.core.clock import now
from apps.launches import kinds
from tests.api.worlds import Api, World


def paths_of(world: World, *, secret: bool = False) -> list[tuple[str, str, Any]]:
    """Every endpoint that concerns a launch or what lies in it, as (method, path, acceptable body)."""
    launch = world.secret if secret else world.launch
    slug = launch.slug
    member = launch.members.get(user=world.people["member"])
    metric = world.first("kpi", launch)
    item = world.first("calendar_entry", launch)
    placement = item.launch.placements.get(kind="calendar_entry", record_id=item.pk)
    found: list[tuple[str, str, Any]] = [
        ("GET", f"/launches/{slug}/", None),
        ("PATCH", f"/launches/{slug}/", {"summary": "New"}),
        *[
            ("POST", f"/launches/{slug}/{name}/", None)
            for name in ("activate", "pause", "complete", "cancel", "reopen", "archive", "restore")
        ],
        ("POST", f"/launches/{slug}/move/", {"anchor": "launch_day", "to": "2131-11-28"}),
        ("GET", f"/launches/{slug}/members/", None),
        ("POST", f"/launches/{slug}/members/", {"user": world.people["outsider"].pk, "role": "viewer"}),
        ("GET", f"/launches/{slug}/members/{member.pk}/", None),
        ("PATCH", f"/launches/{slug}/members/{member.pk}/", {"role": "editor"}),
        ("DELETE", f"/launches/{slug}/members/{member.pk}/", None),
        ("GET", f"/launches/{slug}/metrics/{metric.pk}/measurements/", None),
        ("POST", f"/launches/{slug}/metrics/{metric.pk}/measurements/", {"value": "3"}),
        ("POST", f"/launches/{slug}/items/{item.pk}/split/", {"titles": ["One", "Two"]}),
        ("POST", f"/launches/{slug}/items/bulk/", {"ids": [item.pk], "change": {"status": "drafting"}}),
        ("POST", f"/launches/{slug}/items/quick/", {"text": "One more post"}),
        ("GET", f"/launches/{slug}/items.csv", None),
        ("GET", f"/placements/{placement.pk}/", None),
        ("POST", f"/placements/{placement.pk}/done/", {}),
        ("POST", f"/placements/{placement.pk}/block/", {"reason": "legal"}),
    ]
    own = {"phase": "phases", "segment": "segments", "calendar_entry": "items", "kpi": "metrics"}
    for kind in kinds.all_kinds():
        record = world.first(kind.key, launch)
        new: dict[str, Any] = {"title": "New"}
        if kind.key == "rollout_step":
            new |= {"phase": world.first("phase", launch).pk, "percent": 50}
        for base in filter(None, [f"records/{kind.key}", own.get(kind.key)]):
            prefix = f"/launches/{slug}/{base}"
            found += [
                ("GET", f"{prefix}/", None),
                ("POST", f"{prefix}/", new),
                ("GET", f"{prefix}/{record.pk}/", None),
                ("PATCH", f"{prefix}/{record.pk}/", {"title": "Other"}),
                ("POST", f"{prefix}/{record.pk}/move/", {"position": 0}),
                ("DELETE", f"{prefix}/{record.pk}/", None),
            ]
    return found


GENERAL = [
    "/launches/",
    "/placements/",
    "/saved-views/",
    "/calendar.csv",
    "/events/",
    "/me/",
    "/people/",
    "/teams/",
    "/no-such-thing/",
]


def test_strangers_are_asked_to_sign_in_everywhere(world: World) -> None:
    api = Api()
    asked = [("GET", path, None) for path in GENERAL] + [("POST", "/launches/", {"name": "New"})]
    for method, path, body in asked + paths_of(world):
        answer = api.request(method, path, body)
        assert answer.status_code == 401, (method, path, answer.content)
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("person", ["outsider", "viewer"])
def test_a_restricted_launch_is_not_there_for_others(world: World, person: str) -> None:
    api = world.api(person)
    for method, path, body in paths_of(world, secret=True):
        answer = api.request(method, path, body)
        assert answer.status_code == 404, (method, path, answer.content)
        assert "Secret" not in answer.content.decode()
    assert [row["slug"] for row in api.get("/launches/").json()["results"]] == [world.launch.slug]
    assert {row["launch"] for row in api.get("/placements/").json()["results"]} == {world.launch.slug}
    assert {row["launch"] for row in api.get("/events/?limit=500").json()["results"]} == {world.launch.slug}
    assert api.get(f"/events/?launch={world.secret.slug}").status_code == 404


@pytest.mark.parametrize("person", ["viewer", "member", "outsider"])
def test_those_who_may_only_look_change_nothing(world: World, person: str) -> None:
    api = world.api(person)
    for method, path, body in paths_of(world):
        answer = api.request(method, path, body)
        expected = 200 if method == "GET" else 403
        assert answer.status_code == expected, (method, path, answer.content)


def test_refusal_comes_before_complaints_about_the_body_or_headers(world: World) -> None:
    api = world.api("viewer")
    path = f"/launches/{world.launch.slug}/"
    assert api.patch(path, {"nonsense": 1}, If_Match="").status_code == 403
    assert api.post(f"{path}phases/", {"nonsense": 1}).status_code == 403


def test_an_editor_may_do_all_but_what_owners_do(world: World) -> None:
    api = world.api("editor")
    owners = {"/cancel/", "/archive/", "/restore/"}
    for method, path, body in paths_of(world):
        if method != "GET" and ("/members/" in path or any(path.endswith(end) for end in owners)):
            answer = api.request(method, path, body)
            assert answer.status_code == 403, (method, path, answer.content)
    for method, path, body in paths_of(world):
        if path.endswith(("/activate/", "/pause/")) and "records" not in path:
            assert api.request(method, path, body).status_code == 200


@pytest.mark.parametrize("person", ["administrator", "owner"])
def test_owners_and_administrators_may_do_everything(world: World, person: str) -> None:
    api = world.api(person)
    later = {"/complete/", "/cancel/", "/archive/", "/restore/", "/reopen/"}
    for method, path, body in paths_of(world):
        if method == "DELETE" or any(path.endswith(end) for end in later):
            continue
        answer = api.request(method, path, body)
        assert answer.status_code in (200, 201), (method, path, answer.content)
    for method, path, body in paths_of(world):
        if method == "DELETE" and "/phases/" not in path and "/phase/" not in path:
            answer = api.request(method, path, body)
            assert answer.status_code in (204, 404), (method, path, answer.content)


def test_contributors_work_on_what_is_their_teams(world: World) -> None:
    api = world.api("contributor")
    base = f"/launches/{world.launch.slug}"
    item = world.first("calendar_entry")
    other = world.add("calendar_entry", team=world.teams["support"])
    assert api.patch(f"{base}/items/{item.pk}/", {"title": "Ours"}).status_code == 200
    assert api.patch(f"{base}/items/{other.pk}/", {"title": "Theirs"}).status_code == 403
    made = api.post(f"{base}/records/key_message/", {"title": "Mine"})
    assert made.status_code == 201
    assert made.json()["owner"] == world.people["contributor"].pk
    assert (
        api.patch(f"{base}/records/key_message/{made.json()['id']}/", {"title": "Still"}).status_code == 200
    )


def test_a_token_without_write_reads_only(world: World) -> None:
    api = world.api("owner", ["read"])
    assert api.get(f"/launches/{world.launch.slug}/").status_code == 200
    refused = api.patch(f"/launches/{world.launch.slug}/", {"summary": "New"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "insufficient_scope"
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]


def test_a_token_without_read_reads_nothing(world: World) -> None:
    for scopes in (["write"], ["feed"], ["admin"]):
        assert world.api("administrator", scopes).get("/launches/").status_code == 403


def test_events_of_no_launch_need_an_administrator_with_the_scope(world: World) -> None:
    assert all(
        row["launch"] for row in world.api("administrator").get("/events/?limit=500").json()["results"]
    )
    assert all(
        row["launch"]
        for row in world.api("owner", ["read", "admin"]).get("/events/?limit=500").json()["results"]
    )
    found = world.api("administrator", ["read", "admin"]).get("/events/?limit=500").json()["results"]
    assert any(row["launch"] is None and row["verb"] == "token.created" for row in found)


@pytest.mark.parametrize("change", ["revoked", "expired", "inactive", "wrong"])
def test_a_token_that_ended_is_refused(world: World, change: str) -> None:
    api = world.api("owner")
    assert api.get("/me/").status_code == 200
    tokens = ApiToken.objects.filter(user=world.people["owner"])
    if change == "revoked":
        tokens.update(revoked_at=now())
    elif change == "expired":
        tokens.update(expires_at=now() - timedelta(seconds=1))
    elif change == "inactive":
        world.people["owner"].is_active = False
        world.people["owner"].save()
    else:
        api.headers["Authorization"] += "x"
    answer = api.get("/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_browser_session_may_use_the_api_with_its_csrf_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["owner"])
    assert client.get("/api/v1/me/").json()["acts_as"] == "user"
    path = f"/api/v1/launches/{world.launch.slug}/"
    refused = client.patch(
        path, '{"summary": "New"}', content_type="application/json", headers={"If-Match": "*"}
    )
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    headers = {"If-Match": "*", "X-CSRFToken": secret}
    accepted = client.patch(path, '{"summary": "New"}', content_type="application/json", headers=headers)
    assert accepted.status_code == 200


def test_me_tells_who_the_token_is(world: World) -> None:
    world.people["owner"].teams.add(world.teams["sales"])
    answer = world.api("owner", ["read"]).get("/me/").json()
    assert answer["name"] == "Owner"
    assert answer["teams"] == ["sales"]
    assert (answer["acts_as"], answer["scopes"]) == ("token", ["read"])


def test_people_are_listed_without_their_addresses(world: World) -> None:
    answer = world.api("viewer").get("/people/?q=own")
    assert [row["name"] for row in answer.json()["results"]] == ["Owner"]
    assert b"@" not in answer.content
