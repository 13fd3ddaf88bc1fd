"""Moving launch day on a page: the full difference first, then exactly that, or nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.launches.models import Launch
from apps.schedule.services.placing import finish
from tests.portal.worlds import DAY, HTMX, World

LATER = DAY + timedelta(days=10)


def preview(world: World, **query: str) -> dict[str, str]:
    response = world.client("editor").get(f"{world.path}move/", {"to": LATER.isoformat(), **query})
    assert response.status_code == 200
    shown = response.context["preview"]
    return {
        "anchor": shown.anchor,
        "to": shown.to.isoformat(),
        "landing": shown.landing,
        "fingerprint": shown.fingerprint,
    }


def test_the_preview_shows_what_moves_and_what_stays_and_changes_nothing(world: World) -> None:
    world.add("calendar_entry", title="Relative one", when="Week +1")
    world.add("calendar_entry", title="Pinned one", when="2031-03-04")
    done = world.add("calendar_entry", title="Done one", when="T-1 days")
    finish(actor=world.actor("owner"), placement=world.placement(done))
    response = world.client("editor").get(f"{world.path}move/?to={LATER}")
    content = response.content.decode()
    shown = response.context["preview"]
    assert [row.placement.title for row in shown.moving] == ["Relative one"]
    assert {row.reason for row in shown.staying} == {"done", "pinned to its date"}
    assert "pinned to its date" in content
    assert Launch.objects.get(pk=world.launch.pk).launch_day == DAY


def test_applying_does_exactly_what_was_shown(world: World) -> None:
    item = world.add("calendar_entry", title="Relative one", when="T+2 days")
    data = preview(world)
    response = world.client("editor").post(f"{world.path}move/", {**data, "reason": "The fair moved"})
    assert response.status_code == 302
    launch = Launch.objects.get(pk=world.launch.pk)
    assert launch.launch_day == LATER
    assert launch.rollout_start == LATER
    assert world.placement(item).starts_on == LATER + timedelta(days=2)
    assert "The fair moved" in world.client("member").get(f"{world.path}audit/").content.decode()


def test_if_anything_changed_in_between_the_new_preview_is_shown_and_nothing_moved(world: World) -> None:
    world.add("calendar_entry", title="First", when="T+2 days")
    data = preview(world)
    world.add("calendar_entry", title="Came in between", when="T+3 days")
    response = world.client("editor").post(f"{world.path}move/", data)
    assert response.status_code == 409
    content = response.content.decode()
    assert "Nothing was moved" in content
    assert "Came in between" in content
    assert Launch.objects.get(pk=world.launch.pk).launch_day == DAY
    fresh = response.context["preview"].fingerprint
    assert fresh != data["fingerprint"]
    again = world.client("editor").post(f"{world.path}move/", {**data, "fingerprint": fresh})
    assert again.status_code == 302


def test_landing_on_a_weekend_is_shown_with_the_choice(world: World) -> None:
    saturday = DAY + timedelta(days=(5 - DAY.weekday()) % 7 + 14)
    item = world.add("calendar_entry", title="On the day", when="T-0 days")
    client = world.client("editor")
    kept = client.get(f"{world.path}move/", {"to": saturday.isoformat()})
    assert b"would fall on a weekend or holiday" in kept.content
    data = preview(world, to=saturday.isoformat(), landing="after")
    client.post(f"{world.path}move/", data)
    assert world.placement(item).starts_on == saturday + timedelta(days=2)


@pytest.mark.parametrize(
    "query",
    [
        {"to": "someday"},
        {"to": "2026-02-30"},
        {"to": "9999-01-01"},
        {"to": "0001-01-01"},
        {"to": "2031-01-01", "anchor": "moonrise"},
        {"to": "2031-01-01", "landing": "sideways"},
        {"to": ""},
        {"to": (DAY + timedelta(days=4000)).isoformat()},
    ],
)
def test_dates_that_cannot_be_answer_422_with_a_sentence(world: World, query: dict[str, str]) -> None:
    for headers in ({}, HTMX):
        response = world.client("editor").get(f"{world.path}move/", query, headers=headers)
        assert response.status_code == 422
        assert b'role="alert"' in response.content
    response = world.client("editor").post(f"{world.path}move/", {**query, "fingerprint": "x"})
    assert response.status_code in {409, 422}
    assert Launch.objects.get(pk=world.launch.pk).launch_day == DAY


def test_a_launch_without_a_day_gets_one_the_same_way(world: World) -> None:
    Launch.objects.filter(pk=world.launch.pk).update(
        launch_day=None, rollout_start=None, launch_day_fuzzy="2031-Q1"
    )
    item = world.add("calendar_entry", title="Relative one", when="Week +1")
    assert world.placement(item).starts_on is None
    data = preview(world)
    assert world.client("editor").post(f"{world.path}move/", data).status_code == 302
    launch = Launch.objects.get(pk=world.launch.pk)
    assert (launch.launch_day, launch.launch_day_fuzzy) == (LATER, "")
    assert world.placement(item).starts_on is not None


def test_only_editors_move(world: World) -> None:
    data = preview(world)
    for name in ("contributor", "member", "viewer"):
        assert world.client(name).post(f"{world.path}move/", data).status_code == 403
    assert Launch.objects.get(pk=world.launch.pk).launch_day == DAY
