"""Other systems bring customers in batches: results per item, what is left out stays, nobody else may."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audience.models import Account, Contact, ProductUser
from apps.audit.models import Event

if TYPE_CHECKING:
    from tests.audience.worlds import World


def put(world: World, path: str, rows: Any, *, who: str = "csm") -> Any:
    return world.api(who).request("PUT", path, {"rows": rows})


def test_rows_are_created_updated_and_left_alone_in_one_request(world: World) -> None:
    answer = put(
        world,
        "/accounts/bulk/",
        [
            {"external_id": "initech", "name": "Initech", "value": "1200.50", "attributes": {"seats": 5}},
            {"external_id": "acme", "plan": "business", "attributes": {"seats": 9, "region": None}},
            {"external_id": "globex", "name": "Globex"},
            {"external_id": "hooli", "name": "Hooli", "csm": "JO@example.com", "health": "Good"},
        ],
    )
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert [result["status"] for result in body["results"]] == ["created", "updated", "unchanged", "created"]
    assert (body["created"], body["updated"], body["unchanged"], body["error"]) == (2, 1, 1, 0)
    acme = Account.objects.get(external_id="acme")
    assert (acme.name, acme.plan, acme.attributes, acme.version) == (
        "Acme", "business", {"projects": 12, "seats": 9}, 2,
    )  # fmt: skip
    hooli = Account.objects.get(pk=body["results"][3]["id"])
    assert (hooli.external_id, hooli.csm, hooli.health) == ("hooli", world.people["csm"], "good")
    assert Event.objects.get(verb="account.upserted").changes["created"] == [None, 2]


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"external_id": "a", "name": "A", "value": "lots"}, "value", "not a number"),
        ({"external_id": "a", "name": "A", "value": "50.000,00"}, "value", "not a number"),
        ({"external_id": "a", "name": "A", "value": -1}, "value", "From 0"),
        ({"external_id": "a", "name": "A", "value": True}, "value", "Write a number"),
        ({"external_id": "a", "name": "A", "value": "NaN"}, "value", "From 0"),
        ({"external_id": "a", "name": "A", "value": 10**13}, "value", "From 0"),
        ({"external_id": "b"}, "name", "needed"),
        ({"name": "No id"}, "external_id", "needed"),
        ({"external_id": " ", "name": "No id"}, "external_id", "needed"),
        ({"external_id": "a" * 201, "name": "A"}, "external_id", "At most 200"),
        ({"external_id": "a", "name": "A", "csm": "nobody@example.com"}, "csm", "Nobody here"),
        ({"external_id": "a", "name": "A", "csm": "x"}, "csm", "not an e-mail address"),
        ({"external_id": "a", "name": "A", "health": "so so"}, "health", "good, fair, poor"),
        ({"external_id": "a", "name": "A", "attributes": {"Bad Name": 1}}, "attributes", "no name of"),
        ({"external_id": "a", "name": "A", "attributes": {"plan": "x"}}, "attributes", "field of every"),
        (
            {"external_id": "a", "name": "A", "attributes": {"deep": {"a": 1}}},
            "attributes",
            "a text, a number",
        ),
        ({"external_id": "a", "name": "A", "attributes": {"n": 10**15}}, "attributes", "15 digits"),
        ({"external_id": "a", "name": "A", "attributes": {"n": [1]}}, "attributes", "texts only"),
        ({"external_id": "a", "name": "A", "attributes": [1]}, "attributes", "names and values"),
        ({"external_id": "a", "name": "A", "nmae": "typo"}, "nmae", "no such field"),
        ({"external_id": "a", "name": ["A"]}, "name", "Write a text"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_field_and_the_others_are_kept(
    world: World, row: dict[str, Any], field: str, message: str
) -> None:
    body = put(world, "/accounts/bulk/", [row, {"external_id": "fine", "name": "Fine"}]).json()
    assert [result["status"] for result in body["results"]] == ["error", "created"]
    assert message in body["results"][0]["problems"][field][0]
    assert set(Account.objects.values_list("external_id", flat=True)) == {"acme", "globex", "fine"}


def test_contacts_and_product_users_are_found_by_account_and_their_own_id(world: World) -> None:
    contacts = put(
        world,
        "/contacts/bulk/",
        [
            {"account": "acme", "email": "WILE@acme.example", "role": "Engineer", "zone": "America/Denver"},
            {"account": "globex", "email": "hank@globex.example", "name": "Hank", "is_active": "no"},
            {"account": "nowhere", "email": "x@example.com"},
            {"account": "acme", "email": "x@example.com", "zone": "Mars/Olympus"},
        ],
    ).json()
    assert [result["status"] for result in contacts["results"]] == ["updated", "created", "error", "error"]
    assert "no account “nowhere”" in contacts["results"][2]["problems"]["account"][0]
    assert "not a time zone" in contacts["results"][3]["problems"]["zone"][0]
    wile = Contact.objects.get(email="wile@acme.example")
    assert (wile.name, wile.role, wile.zone) == ("Wile E.", "Engineer", "America/Denver")
    assert Contact.objects.get(email="hank@globex.example").is_active is False
    users = put(
        world,
        "/product-users/bulk/",
        [{"account": "acme", "external_id": "u1", "attributes": {"admin": True}}] * 2,
    ).json()
    assert [result["status"] for result in users["results"]] == ["created", "unchanged"]
    assert ProductUser.objects.get().attributes == {"admin": True}


def test_the_same_twice_in_one_batch_is_one_account_with_the_last_word(world: World) -> None:
    body = put(
        world, "/accounts/bulk/", [{"external_id": "n", "name": "One"}, {"external_id": "n", "name": "Two"}]
    ).json()
    assert [result["status"] for result in body["results"]] == ["created", "updated"]
    assert len({result["id"] for result in body["results"]}) == 1
    assert Account.objects.get(external_id="n").name == "Two"


@pytest.mark.parametrize("who", ["marketer", "viewer"])
@pytest.mark.parametrize("path", ["/accounts/bulk/", "/contacts/bulk/", "/product-users/bulk/"])
def test_only_who_works_with_customers_changes_them(world: World, who: str, path: str) -> None:
    answer = put(world, path, [{"external_id": "n", "name": "N"}], who=who)
    assert answer.status_code == 403
    assert Account.objects.count() == 2


def test_people_at_accounts_are_shown_to_few_and_accounts_to_all(world: World) -> None:
    path = f"/accounts/{world.acme.pk}/contacts/"
    for who, status in (("csm", 200), ("viewer", 200), ("administrator", 200), ("marketer", 403)):
        assert world.api(who).get(path).status_code == status
        assert world.api(who).get("/accounts/").status_code == 200
    world.people["csm"].teams.clear()
    assert world.api("csm").get(path).status_code == 403


def test_too_many_rows_and_other_shapes_are_refused_whole(world: World) -> None:
    rows = [{"external_id": str(number), "name": "N"} for number in range(1001)]
    assert put(world, "/accounts/bulk/", rows).status_code == 400
    for body in ({}, {"rows": "x"}, {"rows": [1]}, {"rows": [], "more": 1}, []):
        assert world.api("csm").request("PUT", "/accounts/bulk/", body).status_code == 400
    assert Account.objects.count() == 2


def test_a_batch_costs_the_same_queries_however_long_it_is(world: World) -> None:
    counts = []
    for size in (5, 200):
        rows = [
            {"external_id": f"{size}-{number}", "name": "N", "csm": "jo@example.com"}
            for number in range(size)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert put(world, "/accounts/bulk/", rows).json()["created"] == size
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1, counts  # bulk_create's batches


def test_one_account_is_read_changed_with_its_tag_and_removed(world: World) -> None:
    api = world.api("csm")
    shown = api.get(f"/accounts/{world.acme.pk}/")
    assert shown.json()["csm"] == "jo@example.com"
    tag = shown["ETag"]
    changed = api.patch(f"/accounts/{world.acme.pk}/", {"plan": "business"}, If_Match=tag)
    assert (changed.status_code, changed.json()["plan"]) == (200, "business")
    assert api.patch(f"/accounts/{world.acme.pk}/", {"plan": "x"}, If_Match=tag).status_code == 412
    assert api.patch(f"/accounts/{world.acme.pk}/", {"attributes": {"X": 1}}).status_code == 400
    assert api.post("/accounts/", {"external_id": "acme", "name": "Again"}).status_code == 400
    assert api.delete(f"/accounts/{world.acme.pk}/").status_code == 204
    assert not Contact.objects.exists()


def test_a_rule_narrows_the_list_and_tells_its_reach(world: World) -> None:
    api = world.api("marketer")
    found = api.get("/accounts/?rule=projects%20%3C%2050%20and%20plan%20%3D%20team").json()["results"]
    assert [account["external_id"] for account in found] == ["acme"]
    reach = api.post("/segments/reach/", {"rule": "projects > 5 and seats is missing"}).json()
    assert (reach["accounts"], reach["total"], reach["contacts"], reach["unknown"]) == (2, 2, 1, ["seats"])
    wrong = api.post("/segments/reach/", {"rule": "projects >"})
    assert wrong.status_code == 400
    assert "where a value should stand" in wrong.json()["errors"]["rule"][0]
    assert api.get("/accounts/?rule=projects%20%3E").status_code == 400


def test_a_saved_segment_holds_a_rule_that_can_be_read(world: World) -> None:
    api = world.api("csm")
    made = api.post("/segments/", {"name": "High-value accounts", "rule": "value >= 50000"})
    assert made.status_code == 201, made.content
    assert "rule" in api.post("/segments/", {"name": "Broken", "rule": "value >="}).json()["errors"]
    assert api.post("/segments/", {"name": "High-value accounts", "rule": "value > 1"}).status_code == 400
    assert world.api("marketer").post("/segments/", {"name": "Mine", "rule": "value > 1"}).status_code == 403


def test_the_log_names_what_changed_of_a_person_not_what_it_is(world: World) -> None:
    from apps.audience.services import editing
    from apps.audience.services.upserting import upsert

    contact = Contact.objects.get(email="wile@acme.example")
    editing.save(actor=world.act("csm"), obj=contact, values={"name": "Wile Ethelbert", "is_active": False})
    event = Event.objects.get(verb="contact.changed")
    assert event.changes == {"name": ["", "changed"], "is_active": [True, False]}
    assert event.object_label == f"Contact {contact.pk}"
    editing.remove(actor=world.act("csm"), obj=contact)
    given = {"account": "acme", "email": "ann@acme.example", "name": "Ann Lee"}
    upsert(actor=world.act("csm"), what="contacts", given=[given])
    user = {"account": "acme", "external_id": "ann.lee", "name": "Ann Lee"}
    upsert(actor=world.act("csm"), what="users", given=[user])
    labels = Event.objects.exclude(object_type="audience.account").values_list("object_label", flat=True)
    assert len(labels) == 4
    assert not [label for label in labels if not re.fullmatch(r"(Contact|Product user) \d+", label)]
