"""A thing pinned to a minute for as long as something waits to go out then: the plan's place stays beneath."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.core.actors import SYSTEM
from apps.launches.services.launch import change_launch
from apps.launches.services.records import change_record
from apps.schedule.models import Placement
from apps.schedule.services import placing
from apps.schedule.services.pinning import minute_of, pin, unpin
from apps.schedule.standing import standing_of
from tests.schedule.worlds import DAY, Calendar, pinned, relative

MINUTE = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)  # 23:30 in Berlin


def beneath(placement: Placement) -> tuple[Any, ...]:
    return (
        placement.anchor,
        placement.unit,
        placement.offset,
        placement.end_offset,
        placement.pinned_start,
        placement.precision,
        placement.fuzzy,
        placement.wording,
    )


@pytest.mark.parametrize(
    "when",
    [
        relative("week", 0),
        relative("day", -3, 4),
        relative("month", 1, anchor="rollout_start"),
        pinned("2026-12-24"),
        {"fuzzy": "2027-Q1", "text": "Q1 2027"},
        None,
    ],
)
def test_the_pin_comes_off_and_leaves_what_was_beneath(calendar: Calendar, when: Any) -> None:
    item = calendar.item(when)
    said, dates = beneath(calendar.placement(item)), calendar.dates()
    held = pin(calendar.placement(item), instant=MINUTE)
    assert (held.starts_at, held.ends_at, held.starts_on) == (MINUTE, MINUTE, date(2026, 11, 26))
    assert beneath(calendar.placement(item)) == said
    assert calendar.placement(item).is_fixed
    unpin(calendar.placement(item))
    assert beneath(calendar.placement(item)) == said
    assert calendar.dates() == dates


def test_it_is_due_and_late_by_its_minute_only_while_it_is_pinned(calendar: Calendar) -> None:
    item = calendar.item(relative("week", 0))
    after = MINUTE + timedelta(minutes=5)
    assert standing_of(pin(calendar.placement(item), instant=MINUTE), after) == "late"
    assert standing_of(unpin(calendar.placement(item)), after) == "due"


def test_a_pinned_minute_stays_where_it_is_and_finds_the_moved_place_afterwards(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 2))
    pin(calendar.placement(item), instant=MINUTE)
    shown = calendar.move(DAY + timedelta(days=30))
    assert [row.reason for row in shown.staying] == ["scheduled for that minute"]
    assert calendar.placement(item).starts_at == MINUTE
    assert unpin(calendar.placement(item)).starts_on == DAY + timedelta(days=32)


def test_a_pinned_minute_is_the_same_instant_in_another_zone(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 2))
    pin(calendar.placement(item), instant=MINUTE)
    change_launch(actor=calendar.act(), launch=calendar.launch, values={"zone": "Asia/Tokyo"})
    there = calendar.placement(item)
    assert (there.starts_at, there.starts_on) == (
        MINUTE,
        MINUTE.astimezone(ZoneInfo("Asia/Tokyo")).date(),
    )


def test_what_follows_a_pinned_thing_goes_along_and_back(calendar: Calendar) -> None:
    first = calendar.item(relative("day", 1))
    follower = calendar.item()
    calendar.follow(follower, item=first, days=2)
    pin(calendar.placement(first), instant=MINUTE)
    assert calendar.placement(follower).starts_on == date(2026, 11, 28)
    unpin(calendar.placement(first))
    assert calendar.placement(follower).starts_on == DAY + timedelta(days=3)


def test_pinning_twice_is_pinning_once(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 2))
    first = pin(calendar.placement(item), instant=MINUTE)
    again = pin(calendar.placement(item), instant=MINUTE - timedelta(seconds=20))
    assert (again.version, again.fixed_at) == (first.version, minute_of(MINUTE))


def test_another_time_takes_the_pin_off_and_other_words_for_the_same_do_not(calendar: Calendar) -> None:
    item = calendar.item(relative("week", 0))
    pin(calendar.placement(item), instant=MINUTE)
    change_record(
        actor=SYSTEM, record=item, values={"when": {**relative("week", 0), "text": "In launch week"}}
    )
    assert (calendar.placement(item).fixed_at, calendar.placement(item).wording) == (MINUTE, "In launch week")
    change_record(actor=SYSTEM, record=item, values={"when": relative("week", 1)})
    there = calendar.placement(item)
    assert (there.fixed_at, there.starts_on) == (None, date(2026, 11, 30))


def test_opened_again_a_thing_is_where_the_plan_puts_it(calendar: Calendar) -> None:
    """It went out at its minute; what is to be done again is not late for that."""
    item = calendar.item(relative("day", 2))
    pin(calendar.placement(item), instant=MINUTE)
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    assert calendar.placement(item).starts_at == MINUTE
    placing.finish(actor=calendar.act(), placement=calendar.placement(item), done=False)
    there = calendar.placement(item)
    assert (there.fixed_at, there.starts_on) == (None, DAY + timedelta(days=2))
