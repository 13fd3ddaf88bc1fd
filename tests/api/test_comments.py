"""Comments through the API: the same rules as on the pages."""

from __future__ import annotations

from tests.api.worlds import World


def test_comments_are_added_listed_and_taken_back(world: World) -> None:
    record = world.first("calendar_entry")
    path = f"/launches/{world.launch.slug}/records/calendar_entry/{record.pk}/comments/"
    api = world.api("member")
    made = api.post(path, {"text": "Legal has seen it."})
    assert made.status_code == 201
    assert (made.json()["author"], made.json()["author_label"]) == (
        world.people["member"].pk,
        "Member by test",
    )
    api.post(path, {"text": "And agrees."})
    assert [row["text"] for row in api.get(path).json()["results"]] == ["Legal has seen it.", "And agrees."]
    assert world.api("contributor").delete(f"{path}{made.json()['id']}/").status_code == 403
    assert api.delete(f"{path}{made.json()['id']}/").status_code == 204
    assert api.delete(f"{path}{made.json()['id']}/").status_code == 404


def test_who_may_not_see_or_speak_is_refused(world: World) -> None:
    record = world.first("calendar_entry", world.secret)
    hidden = f"/launches/{world.secret.slug}/records/calendar_entry/{record.pk}/comments/"
    assert world.api("outsider").get(hidden).status_code == 404
    assert world.api("outsider").post(hidden, {"text": "x"}).status_code == 404
    seen = (
        f"/launches/{world.launch.slug}/records/calendar_entry/{world.first('calendar_entry').pk}/comments/"
    )
    assert world.api("viewer").get(seen).status_code == 200
    assert world.api("viewer").post(seen, {"text": "x"}).status_code == 403
    for body in ({}, {"text": ""}, {"text": 7}, {"text": "x" * 10_001}, {"text": "x", "author": "me"}):
        answer = world.api("owner").post(seen, body)
        assert answer.status_code == (201 if body.get("author") else 400), body
    assert world.api("owner").get(seen.replace("calendar_entry", "channel")).status_code == 404
