"""The suppression list on its pages and by the API: who may see it, what goes in and out."""

from __future__ import annotations

from typing import Any

import pytest

from apps.delivery.models import Suppression
from tests.audience.worlds import World, build_world

pytestmark = pytest.mark.django_db
PAGE = "/customers/suppressions/"


@pytest.fixture
def world() -> World:
    return build_world()


def entry(value: str = "ann@acme.example", **fields: Any) -> Suppression:
    return Suppression.objects.create(**{"value": value, "reason": "manual", **fields})


def test_only_who_works_with_customers_sees_addresses(world: World) -> None:
    entry()
    assert world.client("marketer").get(PAGE).status_code == 403
    assert world.client("viewer").get(PAGE).status_code == 403
    assert "ann@acme.example" not in world.client("marketer").get(PAGE).content.decode()
    assert "ann@acme.example" in world.client("csm").get(PAGE).content.decode()
    assert world.api("marketer").get("/suppressions/").status_code == 403
    assert world.client("marketer").get(f"{PAGE}export/").status_code == 403


@pytest.mark.parametrize(
    ("given", "kind", "kept"),
    [
        (" Ann@ACME.example ", "address", "ann@acme.example"),
        ("@Acme.example", "domain", "acme.example"),
        ("acme.example", "domain", "acme.example"),
    ],
)
def test_what_is_entered_is_an_address_or_a_domain(world: World, given: str, kind: str, kept: str) -> None:
    answer = world.client("csm").post(PAGE, {"value": given, "topic": "", "note": "Asked by phone"})
    assert answer.status_code == 302
    row = Suppression.objects.get()
    assert (row.kind, row.value, row.topic, row.reason, row.note) == (
        kind,
        kept,
        "",
        "manual",
        "Asked by phone",
    )


@pytest.mark.parametrize("given", ["", "not an address@", "@", "a b.example", "x\x00@acme.example"])
def test_what_is_neither_is_refused_at_its_field(world: World, given: str) -> None:
    answer = world.client("csm").post(PAGE, {"value": given, "topic": ""})
    assert answer.status_code == 422
    assert not Suppression.objects.exists()


def test_an_entry_is_lifted_and_the_log_names_no_address(world: World) -> None:
    from apps.audit.models import Event

    row = entry()
    assert world.client("marketer").post(f"{PAGE}{row.pk}/lift/").status_code == 403
    assert world.client("csm").post(f"{PAGE}{row.pk}/lift/").status_code == 302
    assert not Suppression.objects.exists()
    assert world.client("csm").post(f"{PAGE}{row.pk}/lift/").status_code == 404
    event = Event.objects.get(verb="suppression.lifted")
    assert "acme" not in f"{event.object_label} {event.changes}"


def test_the_list_is_found_in_and_narrowed(world: World) -> None:
    entry("ann@acme.example", reason="bounce")
    entry("globex.example", kind="domain")
    text = world.client("csm").get(PAGE, {"q": "GLOBEX"}).content.decode()
    assert "@globex.example" in text
    assert "ann@acme" not in text
    text = (
        world.client("csm").get(PAGE, {"reason": "bounce"}, headers={"HX-Request": "true"}).content.decode()
    )
    assert "<html" not in text
    assert "ann@acme" in text
    assert "globex" not in text


@pytest.mark.parametrize("in_memory", [2**20, 0])
def test_what_goes_out_as_a_file_comes_in_again(world: World, settings: Any, in_memory: int) -> None:
    """Also a large one, which the web server keeps on disk."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = in_memory
    entry("ann@acme.example", topic="outreach", reason="unsubscribe")
    entry("globex.example", kind="domain", note="=cmd()")
    client = world.client("csm")
    answer = client.get(f"{PAGE}export/")
    assert answer["Content-Disposition"] == 'attachment; filename="suppressions.csv"'
    data = b"".join(answer.streaming_content)
    assert b"'=cmd()" in data
    Suppression.objects.all().delete()
    done = client.post(f"{PAGE}upload/", {"file": SimpleUploadedFile("list.csv", data)}, follow=True)
    assert "2 added, 0 known already." in done.content.decode()
    assert set(Suppression.objects.values_list("kind", "value", "topic", "reason")) == {
        ("address", "ann@acme.example", "outreach", "unsubscribe"),
        ("domain", "globex.example", "", "manual"),
    }


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"value\nann@acme.example\nnobody\n", "Line 3"),
        (b"mail\nann@acme.example\n", "needs a column"),
        (b"\xff\xfe\x00v", "not UTF-8"),
        (b"", "empty"),
    ],
)
def test_a_file_with_one_wrong_line_brings_in_nothing(world: World, data: bytes, told: str) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = world.client("csm").post(f"{PAGE}upload/", {"file": SimpleUploadedFile("list.csv", data)})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Suppression.objects.exists()


def test_the_list_costs_the_same_however_long_it_is(world: World, django_assert_max_num_queries: Any) -> None:
    client = world.client("csm")
    for many in (1, 60):
        Suppression.objects.bulk_create(
            Suppression(value=f"n{many}-{number}@acme.example", reason="manual") for number in range(many)
        )
        with django_assert_max_num_queries(9):
            assert client.get(PAGE).status_code == 200


def test_other_tools_add_find_and_lift(world: World) -> None:
    api = world.api("csm")
    made = api.post("/suppressions/", {"value": "Ann@acme.example", "reason": "complaint"})
    assert made.status_code == 201
    assert made.json()["value"] == "ann@acme.example"
    again = api.post("/suppressions/", {"value": "ann@acme.example"})
    assert (again.status_code, again.json()["id"], again.json()["reason"]) == (
        201,
        made.json()["id"],
        "complaint",
    )
    found = api.get("/suppressions/?value=ANN@acme.example").json()["results"]
    assert [row["id"] for row in found] == [made.json()["id"]]
    assert api.get(f"/suppressions/{made.json()['id']}/").json()["kind"] == "address"
    refused = api.post("/suppressions/", {"value": "nobody"})
    assert refused.status_code == 422 or refused.status_code == 400
    assert refused["Content-Type"] == "application/problem+json"
    assert api.post("/suppressions/", {"value": "a@b.example", "kind": "planet"}).status_code == 400
    assert api.post(f"/suppressions/{made.json()['id']}/lift/", {"reason": "Asked for it"}).status_code == 204
    assert api.post(f"/suppressions/{made.json()['id']}/lift/", {}).status_code == 404
    assert not Suppression.objects.exists()
