"""The launch ruler: where days, weeks, phases and ticks stand, and what gives way when there is no room."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.portal.ruler import (
    TARGET,
    Ruler,
    RulerData,
    RulerPhase,
    RulerTick,
    build_ruler,
)
from apps.portal.scale import RulerWeek, week_label

MONDAY = date(2026, 11, 23)


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def tick(
    offset: int | None, state: str = "upcoming", title: str = "Item", until: int | None = None
) -> RulerTick:
    starts = None if offset is None else day(offset)
    return RulerTick(title, starts, state, "/item/", None if until is None else day(until))


def ruler_of(*ticks: RulerTick, phases: tuple[RulerPhase, ...] = (), today: date = MONDAY) -> Ruler:
    return build_ruler(RulerData(today=today, launch_day=MONDAY, ticks=ticks, phases=phases))


def percent(text: str | None) -> float:
    assert text is not None
    return float(text.removesuffix("%"))


def test_it_runs_from_the_week_of_the_first_to_the_week_of_the_last_date() -> None:
    ruler = ruler_of(tick(-9), tick(16))
    assert [column.name for column in ruler.columns] == ["Week −2", "Week −1", "Week 0", "Week +1", "Week +2"]
    assert ruler.columns[0].date == "9 Nov"


def test_week_0_is_the_iso_week_that_holds_launch_day() -> None:
    sunday = date(2026, 11, 29)
    assert week_label(date(2026, 11, 23), sunday) == "Week 0"
    assert week_label(date(2026, 11, 30), sunday) == "Week +1"
    assert week_label(date(2026, 11, 16), None) == ""


def test_today_and_launch_day_stand_in_the_middle_of_their_days() -> None:
    ruler = ruler_of(tick(0), today=day(3))
    assert percent(ruler.today) == pytest.approx(50, abs=0.01)
    assert percent(ruler.launch) == pytest.approx(100 / 14, abs=0.01)
    assert [column.now for column in ruler.columns] == [True]


def test_the_weeks_somebody_gives_are_taken_as_they_are() -> None:
    weeks = (RulerWeek(day(-7), "Before"), RulerWeek(day(0), "Launch"))
    ruler = build_ruler(RulerData(today=MONDAY, weeks=weeks, ticks=[tick(1)]))
    assert [column.name for column in ruler.columns] == ["Before", "Launch"]


def test_what_shares_a_week_is_spaced_evenly_over_it() -> None:
    ruler = ruler_of(*[tick(0, until=6, title=name) for name in "ABC"])
    assert [percent(mark.x) for mark in ruler.marks] == pytest.approx([25, 50, 75], abs=0.01)


def test_steps_without_dates_stand_apart_at_the_end_and_evenly_spaced() -> None:
    ruler = ruler_of(tick(0), tick(None), tick(None))
    undated = ruler.columns[-1]
    left, size = percent(undated.x), percent(undated.width)
    assert undated.undated
    assert undated.name == "No date"
    places = [percent(mark.x) for mark in ruler.marks if mark.state == "undated"]
    assert places == pytest.approx([left + size / 3, left + 2 * size / 3], abs=0.01)


def test_a_launch_without_any_date_says_that_it_is_not_to_scale() -> None:
    phases = tuple(RulerPhase(name) for name in ("One", "Two"))
    ruler = build_ruler(RulerData(today=MONDAY, phases=phases, ticks=[tick(None, "done"), tick(None)]))
    assert not ruler.to_scale
    assert ruler.today is None
    assert [(segment.x, segment.width) for segment in ruler.phases] == [("0%", "50%"), ("50%", "50%")]
    assert [mark.state for mark in ruler.marks] == ["done", "undated"]


def test_a_launch_with_nothing_in_it_is_empty() -> None:
    assert build_ruler(RulerData(today=MONDAY)).is_empty
    assert not ruler_of(tick(1)).is_empty


def test_items_on_one_day_go_a_lane_down_and_then_together() -> None:
    two = ruler_of(tick(1, title="A"), tick(1, title="B"))
    assert len({mark.y for mark in two.marks}) == 2
    four = ruler_of(*[tick(1, title=name) for name in "ABC"], tick(1, "late", "D"))
    grouped = [mark for mark in four.marks if mark.count > 1]
    assert sum(mark.count for mark in four.marks) == 4
    assert any(mark.state == "late" for mark in four.marks)
    assert grouped


def test_a_group_shows_its_most_urgent_state_and_leads_to_the_calendar() -> None:
    ticks = [tick(1, "done", f"Item {number}") for number in range(5)] + [tick(1, "late", "Missed")]
    ruler = build_ruler(RulerData(today=MONDAY, launch_day=MONDAY, ticks=ticks, calendar_url="/calendar/"))
    group = next(mark for mark in ruler.marks if "Missed" in mark.title)
    assert (group.state, group.url) == ("late", "/calendar/")
    assert "Missed (late)" in group.title


def test_quiet_weeks_fold_once_there_are_many_and_busy_ones_never() -> None:
    ruler = ruler_of(tick(0), tick(180))
    assert [column.folded for column in ruler.columns] == [0, 24, 0]
    assert "24 weeks with nothing in them" in ruler.columns[1].title
    assert all(column.folded == 0 for column in ruler_of(tick(0), tick(56)).columns)


def test_the_week_of_today_never_folds() -> None:
    ruler = ruler_of(tick(0), tick(180), today=day(90))
    assert [column.now for column in ruler.columns] == [False, False, True, False, False]


def test_a_phase_stands_where_its_days_are_and_its_last_day_is_included() -> None:
    ruler = ruler_of(tick(13), phases=(RulerPhase("Beta", "10%", "active", day(0), day(6)),))
    assert (ruler.phases[0].x, ruler.phases[0].width) == ("0%", "50%")
    assert ruler.phases[0].title == "Beta, 10%: 23–29 Nov, running"


def test_a_phase_without_an_end_lasts_until_the_next_begins_or_the_ruler_ends() -> None:
    phases = (RulerPhase("One", starts=day(0)), RulerPhase("Two", starts=day(7)))
    ruler = ruler_of(tick(20), phases=phases)
    assert [percent(segment.width) for segment in ruler.phases] == pytest.approx([33.333, 66.667], abs=0.01)


def test_phases_that_overlap_stand_below_each_other() -> None:
    phases = (
        RulerPhase("One", starts=day(0), ends=day(8)),
        RulerPhase("Two", starts=day(7), ends=day(13)),
        RulerPhase("Three", starts=day(14), ends=day(20)),
    )
    ruler = ruler_of(phases=phases)
    assert ruler.phases[0].y == ruler.phases[2].y < ruler.phases[1].y


def test_the_steps_of_a_phase_share_it_evenly() -> None:
    phase = RulerPhase("Gradual", starts=day(0), ends=day(6), steps=(True, False, False))
    steps = ruler_of(phases=(phase,)).phases[0].steps
    assert [step.done for step in steps] == [True, False, False]
    starts = [percent(step.x) for step in steps]
    assert starts[1] - starts[0] == pytest.approx(starts[2] - starts[1], abs=0.01)


def test_a_name_without_room_gives_way_to_the_percent() -> None:
    phase = RulerPhase("Internal and beta organizations", "10%", starts=day(0), ends=day(0))
    segment = ruler_of(tick(40), phases=(phase,)).phases[0]
    assert segment.name == ""
    assert "Internal and beta organizations" in segment.title


def test_a_numbered_name_gives_up_its_number_first() -> None:
    phases = (RulerPhase("Phase 1: Staff and beta", "10%", starts=day(0), ends=day(6)),)
    wide = ruler_of(tick(0), phases=phases)
    narrow = ruler_of(tick(34), phases=phases)
    assert wide.phases[0].name == "Phase 1: Staff and beta"
    assert narrow.phases[0].name == "Staff and beta"


def test_a_long_stretch_that_is_due_stands_in_this_week() -> None:
    ruler = ruler_of(tick(-20, "due", until=60), tick(-20, "upcoming", until=60))
    due = next(mark for mark in ruler.marks if mark.state == "due")
    week = next(column for column in ruler.columns if column.now)
    assert percent(week.x) < percent(due.x) < percent(week.x) + percent(week.width)


def test_the_list_says_everything_the_picture_shows_in_order_of_time() -> None:
    ruler = ruler_of(tick(None, title="Loose"), tick(4, "done", "Second"), tick(-3, "late", "First"))
    assert [(entry.title, entry.when, entry.word) for entry in ruler.tick_entries] == [
        ("First", "T−3d, Fri 20 Nov", "late"),
        ("Second", "T+4d, Fri 27 Nov", "done"),
        ("Loose", "no date", "no date"),
    ]


def test_of_very_many_the_list_keeps_those_nearest_to_today() -> None:
    ruler = ruler_of(*[tick(offset, title=str(offset)) for offset in range(-30, 300)])
    assert len(ruler.tick_entries) == 100
    assert ruler.unlisted == 230
    assert ruler.tick_entries[0].title == "-30"
    assert ruler.tick_entries[-1].title == "69"


def test_a_group_names_a_few_and_counts_the_rest() -> None:
    ruler = ruler_of(*[tick(1, title=f"Item {number}") for number in range(20)])
    group = max(ruler.marks, key=lambda mark: mark.count)
    assert group.title.endswith(f"and {group.count - 8} more")


def test_counts_name_only_states_that_occur() -> None:
    ruler = ruler_of(tick(0, "done"), tick(1, "done"), tick(2, "blocked"))
    assert ruler.counts == [("done", "done", 2), ("blocked", "blocked", 1)]


def test_dates_out_of_order_do_not_break_it() -> None:
    backwards = RulerPhase("Backwards", starts=day(5), ends=day(1))
    ruler = ruler_of(tick(3, until=1), phases=(backwards,))
    assert all(percent(segment.width) >= 0 for segment in ruler.phases)


@given(
    offsets=st.lists(st.one_of(st.none(), st.integers(-3650, 3650)), max_size=60),
    today=st.integers(-3650, 3650),
)
def test_every_tick_is_inside_counted_once_and_a_target_of_its_own(
    offsets: list[int | None], today: int
) -> None:
    ruler = ruler_of(
        *[tick(offset, title=str(number)) for number, offset in enumerate(offsets)], today=day(today)
    )
    assert sum(mark.count for mark in ruler.marks) == len(offsets)
    assert all(0 <= percent(mark.x) <= 100 for mark in ruler.marks)
    lanes: dict[int, list[float]] = {}
    for mark in ruler.marks:
        lanes.setdefault(mark.y, []).append(percent(mark.x) / 100 * ruler.width)
    for places in lanes.values():
        assert all(b - a >= TARGET - 0.1 for a, b in pairwise(places))
    total = sum(percent(column.width) for column in ruler.columns)
    assert total == pytest.approx(100, abs=0.5)
