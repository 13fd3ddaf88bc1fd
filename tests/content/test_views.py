"""The calendar's views over one query: months, weeks, boards, all launches; what they cost and who sees what."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from apps.content.selectors import Shown
from apps.core.actors import SYSTEM
from apps.launches.services.launch import create_launch
from apps.schedule.services.placing import finish
from tests.portal.worlds import DAY, HTMX, TODAY, World, queries

VIEWS = ["weeks", "month", "week", "list", "board"]


def grid_titles(context: Any) -> dict[date, list[str]]:
    return {
        day.date: [entry.placement.title for entry in day.entries]
        for day in context["grid"].days
        if day.entries
    }


def path(world: World, query: str = "") -> str:
    return f"{world.path}calendar/?{query}"


def test_a_month_begins_on_a_monday_and_holds_every_day_of_itself(world: World) -> None:
    response = world.client("member").get(path(world, "view=month&day=2026-02-14"))
    days = [day.date for day in response.context["grid"].days]
    assert days[0] == date(2026, 1, 26)
    assert len(days) % 7 == 0
    assert date(2026, 2, 28) in days
    assert [day.date for day in response.context["grid"].days if day.inside] == [
        date(2026, 2, number) for number in range(1, 29)
    ]
    assert response.context["grid"].earlier == date(2026, 1, 1)
    assert response.context["grid"].later == date(2026, 3, 1)


def test_a_month_shows_single_days_in_their_cells_and_spans_as_bars_in_each_week(world: World) -> None:
    world.add("calendar_entry", title="One day", when="2031-03-05")
    world.add("calendar_entry", title="Long", when="2031-03-05 to 2031-03-12")
    response = world.client("member").get(path(world, "view=month&day=2031-03-01"))
    assert grid_titles(response.context) == {date(2031, 3, 5): ["One day"]}
    bars = [
        (row.monday, bar.column, bar.length, bar.begins, bar.ends)
        for row in response.context["grid"].rows
        for bar in row.bars
    ]
    assert bars == [
        (date(2031, 3, 3), 3, 5, True, False),
        (date(2031, 3, 10), 1, 3, False, True),
    ]


def test_what_began_before_the_month_and_still_runs_is_in_it(world: World) -> None:
    world.add("calendar_entry", title="Runs on", when="2031-02-01 to 2031-04-30")
    grid = world.client("member").get(path(world, "view=month&day=2031-03-01")).context["grid"]
    assert all(row.bars and row.bars[0].length == 7 for row in grid.rows)


def test_a_full_day_says_how_many_more_there_are_and_leads_to_its_week(world: World) -> None:
    for number in range(7):
        world.add("calendar_entry", title=f"Piece {number}", when="2031-03-05")
    response = world.client("member").get(path(world, "view=month&day=2031-03-01"))
    day = next(day for day in response.context["grid"].days if day.date == date(2031, 3, 5))
    assert (len(day.entries), day.more) == (3, 4)
    assert "view=week&amp;day=2031-03-05" in response.content.decode()
    week = world.client("member").get(path(world, "view=week&day=2031-03-05")).context["grid"]
    assert [len(day.entries) for day in week.days] == [0, 0, 7, 0, 0, 0, 0]


def test_more_bars_than_lanes_are_counted(world: World) -> None:
    for number in range(50):
        world.add("calendar_entry", title=f"Long {number}", when="2031-03-04 to 2031-03-06")
    rows = world.client("member").get(path(world, "view=month&day=2031-03-01")).context["grid"].rows
    row = next(row for row in rows if row.monday == date(2031, 3, 3))
    assert (len(row.bars), row.bars_more, row.lanes) == (3, 47, 3)


def test_weekends_holidays_today_and_launch_day_are_marked(world: World) -> None:
    world.launch.holidays = [(DAY + timedelta(days=1)).isoformat()]
    world.launch.save()
    grid = world.client("member").get(path(world, f"view=month&day={DAY}")).context["grid"]
    by_day = {day.date: day for day in grid.days}
    assert by_day[DAY].launches == ["Launch day"]
    assert by_day[DAY + timedelta(days=1)].off == "Holiday"
    assert all(day.off for day in grid.days if day.date.weekday() > 4)
    assert [day.date for day in world.client("member").get(path(world, "view=month")).context["grid"].days
            if day.is_now] == [TODAY]  # fmt: skip


def test_a_week_puts_what_has_a_time_behind_what_has_none(world: World) -> None:
    world.add("calendar_entry", title="At three", when="2031-03-05 15:00")
    world.add("calendar_entry", title="At nine", when="2031-03-05 09:00")
    world.add("calendar_entry", title="Some time", when="2031-03-05")
    days = world.client("member").get(path(world, "view=week&day=2031-03-07")).context["grid"].days
    assert [entry.placement.title for entry in days[2].untimed] == ["Some time"]
    assert [entry.placement.title for entry in days[2].timed] == ["At nine", "At three"]


@pytest.mark.parametrize("view", ["week", "month"])
def test_times_are_on_the_readers_clock_with_the_launchs_beside_it(world: World, view: str) -> None:
    """Nine in Sydney and nine in Berlin are not the same."""
    world.launch.zone = "Australia/Sydney"
    world.launch.save()
    berlin = create_launch(
        actor=SYSTEM, name="Berlin launch", launch_day=DAY, zone="Europe/Berlin", owner=world.people["owner"]
    )
    world.add("calendar_entry", title="There", when="2031-07-09 09:00")
    world.add("calendar_entry", title="Here", launch=berlin, when="2031-07-09 09:00")
    world.add("calendar_entry", title="The evening before", when="2031-07-09 07:00")
    reader = world.people["member"]
    reader.zone = "Europe/Berlin"
    reader.save()
    shown = world.client("member").get(f"/calendar/?view={view}&day=2031-07-09").content.decode()
    there = r'(?: <span class="elsewhere"[^>]*>[^<]*</span>)?'
    found = re.findall(rf'<time datetime="2031-07-[^"]*" title="Europe/Berlin">.*?</time>{there}', shown)
    times = [" ".join(re.sub("<[^>]+>", " ", each).split()) for each in found]
    assert sorted(times) == ["01:00 09:00 Sydney", "09:00", "Tue 23:00 07:00 Sydney"]


def test_a_board_has_items_by_status_and_other_work_by_how_it_stands(world: World) -> None:
    world.add("calendar_entry", title="An idea", when="T+1 days")
    world.add("calendar_entry", title="Undated draft", status="drafting")
    world.add("training", title="Training", when="T-30 days")
    lane = world.client("member").get(path(world, "view=board")).context["board"].lanes[0]
    items = {column.key: [entry.placement.title for entry in column.entries] for column in lane.items}
    others = {column.key: [entry.placement.title for entry in column.entries] for column in lane.others}
    assert items["idea"] == ["An idea"]
    assert items["drafting"] == ["Undated draft"]
    assert others["late"] == ["Training"]
    assert "cancelled" not in items


def test_a_full_column_shows_twenty_and_counts_all(world: World) -> None:
    world.fill(25)
    lane = world.client("member").get(path(world, "view=board")).context["board"].lanes[0]
    idea = next(column for column in lane.items if column.key == "idea")
    assert (len(idea.entries), idea.total, idea.more) == (20, 25, 5)


@pytest.mark.parametrize("group", ["team", "owner", "channel", "phase"])
def test_lists_and_boards_are_grouped(world: World, group: str) -> None:
    channel = world.add("channel", title="Blog", channel_kind="blog")
    world.add("phase", title="First phase", when="2031-03-01 to 2031-03-31")
    world.add(
        "calendar_entry", title="Has all", when="2031-03-05", team=world.team,
        owner=world.people["contributor"], channel=channel,
    )  # fmt: skip
    world.add("calendar_entry", title="Has none", when="2031-06-05")
    expected = {
        "team": ["Marketing", "No team"],
        "owner": ["Contributor Person", "Nobody yet"],
        "channel": ["Blog", "No channel"],
        "phase": ["First phase", "Outside the phases"],
    }[group]
    client = world.client("member")
    listed = client.get(path(world, f"view=list&group={group}")).context["row_groups"]
    assert [each.name for each in listed] == expected
    assert [entry.placement.title for each in listed for entry in each.entries] == ["Has all", "Has none"]
    lanes = client.get(path(world, f"view=board&group={group}")).context["board"].lanes
    assert sorted(lane.name for lane in lanes) == sorted(expected)


def test_grouping_and_density_are_remembered_and_the_address_wins(world: World) -> None:
    client = world.client("member")
    back = f"{world.path}calendar/?view=list&team={world.team.pk}"
    response = client.post("/calendar/display/", {"group": "team", "density": "compact", "next": back})
    assert response.status_code == 302
    assert f"team={world.team.pk}" in response["Location"]
    assert "group=team" in response["Location"]
    remembered = client.get(path(world, "view=list")).context["shown"]
    assert (remembered.group, remembered.density) == ("team", "compact")
    said = client.get(path(world, "view=list&group=owner&density=comfortable")).context["shown"]
    assert (said.group, said.density) == ("owner", "comfortable")
    # Whose preference it is, is whose preference it is.
    assert world.client("editor").get(path(world, "view=list")).context["shown"].group == "none"
    assert client.post("/calendar/display/", {"group": "moon"}).status_code == 422
    away = client.post("/calendar/display/", {"group": "team", "next": "https://elsewhere.example/"})
    assert away["Location"].startswith("/calendar/")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_a_page_and_a_part_of_it(world: World, view: str) -> None:
    world.fill(40)
    client = world.client("viewer")
    page = client.get(path(world, f"view={view}"))
    part = client.get(path(world, f"view={view}"), headers=HTMX)
    assert b"<!doctype html>" in page.content
    assert b"<html" not in part.content
    assert b'id="calendar"' in part.content
    # Who may only look is offered nothing to move or change.
    assert b"data-drag" not in page.content
    assert b"Move to" not in page.content
    may = world.client("editor").get(path(world, f"view={view}")).content
    assert b"Move to" in may
    assert (b"data-drag" in may) == (view != "list")


@pytest.mark.parametrize("view", VIEWS)
def test_strangers_sign_in_and_outsiders_see_nothing(world: World, view: str) -> None:
    assert world.client().get(path(world, f"view={view}")).status_code == 302
    secret = f"/launches/{world.secret.slug}/calendar/?view={view}"
    assert world.client("member").get(secret).status_code == 404
    assert world.client("owner").get(secret).status_code == 200


@pytest.mark.parametrize("view", ["list", "month", "week", "board"])
def test_the_calendar_of_all_launches_has_the_same_views_with_the_launch_on_each_card(
    world: World, view: str
) -> None:
    world.add("calendar_entry", title="Seen by all", when=TODAY.isoformat())
    world.add("calendar_entry", launch=world.secret, title="Seen by few", when=TODAY.isoformat())
    content = world.client("member").get(f"/calendar/?view={view}").content.decode()
    assert "Seen by all" in content
    assert "Seen by few" not in content
    assert content.count("Tomato release") >= 2
    assert "Seen by few" in world.client("owner").get(f"/calendar/?view={view}").content.decode()


def test_the_calendar_of_all_launches_is_narrowed_by_launch_and_by_medium(world: World) -> None:
    other = create_launch(actor=SYSTEM, name="Other", launch_day=DAY, owner=world.people["owner"])
    channel = world.add("channel", title="Our blog", channel_kind="blog")
    world.add("calendar_entry", title="Here", when="T+9 days", channel=channel)
    world.add("calendar_entry", launch=other, title="There", when="T+9 days")
    client = world.client("member")

    def titles(query: str) -> set[str]:
        rows = client.get(f"/calendar/?view=list&{query}").context["rows"]
        return {entry.placement.title for entry in rows}

    assert titles("") == {"Here", "There"}
    assert titles(f"launch={other.slug}") == {"There"}
    assert titles("channel=blog") == {"Here"}
    assert titles(f"launch={world.secret.slug}") == set()
    assert titles("launch=%27%3B--") == set()
    # The filter names it once, as the one that is chosen.
    page = client.get(f"/calendar/?view=list&launch={other.slug}").content.decode()
    chosen = page.partition('id="filter-launch"')[2].partition("</select>")[0]
    assert chosen.count(f'value="{other.slug}"') == 1


def test_the_board_of_all_launches_leaves_out_what_ended_long_ago(world: World) -> None:
    old = world.add("calendar_entry", title="Ended long ago", when="T-90 days")
    new = world.add("calendar_entry", title="Just ended", when="T-1 days")
    for each in (old, new):
        finish(actor=SYSTEM, placement=world.placement(each))
    content = world.client("member").get("/calendar/?view=board").content.decode()
    assert "Just ended" in content
    assert "Ended long ago" not in content


@pytest.mark.parametrize(
    "query",
    ["view=moon", "day=2026-13-40", "day=0001-01-01", "day=99999-01-01", "from=1e9&day=x", "group=x&density=y",
     "channel=zzz", "team=99999999999999999999", "team=-1", "view=month&day=9999-12", "launch=" + "x" * 500],
)  # fmt: skip
def test_nonsense_in_the_address_is_left_out(world: World, query: str) -> None:
    client = world.client("member")
    assert client.get(path(world, query)).status_code == 200
    assert client.get(f"/calendar/?{query}").status_code == 200


@pytest.mark.parametrize("day", ["1990-01-01", "2199-12-01"])
@pytest.mark.parametrize("view", ["month", "week"])
def test_the_first_and_the_last_day_there_is_can_be_turned_from(world: World, view: str, day: str) -> None:
    response = world.client("member").get(path(world, f"view={view}&day={day}"))
    assert response.status_code == 200


def count(world: World, address: str, **headers: str) -> int:
    client = world.client("owner")
    client.get(address)
    with queries() as captured:
        assert client.get(address, headers=headers).status_code == 200
    return len(captured)


@pytest.mark.parametrize("view", [*VIEWS, "list&group=phase", "board&group=channel"])
def test_a_view_costs_the_same_for_ten_times_as_much(world: World, view: str) -> None:
    world.fill(40)
    few = count(world, path(world, f"view={view}"))
    world.fill(360)
    assert count(world, path(world, f"view={view}")) <= few
    # Seven of them are the page's frame: who asks, the unread count, the ruler with its phases.
    assert few <= 16


@pytest.mark.parametrize("view", [*VIEWS, "list&q=work", "board&group=channel"])
def test_turning_to_a_view_costs_at_most_twelve_queries(world: World, view: str) -> None:
    world.fill(40)
    assert count(world, path(world, f"view={view}"), **HTMX) <= 12


@pytest.mark.parametrize("view", ["list", "month", "week", "board", "board&group=team", "list&group=phase"])
def test_a_view_of_all_launches_costs_at_most_twelve_queries(world: World, view: str) -> None:
    world.fill(40)
    few = count(world, f"/calendar/?view={view}")
    for number in range(9):
        launch = create_launch(
            actor=SYSTEM, name=f"No. {number}", launch_day=DAY, owner=world.people["owner"]
        )
        world.fill(40, launch)
    assert count(world, f"/calendar/?view={view}") <= few
    assert few <= 12


def test_the_canonical_address_says_the_same_view(world: World) -> None:
    from django.http import QueryDict

    asked = QueryDict("q=x&mine=1&view=board&group=team&state=late&junk=1&team=4&day=2031-03-05")
    shown = Shown.of(asked)
    assert shown.address == "group=team&mine=1&q=x&state=late&team=4&view=board"
    assert Shown.of(QueryDict(shown.address)).address == shown.address
