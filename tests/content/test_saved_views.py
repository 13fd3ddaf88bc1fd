"""Saved views: one's own, shared in launches one may see, changed by their owner only; and rows edited in place."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import Event
from apps.content.models import CalendarItem, SavedView
from apps.content.selectors import saved as selectors
from apps.content.services.saved import change_view, remove_view, save_view
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches.services.records import change_record
from apps.schedule.services.moving import apply_move, preview_move
from tests.portal.worlds import DAY, HTMX, World

QUERY = "view=board&state=late&junk=1&day=2031-03-05"
CANONICAL = "state=late&view=board"


def make(world: World, who: str = "editor", **values: Any) -> SavedView:
    given = {"name": "Late ones", "launch": world.launch, "query": QUERY, **values}
    return save_view(actor=world.actor(who), **given)


def test_a_view_is_kept_in_its_canonical_address(world: World) -> None:
    view = make(world)
    assert view.query == CANONICAL
    assert Event.objects.filter(verb="saved_view.added").count() == 1
    content = world.client("editor").get(f"{world.path}calendar/?{CANONICAL}").content.decode()
    assert "Late ones" in content
    assert 'aria-current="true"' in content
    # Others do not see it until it is shared.
    assert "Late ones" not in world.client("owner").get(f"{world.path}calendar/").content.decode()


def test_shared_views_are_seen_by_who_may_see_the_launch_only(world: World) -> None:
    shared = make(world, shared=True)
    secret = make(world, "owner", launch=world.secret, shared=True, name="Secret view")
    everywhere = make(
        world, "owner", launch=None, shared=True, name="All late", query="view=weeks&state=late"
    )
    assert everywhere.query == "state=late&view=list"
    assert set(selectors.visible_views(world.actor("member"))) == {shared, everywhere}
    with pytest.raises(NotFound):
        selectors.view(world.actor("member"), secret.pk)
    with pytest.raises(NotFound):
        make(world, "member", launch=world.secret)
    assert "All late" in world.client("member").get("/calendar/").content.decode()


def test_only_its_owner_changes_a_view(world: World) -> None:
    view = make(world, shared=True)
    for act in (
        lambda: change_view(actor=world.actor("owner"), view=view, name="Mine now"),
        lambda: remove_view(actor=world.actor("administrator"), view=view),
    ):
        with pytest.raises(NotAllowed):
            act()
    changed = change_view(actor=world.actor("editor"), view=view, name="Later ones", shared=False)
    assert (changed.name, changed.shared, changed.version) == ("Later ones", False, 2)
    with pytest.raises(Conflict):
        change_view(actor=world.actor("editor"), view=view, name="Again", version=1)
    remove_view(actor=world.actor("editor"), view=view)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
def test_names_have_to_be_names(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        save_view(actor=world.actor("editor"), name=name, launch=world.launch, query="")


def test_a_name_is_taken_once_for_each_calendar(world: World) -> None:
    make(world)
    with pytest.raises(Invalid, match="already"):
        save_view(actor=world.actor("editor"), name="late ONES", launch=world.launch, query="")
    make(world, launch=None)
    make(world, "owner")
    assert SavedView.objects.count() == 3


def test_saving_renaming_and_forgetting_work_without_a_script(world: World) -> None:
    client = world.client("editor")
    form = client.get("/calendar/views/", {"query": QUERY, "launch": world.launch.slug})
    assert b'name="name"' in form.content
    data = {"name": "Late ones", "query": QUERY, "launch": world.launch.slug}
    assert client.post("/calendar/views/", data)["Location"] == f"{world.path}calendar/?{CANONICAL}"
    again = client.post("/calendar/views/", data, headers=HTMX)
    assert again.status_code == 422
    assert b"already" in again.content
    view = SavedView.objects.get()
    path = f"/calendar/views/{view.pk}/"
    assert client.post(path, {"name": "Other", "shared": "on", "version": "1"}).status_code == 302
    stale = client.post(path, {"name": "Third", "version": "1"})
    assert stale.status_code == 409
    assert b"Third" in stale.content
    assert b"Other" in stale.content
    other = world.client("member")
    assert other.get(path).status_code == 200
    assert other.post(path, {"name": "Stolen"}).status_code == 403
    assert other.post(f"{path}remove/").status_code == 403
    assert client.post(f"{path}remove/")["Location"] == f"{world.path}calendar/"
    assert world.client().get(path).status_code == 302
    assert client.get(path).status_code == 404


def api(world: World, name: str) -> Any:
    client = world.client(name)

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        return client.generic(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else "",
            content_type="application/json", headers=headers,
        )  # fmt: skip

    return ask


def test_the_api_keeps_views_and_hides_those_of_others(world: World) -> None:
    ask = api(world, "editor")
    made = ask("POST", "/saved-views/", {"name": "Late", "launch": world.launch.slug, "query": QUERY})
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["query"] == CANONICAL
    assert ask("PATCH", f"/saved-views/{pk}/", {"shared": True}).status_code == 428
    assert ask("PATCH", f"/saved-views/{pk}/", {"shared": True}, **{"If-Match": '"9"'}).status_code == 412
    assert ask("PATCH", f"/saved-views/{pk}/", {"nonsense": True}, **{"If-Match": "*"}).status_code == 400
    assert api(world, "member")("GET", f"/saved-views/{pk}/").status_code == 404
    assert ask("PATCH", f"/saved-views/{pk}/", {"shared": True}, **{"If-Match": '"1"'}).status_code == 200
    other = api(world, "member")
    assert other("GET", "/saved-views/").json()["results"][0]["id"] == pk
    assert other("DELETE", f"/saved-views/{pk}/", **{"If-Match": "*"}).status_code == 403
    hidden = other("POST", "/saved-views/", {"name": "x", "launch": world.secret.slug})
    assert hidden.status_code == 400
    assert ask("DELETE", f"/saved-views/{pk}/", **{"If-Match": "*"}).status_code == 204


def test_the_api_changes_many_items_or_none(world: World) -> None:
    items = [world.add("calendar_entry", title=f"Item {number}", when="T+9 days") for number in range(2)]
    secret = world.add("calendar_entry", launch=world.secret, title="Hidden words")
    ask = api(world, "editor")
    base = f"/launches/{world.launch.slug}/items"
    ids = [item.pk for item in items]
    refused = ask("POST", f"{base}/bulk/", {"ids": [*ids, secret.pk], "change": {"status": "approved"}})
    assert refused.status_code == 409
    assert [row["code"] for row in refused.json()["results"]] == ["changed", "changed", "not_found"]
    assert b"Hidden" not in refused.content
    stale = ask("POST", f"{base}/bulk/", {"ids": ids, "change": {"days": 1}, "versions": {str(ids[0]): 7}})
    assert stale.json()["results"][0]["code"] == "conflict"
    done = ask("POST", f"{base}/bulk/", {"ids": ids, "change": {"status": "approved", "team": "marketing"}})
    assert (done.status_code, done.json()["done"]) == (200, True)
    assert CalendarItem.objects.filter(status="approved", team=world.team).count() == 2
    undone = ask("POST", f"{base}/bulk/{done.json()['change']}/undo/")
    assert {row["code"] for row in undone.json()["results"]} == {"changed"}
    assert not CalendarItem.objects.filter(status="approved").exists()
    assert (
        api(world, "member")("POST", f"{base}/bulk/", {"ids": ids, "change": {"days": 1}}).status_code == 403
    )
    for body in ({}, {"ids": [], "change": {}}, {"ids": ids, "change": {}}, {"ids": ["x"], "change": {"days": 1}},
                 {"ids": ids, "change": {"days": 1}, "versions": {"x": 1}}):  # fmt: skip
        assert ask("POST", f"{base}/bulk/", body).status_code == 400, body


def test_the_api_reads_a_typed_line(world: World) -> None:
    ask = api(world, "editor")
    path = f"/launches/{world.launch.slug}/items/quick/"
    shown = ask("POST", path, {"text": "Post T-5 @marketing", "dry_run": True})
    assert (shown.status_code, shown.json()["title"], shown.json()["when"]) == (200, "Post", "T-5")
    assert not CalendarItem.objects.exists()
    made = ask("POST", path, {"text": "Post T-5 @marketing"})
    assert (made.status_code, made.json()["title"]) == (201, "Post")
    assert ask("GET", made["Location"].removeprefix("/api/v1")).status_code == 200
    assert ask("POST", path, {"text": "Post @nobody"}).status_code == 400
    assert ask("POST", path, {"text": "x" * 10_000}).status_code == 400
    assert CalendarItem.objects.count() == 1


# Rows edited in place


def row(world: World, **values: Any) -> tuple[CalendarItem, str]:
    item = world.add("calendar_entry", **{"title": "Post", "when": "T+9 days", **values})
    return item, f"{world.path}calendar/{world.placement(item).pk}/row/?view=list"


def test_a_row_is_edited_in_place_and_without_a_script(world: World) -> None:
    item, path = row(world)
    client = world.client("editor")
    assert b'id="row-' in client.get(path, headers=HTMX).content
    assert b"<!doctype html>" in client.get(path).content
    data = {
        "title": "Better post",
        "status": "drafting",
        "owner": world.people["owner"].pk,
        "when": "T+9 days",
    }
    answer = client.post(path, {**data, "version": 1}, headers={**HTMX, "HX-Target": "calendar"})
    assert answer.status_code == 200
    assert b'id="calendar"' in answer.content
    item.refresh_from_db()
    assert (item.title, item.status, item.owner) == ("Better post", "drafting", world.people["owner"])
    assert client.post(path, {**data, "when": "T+3 days"}).status_code == 302
    assert world.placement(item).offset == 3


def test_what_is_wrong_in_a_row_is_shown_in_the_row(world: World) -> None:
    _, path = row(world)
    headers = {**HTMX, "HX-Target": "calendar"}
    for data in (
        {"title": ""},
        {"title": "x", "status": "asleep"},
        {"title": "x", "status": "idea", "when": "soon"},
    ):
        answer = world.client("editor").post(path, data, headers=headers)
        assert answer.status_code == 422
        assert answer["HX-Retarget"].startswith("#row-")
        assert b'aria-invalid="true"' in answer.content


def test_two_people_editing_a_row_see_yours_and_theirs(world: World) -> None:
    item, path = row(world)
    change_record(actor=world.actor("owner"), record=item, values={"title": "Theirs"})
    data = {"title": "Mine", "status": "idea", "when": "T+9 days", "version": 1}
    answer = world.client("editor").post(path, data, headers={**HTMX, "HX-Target": "calendar"})
    assert answer.status_code == 409
    content = answer.content.decode()
    assert "Mine" in content
    assert "Theirs" in content
    assert 'name="version" value="2"' in content
    item.refresh_from_db()
    assert item.title == "Theirs"
    assert world.client("editor").post(path, {**data, "version": 2}).status_code == 302


def test_a_row_saved_after_a_move_leaves_the_move_or_asks(world: World) -> None:
    item, path = row(world)
    client = world.client("editor")
    shown = client.get(path, headers=HTMX).content.decode()
    assert 'name="initial-when" value="T+9 days"' in shown
    owner, pk = world.actor("owner"), world.placement(item).pk
    where: Any = {"anchor": "placement", "to": DAY + timedelta(days=20), "pk": pk}
    seen = preview_move(actor=owner, launch=world.launch, **where).fingerprint
    apply_move(actor=owner, launch=world.launch, fingerprint=seen, **where)
    data = {"title": "Better", "status": "idea", "when": "T+9 days", "initial-when": "T+9 days", "version": 1}
    headers = {**HTMX, "HX-Target": "calendar"}
    # To the day it was moved from, or anywhere else: who did not see the move is asked.
    answer = client.post(path, {**data, "when": "T+4 days"}, headers=headers)
    assert answer.status_code == 409
    assert answer.context["conflict"] == [{"label": "When", "yours": "T+4 days", "theirs": "Day +20"}]
    assert world.placement(item).offset == 20
    assert client.post(path, data, headers=headers).status_code == 200
    item.refresh_from_db()
    assert (item.title, world.placement(item).offset) == ("Better", 20)


def test_an_owner_who_left_stays_with_the_row(world: World) -> None:
    left = world.people["contributor"]
    item, path = row(world, owner=left)
    left.is_active = False
    left.save()
    client = world.client("editor")
    assert "Contributor Person (deactivated)" in client.get(path).content.decode()
    data = {"title": "Better", "status": "idea", "when": "T+9 days", "owner": left.pk, "version": 1}
    assert client.post(path, data).status_code == 302
    item.refresh_from_db()
    assert (item.title, item.owner) == ("Better", left)


def test_who_may_not_work_on_an_item_edits_no_row(world: World) -> None:
    _, path = row(world)
    for name in ("member", "viewer", "contributor"):
        assert world.client(name).get(path).status_code == 403
        assert world.client(name).post(path, {"title": "x", "status": "idea"}).status_code == 403
