"""What must not happen to a campaign: approved unseen or by its author, sent by a held launch, too much for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from apps.audience.models import Contact
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotAllowed
from apps.delivery import selectors
from apps.delivery.models import Delivery, Mailing
from apps.delivery.services import mailings, snapshot
from apps.launches.services.launch import set_state
from apps.outreach.models import Campaign
from apps.outreach.services import running, writing
from tests.delivery.sink import Sink
from tests.outreach.test_answers import ANN, mail_to, receive, sequence  # noqa: F401  # a fixture
from tests.outreach.test_campaigns import fresh, to

if TYPE_CHECKING:
    from tests.outreach.worlds import World

Drain = Callable[[], int]


def collect(campaign: Campaign) -> dict[str, int]:
    """Its recipients are collected, and nothing is sent yet."""
    mailings.start_due()
    while fresh(campaign).state == "snapshotting":
        snapshot.continue_snapshots()
    rows = Delivery.objects.filter(mailing=campaign.mailing_id)
    return {"rows": rows.count(), "capped": fresh(campaign).capped}


def test_who_wrote_any_of_it_does_not_approve_it(world: World) -> None:
    campaign = world.draft("csm")
    writing.change(actor=world.act("boss"), campaign=campaign, values={"subject": "The boss's words"})
    writing.change(actor=world.act("helper"), campaign=campaign, values={"subject": "The boss's words."})
    for author in ("csm", "boss", "helper"):
        with pytest.raises(NotAllowed):
            running.approve(actor=world.act(author), campaign=campaign)
    running.approve(actor=world.act("administrator"), campaign=campaign)
    # What was approved is nobody's open work any more: only the change after it is.
    writing.change(actor=world.act("helper"), campaign=campaign, values={"subject": "Shorter"})
    running.approve(actor=world.act("boss"), campaign=campaign)


def test_nobody_approves_what_they_did_not_see(world: World) -> None:
    campaign = running.submit(actor=world.act("csm"), campaign=world.draft())
    client = world.client("boss")
    path = f"/launches/{world.launch.slug}/outreach/{campaign.pk}/"
    seen = fresh(campaign).version
    assert f'name="version" value="{seen}"' in client.get(path).content.decode()
    writing.change(actor=world.act("csm"), campaign=campaign, values={"body": "Quite another text"})
    assert client.post(f"{path}approve/", {"version": seen}).status_code == 409
    assert fresh(campaign).state == "draft"
    assert client.post(f"{path}approve/", {"version": fresh(campaign).version}).status_code == 302
    again = fresh(campaign).version
    assert client.post(f"{path}start/", {"zone": "UTC", "version": again - 1}).status_code == 409
    assert fresh(campaign).state == "approved"


@pytest.mark.parametrize("state", ["paused", "completed", "cancelled"])
def test_a_launch_that_holds_lets_nothing_out(world: World, sink: Sink, drain: Drain, state: str) -> None:
    campaign = world.approved()
    set_state(actor=SYSTEM, launch=world.launch, to=state)
    with pytest.raises(Invalid):
        running.schedule(actor=world.act("boss"), campaign=fresh(campaign))
    assert drain() == 0
    assert to(sink) == []


def test_campaigns_that_run_together_keep_the_cap_together(world: World, settings: Any) -> None:
    settings.OUTREACH_CAP_MAILS = 1
    one, two = world.scheduled(title="One"), world.scheduled(title="Two")
    assert collect(one) == {"rows": 3, "capped": 0}
    assert collect(two) == {"rows": 0, "capped": 3}
    # What never goes out counts for nothing.
    running.cancel(actor=world.act("boss"), campaign=fresh(one))
    three = world.scheduled(title="Three")
    assert collect(three) == {"rows": 3, "capped": 0}


def test_the_cap_counts_by_address_whoever_has_it(world: World, settings: Any) -> None:
    settings.OUTREACH_CAP_MAILS = 1
    Contact.objects.create(account=world.globex, email="Ann@ACME.example ", name="Ann at Globex")
    first = world.scheduled(title="One", rule="id = acme")
    assert collect(first)["rows"] == 2
    second = world.scheduled(title="Two", rule="id = globex")
    assert collect(second) == {"rows": 1, "capped": 1}


def test_any_number_of_capped_contacts_is_passed_over(
    world: World, settings: Any, sink: Sink, drain: Drain
) -> None:
    settings.OUTREACH_CAP_MAILS, settings.DELIVERY_SNAPSHOT_CHUNK = 1, 5
    Contact.objects.bulk_create(
        Contact(account=world.acme, email=f"n{number}@acme.example", name="N") for number in range(60)
    )
    first = world.scheduled(title="One", rule="id = acme")
    assert collect(first)["rows"] == 62
    last = Contact.objects.create(account=world.acme, email="last@acme.example", name="Last")
    second = world.scheduled(title="Two", rule="id = acme")
    assert collect(second) == {"rows": 1, "capped": 62}
    assert Delivery.objects.get(mailing=second.mailing_id).recipient_id == last.pk


def test_an_answer_to_the_first_stops_the_third(
    world: World,
    sequence: tuple[Campaign, Campaign, Campaign],  # noqa: F811
    sink: Sink,
    drain: Drain,
) -> None:
    first, second, third = sequence
    running.schedule(actor=world.act("boss"), campaign=second)
    drain()
    Delivery.objects.update(settled_at=selectors.database_now() - timedelta(days=4))
    sink.got.clear()
    receive(mail_to(first))
    running.schedule(actor=world.act("boss"), campaign=third)
    drain()
    assert ANN not in to(sink)
    assert to(sink)


@pytest.mark.parametrize("how", ["not written to", "removed"])
def test_who_is_not_to_be_written_to_any_more_gets_nothing(
    world: World, sink: Sink, drain: Drain, how: str
) -> None:
    campaign = world.scheduled(rule="id = acme")
    collect(campaign)
    ann = Contact.objects.filter(email=ANN)
    if how == "removed":
        ann.delete()
    else:
        ann.update(is_active=False)
    drain()
    assert to(sink) == ["wile@acme.example"]
    row = Delivery.objects.get(mailing=campaign.mailing_id, address=ANN)
    assert (row.state, "not to be written to" in row.reason) == ("failed", True)


def test_who_left_the_company_writes_to_nobody(world: World, sink: Sink, drain: Drain, settings: Any) -> None:
    settings.OUTREACH_SENDER_DOMAINS = ["example.com"]
    world.people["csm"].__class__.objects.filter(pk=world.people["csm"].pk).update(is_active=False)
    campaign = running.approve(actor=world.act("boss"), campaign=world.draft("helper"))
    running.schedule(actor=world.act("boss"), campaign=campaign)
    drain()
    assert sink.got
    assert not any("jo@example.com" in str(got.parsed()["From"]) for got in sink.got)


def test_what_holds_a_campaign_shows_at_once(world: World) -> None:
    campaign = world.scheduled()
    collect(campaign)
    client = world.client("csm")
    path = f"/launches/{world.launch.slug}/outreach/{campaign.pk}/standing/"
    first = client.get(path, headers={"HX-Request": "true"})
    Mailing.objects.filter(pk=campaign.mailing_id).update(problem="The mail relay lets nobody in: refused")
    again = client.get(path, headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert "lets nobody in" in again.content.decode()


def test_who_runs_a_campaign_is_told_when_it_stops_by_itself(world: World) -> None:
    from apps.accounts.models import Notification

    campaign = world.scheduled()
    collect(campaign)
    assert mailings.pause_by_itself(campaign.mailing_id, "30% of the latest mails failed.")
    told = Notification.objects.filter(kind="campaign_held")
    assert {note.user.name for note in told} == {"Bo Ross", "Jo Kim", "Mia Lee"}
    assert {note.body for note in told} == {"30% of the latest mails failed."}
    assert not mailings.pause_by_itself(campaign.mailing_id, "Again")
    assert told.count() == 3


def test_what_a_new_epoch_holds_says_so_and_goes_on_by_hand(world: World, sink: Sink, drain: Drain) -> None:
    from apps.delivery.services import epochs

    campaign = world.scheduled()
    collect(campaign)
    epochs.advance(actor=SYSTEM, reason="Restored from a backup of Sunday.")
    assert drain() == 0
    client = world.client("boss")
    path = f"/launches/{world.launch.slug}/outreach/{campaign.pk}/"
    page = client.get(path).content.decode()
    assert "Restored from a backup of Sunday." in page
    assert "Go on" in page
    assert client.post(f"{path}resume/").status_code == 302
    assert "Restored from a backup" not in client.get(path).content.decode()
    assert drain() == 3
