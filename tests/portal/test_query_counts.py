"""Pages cost a bounded number of queries, whatever they show."""

from __future__ import annotations

import pytest

from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.services.launch import create_launch
from apps.launches.services.records import add_records
from tests.portal.worlds import DAY, World, queries

LISTS_AT_MOST = 12


def count(world: World, path: str, name: str = "owner") -> int:
    client = world.client(name)
    client.get(path)
    with queries() as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", ["/launches/", "/launches/?view=board", "/launches/?view=timeline"])
def test_the_list_of_launches_costs_the_same_for_a_hundred(world: World, path: str) -> None:
    def make(number: int) -> None:
        for index in range(number):
            create_launch(
                actor=SYSTEM, name=f"Launch {number} {index}", launch_day=DAY, owner=world.people["editor"]
            )

    make(8)
    few = count(world, path, "member")
    make(90)
    many = count(world, path, "member")
    assert many <= few
    assert many <= LISTS_AT_MOST


@pytest.mark.parametrize("path", ["/calendar/", "{launch}calendar/", "{launch}calendar/?view=list", "/"])
def test_calendars_cost_the_same_for_a_hundred_items(world: World, path: str) -> None:
    path = path.format(launch=world.path)
    world.fill(10)
    few = count(world, path)
    world.fill(90)
    assert count(world, path) <= few
    assert few <= 16


@pytest.mark.parametrize("path", ["/calendar/", "/inbox/"])
def test_lists_across_launches_stay_below_the_ceiling(world: World, path: str) -> None:
    world.fill(30)
    assert count(world, path) <= LISTS_AT_MOST


@pytest.mark.parametrize("path", ["", "plan/", "phases/", "metrics/", "audit/", "team/", "progress/"])
def test_a_launchs_pages_cost_the_same_for_a_hundred_records(world: World, path: str) -> None:
    def make(number: int) -> None:
        phases = add_records(
            actor=SYSTEM,
            launch=world.launch,
            kind=kinds.get("phase"),
            rows=[{"title": f"Phase {index}"} for index in range(number)],
        )
        add_records(
            actor=SYSTEM,
            launch=world.launch,
            kind=kinds.get("rollout_step"),
            rows=[{"title": "A step", "phase": phase, "percent": "10"} for phase in phases],
        )
        kpi = kinds.get("kpi")
        targets = kinds.facets(kpi)["targets"]
        add_records(
            actor=SYSTEM,
            launch=world.launch,
            kind=kpi,
            rows=[
                {"title": f"Metric {index}", "targets": targets.parse("80% of users", kpi)}
                for index in range(number)
            ],
        )
        world.fill(number)

    make(10)
    few = count(world, world.path + path)
    make(90)
    assert count(world, world.path + path) <= few


def test_the_palette_searches_all_kinds_in_few_queries(world: World) -> None:
    world.fill(50)
    assert count(world, "/palette/?q=piece") <= 8


def test_a_record_form_costs_the_same_for_a_hundred_siblings(world: World) -> None:
    world.fill(10)
    item = world.add("calendar_entry", title="One")
    path = f"{world.path}plan/calendar_entry/{item.pk}/edit/"
    few = count(world, path)
    world.fill(90)
    assert count(world, path) <= few
