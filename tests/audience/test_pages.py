"""The pages of accounts, of files on their way in and of segments: who sees what, and what answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audience.models import Account, Contact, CustomerImport, SavedSegment
from apps.audience.rule_forms import addition
from apps.audience.services.importing import work_on

if TYPE_CHECKING:
    from tests.audience.worlds import World

HTMX = {"HX-Request": "true"}
PAGES = ("/customers/", "/customers/{acme}/", "/customers/segments/")
FOR_FEW = (
    "/customers/new/", "/customers/{acme}/edit/", "/customers/{acme}/contacts/new/", "/customers/import/",
    "/customers/segments/new/",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES + FOR_FEW)
def test_strangers_are_sent_to_sign_in(world: World, path: str) -> None:
    path = path.format(acme=world.acme.pk)
    answer = Client().get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={path}")


@pytest.mark.parametrize("who", ["csm", "marketer", "viewer", "administrator"])
def test_everybody_looks_and_few_change(world: World, who: str) -> None:
    client = world.client(who)
    for path in PAGES:
        assert client.get(path.format(acme=world.acme.pk)).status_code == 200
    for path in FOR_FEW:
        expected = 200 if who in {"csm", "administrator"} else 403
        assert client.get(path.format(acme=world.acme.pk)).status_code == expected, path


def test_contacts_are_on_the_page_only_of_who_may_see_them(world: World) -> None:
    for who, shown in (("csm", True), ("viewer", True), ("administrator", True), ("marketer", False)):
        for path in ("/customers/", f"/customers/{world.acme.pk}/"):
            content = world.client(who).get(path).content
            assert (b"wile@acme.example" in content) is (shown and path != "/customers/")
            assert (b"Contacts</th>" in content) is (shown and path == "/customers/")


def test_the_list_is_narrowed_by_rule_and_says_what_is_wrong_with_it(world: World) -> None:
    client = world.client("marketer")
    found = client.get("/customers/", {"rule": "projects < 50"}, headers=HTMX).content
    assert b"Acme" in found
    assert b"Globex" not in found
    assert b"<html" not in found
    wrong = client.get("/customers/", {"rule": "projects <"})
    assert wrong.status_code == 200
    assert b"where a value should stand" in wrong.content
    assert b"Acme" not in client.get("/customers/", {"plan": "free"}).content
    assert b"Globex" not in world.client("csm").get("/customers/", {"mine": "1"}).content


def test_the_list_costs_the_same_queries_with_many_accounts(world: World) -> None:
    client = world.client("csm")
    client.get("/customers/")
    counts = []
    for size in (0, 40):
        Account.objects.bulk_create(
            Account(external_id=f"n{number}", name=f"N{number}", csm=world.people["csm"])
            for number in range(size)
        )
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/customers/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_the_list_of_segments_costs_the_same_queries_with_many_of_them(world: World) -> None:
    client = world.client("csm")
    client.get("/customers/segments/")
    counts = []
    for size in (2, 60):
        SavedSegment.objects.all().delete()
        SavedSegment.objects.bulk_create(
            SavedSegment(name=f"S{number:02}", rule=f"projects > {number}") for number in range(size)
        )
        SavedSegment.objects.filter(name="S01").update(rule="projects >")
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/customers/segments/").content.decode()
        counts.append(len(queries))
        assert "2 of 2" in page
        assert page.count("Does not work") == 1
    assert counts[0] == counts[1] <= 9, counts
    assert "S49" in page
    assert "S50" not in page
    assert "S50" in client.get("/customers/segments/", {"page": "2"}).content.decode()


def test_an_account_is_made_and_changed_and_a_stale_form_is_told(world: World) -> None:
    client = world.client("csm")
    values = {
        "name": "Initech",
        "external_id": "initech",
        "value": "1200",
        "attributes": "seats: 5\nsince: 2026-03-04",
    }
    assert client.post("/customers/new/", values).status_code == 302
    made = Account.objects.get(external_id="initech")
    assert made.attributes == {"seats": 5, "since": "2026-03-04"}
    path = f"/customers/{made.pk}/edit/"
    assert b"seats: 5\nsince: 2026-03-04" in client.get(path).content
    again = {**values, "plan": "team", "version": "1"}
    assert client.post(path, again).status_code == 302
    stale = client.post(path, {**values, "plan": "free", "version": "1"})
    assert (stale.status_code, Account.objects.get(pk=made.pk).plan) == (409, "team")
    for wrong, text in (
        ({"attributes": "no colon"}, b"a name, a colon"),
        ({"attributes": "Bad Name: 1"}, b"no name of an attribute"),
        ({"attributes": "a: 1\na: 2"}, b"stands there twice"),
        ({"attributes": "a: [1"}, b"no list or text"),
        ({"value": "-1"}, b"greater than or equal to 0"),
        ({"external_id": "acme"}, b"already exists"),
        ({"name": ""}, b"required"),
    ):
        answer = client.post(path, {**values, "version": "2", **wrong})
        assert answer.status_code == 422, wrong
        assert text in answer.content, wrong


def test_a_contact_is_added_changed_and_removed(world: World) -> None:
    client = world.client("csm")
    path = f"/customers/{world.globex.pk}/contacts/"
    values = {"email": "Hank@Globex.example", "name": "Hank", "is_active": "on", "zone": "Europe/Berlin"}
    assert client.post(f"{path}new/", values).status_code == 302
    hank = Contact.objects.get(email="hank@globex.example")
    assert client.post(f"{path}{hank.pk}/", {**values, "zone": "Mars"}).status_code == 422
    other = f"/customers/{world.acme.pk}/contacts/{hank.pk}/"
    assert client.get(other).status_code == 404, "a contact of another account"
    assert client.post(f"{path}{hank.pk}/remove/").status_code == 302
    assert not Contact.objects.filter(pk=hank.pk).exists()


def test_a_file_goes_from_upload_to_loaded(world: World) -> None:
    client = world.client("csm")
    file = SimpleUploadedFile("accounts.csv", b"Account ID,Company,Seats\nnew,New Inc,5\n")
    uploaded = client.post("/customers/import/", {"what": "accounts", "file": file})
    run = CustomerImport.objects.get()
    path = f"/customers/import/{run.pk}/"
    assert uploaded["Location"] == path
    columns = {f"column-{number}": field for number, field in enumerate(["external_id", "name", ""])}
    refused = client.post(path, {"action": "check", "column-0": "name"})
    assert refused.status_code == 422
    assert b"Say which column is external_id" in refused.content
    client.post(path, {"action": "check", **columns})
    progress = client.get(path, {"part": "progress"}, headers=HTMX)
    assert b"data-poll" in progress.content
    assert (
        client.get(
            path, {"part": "progress"}, headers={**HTMX, "If-None-Match": progress["ETag"]}
        ).status_code
        == 304
    )
    work_on(run.pk)
    over = client.get(path, {"part": "progress"}, headers=HTMX)
    assert over["HX-Refresh"] == "true"
    assert b"1 new" in client.get(path).content
    client.post(path, {"action": "load"})
    work_on(run.pk)
    assert Account.objects.get(external_id="new").attributes == {}
    assert b"Loaded" in client.get(path).content
    assert client.post(path, {"action": "load"}).status_code == 409
    assert client.post(path, {"action": "discard"}).status_code == 302
    assert client.get(path).status_code == 404


def test_a_file_that_is_no_csv_is_refused_on_the_form(world: World) -> None:
    file = SimpleUploadedFile("accounts.csv", b"id,name\na,Caf\xe9\n")
    answer = world.client("csm").post("/customers/import/", {"what": "accounts", "file": file})
    assert answer.status_code == 422
    assert b"is not UTF-8" in answer.content
    assert not CustomerImport.objects.exists()


def test_a_segment_is_built_in_the_form_and_its_reach_shown(world: World) -> None:
    client = world.client("csm")
    added = client.post(
        "/customers/segments/reach/",
        {
            "rule": "projects < 50",
            "add": "1",
            "add_field": "plan",
            "add_operator": "in",
            "add_value": "team, free",
        },
        headers=HTMX,
    ).content.decode()
    assert "projects &lt; 50 and plan in (team, free)" in added
    assert ">1</strong> of 2 accounts" in added
    live = client.post(
        "/customers/segments/reach/", {"rule": "projects", "only": "reach"}, headers=HTMX
    ).content.decode()
    assert "After “projects” comes" in live
    assert "add_field" not in live
    assert (
        client.post("/customers/segments/new/", {"name": "Small", "rule": "projects < 50"}).status_code == 302
    )
    segment = SavedSegment.objects.get()
    wrong = client.post(
        f"/customers/segments/{segment.pk}/", {"name": "Small", "rule": "projects <", "version": 1}
    )
    assert wrong.status_code == 422
    taken = client.post(
        "/customers/segments/reach/",
        {"from": segment.pk, "rule_name": "audience_rule", "rule_id": "id_audience_rule"},
        headers=HTMX,
    ).content.decode()
    assert 'name="audience_rule"' in taken
    assert "projects &lt; 50</textarea>" in taken
    assert client.post("/customers/segments/reach/", {"rule_name": '"><b'}).status_code == 404
    assert world.client("marketer").post(f"/customers/segments/{segment.pk}/remove/").status_code == 403
    assert client.post(f"/customers/segments/{segment.pk}/remove/").status_code == 302


@pytest.mark.parametrize(
    ("rule", "chosen", "result"),
    [
        ("", ("plan", "is", "team"), "plan = team"),
        ("", ("plan", "is", "my team"), 'plan = "my team"'),
        ("", ("plan", "is-not", "and"), 'plan != "and"'),
        ("", ("projects", "lt", "50"), "projects < 50"),
        ("", ("projects", "lt", ""), "projects <"),
        ("", ("since", "ge", "2026-03-04"), "since >= 2026-03-04"),
        ("", ("trial", "is", "True"), "trial = true"),
        ("", ("uses", "contains", "sso"), "uses contains sso"),
        ("", ("uses", "missing", "x"), "uses is missing"),
        ("", ("plan", "not-in", "a, b,"), "plan not in (a, b)"),
        ("a = 1 or b = 2", ("c", "is", "3"), "(a = 1 or b = 2) and c = 3"),
        ("a = 1 and b = 2", ("c", "is", "3"), "a = 1 and b = 2 and c = 3"),
        ("a = ", ("c", "is", "3"), "a = and c = 3"),
        ("", ("x; drop", "is", "3"), "x; drop = 3"),
        ("", ("name", "is", 'a"b\\'), 'name = "a\\"b\\\\"'),
    ],
)
def test_what_is_chosen_becomes_a_condition(rule: str, chosen: tuple[str, str, str], result: str) -> None:
    field, operator, value = chosen
    assert addition(rule, field=field, operator=operator, value=value) == result


def test_an_administrator_says_which_teams_see_contacts(world: World) -> None:
    team = world.people["marketer"].teams.get()
    path = f"/settings/teams/{team.pk}/customers/"
    assert world.client("csm").post(path, {"allowed": "1"}).status_code == 403
    assert world.client("administrator").post(path, {"allowed": "1"}).status_code == 302
    assert b"wile@acme.example" in world.client("marketer").get(f"/customers/{world.acme.pk}/").content
