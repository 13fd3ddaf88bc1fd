"""The list a person works through, and the same for other tools."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.audience.models import Contact
from apps.core.clock import now, today_in
from apps.work.models import FollowUp
from tests.work.test_follow_ups import TODAY, call

if TYPE_CHECKING:
    from tests.audience.worlds import World

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    "path", ["/follow-ups/", "/follow-ups/new/", "/follow-ups/{pk}/", "/follow-ups/{pk}/edit/"]
)
def test_strangers_sign_in_and_others_see_what_is_theirs(world: World, path: str) -> None:
    path = path.format(pk=call(world).pk)
    assert Client().get(path).status_code == 302
    assert world.client("csm").get(path).status_code == 200
    marketer = world.client("marketer").get(path).status_code
    assert marketer == (200 if path in {"/follow-ups/", "/follow-ups/new/"} else 404)
    viewer = world.client("viewer").get(path).status_code
    assert viewer == (403 if path.endswith(("new/", "edit/")) else 200)


def test_the_list_shows_mine_nobodys_or_all_by_how_pressing(world: World) -> None:
    today = today_in(world.people["csm"].zone, now())
    call(world, title="Late one", due_on=today - timedelta(days=1))
    call(world, title="One of nobody", owner=None)
    client = world.client("csm")
    mine = client.get("/follow-ups/", headers=HTMX).content.decode()
    assert "Late one" in mine
    assert "Overdue" in mine
    assert "One of nobody" not in mine
    assert "<html" not in mine
    assert "One of nobody" in client.get("/follow-ups/?whose=nobody").content.decode()
    everybody = client.get("/follow-ups/?whose=all&account=acme").content.decode()
    assert "Late one" in everybody
    assert "One of nobody" in everybody
    assert "Late one" not in client.get("/follow-ups/?whose=all&account=globex").content.decode()


def test_the_list_costs_the_same_queries_with_many(world: World) -> None:
    client = world.client("csm")
    call(world)
    client.get("/follow-ups/")
    counts = []
    for size in (0, 30):
        for number in range(size):
            call(world, title=f"Call {number}")
        with CaptureQueriesContext(connection) as queries:
            client.get("/follow-ups/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_a_csm_works_one_off_and_plans_the_next(world: World) -> None:
    made = call(world, owner=None, script="Ask about **reviews**.")
    client = world.client("csm")
    path = f"/follow-ups/{made.pk}/"
    assert b"<strong>reviews</strong>" in client.get(path).content
    assert client.post(path, {"action": "take"}).status_code == 302
    made.refresh_from_db()
    assert made.owner == world.people["csm"]
    half = {"action": "finish", "outcome": "reached", "next_title": "Again", "version": made.version}
    answer = client.post(path, half)
    assert answer.status_code == 422
    assert b"A next step has a title and a day." in answer.content
    assert client.post(path, {**half, "version": 1, "next_title": ""}).status_code == 409
    assert client.post(path, {**half, "next_due_on": TODAY.isoformat(), "notes": "Fine"}).status_code == 302
    assert FollowUp.objects.get(follows=made).title == "Again"
    assert b"Fine" in client.get(path).content
    assert b"Call Acme" in client.get("/follow-ups/?over=1").content
    assert client.post(path, {"action": "reopen"}).status_code == 302
    assert client.post(path, {"action": "cancel"}).status_code == 302
    made.refresh_from_db()
    assert made.state == "cancelled"


def test_one_is_made_and_changed_on_a_form(world: World) -> None:
    client = world.client("csm")
    values = {
        "title": "Visit",
        "kind": "meeting",
        "due_on": TODAY.isoformat(),
        "account": "globex",
        "owner": "",
    }
    assert client.post("/follow-ups/new/", values).status_code == 302
    made = FollowUp.objects.get()
    assert (made.account, made.owner) == (world.globex, None)
    path = f"/follow-ups/{made.pk}/edit/"
    assert client.post(path, {**values, "title": "Visit them", "version": 1}).status_code == 302
    assert client.post(path, {**values, "version": 1}).status_code == 409
    for wrong, text in (
        ({"account": "nope"}, b"no account"),
        ({"due_on": "x"}, b"valid date"),
        ({"title": ""}, b"required"),
    ):
        answer = client.post("/follow-ups/new/", {**values, **wrong})
        assert answer.status_code == 422
        assert text in answer.content


def test_an_owner_who_left_stays_until_somebody_takes_them_away(world: World) -> None:
    left = world.people["marketer"]
    made = call(world, owner=left)
    left.is_active = False
    left.save()
    client, path = world.client("csm"), f"/follow-ups/{made.pk}/edit/"
    form = client.get(path).context["form"]
    assert f"{left} (deactivated)" in str(form["owner"])
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert client.post(path, {**values, "title": "Call again"}).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.owner) == ("Call again", left)
    # Nobody new is given work who is not there.
    assert client.post("/follow-ups/new/", {**values, "owner": left.pk}).status_code == 422


def test_contacts_are_named_only_to_who_may_see_them(world: World) -> None:
    made = call(world, owner=world.people["marketer"], contact=Contact.objects.get())
    assert b"wile@acme.example" in world.client("csm").get(f"/follow-ups/{made.pk}/").content
    assert b"wile@acme.example" not in world.client("marketer").get(f"/follow-ups/{made.pk}/").content
    body = {
        "title": "Mine",
        "due_on": TODAY.isoformat(),
        "account": "acme",
        "contact": Contact.objects.get().pk,
    }
    assert "contact" in world.api("marketer").post("/follow-ups/", body).json()["errors"]
    assert world.api("csm").post("/follow-ups/", body).status_code == 201


@pytest.mark.parametrize("reason", ["contact", "campaign"])
def test_what_to_say_is_shown_only_to_who_may_see_contacts(world: World, reason: str) -> None:
    owner = world.people["marketer"]
    made = call(world, owner=owner, script="Ask Wile E.", contact=Contact.objects.get())
    if reason == "campaign":
        FollowUp.objects.filter(pk=made.pk).update(contact=None, source="campaign:1:1")
    path = f"/follow-ups/{made.pk}/"
    for who, shown in (("csm", True), ("marketer", False)):
        for page in (path, f"{path}edit/"):
            answer = world.client(who).get(page)
            assert answer.status_code == 200
            assert (b"Ask Wile" in answer.content) is shown, (who, page)
        assert (b"Ask Wile" in world.client(who).get("/api/v1" + path).content) is shown
        assert (b"Ask Wile" in world.client(who).get("/api/v1/follow-ups/").content) is shown
    # Nor is it changed unseen, or made readable by taking the contact away.
    api = world.api("marketer")
    for values in ({"script": "x"}, {"contact": None, "account": "globex"}):
        assert api.patch(path, values).status_code == 403
    form = {"title": "Mine", "kind": "call", "due_on": TODAY.isoformat(), "account": "acme", "version": 1,
            "owner": owner.pk}  # fmt: skip
    assert world.client("marketer").post(f"{path}edit/", {**form, "script": "x"}).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.script) == ("Mine", "Ask Wile E.")
    if reason == "contact":
        moved = {**form, "account": "globex", "version": made.version}
        assert world.client("marketer").post(f"{path}edit/", moved).status_code == 403


def test_another_next_step_is_refused_at_its_field(world: World) -> None:
    made = call(world)
    path = f"/follow-ups/{made.pk}/"
    step = {"title": "Again", "due_on": TODAY.isoformat()}
    api = world.api("csm")
    for expected in (200, 400):
        answer = api.post(f"{path}finish/", {"outcome": "reached", "next_step": step})
        assert answer.status_code == expected, answer.content
        api.post(f"{path}reopen/", {})
    assert "next_step" in answer.json()["errors"]
    form = {"action": "finish", "outcome": "reached", "next_title": "Again", "next_due_on": TODAY.isoformat()}
    page = world.client("csm").post(path, form)
    assert page.status_code == 422
    assert page.context["form"].errors["next_title"]
    assert world.client("csm").post(path, {"action": "finish", "outcome": "reached"}).status_code == 302
    assert FollowUp.objects.filter(follows=made).count() == 1


def test_other_tools_give_change_and_finish_work(world: World) -> None:
    api = world.api("csm")
    made = api.post(
        "/follow-ups/",
        {"title": "Call", "due_on": TODAY.isoformat(), "account": "acme", "owner": world.people["csm"].pk},
    )
    assert made.status_code == 201, made.content
    path = f"/follow-ups/{made.json()['id']}/"
    assert api.patch(path, {"title": "Call soon"}, If_Match=made["ETag"]).json()["title"] == "Call soon"
    assert api.patch(path, {"state": "done"}).json()["state"] == "open"
    step = {"title": "Again", "due_on": (TODAY + timedelta(days=3)).isoformat()}
    finished = api.post(f"{path}finish/", {"outcome": "no_answer", "notes": "Busy", "next_step": step})
    assert (finished.status_code, finished.json()["outcome"]) == (200, "no_answer")
    assert api.post(f"{path}finish/", {"outcome": "reached"}).status_code == 409
    assert api.post(f"{path}finish/", {"outcome": "fax"}).status_code == 400
    listed = api.get("/follow-ups/?state=open&account=acme").json()["results"]
    assert [row["title"] for row in listed] == ["Again"]
    assert api.post(f"/follow-ups/{listed[0]['id']}/cancel/").json()["state"] == "cancelled"
    assert api.post(f"/follow-ups/{listed[0]['id']}/reopen/").json()["state"] == "open"
    assert world.api("marketer").get(path).status_code == 404
    assert (
        world.api("viewer").post("/follow-ups/", {"title": "x", "due_on": TODAY.isoformat()}).status_code
        == 403
    )
