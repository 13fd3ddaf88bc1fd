"""The calendar as CSV, and what was planned against what was done."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from apps.content.selectors.actuals import actuals
from apps.content.selectors.sheets import COLUMNS, safe
from apps.core.actors import SYSTEM
from apps.core.charts import burn_up
from apps.schedule.models import Placement
from apps.schedule.services.placing import finish
from tests.portal.worlds import DAY, TODAY, World, queries


def table(world: World, path: str, name: str = "member") -> list[dict[str, str]]:
    response = world.client(name).get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_filtered_calendar_is_a_table_with_every_column(world: World) -> None:
    channel = world.add("channel", title="Blog", channel_kind="blog")
    world.add(
        "calendar_entry", title="Post", when="2031-03-05 15:00", team=world.team,
        owner=world.people["owner"], channel=channel, status="approved",
    )  # fmt: skip
    world.add("training", title="Training", when="T-5 days")
    rows = table(world, f"{world.path}calendar/?view=list&format=csv&team={world.team.pk}")
    assert len(rows) == 1
    row = rows[0]
    assert tuple(row) == COLUMNS
    assert {
        name: row[name] for name in ("title", "status", "starts_on", "starts_at", "zone", "team", "owner")
    } == {
        "title": "Post",
        "status": "approved",
        "starts_on": "2031-03-05",
        "starts_at": "2031-03-05T15:00:00+00:00",
        "zone": "UTC",
        "team": "Marketing",
        "owner": "Owner Person",
    }
    assert row["address"].startswith("http")
    everything = table(world, f"{world.path}calendar/?format=csv")
    assert {each["title"] for each in everything} == {"Post", "Training"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1", "=cmd|' /C calc'!A0", "\u00a0=1"]
)
def test_no_cell_is_a_formula(world: World, text: str) -> None:
    assert safe(text) == f"'{text}"


def test_titles_that_look_like_formulas_are_defused_in_the_file(world: World) -> None:
    world.add("calendar_entry", title='=HYPERLINK("http://x")', when="T+1 days")
    assert table(world, f"{world.path}calendar/?format=csv")[0]["title"].startswith("'=")
    assert safe("Plain, with = inside") == "Plain, with = inside"


def test_a_mark_for_spreadsheets_is_offered(world: World) -> None:
    client = world.client("member")
    for query, begins in (("", b"launch"), ("&bom=1", b"\xef\xbb\xbflaunch")):
        response: Any = client.get(f"{world.path}calendar/?format=csv{query}")
        assert b"".join(response.streaming_content).startswith(begins)


def test_the_table_of_all_launches_holds_what_one_may_see(world: World) -> None:
    world.add("calendar_entry", title="Open", when="T+1 days")
    world.add("calendar_entry", launch=world.secret, title="Secret", when="T+1 days")
    assert {row["title"] for row in table(world, "/calendar/?format=csv")} == {"Open"}
    assert {row["title"] for row in table(world, "/calendar/?format=csv", "owner")} == {"Open", "Secret"}
    assert {row["title"] for row in table(world, "/api/v1/calendar.csv")} == {"Open"}
    assert (
        world.client("member").get(f"/launches/{world.secret.slug}/calendar/?format=csv").status_code == 404
    )
    assert world.client().get("/calendar/?format=csv").status_code == 302


@pytest.mark.parametrize("view", ["month", "week"])
def test_the_table_of_all_launches_holds_the_days_the_page_shows(world: World, view: str) -> None:
    world.add("calendar_entry", title="In March", when="2031-03-05")
    world.add("calendar_entry", title="Today", when=TODAY.isoformat())
    shown = world.client("member").get(f"/calendar/?view={view}&day=2031-03-05")
    offered = shown.context["csv_url"]
    assert offered in shown.content.decode().replace("&amp;", "&")
    assert [row["title"] for row in table(world, offered)] == ["In March"]


def test_the_table_of_a_list_holds_what_the_list_shows(world: World) -> None:
    world.add("calendar_entry", title="Open", when="T+1 days")
    over = world.add("calendar_entry", title="Over", when="T-1 days")
    finish(actor=SYSTEM, placement=world.placement(over))
    for query, titles in {"view=list": ["Open"], "view=list&state=done": ["Over"]}.items():
        page = world.client("member").get(f"/calendar/?{query}")
        assert [entry.placement.title for entry in page.context["rows"]] == titles
        assert [row["title"] for row in table(world, page.context["csv_url"])] == titles


def test_the_api_gives_the_same_table(world: World) -> None:
    world.add("calendar_entry", title="Late", when="T-9 days")
    world.add("calendar_entry", title="Planned", when="T+9 days")
    base = f"/api/v1/launches/{world.launch.slug}/items.csv"
    assert {row["title"] for row in table(world, f"{base}?state=late")} == {"Late"}
    assert world.client("member").get(f"/api/v1/launches/{world.secret.slug}/items.csv").status_code == 404
    assert world.client().get(base).status_code == 401


def test_a_long_table_costs_two_queries_for_each_five_hundred_rows(world: World) -> None:
    world.fill(1200)
    client = world.client("owner")
    with queries() as captured:
        response: Any = client.get(f"{world.path}calendar/?format=csv")
        assert sum(chunk.count(b"\r\n") for chunk in response.streaming_content) == 1201
    assert len(captured) <= 12


# Planned against actual


def test_planned_and_actual_are_told_apart_by_team_and_phase(world: World) -> None:
    world.add("phase", title="First", when=f"{DAY - timedelta(days=20)} to {DAY}")
    on_time = world.add("calendar_entry", title="On time", when="T-5 days", team=world.team)
    late_done = world.add("calendar_entry", title="Done late", when="T-9 days", team=world.team)
    early = world.add("calendar_entry", title="Early", when="T+20 days")
    world.add("calendar_entry", title="Late", when="T-2 days")
    world.add("calendar_entry", title="Undated")
    world.add("calendar_entry", title="Cancelled", when="T-2 days", status="cancelled")
    for item in (on_time, late_done, early):
        finish(actor=SYSTEM, placement=world.placement(item))
    placed = world.placement(on_time)
    assert placed.done_at is not None and placed.starts_on is not None
    Placement.objects.filter(pk=placed.pk).update(
        done_at=placed.done_at - (TODAY - placed.starts_on) - timedelta(days=1)
    )
    found = actuals(world.launch, today=TODAY)
    total = found.total
    assert (total.planned, total.by_now, total.done) == (4, 3, 3)
    assert (total.on_time, total.done_late, total.late, total.ahead) == (1, 1, 1, 1)
    assert found.undated == 1
    assert [(share.name, share.planned, share.late) for share in found.teams] == [
        ("Marketing", 2, 0), ("No team", 2, 1),
    ]  # fmt: skip
    assert {share.name: share.planned for share in found.phases} == {"First": 3, "Outside the phases": 1}
    assert found.planned[-1] == 4
    assert found.days == sorted(set(found.days))
    assert [count for count in found.done if count is not None][-1] == 3
    page = world.client("viewer").get(f"{world.path}calendar/actuals/").content.decode()
    assert "Burn-up" in page
    assert "<caption" in page


def test_a_launch_without_dates_has_nothing_to_compare(world: World) -> None:
    assert b"Nothing to compare yet" in world.client("member").get(f"{world.path}calendar/actuals/").content
    secret = f"/launches/{world.secret.slug}/calendar/actuals/"
    assert world.client("member").get(secret).status_code == 404
    assert world.client().get(secret).status_code == 302


def test_planned_and_actual_cost_the_same_for_ten_times_as_much(world: World) -> None:
    def count() -> int:
        client = world.client("owner")
        with queries() as captured:
            assert client.get(f"{world.path}calendar/actuals/").status_code == 200
        return len(captured)

    world.fill(40)
    few = count()
    world.fill(360)
    assert count() <= few
    assert len(actuals(world.launch, today=TODAY).days) <= 31


def test_a_burn_up_has_its_numbers_as_a_table() -> None:
    chart = burn_up(["1 Mar", "2 Mar"], [1, 3], [1, None], "Planned and done")
    assert '<th scope="row">2 Mar</th><td class="n">3</td><td class="n">not yet</td>' in chart
    assert burn_up([], [], [], "Nothing") == ""
