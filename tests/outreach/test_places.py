"""Where campaigns stand on the calendar: their own place, or that of the calendar item they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.content.models import CalendarItem
from apps.content.services import set_status
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotAllowed
from apps.delivery.models import Mailing
from apps.delivery.selectors import database_now
from apps.delivery.services import mailings, snapshot
from apps.launches import kinds
from apps.launches.services import records
from apps.outreach.models import Campaign
from apps.outreach.services import running, writing
from apps.outreach.services.places import follow_all
from apps.schedule.models import Placement
from apps.schedule.services import placing
from apps.schedule.services.pinning import minute_of
from tests.api.worlds import Api
from tests.outreach.worlds import BODY, World

WEEK_0 = {"anchor": "launch_day", "unit": "week", "offset": 0, "text": "Week 0"}


def make_item(world: World, **values: Any) -> CalendarItem:
    made = records.add_record(
        actor=SYSTEM,
        launch=world.launch,
        kind=kinds.get("calendar_entry"),
        values={"title": "Speak to high-value accounts", "when": WEEK_0, **values},
    )
    assert isinstance(made, CalendarItem)
    return made


def place_of(thing: CalendarItem | Campaign) -> Placement:
    if isinstance(thing, CalendarItem):
        return Placement.objects.get(kind="calendar_entry", record_id=thing.pk)
    return Placement.objects.get(kind="campaign", record_id=thing.pk)


def status_of(item: CalendarItem) -> str:
    return CalendarItem.objects.get(pk=item.pk).status


def of_item(world: World, item: CalendarItem) -> Campaign:
    values = {"title": "Speak to them", "subject": "News", "body": BODY}
    return writing.create(actor=world.act("csm"), launch=world.launch, values=values, item=item)


def start(campaign: Campaign) -> None:
    """As a worker does when its time has come."""
    assert mailings.start_due() == 1
    snapshot.continue_snapshots()


def test_a_campaign_without_an_item_has_a_place_of_its_own(world: World) -> None:
    campaign = world.draft()
    assert follow_all() == 1
    place = place_of(campaign)
    assert (place.title, place.state, place.fixed_at) == ("Speak to them", "planned", None)
    assert follow_all() == 0  # nothing moved on
    writing.change(actor=world.act("csm"), campaign=campaign, values={"title": "Call them"})
    follow_all()
    renamed = place_of(campaign)
    # By its time of change calendars that subscribed learn the name.
    assert (renamed.title, renamed.updated_at > place.updated_at) == ("Call them", True)


def test_its_item_says_at_each_step_what_the_campaign_says(world: World) -> None:
    item = make_item(world)
    campaign = of_item(world, item)

    def now() -> tuple[str, str, bool]:
        follow_all()
        place = place_of(item)
        return status_of(item), place.state, place.fixed_at is not None

    assert now() == ("drafting", "planned", False)
    campaign = running.submit(actor=world.act("csm"), campaign=campaign)
    assert now() == ("in_review", "planned", False)
    campaign = running.approve(actor=world.act("boss"), campaign=campaign)
    assert now() == ("approved", "planned", False)
    at = database_now() + timedelta(days=2)
    campaign = running.schedule(actor=world.act("csm"), campaign=campaign, starts_at=at)
    assert now() == ("scheduled", "planned", True)
    assert place_of(item).fixed_at == minute_of(at)
    campaign = running.schedule(actor=world.act("csm"), campaign=campaign)
    start(campaign)
    assert now() == ("published", "done", True)
    assert follow_all() == 0


def test_nobody_keeps_two_truths(world: World) -> None:
    item = make_item(world)
    of_item(world, item)
    with pytest.raises(Invalid, match="follows the campaign"):
        set_status(actor=world.act("csm"), item=item, status="published")
    with pytest.raises(Invalid, match="follows the campaign"):
        placing.finish(actor=world.act("csm"), placement=place_of(item))
    own = world.draft(title="Another")
    follow_all()
    with pytest.raises(Invalid, match="on its own page"):
        placing.finish(actor=world.act("csm"), placement=place_of(own))
    with pytest.raises(Invalid, match="has a campaign already"):
        of_item(world, item)


def test_an_item_given_an_exact_time_takes_its_scheduled_campaign_along(world: World) -> None:
    item = make_item(world)
    campaign = running.approve(
        actor=world.act("boss"),
        campaign=running.submit(actor=world.act("csm"), campaign=of_item(world, item)),
    )
    running.schedule(actor=world.act("csm"), campaign=campaign, starts_at=database_now() + timedelta(days=2))
    follow_all()
    minute = (database_now() + timedelta(days=5)).replace(second=0, microsecond=0)
    when = {"date": f"{minute:%Y-%m-%d}", "time": f"{minute:%H:%M}:00", "zone": "UTC", "precision": "minute",
            "text": "then"}  # fmt: skip
    with pytest.raises(NotAllowed):
        records.change_record(actor=world.act("helper"), record=item, values={"when": when})
    records.change_record(actor=world.act("csm"), record=item, values={"when": when})
    mailing = Mailing.objects.get(pk=campaign.mailing_id)
    assert (mailing.state, mailing.starts_at, place_of(item).fixed_at) == ("scheduled", minute, minute)
    # No exact minute any more: nothing goes out by itself.
    records.change_record(actor=world.act("csm"), record=item, values={"when": {**WEEK_0, "offset": 1}})
    mailing.refresh_from_db()
    assert (mailing.state, mailing.starts_at, status_of(item)) == ("approved", None, "approved")
    assert follow_all() == 0


def test_a_cancelled_item_stops_its_campaign_and_the_other_way_round(world: World) -> None:
    item = make_item(world)
    campaign = of_item(world, item)
    set_status(actor=world.act("csm"), item=item, status="cancelled")
    assert Mailing.objects.get(pk=campaign.mailing_id).state == "cancelled"
    other = make_item(world)
    second = running.approve(
        actor=world.act("boss"),
        campaign=running.submit(actor=world.act("csm"), campaign=of_item(world, other)),
    )
    second = running.schedule(
        actor=world.act("csm"), campaign=second, starts_at=database_now() + timedelta(days=2)
    )
    follow_all()
    running.cancel(actor=world.act("csm"), campaign=second)
    follow_all()
    assert (status_of(other), place_of(other).fixed_at) == ("drafting", None)
    # The item is free for another campaign.
    assert of_item(world, other).placement == place_of(other)
    follow_all()
    assert place_of(second).state == "cancelled"


def test_an_item_removed_leaves_its_campaign_on_the_calendar(world: World) -> None:
    item = make_item(world)
    campaign = of_item(world, item)
    records.remove_record(actor=world.act("boss"), record=item)
    assert follow_all() == 1
    assert place_of(campaign).state == "planned"


def test_foreign_and_others_items_are_refused(world: World, db: None) -> None:
    from apps.accounts.services import create_token

    item = make_item(world)
    with pytest.raises(NotAllowed):
        writing.create(
            actor=world.act("helper"), launch=world.launch, values={"title": "Mine", "subject": "a", "body": "b"},
            item=item,
        )  # fmt: skip
    _, token = create_token(actor=SYSTEM, user=world.people["csm"], name="t", scopes=["read", "write"])
    api = Api(token)
    body = {"title": "Speak", "subject": "News", "body": BODY}
    path = f"/launches/{world.launch.slug}/campaigns/"
    assert api.post(path, {**body, "item": item.pk + 1000}).status_code == 400
    made = api.post(path, {**body, "item": item.pk})
    assert made.status_code == 201, made.content
    assert made.json()["item"] == item.pk
    page = world.client("csm").get(f"/launches/{world.launch.slug}/calendar/{place_of(item).pk}/")
    assert "This is the campaign" in page.content.decode()
