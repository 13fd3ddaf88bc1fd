"""The calendar: relative weeks and list over one query, its filters, and what is done from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM
from apps.launches.services.launch import create_launch
from apps.launches.services.records import change_record
from apps.schedule.models import Placement
from apps.schedule.services.placing import finish
from tests.portal.worlds import DAY, HTMX, TODAY, World


def entry(world: World, title: str, when: str, **values: Any) -> CalendarItem:
    record = world.add("calendar_entry", title=title, when=when, **values)
    assert isinstance(record, CalendarItem)
    return record


def test_relative_weeks_count_from_the_week_of_launch_day(world: World) -> None:
    entry(world, "Before", "Week -1")
    entry(world, "That week", "Week 0")
    entry(world, "After", "Week +1")
    response = world.client("member").get(f"{world.path}calendar/")
    weeks = {
        week.name: [each.placement.title for each in week.entries] for week in response.context["weeks"].weeks
    }
    assert weeks["Week −1"] == ["Before"]
    assert weeks["Week 0"] == ["That week"]
    assert weeks["Week +1"] == ["After"]
    monday = next(week.monday for week in response.context["weeks"].weeks if week.index == 0)
    assert monday == DAY - timedelta(days=DAY.weekday())


def test_without_a_launch_day_relative_weeks_still_stand_in_their_order(world: World) -> None:
    launch = create_launch(
        actor=SYSTEM, name="Some quarter", launch_day_fuzzy="2031-Q1", owner=world.people["owner"]
    )
    world.add("calendar_entry", launch=launch, title="Two before", when="Week -2")
    world.add("calendar_entry", launch=launch, title="Nine days after", when="T+9 days")
    response = world.client("member").get(f"/launches/{launch.slug}/calendar/")
    weeks = {
        week.index: [each.placement.title for each in week.entries]
        for week in response.context["weeks"].weeks
    }
    assert weeks[-2] == ["Two before"]
    assert weeks[1] == ["Nine days after"]
    assert "2031-Q1" in response.content.decode()


def test_a_long_calendar_is_turned_five_weeks_at_a_time(world: World) -> None:
    for week in (-20, 0, 20):
        entry(world, f"In week {week}", f"Week {week:+d}" if week else "Week 0")
    client = world.client("member")
    shown = client.get(f"{world.path}calendar/").context["weeks"]
    assert len(shown.weeks) == 5
    assert any(week.index == 0 for week in shown.weeks)
    assert shown.earlier is not None
    assert shown.later is not None
    far = client.get(f"{world.path}calendar/?from=-20").context["weeks"].weeks
    assert [each.placement.title for week in far for each in week.entries] == ["In week -20"]
    for nonsense in ("x", "99999999999999999999", "-1e9", ""):
        assert client.get(f"{world.path}calendar/?from={nonsense}").status_code == 200


def test_a_full_week_shows_its_first_twenty_and_says_how_many_more(world: World) -> None:
    for number in range(23):
        entry(world, f"Piece {number}", "Week 0")
    entry(world, "The week after", "Week +1")
    weeks = world.client("member").get(f"{world.path}calendar/").context["weeks"].weeks
    full = next(week for week in weeks if week.index == 0)
    assert (len(full.entries), full.more) == (20, 3)
    after = next(week for week in weeks if week.index == 1)
    assert ([each.placement.title for each in after.entries], after.more) == (["The week after"], 0)


@pytest.mark.parametrize("view", ["weeks", "list"])
def test_filters_live_in_the_address_and_counts_follow_them(world: World, view: str) -> None:
    channel = world.add("channel", title="Blog", channel_kind="blog")
    entry(
        world,
        "Mine and late",
        "T-1 days",
        team=world.team,
        owner=world.people["contributor"],
        channel=channel,
    )
    entry(world, "Somebody's", "T+5 days")
    blocked = entry(world, "Stuck", "T+4 days")
    world.client("owner").post(
        f"{world.path}calendar/{world.placement(blocked).pk}/block/", {"reason": "a signature"}
    )
    client = world.client("contributor")

    def titles(query: str) -> tuple[set[str], int]:
        response = client.get(f"{world.path}calendar/?view={view}&{query}")
        assert response.status_code == 200
        context = response.context
        if view == "list":
            found = {each.placement.title for each in context["rows"]}
        else:
            found = {each.placement.title for week in context["weeks"].weeks for each in week.entries}
        return found, context["progress"].total

    assert titles("")[1] == 3
    assert titles(f"team={world.team.pk}") == ({"Mine and late"}, 1)
    assert titles(f"owner={world.people['contributor'].pk}") == ({"Mine and late"}, 1)
    assert titles(f"channel={channel.pk}") == ({"Mine and late"}, 1)
    assert titles("state=late") == ({"Mine and late"}, 1)
    assert titles("state=blocked") == ({"Stuck"}, 1)
    assert titles("mine=1") == ({"Mine and late"}, 1)
    assert titles("q=somebody") == ({"Somebody's"}, 1)
    assert titles("kind=training") == (set(), 0)
    # What a filter cannot mean is left out instead of failing.
    assert titles("team=x&owner=1e5&channel=-&state=sleeping&mine=maybe")[1] == 3


def test_marking_published_swaps_the_region_with_its_filter_and_new_counts(world: World) -> None:
    item = entry(world, "Post", "T-1 days", owner=world.people["contributor"])
    entry(world, "Other", "T-1 days")
    placement = world.placement(item)
    client = world.client("contributor")
    response = client.post(
        f"{world.path}calendar/{placement.pk}/finish/?view=list&mine=1",
        {"version": placement.version},
        headers={**HTMX, "HX-Target": "calendar"},
    )
    content = response.content.decode()
    assert response.status_code == 200
    assert 'id="calendar"' in content
    assert "<html" not in content
    assert "is published" in content
    assert response.context["progress"].done == 1
    assert response.context["progress"].total == 1
    item.refresh_from_db()
    assert item.status == "published"


def test_without_javascript_marking_done_comes_back_to_the_page(world: World) -> None:
    training = world.add("training", title="Support", when="T-1 days", team=world.team)
    placement = world.placement(training)
    client = world.client("contributor")
    path = f"{world.path}calendar/{placement.pk}/finish/?next=/calendar/%3Fmine%3D1"
    assert client.post(path)["Location"] == "/calendar/?mine=1"
    placement.refresh_from_db()
    assert placement.state == "done"
    assert client.post(path, {"done": "0"}).status_code == 302
    placement.refresh_from_db()
    assert placement.state == "planned"


def test_a_stale_button_finishes_nothing(world: World) -> None:
    placement = world.placement(entry(world, "Post", "T-1 days"))
    finish(actor=world.actor("owner"), placement=placement)
    finish(actor=world.actor("owner"), placement=placement, done=False)
    response = world.client("editor").post(f"{world.path}calendar/{placement.pk}/finish/", {"version": 1})
    assert response.status_code == 409
    placement.refresh_from_db()
    assert placement.state == "planned"


def test_blocking_says_what_it_waits_for_and_shows_on_the_overview(world: World) -> None:
    placement = world.placement(entry(world, "Usage figures", "T+1 days"))
    client = world.client("editor")
    path = f"{world.path}calendar/{placement.pk}/block/"
    assert client.post(path, {"reason": "the analytics export"}).status_code == 302
    overview = client.get(world.path).content.decode()
    assert "the analytics export" in overview
    assert "1 blocked" in overview
    assert client.post(path, {"reason": "  "}).status_code == 302
    assert "the analytics export" not in client.get(f"{world.path}calendar/").content.decode()
    placement.refresh_from_db()
    assert placement.blocked_by == ""


def test_an_item_that_names_two_pieces_of_work_offers_to_be_split(world: World) -> None:
    item = entry(world, "Post and mail", "Week +1", team=world.team)
    CalendarItem.objects.filter(pk=item.pk).update(parts=["Post", "mail"])
    placement = world.placement(item)
    client = world.client("editor")
    path = f"{world.path}calendar/{placement.pk}/"
    assert b"names 2 pieces of work" in client.get(path).content
    one = client.post(f"{path}split/", {"titles": "Only one"})
    assert one.status_code == 422
    stale = client.post(f"{path}split/", {"titles": "Post\nMail", "version": 99})
    assert stale.status_code == 409
    assert CalendarItem.objects.count() == 1
    assert client.post(f"{path}split/", {"titles": "Post\nMail", "version": 1}).status_code == 302
    items = list(CalendarItem.objects.order_by("position"))
    assert [each.title for each in items] == ["Post", "Mail"]
    assert all(each.team == world.team for each in items)
    assert {world.placement(each).wording for each in items} == {"Week +1"}


def test_a_status_set_from_a_stale_page_shows_both(world: World) -> None:
    item = entry(world, "Post", "Week +1")
    change_record(actor=world.actor("owner"), record=item, values={"status": "drafting"})
    path = f"{world.path}calendar/{world.placement(item).pk}/status/"
    client = world.client("editor")
    response = client.post(path, {"status": "approved", "version": 1})
    assert response.status_code == 409
    assert b"drafting" in response.content
    assert client.post(path, {"status": "asleep", "version": 2}).status_code == 422
    assert client.post(path, {"status": "approved", "version": 2}).status_code == 302
    item.refresh_from_db()
    assert item.status == "approved"


def test_the_sheet_and_the_page_of_an_item_are_one_view(world: World) -> None:
    path = f"{world.path}calendar/{world.placement(entry(world, 'Post', 'Week +1')).pk}/"
    client = world.client("viewer")
    page, sheet = client.get(path), client.get(path, headers=HTMX)
    assert b"<!doctype html>" in page.content
    assert b'class="sheet-head"' in sheet.content
    assert b"<html" not in sheet.content
    # Who may only look is offered nothing to do.
    assert b'<form method="post"' not in sheet.content


def test_an_announcement_on_the_calendar_leads_to_its_own_page(world: World) -> None:
    from apps.announcements.services.writing import create_announcement

    announcement = create_announcement(
        actor=world.actor("editor"), launch=world.launch, values={"title": "Hello", "body": "New here."}
    )
    placement = announcement.placement
    assert placement is not None
    client = world.client("editor")
    content = client.get(f"{world.path}calendar/").content.decode()
    assert f"/announcements/{announcement.pk}/" in content
    response = client.get(f"{world.path}calendar/{placement.pk}/")
    assert response.status_code == 302
    assert response["Location"] == f"{world.path}announcements/{announcement.pk}/"


def test_outsiders_finish_nothing(world: World) -> None:
    placement = world.placement(entry(world, "Post", "T-1 days"))
    for name in ("member", "viewer", "contributor"):
        client = world.client(name)
        for action in ("finish", "block", "status", "split"):
            data = {"reason": "x", "status": "approved", "titles": "a\nb"}
            response = client.post(f"{world.path}calendar/{placement.pk}/{action}/", data)
            assert response.status_code == 403, (name, action)
    assert Placement.objects.get(pk=placement.pk).state == "planned"


def test_the_calendar_of_all_launches_shows_open_work_week_by_week(world: World) -> None:
    entry(world, "Late one", "T-20 days")
    entry(world, "Today's", f"{TODAY.isoformat()}")
    done = entry(world, "Finished one", "T-1 days")
    finish(actor=SYSTEM, placement=world.placement(done))
    client = world.client("member")
    content = client.get("/calendar/").content.decode()
    assert "Late one" in content
    assert "this week" in content
    assert "Finished one" not in content
    assert "Finished one" in client.get("/calendar/?state=done").content.decode()
