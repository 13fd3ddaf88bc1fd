"""Calendar items: one status shown twice, splitting what names two pieces of work."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.content.services import remember_parts, set_status, split_item
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches import kinds, selectors
from apps.launches.services.records import change_record
from apps.schedule.models import Placement
from apps.schedule.services import placing
from tests.schedule.worlds import Calendar, make_calendar, relative


@pytest.fixture
def calendar(db: None) -> Calendar:
    return make_calendar(launch_day=date(2131, 11, 27), rollout_start=None)


def status_of(item: CalendarItem) -> tuple[str, str]:
    """What the item says and what its placement says."""
    placement = Placement.objects.get(kind="calendar_entry", record_id=item.pk)
    return CalendarItem.objects.get(pk=item.pk).status, placement.state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("idea", "planned"),
        ("drafting", "planned"),
        ("in_review", "planned"),
        ("approved", "planned"),
        ("scheduled", "planned"),
        ("published", "done"),
        ("cancelled", "cancelled"),
    ],
)
def test_the_placement_follows_the_status(calendar: Calendar, status: str, state: str) -> None:
    item = calendar.item(relative("day", 1))
    set_status(actor=calendar.act(), item=item, status=status)
    assert status_of(item) == (status, state)
    set_status(actor=calendar.act(), item=item, status="drafting")
    assert status_of(item) == ("drafting", "planned")


@pytest.mark.parametrize(
    ("before", "done", "after"),
    [
        ("approved", True, ("published", "done")),
        ("published", False, ("drafting", "planned")),
        ("cancelled", False, ("drafting", "planned")),
        ("cancelled", True, ("published", "done")),
    ],
)
def test_the_status_follows_the_placement(calendar: Calendar, before: str, done: bool, after: Any) -> None:
    item = set_status(actor=calendar.act(), item=calendar.item(relative("day", 1)), status=before)
    placing.finish(actor=calendar.act(), placement=calendar.placement(item), done=done)
    assert status_of(item) == after
    assert CalendarItem.objects.get(pk=item.pk).version > item.version


def test_saying_the_same_again_changes_nothing(calendar: Calendar) -> None:
    item = set_status(actor=calendar.act(), item=calendar.item(relative("day", 1)), status="published")
    events = Event.objects.count()
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    assert set_status(actor=calendar.act(), item=item, status="published").version == item.version
    assert Event.objects.count() == events


def test_an_item_added_as_published_is_done(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 1), status="published")
    assert status_of(item) == ("published", "done")
    undated = calendar.item(status="published")
    assert status_of(undated) == ("published", "done")


def test_an_unknown_status_is_refused(calendar: Calendar) -> None:
    with pytest.raises(Invalid) as refusal:
        set_status(actor=calendar.act(), item=calendar.item(), status="lost")
    assert "status" in refusal.value.errors


def test_a_published_item_may_get_another_title_but_keeps_its_dates(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 1), status="published")
    before = calendar.placement(item)
    change_record(actor=calendar.act(), record=item, values={"title": "New"})
    calendar.move(date(2132, 1, 1))
    after = calendar.placement(item)
    assert (after.title, after.starts_on, after.state) == ("New", before.starts_on, "done")


def test_one_line_becomes_one_item_per_piece_of_work(calendar: Calendar) -> None:
    first_in_line = calendar.item(relative("week", -2), title="Post, mail", text="Say why.")
    last_in_line = calendar.item(title="Later")
    remember_parts([(first_in_line, ["Post", "mail"])])
    assert first_in_line.offers_split
    made = split_item(actor=calendar.act(), item=first_in_line)
    assert [item.title for item in made] == ["Post", "mail"]
    assert made[0].pk == first_in_line.pk
    assert not made[0].offers_split
    listed = selectors.records(calendar.launch, kinds.get("calendar_entry"))
    assert [record.pk for record in listed] == [made[0].pk, made[1].pk, last_in_line.pk]
    dates = {calendar.placement(item).starts_on for item in made}
    assert len(dates) == 1
    assert calendar.placement(made[1]).wording == calendar.placement(made[0]).wording
    event = Event.objects.get(verb="calendar_entry.split")
    assert event.changes == {"title": ["Post, mail", ["Post", "mail"]]}


def test_own_titles_may_be_given_when_splitting(calendar: Calendar) -> None:
    item = calendar.item(relative("week", -2), title="Post, mail and call")
    made = split_item(actor=calendar.act(), item=item, titles=[" Post ", "Mail", "", "Call"])
    assert [each.title for each in made] == ["Post", "Mail", "Call"]


@pytest.mark.parametrize("titles", [None, [], ["One"], ["One", "  "]])
def test_what_names_one_piece_of_work_is_not_split(calendar: Calendar, titles: list[str] | None) -> None:
    item = calendar.item(title="One")
    with pytest.raises(Invalid):
        split_item(actor=calendar.act(), item=item, titles=titles)
    assert CalendarItem.objects.count() == 1


@pytest.mark.parametrize("status", ["published", "cancelled"])
def test_what_is_over_is_not_split(calendar: Calendar, status: str) -> None:
    item = calendar.item(title="Post, mail", status=status)
    with pytest.raises(Invalid):
        split_item(actor=calendar.act(), item=item, titles=["Post", "mail"])
    assert CalendarItem.objects.count() == 1


def test_a_split_that_fails_half_way_leaves_one_item(calendar: Calendar) -> None:
    item = calendar.item(title="Post, mail")
    with pytest.raises(Invalid):
        split_item(actor=calendar.act(), item=item, titles=["Post", "x" * 501])
    assert list(CalendarItem.objects.values_list("title", flat=True)) == ["Post, mail"]


def test_a_stale_split_is_refused(calendar: Calendar) -> None:
    item = calendar.item(title="Post, mail")
    change_record(actor=calendar.act(), record=item, values={"title": "Post and mail"})
    with pytest.raises(Conflict):
        split_item(actor=calendar.act(), item=item, titles=["Post", "mail"], version=item.version)


def test_a_contributor_of_another_team_changes_no_status(calendar: Calendar) -> None:
    from apps.accounts.models import Team, User
    from apps.core.actors import SYSTEM, Actor
    from apps.launches.services.members import set_member

    support = Team.objects.create(slug="support", name="Support")
    sales = Team.objects.create(slug="sales", name="Sales")
    person = User.objects.create_user("sales@example.com", name="Sales")
    set_member(actor=SYSTEM, launch=calendar.launch, user=person, role="contributor", team=sales)
    item = calendar.item(relative("day", 1), team=support, title="Post, mail")
    actor = Actor.of(person)
    for act in (
        lambda: set_status(actor=actor, item=item, status="published"),
        lambda: split_item(actor=actor, item=item, titles=["a", "b"]),
        lambda: placing.finish(actor=actor, placement=calendar.placement(item)),
        lambda: placing.block(actor=actor, placement=calendar.placement(item), reason="x"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert status_of(item) == ("idea", "planned")


def test_blocking_says_what_a_thing_waits_for_until_it_is_done(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 1))
    blocked = placing.block(actor=calendar.act(), placement=calendar.placement(item), reason=" Legal ")
    assert blocked.blocked_by == "Legal"
    with pytest.raises(Conflict):
        placing.block(actor=calendar.act(), placement=blocked, reason="x", version=blocked.version - 1)
    done = placing.finish(actor=calendar.act(), placement=blocked)
    assert done.blocked_by == ""
    verbs = list(Event.objects.filter(object_id=blocked.pk).order_by("id").values_list("verb", flat=True))
    assert [verb for verb in verbs if verb.startswith("calendar_entry.")][-2:] == [
        "calendar_entry.blocked",
        "calendar_entry.done",
    ]
