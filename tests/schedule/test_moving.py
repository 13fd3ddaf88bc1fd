"""Moving an anchor: the difference first, then exactly that; what is done or pinned never moves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.audit.models import Event
from apps.content.services import set_status
from apps.core.actors import SYSTEM
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches.models import Launch
from apps.launches.services.launch import change_launch
from apps.launches.services.records import change_record
from apps.schedule.models import Placement
from apps.schedule.services import moving, placing
from apps.schedule.spans import is_working_day
from tests.schedule.worlds import DAY, Calendar, make_calendar, one_of_each, pinned, relative

MOVES = st.integers(-1500, 1500)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rolled_back(check: Any) -> Any:
    """Let each example of a property find the data as they were."""

    def run(**values: Any) -> None:
        with transaction.atomic():
            check(**values)
            transaction.set_rollback(True)

    return run


def test_moving_by_some_days_and_back_restores_every_date(calendar: Calendar) -> None:
    one_of_each(calendar)

    @QUICK
    @given(by=MOVES)
    @example(by=1)
    @example(by=-7)
    @example(by=365)
    @rolled_back
    def check(by: int) -> None:
        before = calendar.dates()
        calendar.move(DAY + timedelta(days=by))
        if by:
            assert calendar.dates() != before
        calendar.move(DAY)
        assert calendar.dates() == before

    check()


def test_moving_twice_is_moving_once(calendar: Calendar) -> None:
    one_of_each(calendar)

    @QUICK
    @given(first=MOVES, second=MOVES)
    @rolled_back
    def check(first: int, second: int) -> None:
        with transaction.atomic():
            calendar.move(DAY + timedelta(days=second))
            straight = calendar.dates()
            transaction.set_rollback(True)
        calendar.move(DAY + timedelta(days=first))
        calendar.move(DAY + timedelta(days=second))
        assert calendar.dates() == straight

    check()


def test_what_the_preview_shows_is_what_happens_to_the_last_date(calendar: Calendar) -> None:
    one_of_each(calendar)

    @QUICK
    @given(
        by=MOVES,
        anchor=st.sampled_from(["launch_day", "rollout_start"]),
        landing=st.sampled_from(["keep", "before", "after"]),
    )
    @rolled_back
    def check(by: int, anchor: str, landing: str) -> None:
        before = calendar.dates()
        shown = calendar.preview(DAY + timedelta(days=by), anchor=anchor, landing=landing)
        assert calendar.dates() == before
        assert {row.placement.pk for row in shown.rows} == set(before)
        calendar.move(DAY + timedelta(days=by), anchor=anchor, landing=landing)
        after = calendar.dates()
        for row in shown.rows:
            new = row.new if row.moves else row.old
            assert after[row.placement.pk] == (new.starts_on, new.ends_on, new.starts_at, new.ends_at)
            assert row.reason or row.old != row.new

    check()


@pytest.mark.parametrize("when", [relative("day", 2), relative("week", -2), relative("month", 1)])
def test_what_is_done_published_or_cancelled_never_moves(calendar: Calendar, when: Any) -> None:
    done, published, cancelled, open_one = (calendar.item(when) for _ in range(4))
    placing.finish(actor=calendar.act(), placement=calendar.placement(done))
    set_status(actor=calendar.act(), item=published, status="published")
    set_status(actor=calendar.act(), item=cancelled, status="cancelled")
    before = calendar.dates()
    shown = calendar.move(DAY + timedelta(days=30))
    reasons = {row.placement.record_id: row.reason for row in shown.staying}
    assert reasons == {done.pk: "done", published.pk: "done", cancelled.pk: "cancelled"}
    after = calendar.dates()
    for item in (done, published, cancelled):
        pk = calendar.placement(item).pk
        assert after[pk] == before[pk]
    assert after[calendar.placement(open_one).pk] != before[calendar.placement(open_one).pk]


def test_pinned_undated_and_roughly_dated_things_stay_and_say_why(calendar: Calendar) -> None:
    pin = calendar.item(pinned("2026-12-24"))
    undated = calendar.item()
    rough = calendar.item({"fuzzy": "2027-Q1", "text": "Q1 2027"})
    other = calendar.item(relative("day", 1, anchor="rollout_start"))
    shown = calendar.move(DAY + timedelta(days=1), anchor="launch_day")
    assert {row.placement.record_id: row.reason for row in shown.staying} == {
        pin.pk: "pinned to its date",
        undated.pk: "has no date",
        rough.pk: "only roughly dated",
    }
    assert calendar.placement(pin).starts_on == date(2026, 12, 24)
    assert calendar.placement(other).starts_on == DAY + timedelta(days=1)  # the rollout moved along
    alone = calendar.move(DAY + timedelta(days=9), anchor="rollout_start")
    assert [row.placement.record_id for row in alone.moving] == [other.pk]
    calendar.launch.refresh_from_db()
    assert (calendar.launch.launch_day, calendar.launch.rollout_start) == (
        DAY + timedelta(days=1),
        DAY + timedelta(days=9),
    )


def test_a_reopened_item_follows_its_anchor_again(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 2))
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    calendar.move(DAY + timedelta(days=10))
    assert calendar.placement(item).starts_on == DAY + timedelta(days=2)
    placing.finish(actor=calendar.act(), placement=calendar.placement(item), done=False)
    assert calendar.placement(item).starts_on == DAY + timedelta(days=12)


def test_followers_move_with_what_they_follow_but_not_with_what_is_done(calendar: Calendar) -> None:
    first, second, third = calendar.item(relative("day", 1)), calendar.item(), calendar.item()
    calendar.follow(second, item=first, days=2)
    calendar.follow(third, item=second, days=2)
    calendar.move(DAY + timedelta(days=7))
    assert calendar.placement(third).starts_on == DAY + timedelta(days=12)
    placing.finish(actor=calendar.act(), placement=calendar.placement(second))
    calendar.move(DAY + timedelta(days=100))
    assert calendar.placement(second).starts_on == DAY + timedelta(days=10)
    assert calendar.placement(third).starts_on == DAY + timedelta(days=12)


def test_changing_a_time_brings_followers_along_and_counts_as_their_change(calendar: Calendar) -> None:
    first, second = calendar.item(relative("day", 1)), calendar.item()
    follower = calendar.follow(second, item=first, days=2)
    version = calendar.placement(second).version
    change_record(actor=calendar.act(), record=first, values={"when": relative("day", 11)})
    moved = Placement.objects.get(pk=follower.pk)
    assert moved.starts_on == DAY + timedelta(days=13)
    assert moved.version > version


def test_what_counts_from_another_day_stays_on_its_weekend(calendar: Calendar) -> None:
    """Somebody put it there: the choice is about what moves."""
    saturday = calendar.item(relative("day", -3))
    assert calendar.placement(saturday).starts_on == date(2026, 11, 21)
    rolled = calendar.item(relative("day", 2, anchor="rollout_start"))
    calendar.move(DAY + timedelta(days=3), anchor="rollout_start", landing="after")
    assert calendar.placement(saturday).starts_on == date(2026, 11, 21)
    assert calendar.placement(rolled).starts_on == date(2026, 11, 30)


def test_landing_sends_single_days_off_weekends_and_holidays(calendar: Calendar) -> None:
    change_launch(actor=calendar.act(), launch=calendar.launch, values={"holidays": ["2026-12-25"]})
    single, week = calendar.item(relative("day", 1)), calendar.item(relative("week", 0))
    for landing, landed in (("keep", DAY), ("before", date(2026, 12, 24)), ("after", date(2026, 12, 28))):
        shown = calendar.preview(date(2026, 12, 24), landing=landing)
        days = {row.placement.record_id: row.new.starts_on for row in shown.rows}
        assert days[single.pk] == (date(2026, 12, 25) if landing == "keep" else landed)
        assert days[week.pk] == date(2026, 12, 21)
        assert [row.placement.record_id for row in shown.off_days] == (
            [single.pk] if landing == "keep" else []
        )
    calendar.move(date(2026, 12, 24), landing="after")
    day = calendar.placement(single).starts_on
    assert day is not None
    assert is_working_day(day, frozenset({date(2026, 12, 25)}))


def _finish(calendar: Calendar, item: Any) -> None:
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))


CHANGES: dict[str, Any] = {
    "an item is done": _finish,
    "an item gets another time": lambda calendar, item: change_record(
        actor=calendar.act(), record=item, values={"when": relative("day", 9)}
    ),
    "an item is pinned": lambda calendar, item: change_record(
        actor=calendar.act(), record=item, values={"when": pinned("2026-12-01")}
    ),
    "an item is added": lambda calendar, item: calendar.item(relative("day", 4)),
    "an item is blocked": lambda calendar, item: placing.block(
        actor=calendar.act(), placement=calendar.placement(item), reason="legal"
    ),
    "the zone changes": lambda calendar, item: change_launch(
        actor=calendar.act(), launch=calendar.launch, values={"zone": "Asia/Tokyo"}
    ),
    "a holiday is added": lambda calendar, item: change_launch(
        actor=calendar.act(), launch=calendar.launch, values={"holidays": ["2026-12-25"]}
    ),
    "it was moved already": lambda calendar, item: calendar.move(DAY + timedelta(days=3)),
    "an item is removed": lambda calendar, item: _remove(calendar, item),
}


def _remove(calendar: Calendar, item: Any) -> None:
    from apps.launches.services.records import remove_record

    remove_record(actor=calendar.act(), record=item)


@pytest.mark.parametrize("change", CHANGES)
def test_a_preview_is_not_applied_once_anything_changed(calendar: Calendar, change: str) -> None:
    item = calendar.item(relative("day", 2))
    calendar.item(relative("week", 1))
    to = DAY + timedelta(days=14)
    shown = calendar.preview(to)
    CHANGES[change](calendar, item)
    before = (calendar.dates(), Launch.objects.values("launch_day", "rollout_start", "version").get())
    events = Event.objects.count()
    with pytest.raises(Conflict) as refusal:
        moving.apply_move(
            actor=calendar.act(),
            launch=calendar.launch,
            anchor="launch_day",
            to=to,
            fingerprint=shown.fingerprint,
        )
    assert refusal.value.code == "preview_outdated"
    assert before == (calendar.dates(), Launch.objects.values("launch_day", "rollout_start", "version").get())
    assert Event.objects.count() == events


def test_the_fingerprint_is_of_this_move_only(calendar: Calendar) -> None:
    calendar.item(relative("day", 2))
    shown = calendar.preview(DAY + timedelta(days=14))
    for to, anchor, landing in (
        (DAY + timedelta(days=15), "launch_day", "keep"),
        (DAY + timedelta(days=14), "rollout_start", "keep"),
        (DAY + timedelta(days=14), "launch_day", "after"),
    ):
        with pytest.raises(Conflict):
            moving.apply_move(
                actor=calendar.act(),
                launch=calendar.launch,
                anchor=anchor,
                to=to,
                landing=landing,
                fingerprint=shown.fingerprint,
            )


def test_a_move_writes_one_event_with_its_reason(calendar: Calendar) -> None:
    calendar.item(relative("day", 2))
    shown = calendar.preview(DAY + timedelta(days=14))
    events = Event.objects.count()
    moving.apply_move(
        actor=calendar.act(),
        launch=calendar.launch,
        anchor="launch_day",
        to=DAY + timedelta(days=14),
        fingerprint=shown.fingerprint,
        reason="Legal needs longer",
    )
    assert Event.objects.count() == events + 1
    event = Event.objects.filter(verb="launch.moved").get()
    assert event.reason == "Legal needs longer"
    assert event.changes == {
        "launch_day": ["2026-11-24", "2026-12-08"],
        "rollout_start": ["2026-11-24", "2026-12-08"],
    }


@pytest.mark.parametrize(("anchor", "to"), [("birthday", DAY), ("launch_day", date(1989, 1, 1))])
def test_what_cannot_be_moved_is_refused(calendar: Calendar, anchor: str, to: date) -> None:
    with pytest.raises(Invalid):
        calendar.preview(to, anchor=anchor)
    with pytest.raises(Invalid):
        calendar.preview(DAY + timedelta(days=3700))
    with pytest.raises(Invalid):
        calendar.preview(DAY, landing="sideways")


def test_only_who_may_edit_the_launch_moves_it(calendar: Calendar) -> None:
    from apps.accounts.models import User
    from apps.core.actors import Actor

    stranger = Actor.of(User.objects.create_user("other@example.com", name="Other"))
    with pytest.raises(NotAllowed):
        moving.preview_move(actor=stranger, launch=calendar.launch, anchor="launch_day", to=DAY)
    with pytest.raises(NotAllowed):
        moving.apply_move(
            actor=stranger, launch=calendar.launch, anchor="launch_day", to=DAY, fingerprint="x" * 32
        )


def test_setting_the_day_of_a_fuzzy_launch_dates_what_waits_for_it(calendar: Calendar) -> None:
    from apps.launches.services.launch import create_launch

    fuzzy = create_launch(actor=calendar.act(), name="Fuzzy", launch_day_fuzzy="2027-Q1")
    waiting = Calendar(fuzzy, calendar.owner)
    item = waiting.item(relative("week", -2))
    assert waiting.placement(item).starts_on is None
    waiting.move(date(2027, 3, 2))
    assert waiting.placement(item).starts_on == date(2027, 2, 15)
    fuzzy.refresh_from_db()
    assert (fuzzy.launch_day_fuzzy, fuzzy.rollout_start) == ("", None)


def test_another_zone_keeps_days_and_moves_instants(calendar: Calendar) -> None:
    timed = calendar.item(relative("day", 2, time="15:00:00"))
    pin = calendar.item(pinned("2026-12-24", time="15:00:00"))
    before = {item.pk: calendar.placement(item) for item in (timed, pin)}
    change_launch(actor=calendar.act(), launch=calendar.launch, values={"zone": "America/New_York"})
    for item in (timed, pin):
        after, old = calendar.placement(item), before[item.pk]
        assert after.starts_on == old.starts_on
        assert after.starts_at is not None
        assert old.starts_at is not None
        assert after.starts_at - old.starts_at == timedelta(hours=6)


def test_a_move_costs_a_fixed_number_of_queries(calendar: Calendar) -> None:
    from django.test.utils import CaptureQueriesContext

    def cost(days: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            calendar.move(DAY + timedelta(days=days))
        return len(queries)

    calendar.item(relative("day", 2))
    few = cost(1)
    one_of_each(calendar)
    assert cost(2) == few


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["add", "change", "reopen"])
def test_a_time_set_while_the_launch_moves_counts_from_the_new_day(what: str) -> None:
    """Whoever writes dates waits for the move and then counts from the day there is, not the one it read."""
    calendar = make_calendar()
    item = calendar.item(relative("day", 2))
    if what == "reopen":
        placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    to = DAY + timedelta(days=100)
    moved, go_on = threading.Event(), threading.Event()

    def move() -> None:
        try:
            with transaction.atomic():
                calendar.move(to)
                moved.set()
                assert go_on.wait(timeout=20)
        finally:
            connection.close()

    def write() -> None:
        try:
            # What this request read before the move is committed.
            stale = Launch.objects.get(pk=calendar.launch.pk)
            assert stale.launch_day == DAY
            own = Calendar(stale, calendar.owner)
            if what == "add":
                own.item(relative("day", 2))
            elif what == "change":
                change_record(actor=SYSTEM, record=item, values={"when": relative("day", 5)})
            else:
                placing.finish(actor=own.act(), placement=own.placement(item), done=False)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(move)
        assert moved.wait(timeout=20)
        second = pool.submit(write)
        threading.Event().wait(0.5)
        assert not second.done()
        go_on.set()
        first.result(timeout=20)
        second.result(timeout=20)
    days = set(Placement.objects.filter(launch=calendar.launch).values_list("starts_on", flat=True))
    assert days == {to + timedelta(days=5 if what == "change" else 2)}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_apply_the_same_preview_one_is_told_that_it_is_done() -> None:
    calendar = make_calendar()
    calendar.item(relative("day", 2))
    to = DAY + timedelta(days=14)
    shown = calendar.preview(to)
    start = threading.Barrier(2)

    def apply(_: int) -> str:
        try:
            start.wait(timeout=20)
            moving.apply_move(
                actor=calendar.act(),
                launch=Launch.objects.get(pk=calendar.launch.pk),
                anchor="launch_day",
                to=to,
                fingerprint=shown.fingerprint,
            )
        except Conflict:
            return "conflict"
        finally:
            connection.close()
        return "moved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(apply, range(2))) == ["conflict", "moved"]
    assert Event.objects.filter(verb="launch.moved").count() == 1


def test_what_a_move_reads_ends_with_what_decides_the_dates() -> None:
    from apps.schedule.spans import Place

    assert moving.Item._fields[-len(Place._fields) :] == Place._fields


def test_a_chain_and_a_circle_of_followers_both_end(calendar: Calendar) -> None:
    first = calendar.item(relative("day", 0))
    chain = [first]
    for _ in range(30):
        chain.append(calendar.item())
        calendar.follow(chain[-1], item=chain[-2], days=1)
    one, other = calendar.item(), calendar.item()
    calendar.follow(one, item=other, days=1)
    calendar.follow(other, item=one, days=1)
    calendar.move(DAY + timedelta(days=10))
    assert calendar.placement(chain[-1]).starts_on == DAY + timedelta(days=40)
    assert calendar.placement(one).pk in calendar.dates()
