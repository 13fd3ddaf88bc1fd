"""What recipients do with a campaign's mail: answers stop the next one, links are counted if it says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from apps.audit.models import Event
from apps.core.actors import SYSTEM
from apps.delivery import incoming, selectors
from apps.delivery.models import Delivery, DeliveryEvent
from apps.delivery.reports import Report
from apps.delivery.services import feedback, inbox
from apps.delivery.services.claiming import Claimer
from apps.delivery.services.exchange import Exchange
from apps.outreach.models import Campaign
from apps.outreach.services import running, writing
from apps.outreach.services.storing import COVERED, content_hash
from tests.delivery.mails import answer
from tests.delivery.sink import Sink
from tests.delivery.test_fence import FAR
from tests.delivery.test_links import targets

if TYPE_CHECKING:
    from tests.outreach.worlds import World

Drain = Callable[[], int]
ANN = "ann@acme.example"


def receive(row: Delivery, **headers: str) -> str:
    data = answer(sender=row.address, In_Reply_To=row.message_id, **headers)
    message = incoming.read(data)
    return inbox.receive(
        actor=SYSTEM, mail=incoming.Mail(message=message, key=incoming.mail_key(message))
    ).value


def mail_to(campaign: Campaign, address: str = ANN) -> Delivery:
    return Delivery.objects.get(mailing=campaign.mailing, address=address)


@pytest.fixture
def sequence(world: World, sink: Sink, drain: Drain) -> tuple[Campaign, Campaign, Campaign]:
    """A first mail that went out days ago, and a second and third one approved."""
    first = world.scheduled()
    drain()
    second = world.approved(title="Once more", second_to=first, wait_days=3)
    third = world.approved(title="And again", second_to=second, wait_days=3)
    Delivery.objects.update(settled_at=selectors.database_now() - timedelta(days=4))
    sink.got.clear()
    return first, second, third


def test_who_answered_gets_no_second_mail(
    world: World, sink: Sink, drain: Drain, sequence: tuple[Campaign, ...]
) -> None:
    first, second, _ = sequence
    assert receive(mail_to(first)) == "recorded"
    running.schedule(actor=world.act("csm"), campaign=second)
    drain()
    assert ANN not in {got.recipient for got in sink.got}
    assert len(sink.got) == 2
    event = Event.objects.get(verb="campaign.replied", object_id=first.pk)
    assert event.changes == {"delivery": [None, mail_to(first).pk]}
    assert ANN not in str(event.changes) + event.object_label


@pytest.mark.parametrize("how", ["mail", "hand"])
def test_an_answer_takes_back_what_waits_already(
    world: World, sink: Sink, drain: Drain, sequence: tuple[Campaign, ...], how: str
) -> None:
    """Also a mail that a worker holds, and one of the third round; what others are to get goes out."""
    first, second, third = sequence
    at_night = selectors.database_now() + timedelta(hours=1)
    for campaign in (second, third):
        running.schedule(actor=world.act("csm"), campaign=campaign)
        drain()
        Delivery.objects.filter(mailing=campaign.mailing).update(
            settled_at=selectors.database_now() - timedelta(days=4)
        )
    Delivery.objects.filter(mailing__in=[second.mailing_id, third.mailing_id]).update(
        state="ready", not_before=at_night, settled_at=None
    )
    for campaign in (second, third):
        assert campaign.mailing is not None
        type(campaign.mailing).objects.filter(pk=campaign.mailing_id).update(state="running", ended_at=None)
    Delivery.objects.filter(mailing=second.mailing).update(not_before=selectors.database_now())
    held = {row.address: row for row in Claimer().claim(10)[1]}
    if how == "mail":
        assert receive(mail_to(first)) == "recorded"
    else:
        running.mark_replied(actor=world.act("csm"), campaign=first, delivery=mail_to(first))
    assert [mail_to(each).state for each in (first, second, third)] == ["accepted", "cancelled", "cancelled"]
    assert "answered" in mail_to(second).reason
    assert not Exchange().intend(held[ANN], open_until=FAR)
    assert Exchange().intend(held["wile@acme.example"], open_until=FAR)
    assert mail_to(third, "wile@acme.example").state == "ready"
    assert [event.kind for event in selectors.timeline(mail_to(third))][-1] == "cancelled"


def test_an_automatic_answer_stops_nothing(
    world: World, sink: Sink, drain: Drain, sequence: tuple[Campaign, ...]
) -> None:
    first, second, _ = sequence
    assert receive(mail_to(first), Auto_Submitted="auto-replied") == "recorded"
    running.schedule(actor=world.act("csm"), campaign=second)
    drain()
    assert ANN in {got.recipient for got in sink.got}


def test_an_answer_to_a_test_send_is_nobodys(world: World, sink: Sink, drain: Drain) -> None:
    from apps.outreach.services import trying

    trying.send_test(actor=world.act("csm"), campaign=world.draft())
    drain()
    row = Delivery.objects.get()
    report = Report(kind="replied", key="k")
    assert feedback.note(actor=SYSTEM, delivery_id=row.pk, report=report) == "recorded"
    assert not Event.objects.filter(verb="campaign.replied").exists()


def test_the_second_answer_is_kept_and_follows_nothing_more(
    world: World, sink: Sink, drain: Drain, sequence: tuple[Campaign, ...]
) -> None:
    first = sequence[0]
    running.mark_replied(actor=world.act("csm"), campaign=first, delivery=mail_to(first))
    assert receive(mail_to(first)) == "recorded"
    assert Event.objects.filter(verb="campaign.replied").count() == 1
    assert DeliveryEvent.objects.filter(kind="replied").count() == 2


# Figures --------------------------------------------------------------------------------------------


def test_page_and_endpoint_show_what_came_of_it(world: World, sink: Sink, drain: Drain) -> None:
    campaign = world.scheduled()
    drain()
    ann, wile = mail_to(campaign), mail_to(campaign, "wile@acme.example")
    for row, kind, key in ((ann, "replied", "1"), (ann, "replied", "2"), (ann, "complained", "3"),
                           (wile, "bounced", "4"), (wile, "opened", "5"), (wile, "replied", "6")):  # fmt: skip
        feedback.note(actor=SYSTEM, delivery_id=row.pk, report=Report(kind=kind, key=key))
    figures = world.api("csm").get(f"/campaigns/{campaign.pk}/").json()["figures"]
    assert figures["responses"] == {
        "replied": 2, "clicked": 0, "bounced": 1, "complained": 1, "unsubscribed": 0,
    }  # fmt: skip
    assert sum(figures["by_state"].values()) == figures["total"] == 3
    page = world.client("csm").get(f"/launches/{world.launch.slug}/outreach/{campaign.pk}/").content.decode()
    assert '<dt>Answered</dt><dd class="num">2</dd>' in page
    assert "Followed a link" not in page


def test_the_standing_is_new_when_somebody_answers(world: World, sink: Sink, drain: Drain) -> None:
    campaign = world.scheduled()
    drain()
    client = world.client("csm")
    path = f"/launches/{world.launch.slug}/outreach/{campaign.pk}/standing/"
    seen = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": seen}).status_code == 304
    receive(mail_to(campaign))
    assert client.get(path, headers={"If-None-Match": seen}).status_code == 200


# Links ----------------------------------------------------------------------------------------------

LINKED = "Hello,\n\n[look here](https://example.com/new?a=1) soon."


def body_of(sink: Sink, kind: str) -> str:
    part = next(got for got in sink.got if got.recipient == ANN).parsed().get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_links_are_left_alone_unless_the_campaign_says_so(world: World, sink: Sink, drain: Drain) -> None:
    world.scheduled(body=LINKED)
    drain()
    for kind in ("plain", "html"):
        assert "https://example.com/new?a=1" in body_of(sink, kind)
        assert "/l/" not in body_of(sink, kind)


def test_with_the_switch_they_lead_through_the_portal(world: World, sink: Sink, drain: Drain) -> None:
    campaign = world.scheduled(body=LINKED, track_links=True)
    drain()
    for kind in ("plain", "html"):
        assert targets(body_of(sink, kind)) == ["https://example.com/new?a=1"]
        assert "/u/" in body_of(sink, kind), "what they want is never packed"
    token = body_of(sink, "plain").split("/l/")[1].split("/")[0]
    assert Client().get(f"/l/{token}/")["Location"] == "https://example.com/new?a=1"
    assert mail_to(campaign).clicks.get().count == 1
    page = world.client("csm").get(f"/launches/{world.launch.slug}/outreach/{campaign.pk}/").content.decode()
    assert '<dt>Followed a link</dt><dd class="num">1</dd>' in page
    figures = world.api("csm").get(f"/campaigns/{campaign.pk}/").json()
    assert (figures["track_links"], figures["figures"]["responses"]["clicked"]) == (True, 1)


def test_the_switch_is_covered_by_the_approval(world: World) -> None:
    approved = world.approved()
    changed = writing.change(actor=world.act("csm"), campaign=approved, values={"track_links": True})
    assert changed.state == "draft"


def test_what_was_approved_before_there_was_a_switch_stays_so(world: World) -> None:
    """The hash of a campaign without it is the one from before."""
    campaign = world.draft()
    before: dict[str, Any] = {name: getattr(campaign, name) for name in COVERED}
    assert content_hash(campaign) == hashlib.sha256(json.dumps(before, sort_keys=True).encode()).hexdigest()
    assert "track_links" not in before


def test_the_form_holds_the_switch(world: World) -> None:
    campaign = world.draft()
    client = world.client("csm")
    path = f"/launches/{world.launch.slug}/outreach/{campaign.pk}/edit/"
    assert 'name="track_links"' in client.get(path).content.decode()
    given = {
        "title": "Speak", "subject": "News", "body": "Hello", "sends_mail": "on", "zone": "UTC",
        "track_links": "on", "version": campaign.version,
    }  # fmt: skip
    assert client.post(path, given).status_code == 302
    assert Campaign.objects.get(pk=campaign.pk).track_links
