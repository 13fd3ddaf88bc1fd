"""Another day for one piece of work: the anchor stays, the offset changes, what is over does not move."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.content.services import rescheduling
from apps.content.services.items import set_status
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches.services.records import change_record
from apps.schedule.models import Move, Placement
from apps.schedule.services.linking import add_dependency, change_dependency
from apps.schedule.services.pinning import pin
from apps.schedule.spans import monday_of
from tests.portal.worlds import HTMX, World
from tests.schedule.worlds import DAY, Calendar, make_calendar, pinned, relative


@pytest.fixture
def calendar(db: None) -> Calendar:
    return make_calendar(launch_day=DAY, rollout_start=DAY)


def moved(calendar: Calendar, when: Any, day: date) -> Placement:
    item = calendar.item(when)
    return rescheduling.to_day(actor=calendar.act(), placement=calendar.placement(item), day=day).placement


@pytest.mark.parametrize(
    ("when", "days", "offset", "end", "wording"),
    [
        (relative("day", -5), 2, -3, None, "Day -3"),
        (relative("day", -5, -4), 2, -3, -2, "Days -3 to -2"),
        (relative("day", -1), 3, 2, None, "Day +2"),
        (relative("day", 1, anchor="rollout_start"), 4, 5, None, "Rollout day 5"),
        (relative("day", 3, anchor="rollout_start"), -5, -3, None, None),
        (relative("business_day", -1), -4, -3, None, "T-3 business days"),
        (relative("week", -2), 7, -1, None, "Week -1"),
        (relative("week", 1, 2), 8, 2, 3, "Weeks +2 to +3"),
        (relative("week", 1, anchor="rollout_start"), 7, 2, None, "Rollout week 2"),
        (relative("week", -2, -1), 7, -1, 0, None),
    ],
)
def test_the_anchor_stays_and_the_offset_changes(
    calendar: Calendar, when: Any, days: int, offset: int, end: int | None, wording: str | None
) -> None:
    before = calendar.placement(calendar.item(when))
    assert before.starts_on is not None
    day = before.starts_on + timedelta(days=days)
    after = rescheduling.to_day(actor=calendar.act(), placement=before, day=day).placement
    assert (after.anchor, after.unit) == (before.anchor, before.unit)
    assert (after.offset, after.end_offset) == (offset, end)
    whole_weeks = before.unit == "week" and before.anchor == "launch_day"
    assert after.starts_on == (monday_of(day) if whole_weeks else day)
    assert after.version > before.version
    if wording:
        assert after.wording == wording
    # It still follows its anchor.
    calendar.move(DAY + timedelta(days=7))
    follows = calendar.placement(CalendarItem.objects.get(pk=before.record_id))
    if before.anchor == "launch_day" and before.unit != "business_day":
        assert follows.starts_on == after.starts_on + timedelta(days=7)


def test_a_pinned_span_stays_pinned_and_as_long(calendar: Calendar) -> None:
    after = moved(calendar, pinned("2026-11-20", "2026-11-23"), date(2026, 12, 1))
    assert (after.anchor, after.pinned_start, after.pinned_end) == (
        "pinned", date(2026, 12, 1), date(2026, 12, 4),
    )  # fmt: skip
    assert after.starts_on == date(2026, 12, 1)


def test_a_time_of_day_stays(calendar: Calendar) -> None:
    after = moved(calendar, relative("day", -5, time="15:00:00", precision="minute"), DAY)
    assert str(after.local_time) == "15:00:00"
    assert after.starts_at is not None
    assert after.starts_on == DAY


def test_a_time_in_a_far_zone_lands_on_the_day_it_is_dropped_on(calendar: Calendar) -> None:
    when = relative("day", -5, time="06:00:00", zone="Pacific/Auckland", precision="minute")
    assert moved(calendar, when, DAY).starts_on == DAY


def test_a_business_day_dropped_on_a_weekend_counts_calendar_days(calendar: Calendar) -> None:
    saturday = date(2026, 11, 28)
    after = moved(calendar, relative("business_day", 1), saturday)
    assert (after.unit, after.offset, after.starts_on) == ("day", 4, saturday)


def test_what_has_no_date_is_counted_from_launch_day(calendar: Calendar) -> None:
    after = moved(calendar, None, DAY + timedelta(days=2))
    assert (after.anchor, after.offset, after.starts_on) == ("launch_day", 2, DAY + timedelta(days=2))


def test_what_hangs_on_a_phase_keeps_hanging_on_it(calendar: Calendar) -> None:
    phase = calendar.phase(pinned("2026-12-01", "2026-12-10"))
    item = calendar.item()
    before = calendar.follow(item, phase=phase, days=2)
    after = rescheduling.to_day(actor=calendar.act(), placement=before, day=date(2026, 12, 6)).placement
    assert (after.anchor, after.anchor_phase_id, after.offset) == ("phase", phase.pk, 5)
    assert after.starts_on == date(2026, 12, 6)
    assert after.wording == "5 days after “Phase” starts"
    assert Event.objects.filter(verb="calendar_entry.moved", object_id=after.pk).count() == 1


def test_what_follows_it_follows(calendar: Calendar) -> None:
    first, second = calendar.item(relative("day", -5)), calendar.item()
    calendar.follow(second, item=first, days=1)
    rescheduling.to_day(actor=calendar.act(), placement=calendar.placement(first), day=DAY)
    assert calendar.placement(second).starts_on == DAY + timedelta(days=1)


@pytest.mark.parametrize("status", ["published", "cancelled"])
def test_what_is_over_stays_and_says_why(calendar: Calendar, status: str) -> None:
    item = set_status(actor=calendar.act(), item=calendar.item(relative("day", -5)), status=status)
    before = calendar.placement(item)
    with pytest.raises(Invalid, match=status):
        rescheduling.to_day(actor=calendar.act(), placement=before, day=DAY)
    assert calendar.placement(item).starts_on == before.starts_on


def test_what_goes_out_at_a_minute_stays(calendar: Calendar) -> None:
    placement = calendar.placement(calendar.item(relative("day", -5)))
    pin(placement, instant=datetime(2026, 11, 20, 15, tzinfo=UTC))
    with pytest.raises(Invalid, match="minute"):
        rescheduling.to_day(actor=calendar.act(), placement=placement, day=DAY)


def test_a_whole_month_has_no_day_to_move_to(calendar: Calendar) -> None:
    with pytest.raises(Invalid, match="whole month"):
        moved(calendar, relative("month", 1, precision="month"), DAY)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), DAY + timedelta(days=5000)])
def test_days_beyond_the_calendar_are_refused(calendar: Calendar, day: date) -> None:
    with pytest.raises(Invalid):
        moved(calendar, relative("day", -5), day)


def test_a_stale_move_says_where_it_is_now(calendar: Calendar) -> None:
    item = calendar.item(relative("day", -5))
    seen = calendar.placement(item)
    rescheduling.to_day(actor=calendar.act(), placement=seen, day=DAY)
    with pytest.raises(Conflict) as conflict:
        rescheduling.to_day(
            actor=calendar.act(), placement=seen, day=DAY + timedelta(days=1), version=seen.version
        )
    assert conflict.value.current["day"] == DAY.isoformat()
    assert calendar.placement(item).starts_on == DAY


def test_the_same_day_again_changes_nothing(calendar: Calendar) -> None:
    item = calendar.item(relative("day", -5))
    before, events = calendar.placement(item), Event.objects.count()
    assert before.starts_on is not None
    rescheduling.to_day(actor=calendar.act(), placement=before, day=before.starts_on)
    assert calendar.placement(item).version == before.version
    assert Event.objects.count() == events


def test_one_move_is_one_event(calendar: Calendar) -> None:
    item = calendar.item(relative("day", -5))
    events = Event.objects.count()
    rescheduling.to_day(actor=calendar.act(), placement=calendar.placement(item), day=DAY)
    assert Event.objects.count() == events + 1


def test_what_waits_for_it_is_pushed_along_or_refuses(calendar: Calendar) -> None:
    first, second = calendar.item(relative("day", 1)), calendar.item(relative("day", 2))
    link = add_dependency(
        actor=calendar.act(),
        launch=calendar.launch,
        before=calendar.placement(first).pk,
        after=calendar.placement(second).pk,
        on_move="push",
    )
    rescheduling.to_day(
        actor=calendar.act(), placement=calendar.placement(first), day=DAY + timedelta(days=4)
    )
    assert calendar.placement(second).starts_on == DAY + timedelta(days=5)
    change_dependency(actor=calendar.act(), dependency=link, on_move="refuse")
    with pytest.raises(Conflict):
        rescheduling.to_day(
            actor=calendar.act(), placement=calendar.placement(first), day=DAY + timedelta(days=8)
        )
    assert calendar.placement(first).starts_on == DAY + timedelta(days=4)


def test_another_week_keeps_the_weekday(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 1))
    placement = calendar.placement(item)
    assert placement.starts_on is not None
    after = rescheduling.to_week(
        actor=calendar.act(), placement=placement, monday=monday_of(DAY) + timedelta(weeks=2)
    ).placement
    assert after.starts_on == placement.starts_on + timedelta(weeks=2)
    with pytest.raises(Invalid):
        rescheduling.to_week(actor=calendar.act(), placement=placement, monday=DAY)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    unit=st.sampled_from(["day", "business_day", "week"]),
    anchor=st.sampled_from(["launch_day", "rollout_start"]),
    offset=st.integers(-40, 40).filter(bool),
    days=st.integers(-60, 60),
)
def test_a_thing_lands_where_it_is_dropped(
    calendar: Calendar, unit: str, anchor: str, offset: int, days: int
) -> None:
    day = DAY + timedelta(days=days)
    after = moved(calendar, relative(unit, offset, anchor=anchor), day)
    assert after.starts_on is not None
    if unit == "week":
        assert 0 <= (day - after.starts_on).days < 7
        assert after.unit == "week"
    else:
        assert after.starts_on == day
    assert after.anchor == anchor


# The page


def item_at(world: World, when: str = "T+5 days", **values: Any) -> tuple[CalendarItem, Placement, str]:
    item = world.add("calendar_entry", title="Post", when=when, **values)
    placement = world.placement(item)
    return item, placement, f"{world.path}calendar/{placement.pk}/move/"


def test_a_card_goes_to_another_day_and_the_region_comes_back(world: World) -> None:
    _, placement, path = item_at(world)
    response = world.client("editor").post(
        f"{path}?view=month&day=2031-03-01",
        {"day": "2031-03-05", "version": placement.version},
        headers={**HTMX, "HX-Target": "calendar"},
    )
    assert response.status_code == 200
    assert response.context["view"] == "month"
    assert b"Wed 5 Mar" in response.content
    assert response["HX-Trigger"] == "sheet:close"
    placement.refresh_from_db()
    assert placement.starts_on == date(2031, 3, 5)
    assert placement.anchor == "launch_day"


def test_moving_works_without_a_script(world: World) -> None:
    _, _placement, path = item_at(world)
    client = world.client("editor")
    page = client.get(f"{path}?next=/calendar/%3Fview%3Dmonth")
    assert b"To a day" in page.content
    assert b"To a status" in page.content
    answer = client.post(f"{path}?next=/calendar/%3Fview%3Dmonth", {"day": "2031-03-05"})
    assert answer["Location"] == "/calendar/?view=month"
    assert client.post(path, {"status": "approved"}).status_code == 302
    assert CalendarItem.objects.get().status == "approved"


def test_a_stale_card_shows_yours_and_theirs_and_mine_can_be_saved_over_it(world: World) -> None:
    item, placement, path = item_at(world)
    rescheduling.to_day(actor=world.actor("owner"), placement=placement, day=date(2031, 3, 4))
    client = world.client("editor")
    stale = {"day": "2031-03-05", "version": placement.version}
    for headers in ({}, {**HTMX, "HX-Target": "calendar"}):
        response = client.post(f"{path}?view=month", stale, headers=headers)
        assert response.status_code == 409
        content = response.content.decode()
        assert "Wed 5 Mar 2031" in content
        assert "Tue 4 Mar 2031" in content
    fresh = response.context["conflict_fields"]
    assert client.post(path, fresh).status_code == 302
    assert world.placement(item).starts_on == date(2031, 3, 5)


def test_a_status_from_a_stale_board_shows_both(world: World) -> None:
    item, placement, path = item_at(world)
    change_record(actor=world.actor("owner"), record=item, values={"title": "Another title"})
    response = world.client("editor").post(
        f"{path}?view=board",
        {"status": "approved", "version": placement.version},
        headers={**HTMX, "HX-Target": "calendar"},
    )
    assert response.status_code == 409
    item.refresh_from_db()
    assert item.status == "idea"


def test_the_second_of_two_boards_is_told_what_the_first_did(world: World) -> None:
    item, _placement, path = item_at(world)
    client, headers = world.client("editor"), {**HTMX, "HX-Target": "calendar"}
    board = client.get(f"{world.path}calendar/?view=board").content.decode()
    [card] = re.findall(r'data-version="(\d+)" data-item-version="(\d+)" data-kind="status"', board)
    seen = {"version": card[0], "item_version": card[1]}
    assert (
        client.post(f"{path}?view=board", {**seen, "status": "approved"}, headers=headers).status_code == 200
    )
    second = client.post(f"{path}?view=board", {**seen, "status": "drafting"}, headers=headers)
    assert second.status_code == 409
    assert second.context["conflict"] == [{"label": "State", "yours": "Drafting", "theirs": "Approved"}]
    item.refresh_from_db()
    assert item.status == "approved"
    assert client.post(path, second.context["conflict_fields"]).status_code == 302
    item.refresh_from_db()
    assert item.status == "drafting"


def test_the_form_for_a_status_sends_the_version_of_the_item(world: World) -> None:
    item, _placement, path = item_at(world)
    form = world.client("editor").get(path).content.decode()
    assert f'name="item_version" value="{item.version}"' in form
    set_status(actor=world.actor("owner"), item=item, status="approved")
    stale = {"status": "drafting", "item_version": item.version}
    assert world.client("editor").post(path, stale).status_code == 409


def test_refusals_are_toasts_that_swap_nothing(world: World) -> None:
    _, _placement, path = item_at(world, status="published")
    response = world.client("editor").post(
        path, {"day": "2031-03-05"}, headers={**HTMX, "HX-Target": "calendar"}
    )
    assert response.status_code == 422
    assert response["HX-Reswap"] == "none"
    assert b"is published, so it stays" in response.content


@pytest.mark.parametrize(
    "data", [{}, {"day": "soon"}, {"day": "2031-02-30"}, {"week": "2031-03-05"}, {"status": "asleep"}]
)
def test_nonsense_moves_nothing(world: World, data: dict[str, str]) -> None:
    _, placement, path = item_at(world)
    assert world.client("editor").post(path, data).status_code == 422
    assert Placement.objects.get(pk=placement.pk).version == placement.version


def test_who_may_not_work_on_it_moves_nothing(world: World) -> None:
    _, placement, path = item_at(world)
    assert world.client().post(path, {"day": "2031-03-05"}).status_code == 302
    for name in ("member", "viewer", "contributor"):
        client = world.client(name)
        assert client.get(path).status_code == 403
        for data in ({"day": "2031-03-05"}, {"week": "2031-03-03"}, {"status": "approved"}):
            assert client.post(path, data).status_code == 403, (name, data)
    with pytest.raises(NotAllowed):
        rescheduling.to_day(actor=world.actor("member"), placement=placement, day=date(2031, 3, 5))
    assert Placement.objects.get(pk=placement.pk).starts_on == placement.starts_on
    _, _, own_path = item_at(world, team=world.team)
    assert world.client("contributor").post(own_path, {"day": "2031-03-05"}).status_code == 302


def test_other_work_is_done_and_opened_from_its_card(world: World) -> None:
    placement = world.placement(world.add("training", title="Support", when="T-1 days"))
    path = f"{world.path}calendar/{placement.pk}/move/"
    client = world.client("editor")
    assert client.post(path, {"done": "done"}).status_code == 302
    assert Placement.objects.get(pk=placement.pk).state == "done"
    assert client.post(path, {"done": "open"}).status_code == 302
    assert Placement.objects.get(pk=placement.pk).state == "planned"
    assert client.post(path, {"status": "approved"}).status_code == 404


def test_a_drag_says_what_moved_along_and_its_toast_takes_all_of_it_back(world: World) -> None:
    item, placement, path = item_at(world)
    second = world.add("calendar_entry", title="Second", when="T+6 days")
    third = world.add("calendar_entry", title="Third", when="T+9 days")
    add_dependency(
        actor=world.actor("owner"),
        launch=world.launch,
        before=placement.pk,
        after=world.placement(second).pk,
        on_move="push",
    )
    before = {each.pk: world.placement(each).starts_on for each in (item, second, third)}
    client = world.client("editor")
    headers = {**HTMX, "HX-Target": "calendar"}
    content = client.post(f"{path}?view=month&day=2031-03-01", {"day": "2031-03-10"}, headers=headers)
    assert b"and 1 other moved along" in content.content
    move = Move.objects.get()
    undo = f"{world.path}calendar/moves/{move.pk}/undo/"
    assert undo.encode() in content.content
    for name in ("viewer", "member", "contributor"):
        assert world.client(name).post(undo).status_code == 403, name
    assert client.post(undo, headers=headers).status_code == 200
    assert {each.pk: world.placement(each).starts_on for each in (item, second, third)} == before
    assert client.post(undo, headers=headers).status_code == 409
    assert client.post(f"{world.path}calendar/moves/999999/undo/").status_code == 404
