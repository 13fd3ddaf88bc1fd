"""Templates as pages and endpoints: who may, what is shown, and the same refusals."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.accounts.services import create_token
from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.models import Launch, Member
from apps.launches.services.launch import change_launch, create_launch
from apps.launches.services.records import add_record
from apps.plans import builtin
from apps.plans.models import LaunchTemplate
from apps.plans.services.templates import make_template
from tests.api.worlds import Api
from tests.plans.worlds import LAUNCH_DAY, World

HTMX = {"HX-Request": "true"}
PAGES = ["/templates/", "/templates/big-launch/", "/templates/big-launch/start/"]
DAY = "2027-09-15"


def client(user: User) -> Client:
    made = Client()
    made.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return made


def api(user: User, *scopes: str) -> Api:
    token = create_token(actor=SYSTEM, user=user, name="test", scopes=list(scopes or ("read", "write")))
    return Api(token[1])


@pytest.fixture
def launch(world: World) -> Launch:
    made = create_launch(actor=SYSTEM, name="The first one", launch_day=LAUNCH_DAY, owner=world.owner)
    kind = kinds.get("calendar_entry")
    when = kinds.facets(kind)["when"].parse("T-4 days", kind)
    add_record(actor=SYSTEM, launch=made, kind=kind, values={"title": "Press kit", "when": when})
    return made


@pytest.mark.parametrize("path", [*PAGES, "/launches/the-first-one/template/"])
def test_templates_are_for_people_who_signed_in(world: World, launch: Launch, path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/")


def test_everybody_reads_templates_and_viewers_start_none(world: World) -> None:
    for user in (world.owner, world.viewer):
        page = client(user).get("/templates/").content.decode()
        assert "Big launch" in page
        assert "Small improvement" in page
        assert client(user).get("/templates/big-launch/").status_code == 200
    assert 'href="/templates/big-launch/start/"' not in page
    assert client(world.viewer).get("/templates/big-launch/start/").status_code == 403
    assert client(world.owner).get("/templates/nothing/").status_code == 404


def test_the_list_filters_by_tier_and_word_as_page_and_partial(world: World) -> None:
    page = client(world.owner).get("/templates/?tier=3", headers=HTMX).content.decode()
    assert page.lstrip().startswith('<div id="templates"')
    assert "Small improvement" in page
    assert "Big launch" not in page
    assert "No template matches" in client(world.owner).get("/templates/?q=zebra").content.decode()


def test_a_launch_is_saved_as_a_template_from_its_menu(world: World, launch: Launch) -> None:
    browser = client(world.owner)
    assert f"/launches/{launch.slug}/template/" in browser.get(f"/launches/{launch.slug}/").content.decode()
    response = browser.post(f"/launches/{launch.slug}/template/", {"name": "Our way", "tier": "2"})
    assert response["Location"] == "/templates/our-way/"
    page = browser.get("/templates/our-way/").content.decode()
    assert "Press kit" in page
    assert "Put it away" in page
    assert "Put it away" not in client(world.stranger).get("/templates/our-way/").content.decode()
    assert browser.post(f"/launches/{launch.slug}/template/", {"name": ""}).status_code == 422
    assert client(world.viewer).get(f"/launches/{launch.slug}/template/").status_code == 403


def test_the_page_of_a_restricted_launch_says_that_everybody_will_see_it(
    world: World, launch: Launch
) -> None:
    path = f"/launches/{launch.slug}/template/"
    assert "Everybody signed in will see" not in client(world.owner).get(path).content.decode()
    change_launch(actor=world.actor, launch=launch, values={"restricted": True})
    assert "Everybody signed in will see" in client(world.owner).get(path).content.decode()
    assert client(world.stranger).get(path).status_code == 404


def test_a_launch_is_looked_at_first_and_then_made_exactly_so(world: World) -> None:
    browser = client(world.owner)
    query = {"name": "Autumn", "launch_day": DAY, "zone": "Europe/Berlin", "landing": "after",
             "role-marketing-lead": str(world.editor.pk)}  # fmt: skip
    response = browser.get("/templates/big-launch/start/", query, headers=HTMX)
    page = response.content.decode()
    assert page.lstrip().startswith('<div id="preview"')
    assert "Announcement goes out" in page
    assert "Nobody is chosen for Support lead" in page
    assert not Launch.objects.exists()
    [fingerprint] = re.findall(r'name="fingerprint" value="(\w+)"', page)
    stale = browser.post("/templates/big-launch/start/", {**query, "fingerprint": "old"})
    assert (stale.status_code, Launch.objects.count()) == (409, 0)
    made = browser.post("/templates/big-launch/start/", {**query, "fingerprint": fingerprint})
    assert made["Location"] == "/launches/autumn/"
    launch = Launch.objects.get(slug="autumn")
    assert (str(launch.launch_day), launch.zone, launch.owner) == (DAY, "Europe/Berlin", world.owner)
    assert Member.objects.get(launch=launch, user=world.editor).role == "editor"
    assert browser.get("/launches/autumn/").status_code == 200


def test_a_start_that_cannot_be_says_why(world: World) -> None:
    browser = client(world.owner)
    for wrong in ({"name": ""}, {"launch_day": "never"}, {"zone": "Mars/Base"}, {"launch_day": "1066-10-14"}):
        query = {"name": "Autumn", "launch_day": DAY, "zone": "UTC", "landing": "keep", **wrong}
        response = browser.post("/templates/big-launch/start/", query)
        assert response.status_code == 422, wrong
        assert 'role="alert"' in response.content.decode()
    assert not Launch.objects.exists()


def test_putting_away_hides_it_from_the_list_and_back(world: World, launch: Launch) -> None:
    template = make_template(actor=world.actor, launch=launch, name="Our way")
    assert client(world.stranger).post(f"/templates/{template.slug}/archive/").status_code == 403
    assert client(world.owner).post("/templates/big-launch/archive/").status_code == 403
    client(world.owner).post(f"/templates/{template.slug}/archive/", {"version": "1"})
    assert "Our way" not in client(world.owner).get("/templates/").content.decode()
    client(world.owner).post(f"/templates/{template.slug}/archive/", {"version": "2", "back": "1"})
    assert "Our way" in client(world.owner).get("/templates/").content.decode()


def test_a_stale_change_is_refused(world: World, launch: Launch) -> None:
    template = make_template(actor=world.actor, launch=launch, name="Our way")
    browser = client(world.owner)
    assert browser.post(f"/templates/{template.slug}/", {"name": "Better", "version": "1"}).status_code == 302
    assert browser.post(f"/templates/{template.slug}/", {"name": "Worse", "version": "1"}).status_code == 409
    template.refresh_from_db()
    assert template.name == "Better"


def test_the_list_asks_no_more_for_more_templates(world: World, launch: Launch) -> None:
    browser = client(world.owner)

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/templates/").status_code == 200
        return len(queries)

    make_template(actor=world.actor, launch=launch, name="One")
    counted()
    few = counted()
    for number in range(5):
        make_template(actor=world.actor, launch=launch, name=f"Another {number}")
    assert counted() == few <= 12


def test_new_launch_offers_templates_and_documents(world: World) -> None:
    page = client(world.owner).get("/launches/new/").content.decode()
    assert 'href="/templates/?tier=1"' in page
    assert 'href="/import/"' in page


def test_the_api_lists_makes_starts_and_puts_away(world: World, launch: Launch) -> None:
    owner = api(world.owner)
    listed = owner.get("/templates/").json()
    assert [each["slug"] for each in listed] == ["big-launch", "small-improvement"]
    assert all(each["built_in"] for each in listed)
    made = owner.post("/templates/", {"launch": launch.slug, "name": "Our way", "tier": 2})
    assert (made.status_code, made["Location"]) == (201, "/api/v1/templates/our-way/")
    assert made.json()["counts"] == {"calendar_entry": 1}
    body: dict[str, Any] = {"name": "Next", "launch_day": DAY}
    tried = owner.post("/templates/our-way/start/", {**body, "dry_run": True}).json()
    assert (tried["launch"], tried["first"], Launch.objects.count()) == (None, "2027-09-11", 1)
    assert tried["records"][0] == {
        "kind": "calendar_entry", "title": "Press kit", "starts_on": "2027-09-11", "ends_on": "2027-09-11",
        "off_day": True,
    }  # fmt: skip
    started = owner.post("/templates/our-way/start/", {**body, "fingerprint": tried["fingerprint"]})
    assert (started.status_code, started["Location"]) == (201, "/api/v1/launches/next/")
    assert owner.request("DELETE", "/templates/our-way/").status_code == 204
    assert LaunchTemplate.objects.get().archived
    assert "our-way" not in [each["slug"] for each in owner.get("/templates/").json()]


def test_the_api_refuses_what_the_pages_refuse(world: World, launch: Launch) -> None:
    owner, viewer = api(world.owner), api(world.viewer)
    start = {"name": "Next", "launch_day": DAY}
    assert Api().get("/templates/").status_code == 401
    assert viewer.get("/templates/").status_code == 200
    assert viewer.post("/templates/", {"launch": launch.slug, "name": "No"}).status_code == 403
    assert viewer.post("/templates/big-launch/start/", start).status_code == 403
    assert api(world.owner, "read").post("/templates/big-launch/start/", start).status_code == 403
    assert owner.request("DELETE", "/templates/big-launch/").status_code == 403
    assert owner.get("/templates/nothing/").status_code == 404
    assert owner.post("/templates/", {"launch": "nothing", "name": "No"}).status_code == 404
    for wrong in ({"people": {"nobody": world.editor.pk}}, {"people": {"support-lead": 10**9}}, {"owner": 10**9},
                  {"landing": "sideways"}, {"launch_day": "0001-01-01"}):  # fmt: skip
        assert owner.post("/templates/big-launch/start/", {**start, **wrong}).status_code == 400, wrong
    assert owner.post("/templates/big-launch/start/", {**start, "fingerprint": "old"}).status_code == 409
    assert len(builtin.templates()) == 2
    assert Launch.objects.count() == 1
