"""A move is undone as one step: everything as it was, or nothing and why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from apps.audit.models import Event
from apps.core.actors import Actor
from apps.core.errors import Conflict, NotAllowed
from apps.launches.services.launch import create_launch
from apps.launches.services.records import change_record, remove_record
from apps.schedule.models import Move
from apps.schedule.services import placing
from apps.schedule.services.moving import undo_move
from tests.schedule.linked import contributor, everything, hang_on, last_move, link, shift
from tests.schedule.test_dependencies import day, item
from tests.schedule.worlds import Calendar, one_of_each, pinned, relative


@pytest.mark.parametrize("landing", ["keep", "before", "after"])
def test_undoing_a_launch_day_move_restores_everything(calendar: Calendar, landing: str) -> None:
    one_of_each(calendar)
    legal = calendar.item(pinned("2026-11-20"))
    link(calendar, legal, calendar.item(relative("day", 0)))
    before = everything(calendar)
    calendar.move(day(-9), landing=landing)
    assert everything(calendar) != before
    undo_move(actor=calendar.act(), move=last_move(calendar))
    assert everything(calendar) == before


@pytest.mark.parametrize(
    "when",
    [
        relative("week", -2), relative("month", 1), relative("business_day", -3), relative("hour", 3),
        relative("day", 2, time="15:00:00"), pinned("2026-12-24", "2026-12-26"), None,
        {"fuzzy": "2027-Q1", "text": "Q1 2027"},
    ],
)  # fmt: skip
def test_undoing_an_items_move_restores_how_it_was_said(calendar: Calendar, when: Any) -> None:
    own, hung, waiting = calendar.item(when), item(calendar, 0), item(calendar, 3)
    hang_on(calendar, hung, 2, item=own)
    link(calendar, own, waiting)
    before = everything(calendar)
    shift(calendar, own, day(101))
    assert everything(calendar) != before
    undo_move(actor=calendar.act(), move=last_move(calendar))
    assert everything(calendar) == before


def test_a_rough_launch_day_comes_back(calendar: Calendar) -> None:
    fuzzy = create_launch(actor=calendar.act(), name="Fuzzy", launch_day_fuzzy="2027-Q1")
    waiting = Calendar(fuzzy, calendar.owner)
    waiting.item(relative("week", -2))
    before = everything(waiting)
    waiting.move(date(2027, 3, 2))
    undo_move(actor=waiting.act(), move=last_move(waiting))
    assert everything(waiting) == before


def test_the_move_says_what_who_and_how_much(calendar: Calendar) -> None:
    draft, post = item(calendar, -3, "Draft"), item(calendar, 0)
    link(calendar, draft, post)
    done = shift(calendar, draft, day(4))
    move = last_move(calendar)
    assert done.move == move
    assert move.words == "“Draft” from Sat 21 Nov 2026 to Sat 28 Nov 2026"
    assert (move.moved, move.made_by, move.anchor, move.placement) == (
        2, calendar.owner, "placement", calendar.placement(draft),
    )  # fmt: skip
    events = Event.objects.count()
    undone = undo_move(actor=calendar.act(), move=move)
    assert undone.undone_by_label == str(calendar.owner)
    assert Event.objects.count() == events + 1
    assert Event.objects.latest("pk").verb == "launch.move_undone"


def test_it_is_undone_once(calendar: Calendar) -> None:
    item(calendar, 1)
    calendar.move(day(7))
    move = last_move(calendar)
    undo_move(actor=calendar.act(), move=move)
    with pytest.raises(Conflict) as refusal:
        undo_move(actor=calendar.act(), move=move)
    assert refusal.value.code == "undone"


CHANGES: dict[str, Any] = {
    "moved again": (lambda c, own: shift(c, own, day(9)), "“Mine”"),
    "given another time": (
        lambda c, own: change_record(actor=c.act(), record=own, values={"when": pinned("2026-12-01")}), "“Mine”",
    ),
    "done": (lambda c, own: placing.finish(actor=c.act(), placement=c.placement(own)), "“Mine”"),
    "removed": (lambda c, own: remove_record(actor=c.act(), record=own), "removed"),
    "launch day moved": (lambda c, own: c.move(day(11)), "launch day"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_is_named_and_nothing_is_undone(calendar: Calendar, change: str) -> None:
    own = item(calendar, 1, "Mine")
    item(calendar, 2)
    calendar.move(day(7))
    move = last_move(calendar)
    act, named = CHANGES[change]
    act(calendar, own)
    before = everything(calendar)
    with pytest.raises(Conflict) as refusal:
        undo_move(actor=calendar.act(), move=move)
    assert refusal.value.code == "changed_since"
    assert named in refusal.value.message
    assert everything(calendar) == before
    assert Move.objects.get(pk=move.pk).undone_at is None


def test_what_changed_otherwise_does_not_stand_against_it(calendar: Calendar) -> None:
    own = item(calendar, 1)
    calendar.move(day(7))
    change_record(actor=calendar.act(), record=own, values={"title": "Another name"})
    placing.block(actor=calendar.act(), placement=calendar.placement(own), reason="legal")
    undo_move(actor=calendar.act(), move=last_move(calendar))
    assert calendar.placement(own).starts_on == day(1)
    assert calendar.placement(own).title == "Another name"


def test_what_was_added_since_goes_back_with_its_anchor(calendar: Calendar) -> None:
    item(calendar, 1)
    calendar.move(day(7))
    fresh = calendar.item(relative("day", 3))
    undo_move(actor=calendar.act(), move=last_move(calendar))
    assert calendar.placement(fresh).starts_on == day(3)


def test_editors_undo_anything_and_others_their_own(calendar: Calendar) -> None:
    people = {name: contributor(calendar, name) for name in ("mine", "other")}
    own = calendar.item(relative("day", 1), owner=people["mine"])
    mine = Calendar(calendar.launch, people["mine"])
    shift(mine, own, day(5))
    with pytest.raises(NotAllowed):
        undo_move(actor=Actor.of(people["other"]), move=last_move(calendar))
    undo_move(actor=mine.act(), move=last_move(calendar))
    calendar.move(day(7))
    with pytest.raises(NotAllowed):
        undo_move(actor=mine.act(), move=last_move(calendar))
