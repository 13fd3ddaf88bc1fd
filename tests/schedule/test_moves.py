"""Moving a phase or one item: what hangs on it goes along, what waits for it is pushed or forbids it."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from apps.audit.models import Event
from apps.content.services import set_status
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches.models import Launch
from apps.launches.services.launch import change_launch, create_launch
from apps.launches.services.records import change_record
from apps.schedule.services import linking, placing
from apps.schedule.services.moving import apply_move, preview_move
from apps.schedule.services.pinning import pin
from tests.schedule.linked import contributor, hang_on, link, see, shift
from tests.schedule.test_dependencies import day, item
from tests.schedule.worlds import DAY, Calendar, pinned, relative


@pytest.mark.parametrize(
    ("when", "to", "wording", "unit"),
    [
        (relative("day", -5), -3, "Day -3", "day"),
        (relative("day", -5, -2), -4, "Days -4 to -1", "day"),
        (relative("day", 3, anchor="rollout_start"), 9, "Rollout day 10", "day"),
        (relative("business_day", -3), -6, "T-4 business days", "business_day"),
        (relative("business_day", -3), -3, "Day -3", "day"),  # a Saturday is no business day
        (relative("week", -2), -8, "Week -1", "week"),
        (relative("week", -2), -14, "Days -14 to -8", "day"),
        (relative("week", 1, 2), 13, "Weeks +2 to +3", "week"),
        (relative("week", 2, anchor="rollout_start"), 21, "Rollout week 4", "week"),
        (relative("month", 1), 30, "Month +2", "month"),
        (relative("month", 1), 10, "Days +10 to +39", "day"),
        (relative("day", 2, time="15:00:00"), 4, "Day +4 15:00", "day"),
        (relative("hour", 3), 1, "Day +1 12:00", "day"),
        (pinned("2026-12-24", "2026-12-26"), 32, "2026-12-26 to 2026-12-28", ""),
        (None, 2, "Day +2", "day"),
        ({"fuzzy": "2027-Q1", "text": "Q1 2027"}, 60, "2027-01-23", ""),
    ],
)
def test_moving_an_item_keeps_its_anchor_and_says_the_new_day(
    calendar: Calendar, when: Any, to: int, wording: str, unit: str
) -> None:
    own = calendar.item(when)
    before = calendar.placement(own)
    shown = shift(calendar, own, day(to))
    moved = calendar.placement(own)
    assert moved.starts_on == day(to)
    assert (moved.wording, moved.unit) == (wording, unit)
    if before.anchor in {"launch_day", "rollout_start"}:
        assert moved.anchor == before.anchor
        calendar.move(day(7))
        assert calendar.placement(own).starts_on != day(to)
    if before.starts_on is not None:
        assert before.ends_on is not None
        assert moved.ends_on is not None
        if unit != "month":
            assert moved.ends_on - day(to) == before.ends_on - before.starts_on
    assert [row.placement.record_id for row in shown.moving] == [own.pk]


def test_a_time_in_another_zone_lands_on_the_launchs_day(calendar: Calendar) -> None:
    own = calendar.item(relative("day", 2, time="02:30:00", zone="America/New_York"))
    far = calendar.item(relative("business_day", -5, time="09:00:00", zone="Pacific/Kiritimati"))
    for record in (own, far):
        for to in (5, 125, -40):
            shift(calendar, record, day(to))
            assert calendar.placement(record).starts_on == day(to)


def test_what_hangs_goes_along_what_waits_is_pushed_and_the_rest_stays(calendar: Calendar) -> None:
    lead, hung, waiting, free = (item(calendar, offset, name) for offset, name in
                                 ((0, "Lead"), (0, "Hung"), (4, "Waiting"), (1, "Free")))  # fmt: skip
    slack, done = item(calendar, 40, "Slack"), item(calendar, 5, "Done")
    hang_on(calendar, hung, 2, item=lead)
    link(calendar, hung, waiting)
    link(calendar, waiting, slack)
    link(calendar, lead, done)
    placing.finish(actor=calendar.act(), placement=calendar.placement(done))
    shown = shift(calendar, lead, day(10))
    rows = {row.placement.title: row for row in shown.rows}
    assert {name: row.new.starts_on for name, row in rows.items() if row.moves} == {
        "Lead": day(10), "Hung": day(12), "Waiting": day(13),
    }  # fmt: skip
    assert rows["Hung"].cause == "hangs on what moves"
    assert rows["Waiting"].cause == "pushed by “Hung”"
    assert (rows["Slack"].reason, rows["Done"].reason) == ("has time enough where it is", "done")
    assert "Free" not in rows
    assert calendar.placement(waiting).wording == "Day +13"
    assert calendar.placement(hung).offset == 2
    assert calendar.placement(free).starts_on == day(1)
    # Going back pulls nothing: it only had to be late enough.
    shift(calendar, lead, day(0))
    assert calendar.placement(waiting).starts_on == day(13)


def test_a_phase_moves_with_everything_on_it(calendar: Calendar) -> None:
    phase, own = (
        calendar.phase(relative("week", 1, 2, anchor="rollout_start"), title="Beta"),
        item(calendar, 0),
    )
    hang_on(calendar, own, 1, phase=phase)
    shown = shift(calendar, phase, day(7), anchor="phase")
    assert (shown.anchor, shown.pk, shown.name) == ("phase", phase.pk, "“Beta”")
    assert calendar.placement(phase).wording == "Rollout weeks 2 to 3"
    assert calendar.placement(own).starts_on == day(8)


def test_lag_and_times_of_day_count(calendar: Calendar) -> None:
    draft = calendar.item(relative("day", 0, time="09:00:00"))
    review = calendar.item(relative("day", 0, time="15:00:00"))
    link(calendar, draft, review)
    assert not see(calendar, draft, day(-1)).along
    shift(calendar, draft, day(1))
    assert calendar.placement(review).starts_on == day(1)
    assert calendar.placement(review).local_time is not None
    late = item(calendar, 2)
    link(calendar, review, late, lag=-1)
    assert not see(calendar, review, day(2)).along
    linking.change_dependency(actor=calendar.act(), dependency=calendar.placement(late).waits_on.get(), lag=3)
    shift(calendar, review, day(2))
    assert calendar.placement(late).starts_on == day(6)


def test_a_week_that_is_pushed_stays_a_week(calendar: Calendar) -> None:
    draft, week = item(calendar, -5), calendar.item(relative("week", 0))
    link(calendar, draft, week)
    shift(calendar, draft, day(1))
    assert (calendar.placement(week).wording, calendar.placement(week).starts_on) == ("Week +1", day(6))


@pytest.mark.parametrize("against", ["refuse", "pinned", "scheduled", "predecessor"])
def test_what_stands_against_a_move_is_said_and_nothing_moves(calendar: Calendar, against: str) -> None:
    draft, post = item(calendar, -3, "Draft"), item(calendar, 0, "Post")
    if against == "pinned":
        change_record(actor=calendar.act(), record=post, values={"when": pinned("2026-11-24")})
    elif against == "scheduled":
        from datetime import UTC, datetime

        pin(calendar.placement(post), instant=datetime(2026, 11, 24, 8, tzinfo=UTC))
    link(calendar, draft, post, on_move="refuse" if against == "refuse" else "push")
    moved, to = (post, day(-3)) if against == "predecessor" else (draft, day(2))
    before = calendar.dates()
    shown = see(calendar, moved, to)
    (refusal,) = shown.refusals
    assert "“Post” would start" in refusal.words
    assert "“Draft”" in refusal.words
    with pytest.raises(Conflict) as refused:
        shift(calendar, moved, to)
    assert refused.value.code == "dependency"
    assert calendar.dates() == before


def test_launch_day_pushes_and_is_refused_the_same_way(calendar: Calendar) -> None:
    legal = calendar.item(pinned("2026-11-20"), title="Legal")
    post = item(calendar, 0, "Post")
    made = link(calendar, legal, post)
    shown = calendar.move(day(-6))
    assert [row.cause for row in shown.moving] == ["pushed by “Legal”"] or shown.staying
    assert calendar.placement(post).starts_on == date(2026, 11, 21)
    assert calendar.placement(post).wording == "Day +3"
    linking.change_dependency(actor=calendar.act(), dependency=made, on_move="refuse")
    assert calendar.preview(day(-10)).refusals
    with pytest.raises(Conflict):
        calendar.move(day(-10))
    assert Launch.objects.get().launch_day == day(-6)


def test_a_dependency_broken_before_forbids_nothing_new(calendar: Calendar) -> None:
    draft, post = item(calendar, 5), item(calendar, 0)
    link(calendar, draft, post, on_move="refuse")
    assert see(calendar, draft, day(4)).refusals == []
    assert calendar.preview(day(9)).refusals == []
    assert see(calendar, draft, day(6)).refusals


def test_what_is_done_before_holds_nobody_up(calendar: Calendar) -> None:
    draft, post = item(calendar, -3), item(calendar, 0)
    link(calendar, draft, post, on_move="refuse")
    placing.finish(actor=calendar.act(), placement=calendar.placement(draft))
    assert see(calendar, post, day(-5)).refusals == []


def test_landing_on_days_off_asks_and_goes_where_it_is_told(calendar: Calendar) -> None:
    change_launch(actor=calendar.act(), launch=calendar.launch, values={"holidays": ["2026-12-25"]})
    own, hung = item(calendar, 0), item(calendar, 0)
    hang_on(calendar, hung, 0, item=own)
    for landing, landed in (("keep", "2026-12-25"), ("before", "2026-12-24"), ("after", "2026-12-28")):
        shown = see(calendar, own, date(2026, 12, 25), landing)
        assert {str(row.new.starts_on) for row in shown.moving} == {landed}
        assert len(shown.off_days) == (2 if landing == "keep" else 0)
    shift(calendar, own, date(2026, 12, 25), "after")
    assert str(calendar.placement(own).starts_on) == "2026-12-28"


@pytest.mark.parametrize("what", ["done", "cancelled", "scheduled"])
def test_what_is_over_or_scheduled_is_not_moved(calendar: Calendar, what: str) -> None:
    own = item(calendar, 1)
    if what == "done":
        set_status(actor=calendar.act(), item=own, status="published")
    elif what == "cancelled":
        set_status(actor=calendar.act(), item=own, status="cancelled")
    else:
        from datetime import UTC, datetime

        pin(calendar.placement(own), instant=datetime(2026, 11, 26, 8, tzinfo=UTC))
    with pytest.raises(Invalid) as refusal:
        see(calendar, own, day(3))
    assert refusal.value.code == "fixed"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"anchor": "placement"}, Invalid),
        ({"anchor": "phase"}, Invalid),
        ({"anchor": "launch_day", "pk": 1}, Invalid),
        ({"anchor": "placement", "pk": 10**30}, NotFound),
        ({"anchor": "placement", "pk": -5}, NotFound),
        ({"anchor": "phase", "pk": 0}, NotFound),
    ],
)
def test_what_is_not_there_is_not_moved(
    calendar: Calendar, asked: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        preview_move(actor=calendar.act(), launch=calendar.launch, to=DAY, **asked)


def test_another_launchs_things_are_not_there(calendar: Calendar) -> None:
    other = Calendar(create_launch(actor=calendar.act(), name="Other", launch_day=DAY), calendar.owner)
    foreign = other.placement(other.item(relative("day", 1)))
    phase = other.phase(relative("week", 1))
    for anchor, pk in (("placement", foreign.pk), ("phase", phase.pk)):
        with pytest.raises(NotFound):
            preview_move(actor=calendar.act(), launch=calendar.launch, anchor=anchor, pk=pk, to=DAY)


@pytest.mark.parametrize("to", [date(1989, 1, 1), date(2201, 1, 1), DAY + timedelta(days=3700)])
def test_dates_out_of_range_are_refused(calendar: Calendar, to: date) -> None:
    with pytest.raises(Invalid):
        see(calendar, item(calendar, 1), to)


def test_contributors_move_what_is_theirs_if_nothing_of_others_goes_along(calendar: Calendar) -> None:
    person = contributor(calendar)
    own, foreign = calendar.item(relative("day", 1), owner=person), item(calendar, 2, "Foreign")
    phase = calendar.phase(relative("week", 1))

    def move(pk: int, anchor: str = "placement") -> None:
        asked: dict[str, Any] = {"actor": Actor.of(person), "launch": calendar.launch, "anchor": anchor,
                                 "pk": pk, "to": day(9)}  # fmt: skip
        apply_move(fingerprint=preview_move(**asked).fingerprint, **asked)

    for pk, anchor in ((calendar.placement(foreign).pk, "placement"), (phase.pk, "phase")):
        with pytest.raises(NotAllowed):
            move(pk, anchor)
    link(calendar, own, foreign)
    with pytest.raises(NotAllowed) as refusal:
        move(calendar.placement(own).pk)
    assert "“Foreign”" in refusal.value.message
    linking.remove_dependency(actor=calendar.act(), dependency=calendar.placement(foreign).waits_on.get())
    move(calendar.placement(own).pk)
    assert calendar.placement(own).starts_on == day(9)


def _another(calendar: Calendar, draft: Any, post: Any) -> None:
    link(calendar, post, item(calendar, 9))


CHANGES: dict[str, Any] = {
    "what is pushed is done": lambda c, draft, post: placing.finish(
        actor=c.act(), placement=c.placement(post)
    ),
    "the lag changes": lambda c, draft, post: linking.change_dependency(
        actor=c.act(), dependency=c.placement(post).waits_on.get(), lag=4
    ),
    "the dependency goes": lambda c, draft, post: linking.remove_dependency(
        actor=c.act(), dependency=c.placement(post).waits_on.get()
    ),
    "more waits": _another,
    "the item moved": lambda c, draft, post: shift(c, draft, day(-2)),
    "launch day moved": lambda c, draft, post: c.move(day(3)),
    "it hangs elsewhere": lambda c, draft, post: hang_on(c, draft, -3, anchor="rollout_start"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_outdated_preview_of_an_item_is_not_applied(calendar: Calendar, change: str) -> None:
    draft, post = item(calendar, -3), item(calendar, 0)
    link(calendar, draft, post)
    pk = calendar.placement(draft).pk
    shown = see(calendar, draft, day(4))
    CHANGES[change](calendar, draft, post)
    before = calendar.dates()
    with pytest.raises(Conflict) as refusal:
        apply_move(actor=calendar.act(), launch=Launch.objects.get(), anchor="placement", pk=pk, to=day(4),
                   fingerprint=shown.fingerprint)  # fmt: skip
    assert refusal.value.code == "preview_outdated"
    assert calendar.dates() == before


def test_a_move_of_an_item_writes_one_event(calendar: Calendar) -> None:
    draft, post = item(calendar, -3, "Draft"), item(calendar, 0, "Post")
    link(calendar, draft, post)
    events = Event.objects.count()
    shift(calendar, draft, day(4))
    assert Event.objects.count() == events + 1
    event = Event.objects.latest("pk")
    assert event.verb == "calendar_entry.moved"
    assert event.changes["starts_on"] == ["2026-11-21", "2026-11-28"]
    assert event.changes["when"] == ["then", "Day +4"]
    assert event.changes["moved_along"] == [1, ["Post: 2026-11-24 to 2026-11-29"]]


def test_a_move_with_dependencies_costs_a_fixed_number_of_queries(calendar: Calendar) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    items = [item(calendar, offset) for offset in range(12)]
    link(calendar, items[0], items[1])

    def cost(to: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            shift(calendar, items[0], day(to))
        return len(queries)

    few = cost(3)
    for before, after in itertools.pairwise(items[1:]):
        link(calendar, before, after)
    assert cost(9) == few
