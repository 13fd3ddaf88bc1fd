"""Forms answer what cannot be with a sentence and a status 4xx, and save nothing."""

from __future__ import annotations

from typing import Any

import pytest

from apps.audit.models import Event
from apps.launches import kinds
from apps.launches.models import Launch, Member
from apps.launches.selectors import records
from apps.launches.services.launch import change_launch
from apps.metrics.models import Measurement
from tests.portal.worlds import DAY, HTMX, World

LONG = "x" * 100_001

NEW_LAUNCH: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x" * 301}, "name"),
    ({"name": "nu\x00ll"}, "name"),
    ({"name": "A", "zone": "Mars/Olympus"}, "zone"),
    ({"name": "A", "zone": ""}, "zone"),
    ({"name": "A", "zone": "../../etc/passwd"}, "zone"),
    ({"name": "A", "launch_day": "tomorrow"}, "launch_day"),
    ({"name": "A", "launch_day": "2026-02-30"}, "launch_day"),
    ({"name": "A", "launch_day": "1066-10-14"}, "launch_day"),
    ({"name": "A", "launch_day": "9999-12-31"}, "launch_day"),
    ({"name": "A", "launch_day_fuzzy": "2026-Q5"}, "launch_day_fuzzy"),
    ({"name": "A", "launch_day_fuzzy": "soon"}, "launch_day_fuzzy"),
    ({"name": "A", "launch_day": "2031-01-01", "launch_day_fuzzy": "2031-Q1"}, "launch_day_fuzzy"),
    ({"name": "A", "summary": LONG}, "summary"),
    ({"name": "A", "target_audience": "x" * 2001}, "target_audience"),
]

RECORDS: list[tuple[str, dict[str, Any], str]] = [
    ("rollout_step", {"percent": "-1"}, "at least 0"),
    ("rollout_step", {"percent": "100.01"}, "at most 100"),
    ("rollout_step", {"percent": "ten"}, "number"),
    ("rollout_step", {"percent": "NaN"}, "number"),
    ("rollout_step", {"percent": "1e400"}, ""),
    ("rollout_step", {"percent": "10", "phase": "0"}, "valid choice"),
    ("rollout_step", {"percent": "10", "phase": "9" * 30}, "valid choice"),
    ("calendar_entry", {"when": "Week +600"}, "ten years"),
    ("calendar_entry", {"when": "T-999999999999 days"}, ""),
    ("calendar_entry", {"when": "Week 5 to Week 2"}, ""),
    ("calendar_entry", {"when": "2026-03-09 to 2026-03-02"}, ""),
    ("calendar_entry", {"when": "2026-02-31"}, ""),
    ("calendar_entry", {"when": "March 3"}, "year"),
    ("calendar_entry", {"when": "x" * 201}, "200"),
    ("calendar_entry", {"when": "Week\x00 2"}, ""),
    ("calendar_entry", {"status": "asleep"}, "valid choice"),
    ("calendar_entry", {"title": ""}, "required"),
    ("calendar_entry", {"title": "x" * 501}, "500"),
    ("calendar_entry", {"title": "nu\x00ll"}, "ull characters"),
    ("calendar_entry", {"text": LONG}, "100"),
    ("calendar_entry", {"owner": "0"}, "valid choice"),
    ("calendar_entry", {"team": "abc"}, "valid choice"),
    ("rollback_step", {"deadline_minutes": "-5"}, "0"),
    ("rollback_step", {"deadline_minutes": "99999999999999999999"}, "year"),
    ("rollback_step", {"deadline_minutes": "1.5"}, "whole number"),
    ("office_hours", {"local_start": "25:61"}, "valid time"),
    ("office_hours", {"length_minutes": "1"}, "5"),
    ("office_hours", {"seats": "1000000"}, "100000"),
    ("education", {"url": "javascript:alert(1)", "resource_type": "guide"}, "URL"),
    ("key_message", {"rank": "70000"}, ""),
    ("kpi", {"targets": "x" * 10_001}, "10000"),
    ("review", {"topics": "\n".join(f"Topic {number}" for number in range(101))}, "100"),
]

MEASUREMENTS: list[dict[str, Any]] = [
    {"value": ""},
    {"value": "a lot"},
    {"value": "NaN"},
    {"value": "Infinity"},
    {"value": "1e30"},
    {"value": "1", "observed_at": "tomorrow"},
    {"value": "1", "observed_at": "2099-01-01T00:00"},
    {"value": "1", "sample_size": "-1"},
    {"value": "1", "sample_size": "9" * 30},
    {"value": "1", "window_days": "4000"},
    {"value": "1", "source": "x" * 121},
    {"value": "1", "source": "nu\x00ll"},
]


def saved() -> tuple[int, int]:
    return Launch.objects.count(), Event.objects.count()


@pytest.mark.parametrize(("data", "wrong"), NEW_LAUNCH)
def test_a_launch_that_cannot_be_is_not_made(world: World, data: dict[str, Any], wrong: str) -> None:
    before = saved()
    response = world.client("member").post("/launches/new/", {"zone": "UTC", **data})
    assert response.status_code == 422
    assert response.context["form"].errors
    assert wrong in response.context["form"].errors
    assert saved() == before


@pytest.mark.parametrize(("kind", "data", "says"), RECORDS)
def test_a_record_that_cannot_be_is_not_made(
    world: World, kind: str, data: dict[str, Any], says: str
) -> None:
    given: dict[str, Any] = {"title": "A record", **data}
    if kind == "rollout_step" and "phase" not in data:
        given["phase"] = world.add("phase").pk
    if kind == "calendar_entry":
        given.setdefault("status", "idea")
    before = saved()
    for headers in ({}, HTMX):
        response = world.client("editor").post(f"{world.path}plan/{kind}/add/", given, headers=headers)
        assert response.status_code == 422
        errors = " ".join(str(text) for texts in response.context["form"].errors.values() for text in texts)
        assert errors
        assert says in errors
    assert records(world.launch, kinds.get(kind)) == []
    assert saved() == before


@pytest.mark.parametrize(("kind", "data", "says"), RECORDS)
def test_a_record_is_not_changed_into_what_cannot_be(
    world: World, kind: str, data: dict[str, Any], says: str
) -> None:
    values: dict[str, Any] = {}
    if kind == "rollout_step":
        values = {"phase": world.add("phase"), "percent": "50"}
    record = world.add(kind, title="As it was", **values)
    path = f"{world.path}plan/{kind}/{record.pk}/edit/"
    client = world.client("editor")
    form = client.get(path).context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    before = saved()
    response = client.post(path, {**given, **data})
    assert response.status_code == 422
    record.refresh_from_db()
    assert (record.title, record.version) == ("As it was", 1)
    assert saved() == before


@pytest.mark.parametrize("data", MEASUREMENTS)
def test_a_measurement_that_cannot_be_is_not_recorded(world: World, data: dict[str, Any]) -> None:
    metric = world.add("kpi", title="Adoption")
    before = saved()
    response = world.client("contributor").post(f"{world.path}metrics/{metric.pk}/measure/", data)
    assert response.status_code == 422
    assert response.context["form"].errors
    assert not Measurement.objects.exists()
    assert saved() == before


@pytest.mark.parametrize(
    "data",
    [
        {"zone": "Nowhere/Land"},
        {"name": ""},
        {"name": "nu\x00ll"},
        {"holidays": "Christmas"},
        {"holidays": "2026-13-45"},
        {"tier": "-3"},
        {"tier": "many"},
        {"launch_time": "noonish"},
        {"owner": "0"},
        {"version": ""},
        {"version": "one"},
    ],
)
def test_settings_that_cannot_be_are_not_saved(world: World, data: dict[str, Any]) -> None:
    client = world.client("owner")
    form = client.get(f"{world.path}settings/").context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    before = saved()
    response = client.post(f"{world.path}settings/", {**given, **data})
    assert response.status_code == 422
    assert saved() == before


def test_stale_settings_show_both_and_save_nothing(world: World) -> None:
    client = world.client("editor")
    form = client.get(f"{world.path}settings/").context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    change_launch(actor=world.actor("owner"), launch=world.launch, values={"summary": "Written by the owner"})
    response = client.post(f"{world.path}settings/", {**given, "summary": "Written by me"})
    content = response.content.decode()
    assert response.status_code == 409
    assert "Written by the owner" in content
    assert "Written by me" in content
    assert Launch.objects.get(pk=world.launch.pk).summary == "Written by the owner"
    version = response.context["form"].data["version"]
    again = client.post(f"{world.path}settings/", {**given, "summary": "Written by me", "version": version})
    assert again.status_code == 302
    assert Launch.objects.get(pk=world.launch.pk).summary == "Written by me"


def test_an_anchor_that_is_set_is_moved_and_never_just_overwritten(world: World) -> None:
    client = world.client("owner")
    form = client.get(f"{world.path}settings/").context["form"]
    assert "launch_day" not in form.fields
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    client.post(f"{world.path}settings/", {**given, "launch_day": "2031-01-01", "name": "Renamed"})
    launch = Launch.objects.get(pk=world.launch.pk)
    assert (launch.name, launch.launch_day) == ("Renamed", DAY)


@pytest.mark.parametrize(
    "data",
    [
        {"user": "0", "role": "editor"},
        {"user": "", "role": "editor"},
        {"user": "{member}", "role": "king"},
        {"user": "{member}", "role": "contributor"},
        {"user": "{owner}", "role": "viewer"},
        {"user": "9" * 40, "role": "editor"},
    ],
)
def test_a_part_that_cannot_be_is_given_to_nobody(world: World, data: dict[str, str]) -> None:
    given = {
        name: value.format(member=world.people["member"].pk, owner=world.people["owner"].pk)
        for name, value in data.items()
    }
    before = list(Member.objects.values_list("user", "role").order_by("pk"))
    assert world.client("owner").post(f"{world.path}team/", given).status_code == 422
    assert list(Member.objects.values_list("user", "role").order_by("pk")) == before


@pytest.mark.parametrize("to", ["", "flying", "draft", "active", "restored", "x" * 50, "nu\x00ll"])
def test_a_state_that_cannot_follow_is_refused(world: World, to: str) -> None:
    response = world.client("owner").post(f"{world.path}state/", {"to": to})
    assert response.status_code == 422
    assert Launch.objects.get(pk=world.launch.pk).state == "active"


@pytest.mark.parametrize(
    "path",
    [
        "/launches/?q=%00",
        "/launches/?state=%00",
        "/calendar/?team=%00",
        "/palette/?q=%00",
        "{launch}calendar/?q=a%00b",
        "{launch}audit/?what=%00",
    ],
)
def test_null_bytes_in_an_address_are_refused_before_the_database_sees_them(world: World, path: str) -> None:
    response = world.client("owner").get(path.format(launch=world.path))
    assert response.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/launches/?page=-1&view=nope&state=nope",
        "/launches/?page=99999999999999999999",
        "/calendar/?page=abc&team=1e9&owner=99999999999999999999999",
        "/palette/?q=" + "%25_%27%22%3B--" * 40,
        "{launch}audit/?who=abc&what=%25",
        "{launch}calendar/?q=%25%5C_",
        "/?x=1",
    ],
)
def test_addresses_that_make_no_sense_still_show_the_page(world: World, path: str) -> None:
    assert world.client("owner").get(path.format(launch=world.path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "{launch}plan/unknown/add/",
        "{launch}plan/phase/99999999999999999999/",
        "{launch}calendar/99999999999999999999/",
        "{launch}phases/99999999999999999999/state/",
        "/launches/no-such-launch/",
        "/launches/no-such-launch/plan/",
    ],
)
def test_what_is_not_there_is_a_404_with_a_way_on(world: World, path: str) -> None:
    address = path.format(launch=world.path)
    client = world.client("owner")
    response = client.post(address, {"to": "active"}) if address.endswith("state/") else client.get(address)
    assert response.status_code == 404
    assert b"Nothing here" in response.content


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_not_allowed(world: World, method: str) -> None:
    client = world.client("owner")
    assert getattr(client, method)("/launches/").status_code == 405
    assert getattr(client, method)(f"{world.path}move/").status_code == 405
    assert client.get(f"{world.path}calendar/1/finish/").status_code == 405


def test_a_slug_that_is_an_address_of_its_own_is_never_given(world: World) -> None:
    client = world.client("member")
    response = client.post("/launches/new/", {"name": "New", "zone": "UTC"})
    assert response.status_code == 302
    assert response["Location"] != "/launches/new/"
    assert client.get(response["Location"]).status_code == 200
