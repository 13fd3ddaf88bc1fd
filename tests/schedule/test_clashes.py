"""What clashes: days off, freezes, broken dependencies, too much for one person; as it is and after a move."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches.services.launch import change_launch, create_launch
from apps.schedule import clashes
from apps.schedule.clashes import Clash, Scene, caused_by, clashes_of
from apps.schedule.critical import Link, Task, delays, slack
from apps.schedule.models import Freeze
from apps.schedule.network import consequences, network_of, waits_for
from apps.schedule.services import placing
from apps.schedule.services.freezing import add_freeze, remove_freeze
from tests.schedule.linked import contributor, hang_on, link, see
from tests.schedule.test_dependencies import day, item
from tests.schedule.worlds import DAY, Calendar, pinned, relative

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def found(calendar: Calendar, kind: str = "", at: datetime = AT) -> list[Clash]:
    calendar.launch.refresh_from_db()
    return [clash for clash in clashes_of(calendar.act(), calendar.launch, at) if kind in ("", clash.kind)]


def test_single_days_on_weekends_and_holidays_clash_and_nothing_else(calendar: Calendar) -> None:
    change_launch(actor=calendar.act(), launch=calendar.launch, values={"holidays": ["2026-12-25"]})
    saturday, holiday = calendar.item(pinned("2026-12-19")), calendar.item(pinned("2026-12-25"))
    calendar.item(pinned("2026-12-18", "2026-12-21"))
    calendar.item(relative("week", 2))
    done = calendar.item(pinned("2026-12-20"))
    placing.finish(actor=calendar.act(), placement=calendar.placement(done))
    calendar.item(pinned("2026-10-31"))  # a Saturday that went by
    shown = found(calendar, "day_off")
    assert [clash.placements for clash in shown] == [
        (calendar.placement(saturday).pk,),
        (calendar.placement(holiday).pk,),
    ]
    assert "a weekend, Sat 19 Dec 2026" in shown[0].words
    assert "a holiday" in shown[1].words
    assert shown[0].label == "On a day off"


def test_freezes_of_the_launch_and_of_all_hold_and_those_of_others_do_not(calendar: Calendar) -> None:
    other = create_launch(actor=calendar.act(), name="Other", launch_day=DAY)
    for launch in (calendar.launch, None, other):
        add_freeze(actor=SYSTEM, launch=launch, title=f"Of {launch}", starts_on=day(1), ends_on=day(4))
    inside, across = item(calendar, 2), calendar.item(relative("day", 3, 9))
    assert [
        (clash.words.split("into ")[1][:12], clash.placements) for clash in found(calendar, "freeze")
    ] == [
        ("“Of Quiet se", (calendar.placement(inside).pk,)),
        ("“Of None”, 2", (calendar.placement(inside).pk,)),
    ]
    assert across.pk


def test_freezing_checks_days_and_who(calendar: Calendar) -> None:
    stranger = Actor.of(contributor(calendar))
    with pytest.raises(NotAllowed):
        add_freeze(actor=stranger, launch=calendar.launch, title="x", starts_on=DAY, ends_on=DAY)
    with pytest.raises(NotAllowed):
        add_freeze(actor=calendar.act(), launch=None, title="x", starts_on=DAY, ends_on=DAY)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"ends_on": day(-1)}, "ends_on"),
        ({"ends_on": day(400)}, "ends_on"),
        ({"starts_on": date(1066, 1, 1), "ends_on": date(1066, 1, 2)}, "starts_on"),
    ]
    for values, field in wrong:
        with pytest.raises(Invalid) as refusal:
            add_freeze(
                actor=calendar.act(), launch=calendar.launch,
                **{"title": "x", "starts_on": DAY, "ends_on": DAY, **values},
            )  # fmt: skip
        assert refusal.value.field == field
    with pytest.raises(Invalid):
        add_freeze(actor=calendar.act(), launch=calendar.launch, title=" ", starts_on=DAY, ends_on=DAY)
    events = Event.objects.count()
    made = add_freeze(actor=calendar.act(), launch=calendar.launch, title="Fair", starts_on=DAY, ends_on=DAY)
    with pytest.raises(NotAllowed):
        remove_freeze(actor=stranger, freeze=made)
    with pytest.raises(Conflict):
        remove_freeze(actor=calendar.act(), freeze=made, version=7)
    remove_freeze(actor=calendar.act(), freeze=made)
    with pytest.raises(NotFound):
        remove_freeze(actor=calendar.act(), freeze=made)
    assert not Freeze.objects.exists()
    assert Event.objects.count() == events + 2


def test_a_broken_dependency_clashes_until_it_is_mended(calendar: Calendar) -> None:
    draft, post = item(calendar, 5, "Draft"), item(calendar, 3, "Post")
    link(calendar, draft, post)
    (clash,) = found(calendar, "dependency")
    assert clash.placements == (calendar.placement(post).pk, calendar.placement(draft).pk)
    assert clash.words == "“Post” starts 3 days too early behind “Draft”."
    placing.finish(actor=calendar.act(), placement=calendar.placement(draft))
    assert found(calendar, "dependency") == []


def test_too_much_for_one_person_counts_all_launches_and_names_only_its_own(
    calendar: Calendar, settings: Any
) -> None:
    settings.CLASH_OPEN_ITEMS = 3
    person = contributor(calendar)
    secret = create_launch(actor=SYSTEM, name="Secret", launch_day=DAY, restricted=True)
    other = Calendar(secret, calendar.owner)
    for _ in range(2):
        calendar.item(relative("day", 1), owner=person)
        other.item(relative("day", 2), title="Hidden", owner=person)
    (clash,) = found(calendar, "overload")
    assert clash.words == "c has 4 open items in the week of 23 Nov 2026, 2 of them in other launches."
    assert len(clash.placements) == 2
    assert "Hidden" not in repr(clash)
    settings.CLASH_OPEN_ITEMS = 4
    assert found(calendar, "overload") == []


def test_a_move_is_told_only_what_it_causes(calendar: Calendar, settings: Any) -> None:
    settings.CLASH_OPEN_ITEMS = 1
    person = contributor(calendar)
    mine, there = (
        calendar.item(relative("day", 1), owner=person),
        calendar.item(relative("day", 15), owner=person),
    )
    calendar.item(pinned("2026-12-19"))
    waiting = calendar.item(pinned("2026-12-12"), title="Pinned")
    link(calendar, mine, waiting)
    add_freeze(actor=SYSTEM, launch=None, title="Fair", starts_on=day(16), ends_on=day(19))
    before = {clash.key for clash in found(calendar)}
    shown = see(
        calendar, mine, day(18)
    )  # a Saturday, in the freeze, in the week of the other, at the pinned one
    assert {clash.kind for clash in caused_by(calendar.act(), shown, AT)} == {
        "day_off", "freeze", "overload", "dependency",
    }  # fmt: skip
    assert {clash.key for clash in found(calendar)} == before
    assert caused_by(calendar.act(), see(calendar, mine, day(2)), AT) == []
    assert there.pk


def test_an_app_above_adds_a_check_by_name(calendar: Calendar, monkeypatch: Any) -> None:
    monkeypatch.setattr(clashes, "_checks", dict(clashes._checks))
    own = item(calendar, 3)

    def check(scene: Scene) -> list[Clash]:
        return [Clash("loud", row.title, "Too loud.", (row.pk,), (row.pk,)) for row in scene.ahead]

    clashes.register("loud", "Too loud", check)
    assert [clash.placements for clash in found(calendar, "loud")] == [(calendar.placement(own).pk,)]
    assert clashes.kinds_of_clashes()["loud"] == "Too loud"


def test_clashes_cost_the_same_for_many_items_and_launches(calendar: Calendar) -> None:
    person = contributor(calendar)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            found(calendar)
        return len(queries)

    calendar.item(relative("day", 3), owner=person)
    few = cost()
    for number in range(3):
        other = Calendar(create_launch(actor=SYSTEM, name=f"L {number}", launch_day=DAY), calendar.owner)
        for offset in range(5):
            other.item(relative("day", offset), owner=person)
            calendar.item(relative("day", offset), owner=person)
    assert cost() == few <= 10


# The critical path, on plain figures.
D = date(2026, 3, 2)


def task(pk: int, start: int, end: int, *, fixed: bool = False) -> Task:
    return Task(pk, D + timedelta(days=start), D + timedelta(days=end), fixed)


def test_slack_is_the_room_along_the_tightest_way() -> None:
    tasks = [task(1, 0, 2), task(2, 3, 5), task(3, 3, 3), task(4, 8, 9), task(5, 0, 0)]
    links = [Link(1, 2), Link(1, 3), Link(2, 4, lag=1), Link(3, 4)]
    assert slack(tasks, links, launch_day=None, today=D) == {4: 0, 2: 1, 3: 4, 1: 1}
    assert slack(tasks, links, launch_day=D + timedelta(days=9), today=D)[4] == 0
    assert slack(tasks, links, launch_day=D + timedelta(days=5), today=D)[2] == 0


def test_what_is_pinned_gives_nothing_on_and_what_hangs_goes_along() -> None:
    tasks = [task(1, 0, 0), task(2, 1, 1, fixed=True), task(3, 9, 9), task(4, 20, 20)]
    assert slack(tasks, [Link(1, 2), Link(2, 4)], launch_day=None, today=D)[1] == 0
    assert slack(tasks, [Link(1, 3, hung=True), Link(3, 4)], launch_day=None, today=D)[1] == 10


def test_what_is_late_has_less_slack_and_below_zero_delays() -> None:
    tasks, links = [task(1, 0, 1), task(2, 4, 5)], [Link(1, 2)]
    for today, left in ((1, 2), (3, 0), (6, -3)):
        assert slack(tasks, links, launch_day=None, today=D + timedelta(days=today))[1] == left


def test_a_delay_spreads_only_as_far_as_it_has_to() -> None:
    tasks = [task(1, 0, 1), task(2, 3, 4), task(3, 4, 4), task(4, 5, 6), task(5, 40, 40), task(6, 0, 9)]
    links = [Link(1, 2), Link(2, 4), Link(2, 3, hung=True), Link(4, 5), Link(6, 4)]
    assert delays(tasks, links, {1: D + timedelta(days=4)}) == {2: 2, 3: 2, 4: 2}
    assert delays(tasks, links, {1: D + timedelta(days=2)}) == {}
    assert delays(tasks, links, {1: D + timedelta(days=9)}) == {2: 7, 3: 7, 4: 7}


def test_the_network_of_a_launch_reads_dependencies_and_anchors(calendar: Calendar) -> None:
    draft, post, hung, free = (item(calendar, offset) for offset in (-3, 0, 0, 2))
    link(calendar, draft, post, lag=2)
    hang_on(calendar, hung, 4, item=post)
    network = network_of(calendar.launch, AT)
    pks = {name: calendar.placement(record).pk for name, record in
           (("draft", draft), ("post", post), ("hung", hung), ("free", free))}  # fmt: skip
    assert network.slack == {pks["draft"]: 0, pks["post"]: 0, pks["hung"]: 0}
    assert network.critical_links == {(pks["draft"], pks["post"]), (pks["post"], pks["hung"])}
    placing.finish(actor=calendar.act(), placement=calendar.placement(draft))
    assert pks["draft"] not in network_of(calendar.launch, AT).slack


def test_consequences_and_who_waits_for_whom(calendar: Calendar) -> None:
    draft, post = item(calendar, 0, "Draft"), item(calendar, 1, "Post")
    fixed = calendar.item(pinned("2026-11-26"), title="Fixed")
    link(calendar, draft, post)
    link(calendar, post, fixed)
    placement = calendar.placement(draft)
    told = [(each.placement.title, each.days, each.fixed) for each in consequences(placement, AT)]
    assert told == [("Post", 1, False), ("Fixed", 1, True)]
    late = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert [each.days for each in consequences(placement, late)] == [3, 3]
    waits = waits_for(calendar.act(), calendar.launch, late)
    assert [(wait.after.title, wait.before.title, wait.late) for wait in waits] == [
        ("Post", "Draft", True), ("Fixed", "Post", True),
    ]  # fmt: skip
    assert len(waits_for(calendar.act(), at=late)) == 2
    assert waits_for(calendar.act(), mine=True, at=late) == []
    placing.finish(actor=calendar.act(), placement=placement)
    assert consequences(calendar.placement(draft), late) == []
    assert len(waits_for(calendar.act(), calendar.launch, late)) == 1
