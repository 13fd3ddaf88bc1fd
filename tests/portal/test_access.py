"""Who sees which page: nobody signed in, the wrong role, the right one; whole pages and partials."""

from __future__ import annotations

import pytest

from tests.portal.worlds import HTMX, World

PORTAL = [
    "/",
    "/launches/",
    "/launches/?view=board",
    "/launches/?view=timeline",
    "/calendar/",
    "/palette/?q=to",
]
OF_A_LAUNCH = [
    "", "plan/", "calendar/", "calendar/?view=list", "phases/", "metrics/", "team/", "settings/", "audit/",
    "progress/", "timeline/", "clashes/", "moves/",
]  # fmt: skip
FOR_EDITORS = ["move/", "plan/kpi/add/", "plan/calendar_entry/add/"]
PARTIALS = [
    ("/launches/", 'id="launches"'),
    ("/calendar/", 'id="calendar"'),
    ("/palette/?q=tomato", "palette-item"),
    ("{launch}calendar/", 'id="calendar"'),
    ("{launch}phases/", 'id="phases"'),
    ("{launch}metrics/", 'id="metrics"'),
    ("{launch}audit/", 'id="events"'),
    ("{launch}progress/", 'id="progress"'),
    ("{launch}move/?to=2030-01-01", 'id="preview"'),
    ("{launch}timeline/", 'id="timeline"'),
    ("{launch}clashes/", 'id="clashes"'),
]


@pytest.mark.parametrize("path", [*PORTAL, "/launches/new/", "/styleguide/"])
def test_who_is_not_signed_in_goes_to_sign_in_and_comes_back(world: World, path: str) -> None:
    response = world.client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("path", OF_A_LAUNCH + FOR_EDITORS)
def test_a_launch_is_for_people_who_signed_in(world: World, path: str) -> None:
    response = world.client().get(world.path + path)
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_a_partial_of_an_ended_session_sends_the_window_to_sign_in_and_back_to_its_page(world: World) -> None:
    current = "http://testserver" + world.path + "calendar/?view=list"
    response = world.client().get(world.path + "calendar/", headers={**HTMX, "HX-Current-URL": current})
    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/accounts/login/?next=%2Flaunches%2Ftomato-release%2Fcalendar")
    assert "view%3Dlist" in response["HX-Redirect"]


@pytest.mark.parametrize("path", PORTAL)
@pytest.mark.parametrize("name", ["administrator", "owner", "member", "viewer"])
def test_everybody_signed_in_sees_the_portals_pages(world: World, path: str, name: str) -> None:
    response = world.client(name).get(path)
    assert response.status_code == 200
    assert b"<!doctype html>" in response.content


@pytest.mark.parametrize("path", OF_A_LAUNCH)
@pytest.mark.parametrize("name", ["administrator", "editor", "contributor", "member", "viewer"])
def test_everybody_signed_in_sees_an_open_launch(world: World, path: str, name: str) -> None:
    response = world.client(name).get(world.path + path)
    assert response.status_code == 200
    assert b"Tomato release" in response.content


@pytest.mark.parametrize("path", OF_A_LAUNCH + FOR_EDITORS)
def test_a_restricted_launch_is_not_there_for_others(world: World, path: str) -> None:
    for name in ("editor", "member", "viewer"):
        response = world.client(name).get(f"/launches/secret-launch/{path}")
        assert response.status_code == 404
        assert b"Secret launch" not in response.content
    assert world.client("owner").get(f"/launches/secret-launch/{path}").status_code == 200
    assert world.client("administrator").get(f"/launches/secret-launch/{path}").status_code == 200


@pytest.mark.parametrize("path", ["/launches/", "/calendar/", "/palette/?q=secret", "/"])
def test_a_restricted_launch_shows_in_no_list_of_others(world: World, path: str) -> None:
    world.add("calendar_entry", launch=world.secret, title="Secret entry", when="T+3 days")
    assert b"Secret" in world.client("owner").get("/launches/").content
    response = world.client("member").get(path)
    assert b"Secret launch" not in response.content
    assert b"Secret entry" not in response.content


@pytest.mark.parametrize("path", FOR_EDITORS)
@pytest.mark.parametrize("name", ["member", "viewer"])
def test_who_has_no_part_in_it_is_told_that_they_may_only_look(world: World, path: str, name: str) -> None:
    response = world.client(name).get(world.path + path)
    assert response.status_code == 403
    assert b"You may look, but not do this" in response.content


def test_a_viewer_of_the_installation_makes_no_launch(world: World) -> None:
    client = world.client("viewer")
    assert client.get("/launches/new/").status_code == 403
    assert client.post("/launches/new/", {"name": "No", "zone": "UTC"}).status_code == 403


def test_only_administrators_see_the_styleguide(world: World) -> None:
    assert world.client("owner").get("/styleguide/").status_code == 403
    assert world.client("administrator").get("/styleguide/").status_code == 200


def test_read_only_pages_offer_no_buttons_that_would_be_refused(world: World) -> None:
    world.add("phase", title="Beta", when="Week 1")
    for path in ("", "plan/", "phases/", "metrics/", "team/"):
        content = world.client("member").get(world.path + path).content.decode()
        assert "/add/" not in content
        assert "/edit/" not in content
        assert 'name="to"' not in content


@pytest.mark.parametrize(("path", "inside"), PARTIALS)
def test_htmx_gets_the_part_it_asks_for_and_everybody_else_the_page(
    world: World, path: str, inside: str
) -> None:
    world.add("calendar_entry", title="Tomato entry", when="T+3 days")
    path = path.format(launch=world.path)
    client = world.client("owner")
    whole, part = client.get(path), client.get(path, headers=HTMX)
    assert whole.status_code == part.status_code == 200
    assert b"<!doctype html>" in whole.content
    assert b"<html" not in part.content
    assert inside in part.content.decode()
    for response in (whole, part):
        assert "HX-Request" in response["Vary"]
        assert response["Cache-Control"] == "private, no-store"


def test_going_back_in_history_gets_the_whole_page(world: World) -> None:
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    assert b"<!doctype html>" in world.client("owner").get("/launches/", headers=headers).content


def test_a_refused_write_swaps_nothing_and_says_why_in_a_toast(world: World) -> None:
    phase = world.add("phase", title="Beta")
    response = world.client("member").post(
        f"{world.path}phases/{phase.pk}/state/", {"to": "active"}, headers=HTMX
    )
    assert response.status_code == 403
    assert response["HX-Reswap"] == "none"
    assert b'hx-swap-oob="beforeend:#toasts"' in response.content
    phase.refresh_from_db()
    assert phase.state == "planned"
