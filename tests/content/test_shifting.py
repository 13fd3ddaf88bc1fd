"""Many items by some days: what hangs together goes once, what waits is pushed, and all of it is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.content.models import CalendarItem
from apps.content.services import bulk
from apps.content.services.rescheduling import to_day
from apps.core.actors import Actor
from apps.launches.models import Launch
from tests.schedule.linked import contributor, hang_on, link
from tests.schedule.worlds import DAY, Calendar, make_calendar, pinned, relative


@pytest.fixture
def calendar(db: None) -> Calendar:
    return make_calendar(launch_day=DAY, rollout_start=DAY)


def shift_all(calendar: Calendar, found: list[CalendarItem], days: int) -> bulk.Outcome:
    launch = Launch.objects.get(pk=calendar.launch.pk)
    return bulk.bulk_change(
        actor=calendar.act(), launch=launch, ids=[item.pk for item in found], change={"days": days}
    )


@pytest.mark.parametrize("turned", [False, True])
def test_what_hangs_on_another_of_them_goes_once(calendar: Calendar, turned: bool) -> None:
    lead, hung = calendar.item(relative("day", -5)), calendar.item()
    hang_on(calendar, hung, 2, item=lead)
    chosen = [hung, lead] if turned else [lead, hung]
    outcome = shift_all(calendar, chosen, 7)
    assert calendar.placement(lead).starts_on == DAY + timedelta(days=2)
    assert (calendar.placement(hung).starts_on, calendar.placement(hung).offset) == (
        DAY + timedelta(days=4),
        2,
    )
    assert outcome.change is not None
    undone = bulk.undo(actor=calendar.act(), change=outcome.change)
    assert (undone.changed, undone.refused) == (2, [])
    assert calendar.placement(lead).starts_on == DAY - timedelta(days=5)
    assert calendar.placement(hung).starts_on == DAY - timedelta(days=3)


def test_what_is_hung_keeps_hanging_through_a_shift_and_its_undo(calendar: Calendar) -> None:
    phase = calendar.phase(pinned("2026-12-01", "2026-12-10"))
    hung = calendar.item()
    before = hang_on(calendar, hung, 2, phase=phase)
    outcome = shift_all(calendar, [hung], 3)
    after = calendar.placement(hung)
    assert (after.anchor, after.offset, after.wording) == ("phase", 5, "5 days after “Phase” starts")
    assert outcome.change is not None
    bulk.undo(actor=calendar.act(), change=outcome.change)
    again = calendar.placement(hung)
    assert (again.anchor, again.anchor_phase_id, again.offset, again.wording, again.starts_on) == (
        before.anchor, phase.pk, 2, before.wording, before.starts_on,
    )  # fmt: skip


def test_what_waits_is_pushed_along_counted_and_taken_back(calendar: Calendar) -> None:
    first, second = calendar.item(relative("day", 1)), calendar.item(relative("day", 2))
    link(calendar, first, second)
    outcome = shift_all(calendar, [first], 4)
    assert outcome.along == 1
    assert calendar.placement(second).starts_on == DAY + timedelta(days=6)
    assert outcome.change is not None
    bulk.undo(actor=calendar.act(), change=outcome.change)
    assert calendar.placement(second).starts_on == DAY + timedelta(days=2)


def test_a_dependency_that_refuses_refuses_all_of_them(calendar: Calendar) -> None:
    first, second = calendar.item(relative("day", 1)), calendar.item(relative("day", 2))
    other = calendar.item(relative("day", 1))
    link(calendar, first, second, on_move="refuse")
    outcome = shift_all(calendar, [other, first], 4)
    assert not outcome.done
    assert {result.code for result in outcome.results} == {"dependency"}
    assert calendar.placement(other).starts_on == DAY + timedelta(days=1)


def test_a_contributor_pushes_nothing_that_is_not_theirs(calendar: Calendar) -> None:
    person = contributor(calendar)
    first, second = calendar.item(relative("day", 1), owner=person), calendar.item(relative("day", 2))
    link(calendar, first, second)
    outcome = bulk.bulk_change(
        actor=Actor.of(person), launch=calendar.launch, ids=[first.pk], change={"days": 4}
    )
    assert [result.code for result in outcome.results] == ["not_allowed"]
    assert calendar.placement(first).starts_on == DAY + timedelta(days=1)


def test_undoing_leaves_what_moved_along_and_was_moved_since(calendar: Calendar) -> None:
    first, second = calendar.item(relative("day", 1)), calendar.item(relative("day", 2), title="Pushed")
    link(calendar, first, second)
    outcome = shift_all(calendar, [first], 4)
    assert outcome.change is not None
    to_day(actor=calendar.act(), placement=calendar.placement(second), day=DAY + timedelta(days=20))
    undone = bulk.undo(actor=calendar.act(), change=outcome.change)
    assert undone.changed == 1
    assert "Pushed" in undone.refused[0].message
    assert calendar.placement(first).starts_on == DAY + timedelta(days=1)
    assert calendar.placement(second).starts_on == DAY + timedelta(days=20)
