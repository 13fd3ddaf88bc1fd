"""Bad times, targets, percents and fields of records are refused, and what was stored before stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.audit.models import Event
from apps.launches import kinds
from tests.api.refusals import counts, refused
from tests.api.worlds import World

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


def test_nothing_is_half_saved_when_a_later_part_of_a_change_is_refused(world: World) -> None:
    api = world.api("owner")
    phase = world.first("phase")
    path = f"/launches/{world.launch.slug}/phases/{phase.pk}/"
    events = Event.objects.count()
    before = api.get(path).json()
    refused(api.patch(path, {"title": "New", "goal": "New", "when": "Week 2", "targets": [{"value": 3}]}))
    assert api.get(path).json() == before
    assert Event.objects.count() == events
