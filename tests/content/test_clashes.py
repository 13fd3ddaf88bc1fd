"""Clashes that calendar items have besides time itself: two launches at once, and what is not there yet."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from apps.core.actors import SYSTEM
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch, set_state
from apps.schedule.clashes import caused_by, clashes_of
from apps.schedule.services.moving import preview_move
from tests.portal.worlds import World, queries

SOON = date.today() + timedelta(days=20)


@pytest.fixture
def other(world: World) -> Launch:
    launch = create_launch(actor=SYSTEM, name="Potato release", launch_day=SOON)
    return set_state(actor=SYSTEM, launch=launch, to="active")


def item(world: World, launch: Launch | None = None, **values: Any) -> Any:
    return world.add("calendar_entry", launch, when=f"{SOON:%Y-%m-%d}", **values)


def found(world: World, who: str = "member") -> list[tuple[str, str]]:
    kinds = {"same_channel", "same_segment", "too_early"}
    return [
        (clash.kind, clash.title)
        for clash in clashes_of(world.actor(who), world.launch)
        if clash.kind in kinds
    ]


def test_two_launches_on_one_sort_of_channel_in_one_week(world: World, other: Launch) -> None:
    ours = world.add("channel", title="Our blog", channel_kind="blog")
    theirs = world.add("channel", other, title="The company's blog", channel_kind="blog")
    item(world, title="We launch", channel=ours)
    assert found(world) == []
    item(world, other, title="They launch", channel=theirs)
    assert found(world) == [("same_channel", "We launch")]


def test_documentation_of_two_launches_is_no_clash(world: World, other: Launch) -> None:
    item(world, title="Guide", channel=world.add("channel", title="Docs", channel_kind="docs"))
    item(world, other, title="Guide", channel=world.add("channel", other, title="Docs", channel_kind="docs"))
    assert found(world) == []


def test_two_launches_for_one_segment_in_one_week(world: World, other: Launch) -> None:
    item(world, title="We launch", segment=world.add("segment", title="Administrators"))
    item(world, other, title="They launch", segment=world.add("segment", other, title="administrators"))
    assert found(world) == [("same_segment", "We launch")]


def test_a_preview_names_the_other_launch_though_nothing_lay_ahead_before(
    world: World, other: Launch
) -> None:
    ours = world.add("channel", title="Our blog", channel_kind="blog")
    theirs = world.add("channel", other, title="Blog", channel_kind="blog")
    item(world, other, title="They launch", channel=theirs)
    Launch.objects.filter(pk=world.launch.pk).update(launch_day=date.today() - timedelta(days=60))
    launch = Launch.objects.get(pk=world.launch.pk)
    world.add("calendar_entry", launch, title="We launch", channel=ours, when="T+0 days")
    preview = preview_move(actor=world.actor("owner"), launch=launch, anchor="launch_day", to=SOON)
    caused = caused_by(world.actor("owner"), preview)
    assert ("same_channel", "We launch") in {(clash.kind, clash.title) for clash in caused}


def test_a_launch_one_cannot_see_is_not_named(world: World) -> None:
    item(world, title="We launch", segment=world.add("segment", title="Administrators"))
    set_state(actor=SYSTEM, launch=world.secret, to="active")
    item(
        world, world.secret, title="Hush", segment=world.add("segment", world.secret, title="Administrators")
    )
    assert found(world) == []
    assert found(world, "owner") == [("same_segment", "We launch")]


def test_an_item_before_the_phase_it_announces(world: World) -> None:
    phase = world.add("phase", title="Everybody", when=f"{SOON + timedelta(days=3):%Y-%m-%d}")
    item(world, title="It is here", announces=phase)
    assert found(world) == [("too_early", "It is here")]
    world.add("calendar_entry", title="Later", announces=phase, when=f"{SOON + timedelta(days=5):%Y-%m-%d}")
    assert len(found(world)) == 1


def test_ten_times_the_items_cost_the_same_queries(world: World, other: Launch) -> None:
    channel = world.add("channel", title="Our blog", channel_kind="blog")
    theirs = world.add("channel", other, title="Blog", channel_kind="blog")

    def cost() -> int:
        with queries() as seen:
            clashes_of(world.actor("member"), world.launch)
        return len(seen)

    item(world, channel=channel)
    item(world, other, channel=theirs)
    few = cost()
    for _ in range(10):
        item(world, channel=channel)
        item(world, other, channel=theirs)
    assert cost() == few
