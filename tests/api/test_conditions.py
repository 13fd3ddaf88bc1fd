"""ETag, If-None-Match, If-Match: nobody overwrites unseen what somebody else changed."""

from __future__ import annotations

from datetime import date

import pytest

from apps.launches.services.records import change_record
from apps.schedule.models import Placement
from apps.schedule.services.moving import apply_move, preview_move
from tests.api.worlds import World


def objects(world: World) -> list[tuple[str, dict[str, object]]]:
    base = f"/launches/{world.launch.slug}"
    member = world.launch.members.get(user=world.people["member"])
    return [
        (f"{base}/", {"summary": "New"}),
        (f"{base}/members/{member.pk}/", {"role": "editor"}),
        (f"{base}/phases/{world.first('phase').pk}/", {"goal": "New"}),
        (f"{base}/segments/{world.first('segment').pk}/", {"role": "New"}),
        (f"{base}/items/{world.first('calendar_entry').pk}/", {"title": "New"}),
        (f"{base}/metrics/{world.first('kpi').pk}/", {"baseline": "12%"}),
        (f"{base}/records/review/{world.first('review').pk}/", {"text": "New"}),
    ]


def test_every_object_has_a_tag_that_changes_with_it(world: World) -> None:
    api = world.api("owner")
    for path, change in objects(world):
        first = api.get(path)
        assert first["ETag"].startswith(f'"{first.json()["version"]}')
        assert api.get(path, If_None_Match=first["ETag"]).status_code == 304
        assert api.get(path, If_None_Match=f"W/{first['ETag']}").status_code == 304
        changed = api.patch(path, change, If_Match=first["ETag"])
        assert changed.status_code == 200, changed.content
        assert changed["ETag"] != first["ETag"]
        assert changed["ETag"] == api.get(path)["ETag"]
        assert api.get(path, If_None_Match=first["ETag"]).status_code == 200


def test_a_304_has_no_body(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/"
    answer = api.get(path, If_None_Match="*")
    assert (answer.status_code, answer.content) == (304, b"")


def test_changes_without_if_match_are_refused(world: World) -> None:
    api = world.api("owner")
    for path, change in objects(world):
        for method in ("PATCH", "DELETE"):
            if method == "DELETE" and path.count("/") == 3:
                continue
            answer = api.request(method, path, change, If_Match="")
            assert answer.status_code == 428, (method, path)
            assert answer.json()["code"] == "if_match_required"


def test_a_stale_change_is_refused_and_told_what_is_stored_now(world: World) -> None:
    api = world.api("owner")
    for path, change in objects(world):
        stale = api.get(path)["ETag"]
        assert api.patch(path, change, If_Match=stale).status_code == 200
        for method in ("PATCH", "DELETE"):
            if method == "DELETE" and path.count("/") == 3:
                continue
            answer = api.request(method, path, change, If_Match=stale)
            assert answer.status_code == 412, (method, path)
            problem = answer.json()
            assert problem["code"] == "conflict"
            assert f'"{problem["version"]}' in api.get(path)["ETag"]
            assert problem["current"]


@pytest.mark.parametrize("tag", ['W/"1"', "1", '"abc"', '""', '"1', '"99999999999999999999"', '"-1"'])
def test_tags_that_this_portal_did_not_give_out_match_nothing(world: World, tag: str) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/"
    assert api.patch(path, {"summary": "New"}, If_Match=tag).status_code == 412
    assert api.get(path).json()["summary"] == ""


def test_one_of_several_tags_may_match(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/"
    version = api.get(path).json()["version"]
    assert api.patch(path, {"summary": "a"}, If_Match=f'"{version + 5}", "{version}"').status_code == 200
    assert api.patch(path, {"summary": "b"}, If_Match=f'"{version + 5}", "{version + 6}"').status_code == 412


def test_the_bare_version_is_as_good_as_the_tag(world: World) -> None:
    """What moves with an anchor is in the tag, but does not stand in the way of a change to the record."""
    api = world.api("owner")
    item = world.first("calendar_entry")
    path = f"/launches/{world.launch.slug}/items/{item.pk}/"
    before = api.get(path)
    asked = {
        "actor": world.act("owner"),
        "launch": world.launch,
        "anchor": "launch_day",
        "to": date(2132, 1, 8),
    }
    apply_move(**asked, fingerprint=preview_move(**asked).fingerprint)  # type: ignore[arg-type]
    after = api.get(path, If_None_Match=before["ETag"])
    assert after.status_code == 200
    assert after.json()["placement"]["starts_on"] != before.json()["placement"]["starts_on"]
    assert api.patch(path, {"title": "New"}, If_Match=before["ETag"]).status_code == 200


def test_what_the_calendar_says_is_part_of_the_tag(world: World) -> None:
    api = world.api("owner")
    item = world.first("calendar_entry")
    path = f"/launches/{world.launch.slug}/items/{item.pk}/"
    before = api.get(path)["ETag"]
    placement = Placement.objects.get(kind="calendar_entry", record_id=item.pk)
    assert api.post(f"/placements/{placement.pk}/done/", {}).json()["state"] == "done"
    after = api.get(path, If_None_Match=before)
    assert after.status_code == 200
    assert after.json()["status"] == "published"
    assert after.json()["version"] > 1


def test_a_done_item_counts_as_a_change_of_the_item(world: World) -> None:
    """Its status changed: who still holds the old version must not overwrite that."""
    api = world.api("owner")
    item = world.first("calendar_entry")
    path = f"/launches/{world.launch.slug}/items/{item.pk}/"
    stale = api.get(path)["ETag"]
    placement = Placement.objects.get(kind="calendar_entry", record_id=item.pk)
    assert api.post(f"/placements/{placement.pk}/done/", {}).status_code == 200
    assert api.patch(path, {"status": "idea"}, If_Match=stale).status_code == 412


def test_actions_take_if_match_too(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/"
    stale = api.get(path)["ETag"]
    assert api.patch(path, {"summary": "New"}, If_Match=stale).status_code == 200
    assert api.post(f"{path}activate/", If_Match=stale).status_code == 412
    assert api.get(path).json()["state"] == "draft"
    assert api.post(f"{path}activate/").status_code == 200
    placement = Placement.objects.filter(launch=world.launch, kind="calendar_entry")[0]
    one = f"/placements/{placement.pk}/"
    held = api.get(one)["ETag"]
    assert api.post(f"{one}block/", {"reason": "legal"}, If_Match=held).status_code == 200
    assert api.post(f"{one}done/", {}, If_Match=held).status_code == 412


def test_a_change_between_check_and_write_is_still_noticed(world: World) -> None:
    """The version is compared under the row's lock, not only when the request came in."""
    api = world.api("owner")
    record = world.first("key_message")
    path = f"/launches/{world.launch.slug}/records/key_message/{record.pk}/"
    tag = api.get(path)["ETag"]
    change_record(actor=world.act("editor"), record=record, values={"title": "Theirs"})
    answer = api.patch(path, {"title": "Mine"}, If_Match=tag)
    assert answer.status_code == 412
    assert answer.json()["current"]["title"] == "Theirs"
    record.refresh_from_db()
    assert record.title == "Theirs"


def wholes(world: World) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    """What is set as a whole: its address and two contents."""
    base = f"/launches/{world.launch.slug}"
    one, two = world.people["editor"].pk, world.people["owner"].pk
    return [
        (
            f"{base}/items/{world.first('calendar_entry').pk}/reviewers/",
            {"users": [one]},
            {"users": [two]},
        ),
        (
            f"{base}/channels/{world.first('channel').pk}/approval/",
            {"steps": [{"user": one}]},
            {"steps": [{"user": two}]},
        ),
    ]


def test_what_is_set_as_a_whole_is_not_overwritten_unseen_either(world: World) -> None:
    api = world.api("owner")
    for path, first, second in wholes(world):
        seen = api.get(path)["ETag"]
        missing = api.request("PUT", path, first)
        assert (missing.status_code, missing.json()["code"]) == (428, "if_match_required")
        done = api.request("PUT", path, first, If_Match=seen)
        assert done.status_code == 200, done.content
        assert done["ETag"] == api.get(path)["ETag"] != seen
        late = api.request("PUT", path, second, If_Match=seen)
        assert (late.status_code, late["Content-Type"]) == (412, "application/problem+json")
        assert api.get(path).json() == done.json()
        assert api.request("PUT", path, second, If_Match=done["ETag"]).status_code == 200
        assert api.request("PUT", path, first, If_Match="*").status_code == 200
