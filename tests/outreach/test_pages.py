"""The pages of campaigns: written, approved, run, looked into; who sees the text and who the people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.delivery import selectors as delivered
from apps.delivery.models import Delivery
from apps.outreach.models import Campaign
from apps.outreach.services import running
from tests.delivery.sink import Sink

if TYPE_CHECKING:
    from tests.outreach.worlds import World

Drain = Callable[[], int]
HTMX = {"HX-Request": "true"}
WHOLE = {
    "title": "Speak",
    "subject": "News",
    "body": "Hello {{ account.name }}",
    "sends_mail": "on",
    "zone": "UTC",
}


def base(world: World) -> str:
    return f"/launches/{world.launch.slug}/outreach/"


@pytest.mark.parametrize("path", ["", "new/", "{pk}/", "{pk}/edit/", "{pk}/recipients/", "{pk}/duplicates/"])
def test_who_comes_to_which_page(world: World, path: str) -> None:
    path = base(world) + path.format(pk=world.draft().pk)
    assert Client().get(path).status_code == 302
    for who in ("csm", "boss", "helper", "administrator"):
        assert world.client(who).get(path).status_code == 200, who
    # An editor of the launch who does not work with customers reads the text and approves it.
    looks = path.endswith(("outreach/", f"{Campaign.objects.get().pk}/"))
    assert world.client("marketer").get(path).status_code == (200 if looks else 403)
    assert world.client("viewer").get(path).status_code == (403 if path.endswith(("new/", "edit/")) else 200)


def test_who_shares_an_address_is_told_not_just_dropped(world: World, sink: Sink, drain: Drain) -> None:
    from apps.audience.models import Contact
    from apps.outreach.services import running

    Contact.objects.create(account=world.globex, name="Ann of Globex", email="ann@acme.example")
    campaign = running.approve(actor=world.act("boss"), campaign=world.draft())
    running.schedule(actor=world.act("csm"), campaign=campaign)
    drain()
    client, path = world.client("csm"), f"{base(world)}{campaign.pk}/"
    assert "1 more address came twice" in client.get(path).content.decode()
    assert "Came twice 1" in client.get(f"{path}recipients/").content.decode()
    page = client.get(f"{path}duplicates/").content.decode()
    assert "Ann of Globex" in page
    (told,) = world.api("csm").get(f"/campaigns/{campaign.pk}/duplicates/").json()["results"]
    assert (told["name"], told["account"], told["address"]) == ("Ann of Globex", "Globex", "ann@acme.example")
    assert world.api("marketer").get(f"/campaigns/{campaign.pk}/duplicates/").status_code == 403


def test_a_campaign_is_written_tried_approved_and_run(world: World, sink: Sink, drain: Drain) -> None:
    client = world.client("csm")
    made = client.post(f"{base(world)}new/", {**WHOLE, "rule": "projects < 50"})
    campaign = Campaign.objects.get()
    path = f"{base(world)}{campaign.pk}/"
    assert made["Location"] == path
    page = client.get(path).content.decode()
    assert "2 contacts" in page
    assert "Hello Acme" in page
    client.post(f"{path}test/")
    assert drain() == 1
    assert client.post(f"{path}submit/").status_code == 302
    assert client.post(f"{path}approve/").status_code == 403
    seen = world.client("marketer").get(path).content.decode()
    assert "Approve" in seen
    assert "wile@acme.example" not in seen
    assert world.client("marketer").post(f"{path}approve/").status_code == 302
    wrong = client.post(f"{path}start/", {"starts": "2001-01-01T10:00", "zone": "UTC"})
    assert wrong.status_code == 422
    assert "passed already" in wrong.content.decode()
    assert client.post(f"{path}start/", {"starts": "", "zone": "UTC"}).status_code == 302
    polled = client.get(f"{path}standing/", headers=HTMX)
    assert "data-poll" in polled.content.decode()
    same = client.get(f"{path}standing/", headers={**HTMX, "If-None-Match": polled["ETag"]})
    assert same.status_code == 304
    assert drain() == 2
    over = client.get(f"{path}standing/?was=scheduled", headers=HTMX)
    assert over["HX-Refresh"] == "true"
    assert "2 mails" in client.get(path).content.decode()
    listed = client.get(f"{path}recipients/?state=accepted&q=ann").content.decode()
    assert "ann@acme.example" in listed
    assert "wile@acme.example" not in listed


def test_pause_resume_and_cancel_are_buttons(world: World, sink: Sink, drain: Drain) -> None:
    client = world.client("csm")
    campaign = world.scheduled()
    path = f"{base(world)}{campaign.pk}/"
    assert client.post(f"{path}pause/").status_code == 302
    assert (drain(), sink.got) == (0, [])
    assert "Go on" in client.get(path).content.decode()
    assert client.post(f"{path}resume/").status_code == 302
    assert client.post(f"{path}cancel/").status_code == 302
    assert (drain(), sink.got) == (0, [])
    assert client.post(f"{path}resume/").status_code == 422
    assert client.post(f"{path}dance/").status_code == 404


def test_an_uncertain_mail_is_decided_with_how_one_knows(world: World, sink: Sink, drain: Drain) -> None:
    campaign = world.scheduled(rule="plan = team")
    drain()
    row = Delivery.objects.filter(mailing=campaign.mailing).order_by("pk")[0]
    Delivery.objects.filter(pk=row.pk).update(state="uncertain", settled_at=None)
    client = world.client("csm")
    path = f"{base(world)}{campaign.pk}/"
    assert "Nobody knows whether these went out" in client.get(path).content.decode()
    one = f"{path}recipients/{row.pk}/"
    assert row.message_id.strip("<>") in client.get(one).content.decode()
    refused = client.post(one, {"action": "sent", "reason": " "})
    assert refused.status_code == 422
    assert "Say how you know" in refused.content.decode()
    assert world.client("helper").post(one, {"action": "sent", "reason": "log"}).status_code == 403
    assert client.post(one, {"action": "sent", "reason": "The relay's log has it."}).status_code == 302
    row.refresh_from_db()
    assert row.state == "accepted"
    assert client.post(one, {"action": "replied"}).status_code == 302
    assert "Answered" in client.get(one).content.decode()
    assert client.get(f"{path}recipients/{row.pk + 999}/").status_code == 404
    figures = delivered.figures(campaign.mailing)  # type: ignore[arg-type]
    assert sum(figures.by_state.values()) == figures.total


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"title": ""}, "required"),
        ({"body": "{% load x %}"}, "Only if and for"),
        ({"rule": "plan ="}, "where a value should stand"),
        ({"sends_mail": ""}, "sends a mail, makes follow-ups, or both"),
        ({"zone": "Mars"}, "not a time zone"),
        ({"quiet_from": "20:00", "quiet_until": ""}, "both a beginning and an end"),
        ({"rate": "0"}, "greater than or equal to 0.01"),
        ({"subject": "a\x00b"}, "Null characters"),
    ],
)
def test_what_is_wrong_is_shown_on_the_form(world: World, values: dict[str, Any], text: str) -> None:
    answer = world.client("csm").post(f"{base(world)}new/", {**WHOLE, **values})
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not Campaign.objects.exists()


def test_a_stale_form_is_told(world: World) -> None:
    campaign = world.draft()
    path = f"{base(world)}{campaign.pk}/edit/"
    client = world.client("csm")
    assert client.post(path, {**WHOLE, "version": campaign.version}).status_code == 302
    assert client.post(path, {**WHOLE, "title": "Mine", "version": campaign.version}).status_code == 409


def test_lists_cost_the_same_queries_with_many(world: World) -> None:
    client = world.client("csm")
    world.draft()
    client.get(base(world))
    counts = []
    for size in (0, 12):
        for _ in range(size):
            world.draft()
        with CaptureQueriesContext(connection) as queries:
            client.get(base(world))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_preview_is_of_whom_one_chooses(world: World) -> None:
    campaign = world.draft()
    ann = world.acme.contacts.get(name="Ann Lee")
    page = world.client("csm").get(f"{base(world)}{campaign.pk}/?contact={ann.pk}").content.decode()
    assert "Hello Ann" in page
    assert "<strong>Acme</strong>" in page
    running.cancel(actor=world.act("csm"), campaign=campaign)
