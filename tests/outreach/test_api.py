"""Other tools write, approve and run campaigns as people do, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.delivery.sink import Sink

if TYPE_CHECKING:
    from tests.outreach.worlds import World

Drain = Callable[[], int]


def test_a_campaign_is_run_from_draft_to_sent(world: World, sink: Sink, drain: Drain) -> None:
    api = world.api("csm")
    made = api.post(
        f"/launches/{world.launch.slug}/campaigns/",
        {"title": "Speak", "rule": "plan = team", "subject": "News", "body": "Hi", "quiet_from": "20:00",
         "quiet_until": "20:15", "zone": "UTC"},
    )  # fmt: skip
    assert made.status_code == 201, made.content
    path = made["Location"]
    body = made.json()
    assert (body["state"], body["quiet_from"], body["figures"]["total"]) == ("draft", "20:00:00", 0)
    assert api.patch(path, {"title": "Speak up"}, If_Match=made["ETag"]).json()["title"] == "Speak up"
    assert api.patch(path, {"title": "Late"}, If_Match=made["ETag"]).status_code == 412
    assert api.post(f"{path}submit/").json()["state"] == "in_review"
    own = api.post(f"{path}approve/")
    assert (own.status_code, own.json()["code"]) == (403, "own_work")
    assert world.api("boss").post(f"{path}approve/").json()["state"] == "approved"
    assert api.patch(path, {"quiet_from": None, "quiet_until": None}).json()["state"] == "approved"
    assert api.post(f"{path}schedule/", {"starts_at": "2001-01-01T00:00:00Z"}).status_code == 400
    assert api.post(f"{path}schedule/").json()["state"] == "scheduled"
    assert api.post(f"{path}pause/", {"reason": "Wait"}).json()["state"] == "paused"
    assert api.post(f"{path}resume/").json()["state"] == "scheduled"
    assert drain() == 2
    done = api.get(path).json()
    assert (done["state"], done["figures"]["by_state"]["accepted"], done["figures"]["total"]) == (
        "finished",
        2,
        2,
    )
    listed = api.get(f"{path}recipients/").json()["results"]
    assert {row["address"] for row in listed} == {"ann@acme.example", "wile@acme.example"}
    assert api.post(f"{path}cancel/").status_code == 400
    assert [
        row["title"] for row in api.get(f"/launches/{world.launch.slug}/campaigns/").json()["results"]
    ] == ["Speak up"]


def test_nobody_does_more_than_on_the_pages(world: World) -> None:
    path = f"/campaigns/{world.draft().pk}/"
    marketer = world.api("marketer")
    assert marketer.get(path).status_code == 200
    assert marketer.get(f"{path}recipients/").status_code == 403
    assert marketer.patch(path, {"title": "x"}).status_code == 403
    assert marketer.post(f"/launches/{world.launch.slug}/campaigns/", {"title": "x"}).status_code == 403
    assert world.api("helper").post(f"{path}schedule/").status_code == 403
    wrong = world.api("csm").patch(path, {"body": "{% include 'x' %}", "colour": "red"})
    assert "colour" in wrong.json()["errors"]
    wrong = world.api("csm").patch(path, {"body": "{% include 'x' %}"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["body"])


def test_a_list_of_campaigns_costs_the_same_however_many_there_are(
    world: World, drain: Drain, django_assert_max_num_queries: Any
) -> None:
    from apps.outreach.services import running

    api, path = world.api("csm"), f"/launches/{world.launch.slug}/campaigns/"
    for number in range(5):
        campaign = world.draft(title=f"Number {number}")
        if number % 2:
            campaign = running.approve(actor=world.act("boss"), campaign=campaign)
            running.schedule(actor=world.act("csm"), campaign=campaign)
        if number in (0, 4):
            drain()
            with django_assert_max_num_queries(14):
                found = api.get(path).json()["results"]
            assert len(found) == number + 1
    assert [row["figures"]["by_state"]["accepted"] for row in found] == [0, 3, 0, 3, 0]


def test_a_mail_is_seen_tried_and_settled_by_the_api(world: World, sink: Sink, drain: Drain) -> None:
    from apps.delivery.models import Delivery
    from apps.outreach.services import running

    api, campaign = world.api("csm"), world.approved(rule="id = acme")
    path = f"/campaigns/{campaign.pk}/"
    shown = api.post(f"{path}preview/").json()
    assert (shown["subject"], shown["refusal"]) == ("News for Acme", "")
    assert api.post(f"{path}preview/", {"contact": 0}).status_code == 404
    assert api.post(f"{path}test/", {"contact": shown["contact"]}).status_code == 204
    running.schedule(actor=world.act("csm"), campaign=campaign)
    drain()
    assert {got.recipient for got in sink.got} == {"jo@example.com", "ann@acme.example", "wile@acme.example"}
    row = Delivery.objects.filter(mailing=campaign.mailing_id).earliest("pk")
    at = f"{path}recipients/{row.pk}/"
    assert api.get(at).json()["state"] == "accepted"
    assert [event["kind"] for event in api.get(f"{at}events/").json()] == ["accepted"]
    assert api.post(f"{at}decide/", {"decision": "sent", "reason": "Log"}).status_code == 400
    Delivery.objects.filter(pk=row.pk).update(state="uncertain", settled_at=None)
    assert api.post(f"{at}decide/", {"decision": "perhaps", "reason": "Log"}).status_code == 400
    assert (
        api.post(f"{at}decide/", {"decision": "not_sent", "reason": "Not in its log"}).json()["state"]
        == "failed"
    )
    assert api.get(f"{path}recipients/?state=failed").json()["results"][0]["id"] == row.pk
    assert api.post(f"{path}requeue/", {"failed": True, "reason": "Mended"}).json() == {"rows": 1}
    drain()
    assert api.post(f"{at}replied/").status_code == 200
    assert api.get(path).json()["figures"]["responses"]["replied"] == 1
    for other in ("marketer", "viewer"):
        assert world.api(other).post(f"{at}decide/", {"decision": "sent", "reason": "x"}).status_code == 403
    assert world.api("marketer").get(at).status_code == 403
