"""What is wrong is refused with a message that says what and where, and leaves nothing half saved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.db import connection

from apps.audit.models import Event
from apps.core.api.problems import TITLES
from apps.launches import kinds
from apps.launches.models import Launch
from tests.api.worlds import BASE, Api, World


def counts() -> dict[str, int]:
    """How many rows every table of ours holds."""
    return {
        model._meta.label: model._default_manager.count()
        for model in django_apps.get_models()
        if model.__module__.startswith("apps.")
    }


def refused(answer: Any, status: int = 400) -> dict[str, Any]:
    """The problem an answer tells, after checking its shape."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    name, title = TITLES[status]
    assert problem["type"] == f"/api/v1/problems/{name}/"
    assert problem["title"] == title
    assert problem["detail"]
    assert problem["code"]
    assert problem["request_id"] == answer["X-Request-ID"]
    assert problem["instance"].startswith("/api/v1/")
    for messages in problem.get("errors", {}).values():
        assert messages
        assert all(isinstance(message, str) and message for message in messages)
    return problem


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


WHENS: list[Any] = [
    "soon",
    "T-5000 days",
    "Week 9999999999999999999999",
    "Jan 20-24",
    "x" * 201,
    7,
    True,
    ["T-5"],
    {"unit": "day", "offset": 3651 * 2},
    {"unit": "day", "offset": -3661},
    {"unit": "minute", "offset": 10**4000},
    {"unit": "quarter", "offset": 0, "end_offset": 100},
    {"unit": "day", "offset": 3, "end_offset": 1},
    {"unit": "day", "offset": 1.5},
    {"unit": "day", "offset": "1"},
    {"unit": "fortnight", "offset": 1},
    {"anchor": "birthday", "unit": "day", "offset": 1},
    {"date": "2026-02-30"},
    {"date": "2026-03-04", "end_date": "2026-03-01"},
    {"date": "9999-12-31"},
    {"date": "0001-01-01"},
    {"date": 5},
    {"date": "2026-03-04", "time": "25:00"},
    {"date": "2026-03-04", "time": "10:00", "zone": "Mars/Olympus"},
    {"date": "2026-03-04", "time": "10:00", "zone": "/etc/passwd"},
    {"date": "2026-03-04", "time": "10:00", "zone": 3},
    {"date": "2026-03-04", "precision": "century"},
    {"fuzzy": "x" * 30},
    {"fuzzy": 5},
    {"text": 5},
    {"text": "some time"},
    {"fuzzy": "--03-04", "missing_year": True},
    {"date": "2026-03-04", "colour": "red"},
    {"date": "2026-03-04", "open_ended": "yes"},
]


@pytest.mark.parametrize("when", WHENS, ids=[json.dumps(when)[:50] for when in WHENS])
def test_a_bad_time_is_refused_and_keeps_the_old_one(world: World, when: Any) -> None:
    api = world.api("owner")
    item = world.first("calendar_entry")
    path = f"/launches/{world.launch.slug}/items/{item.pk}/"
    before, rows = api.get(path).json(), counts()
    problem = refused(api.patch(path, {"title": "Changed too", "when": when}))
    assert any(name.startswith("when") for name in problem["errors"]) or "when" in problem["detail"].lower()
    assert api.get(path).json() == before
    refused(api.post(f"/launches/{world.launch.slug}/items/", {"title": "New", "when": when}))
    assert counts() == rows


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("T-5 days", {"anchor": "launch_day", "unit": "day", "offset": -5, "text": "T-5 days"}),
        ({"text": "T-5 days"}, {"anchor": "launch_day", "unit": "day", "offset": -5}),
        ({"unit": "week", "offset": 2}, {"anchor": "launch_day", "unit": "week", "offset": 2}),
        ({"date": "2131-03-04", "time": "15:00"}, {"date": "2131-03-04", "time": "15:00:00"}),
        ({"date": "2131-03-04", "time": "15:00", "zone": "Asia/Tokyo"}, {"zone": "Asia/Tokyo"}),
        ({"fuzzy": "2131-Q1"}, {"fuzzy": "2131-Q1", "date": None}),
    ],
)
def test_a_time_is_taken_as_text_or_as_the_object(world: World, when: Any, shown: dict[str, Any]) -> None:
    api = world.api("owner")
    made = api.post(f"/launches/{world.launch.slug}/items/", {"title": "New", "when": when})
    assert made.status_code == 201, made.content
    found = made.json()["when"]
    assert {name: found[name] for name in shown} == shown
    again = api.post(f"/launches/{world.launch.slug}/items/", {"title": "New", "when": found})
    assert again.json()["when"] == found


def test_no_time_is_null_or_empty_text(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/items/{world.first('calendar_entry').pk}/"
    for empty in (None, ""):
        assert api.patch(path, {"when": "T-5 days"}).json()["when"]
        assert api.patch(path, {"when": empty}).json()["when"] is None
        assert api.get(path).json()["placement"]["standing"] == "undated"


def test_a_phase_counts_weeks_of_the_rollout(world: World) -> None:
    api = world.api("owner")
    made = api.post(f"/launches/{world.launch.slug}/phases/", {"title": "Beta", "when": "Week 2"})
    assert made.json()["when"]["anchor"] == "rollout_start"
    made = api.post(
        f"/launches/{world.launch.slug}/phases/", {"title": "Beta", "when": {"unit": "week", "offset": 2}}
    )
    assert made.json()["when"]["anchor"] == "rollout_start"


TARGETS: list[Any] = [
    7,
    {"metric": "x"},
    [7],
    [None],
    [["<2s"]],
    [{"metric": 7}],
    [{"metric": "x" * 301}],
    [{"metric": "Load", "value": "many", "comparator": "lt"}],
    [{"metric": "Load", "value": "NaN", "comparator": "lt"}],
    [{"metric": "Load", "value": "Infinity", "comparator": "lt"}],
    [{"metric": "Load", "value": "1e30", "comparator": "lt"}],
    [{"metric": "Load", "value": 10**400, "comparator": "lt"}],
    [{"metric": "Load", "value": 3}],
    [{"metric": "Load", "value": {}, "comparator": "lt"}],
    [{"metric": "Load", "value": 3, "comparator": "about"}],
    [{"metric": "Load", "value": 3, "comparator": ["lt"]}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "relation": "better"}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "percentile": 101}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "percentile": 0}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "window_days": -1}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "window_days": 1.5}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "armed_after_days": 10**20}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "unit": "x" * 41}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "kind": "wish"}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "text": "x" * 2001}],
    [{"metric": "Load", "value": 3, "comparator": "lt", "colour": "red"}],
    [{"metric": "Load"}] * 51,
    "x" * 10_001,
]


@pytest.mark.parametrize("targets", TARGETS, ids=[json.dumps(targets)[:60] for targets in TARGETS])
def test_bad_targets_are_refused_and_keep_the_old_ones(world: World, targets: Any) -> None:
    api = world.api("owner")
    for base, kind in (
        ("metrics", "kpi"),
        ("phases", "phase"),
        ("records/rollback_criterion", "rollback_criterion"),
    ):
        path = f"/launches/{world.launch.slug}/{base}/{world.first(kind).pk}/"
        assert api.patch(path, {"targets": ["<2s page load time"]}).status_code == 200
        before, rows = api.get(path).json(), counts()
        assert len(before["targets"]) == 1
        problem = refused(api.patch(path, {"targets": targets}))
        assert "targets" in " ".join(problem["errors"])
        assert api.get(path).json() == before
        assert counts() == rows


def test_targets_are_taken_as_lines_text_or_objects(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/metrics/{world.first('kpi').pk}/"
    lines = ["<2s page load time for 95% of users", "99.9% uptime"]
    as_list = api.patch(path, {"targets": lines}).json()["targets"]
    assert (as_list[0]["comparator"], as_list[0]["value"], as_list[0]["percentile"]) == ("lt", "2", 95)
    as_text = api.patch(path, {"targets": "\n".join(lines)}).json()["targets"]
    assert as_text == as_list
    assert api.patch(path, {"targets": as_list}).json()["targets"] == as_list
    assert api.patch(path, {"targets": []}).json()["targets"] == []


@pytest.mark.parametrize("percent", [-1, -0.01, 100.01, 101, 1e10, "NaN", "many", None, [], True, 12.345])
def test_percents_lie_between_0_and_100(world: World, percent: Any) -> None:
    api = world.api("owner")
    base = f"/launches/{world.launch.slug}/records/rollout_step"
    step = world.first("rollout_step")
    problem = refused(api.patch(f"{base}/{step.pk}/", {"percent": percent}))
    assert "percent" in problem["errors"]
    body = {"title": "x", "phase": world.first("phase").pk, "percent": percent}
    refused(api.post(f"{base}/", body))
    assert api.get(f"{base}/{step.pk}/").json()["percent"] == 10


@pytest.mark.parametrize(("percent", "shown"), [(0, 0), (100, 100), (12.5, 12.5), ("33.33", 33.33)])
def test_percents_travel_as_numbers(world: World, percent: Any, shown: float) -> None:
    body = {"title": "x", "phase": world.first("phase").pk, "percent": percent}
    made = world.api("owner").post(f"/launches/{world.launch.slug}/records/rollout_step/", body)
    assert made.status_code == 201, made.content
    assert made.json()["percent"] == shown


def test_records_of_another_launch_cannot_be_named(world: World) -> None:
    """Also not by an administrator, who may see both."""
    api = world.api("administrator")
    base = f"/launches/{world.launch.slug}"
    foreign_phase, foreign_channel = world.first("phase", world.secret), world.first("channel", world.secret)
    body = {"title": "x", "phase": foreign_phase.pk, "percent": 5}
    assert "phase" in refused(api.post(f"{base}/records/rollout_step/", body))["errors"]
    assert (
        "channel"
        in refused(api.post(f"{base}/items/", {"title": "x", "channel": foreign_channel.pk}))["errors"]
    )
    refused(api.get(f"{base}/phases/{foreign_phase.pk}/"), 404)
    refused(api.patch(f"{base}/phases/{foreign_phase.pk}/", {"title": "x"}), 404)
    refused(api.delete(f"{base}/phases/{foreign_phase.pk}/"), 404)
    member = world.secret.members.get(user=world.people["member"])
    refused(api.get(f"{base}/members/{member.pk}/"), 404)
    metric = world.first("kpi", world.secret)
    refused(api.get(f"{base}/metrics/{metric.pk}/measurements/"), 404)


# Each is sent for every field of every kind; the second row holds the near relations of the first.
RECORD_VALUES: list[Any] = [None, [[]], "x" * 100_001]
MORE_RECORD_VALUES: list[Any] = [7, 10**30, 1.5, True, [], {}, "", -1, "2026-99-99"]


@pytest.mark.parametrize(
    "value",
    [
        *(pytest.param(value, id=repr(value)[:12]) for value in RECORD_VALUES),
        *(pytest.param(value, id=repr(value)[:12], marks=pytest.mark.full) for value in MORE_RECORD_VALUES),
    ],
)
def test_no_value_in_any_field_of_any_kind_breaks_the_api(world: World, value: Any) -> None:
    """Accepted or refused with the field's name; what is refused changes nothing."""
    api = world.api("owner")
    for kind in kinds.all_kinds():
        path = f"/launches/{world.launch.slug}/records/{kind.key}/{world.first(kind.key).pk}/"
        for name in [*kind.fields, *kinds.facets(kind), "group", "owner", "owner_name", "text"]:
            before = api.get(path).content
            answer = api.patch(path, {name: value})
            assert answer.status_code in (200, 400), (kind.key, name, answer.content)
            if answer.status_code == 400:
                problem = refused(answer)
                assert any(field.split(".")[0] == name for field in problem["errors"]), (
                    kind.key,
                    name,
                    problem,
                )
                assert api.get(path).content == before


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
        {"value": "many"},
        {"value": "NaN"},
        {"value": "Infinity"},
        {"value": 10**30},
        {"value": True},
        {"value": 1, "observed_at": "2999-01-01T00:00:00Z"},
        {"value": 1, "observed_at": "yesterday"},
        {"value": 1, "sample_size": -1},
        {"value": 1, "sample_size": 10**30},
        {"value": 1, "window_days": 10**9},
        {"value": 1, "source": "x" * 121},
        {"value": 1, "colour": "red"},
    ],
)
def test_a_bad_measurement_is_refused(world: World, body: dict[str, Any]) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/metrics/{world.first('kpi').pk}/measurements/"
    rows = counts()
    refused(api.post(path, body))
    assert {name: count for name, count in counts().items() if "token" not in name.lower()} == {
        name: count for name, count in rows.items() if "token" not in name.lower()
    }


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


def test_nothing_is_half_saved_when_a_later_part_of_a_change_is_refused(world: World) -> None:
    api = world.api("owner")
    phase = world.first("phase")
    path = f"/launches/{world.launch.slug}/phases/{phase.pk}/"
    events = Event.objects.count()
    before = api.get(path).json()
    refused(api.patch(path, {"title": "New", "goal": "New", "when": "Week 2", "targets": [{"value": 3}]}))
    assert api.get(path).json() == before
    assert Event.objects.count() == events


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
