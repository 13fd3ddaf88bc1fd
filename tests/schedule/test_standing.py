"""Due and late: the rule for one thing and the rule for lists say the same, in every zone at any time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Notification, User
from apps.audit.models import Event
from apps.launches.models import Launch
from apps.launches.services.launch import set_state
from apps.launches.services.members import set_member
from apps.schedule.models import Placement
from apps.schedule.selectors import progress
from apps.schedule.services import clock, placing
from apps.schedule.standing import LAST_MINUTE, standing_of, with_standing
from tests.schedule.test_spans import ZONES
from tests.schedule.worlds import DAY, Calendar, one_of_each, pinned, relative

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: date, hour: int = 12, minute: int = 0, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=zone)


def standing(calendar: Calendar, item: Any, when: datetime) -> str:
    """Both rules, which have to agree."""
    placement = calendar.placement(item)
    found = standing_of(placement, when)
    assert with_standing(Placement.objects.filter(pk=placement.pk), when).get().now_standing == found
    return found


def test_a_day_is_due_from_its_first_to_its_last_minute_in_the_launchs_zone(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 0))
    assert standing(calendar, item, at(DAY) - timedelta(days=1)) == "upcoming"
    assert standing(calendar, item, at(DAY, 0, 0) - timedelta(seconds=1)) == "upcoming"
    assert standing(calendar, item, at(DAY, 0, 0)) == "due"
    assert standing(calendar, item, at(DAY, 23, 59)) == "due"
    assert standing(calendar, item, at(DAY + timedelta(days=1), 0, 0)) == "late"


def test_a_week_is_due_while_it_lasts(calendar: Calendar) -> None:
    item = calendar.item(relative("week", 0))
    assert standing(calendar, item, at(date(2026, 11, 22), 23, 59)) == "upcoming"
    assert standing(calendar, item, at(date(2026, 11, 23), 0, 0)) == "due"
    assert standing(calendar, item, at(date(2026, 11, 29), 23, 59)) == "due"
    assert standing(calendar, item, at(date(2026, 11, 30), 0, 0)) == "late"


def test_a_time_of_day_is_late_when_its_minute_is_over(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 0, time="15:00:00"))
    assert standing(calendar, item, at(DAY, 0, 0)) == "due"
    assert standing(calendar, item, at(DAY, 15, 0) + LAST_MINUTE) == "due"
    assert standing(calendar, item, at(DAY, 15, 0) + LAST_MINUTE + timedelta(seconds=1)) == "late"


def test_what_has_no_end_is_never_late_and_what_has_no_date_never_due(calendar: Calendar) -> None:
    open_ended = calendar.item(relative("week", 4, open_ended=True))
    undated = calendar.item()
    far = at(DAY + timedelta(days=3000))
    assert standing(calendar, open_ended, at(DAY)) == "upcoming"
    assert standing(calendar, open_ended, far) == "due"
    assert standing(calendar, undated, far) == "undated"


def test_done_and_cancelled_are_what_they_are_at_any_time(calendar: Calendar) -> None:
    item = calendar.item(relative("day", 0))
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    assert standing(calendar, item, at(DAY + timedelta(days=9))) == "done"
    placing.set_state(actor=calendar.act(), placement=calendar.placement(item), state="cancelled")
    assert standing(calendar, item, at(DAY + timedelta(days=9))) == "cancelled"


def test_today_is_another_day_elsewhere(calendar: Calendar) -> None:
    instant = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # already the 25th in Berlin and Kiritimati
    item = calendar.item(pinned("2026-11-24"))
    found = {}
    for zone in ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"):
        Launch.objects.filter(pk=calendar.launch.pk).update(zone=zone)
        found[zone] = standing(calendar, item, instant)
    assert found == {
        "Europe/Berlin": "late",
        "America/New_York": "due",
        "Pacific/Kiritimati": "late",
        "Etc/GMT+12": "due",
        "UTC": "due",
    }


def test_the_rule_in_python_and_the_rule_in_sql_are_one(calendar: Calendar) -> None:
    one_of_each(calendar)
    calendar.item(pinned("2026-11-24", "2026-12-02"))
    calendar.item({"fuzzy": "2027-Q1", "text": "Q1 2027"})
    placing.finish(actor=calendar.act(), placement=calendar.placement(calendar.item(relative("day", 1))))

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        instant=st.datetimes(datetime(2026, 8, 1), datetime(2027, 8, 1), timezones=st.just(UTC))
        | st.integers(-30, 60).map(lambda n: at(DAY + timedelta(days=n), 0, 0))
        | st.integers(-30, 60).map(lambda n: at(DAY + timedelta(days=n), 15, 0) + LAST_MINUTE),
        zone=st.sampled_from(ZONES),
    )
    def check(instant: datetime, zone: str) -> None:
        with transaction.atomic():
            Launch.objects.filter(pk=calendar.launch.pk).update(zone=zone)
            for placement in with_standing(
                Placement.objects.filter(launch=calendar.launch).select_related("launch"), instant
            ):
                assert standing_of(placement, instant) == placement.now_standing, placement.wording
            transaction.set_rollback(True)

    check()


def test_progress_counts_every_thing_once(calendar: Calendar) -> None:
    one_of_each(calendar)
    for status in ("published", "cancelled"):
        calendar.item(relative("day", 0), status=status)
    everything = with_standing(Placement.objects.filter(launch=calendar.launch), at(DAY))
    counted = progress(everything)
    assert counted.total == everything.exclude(state="cancelled").count()
    assert counted.done == 1
    assert counted.late
    assert counted.due
    assert counted.upcoming
    placing.block(
        actor=calendar.act(), placement=calendar.placement(calendar.item(relative("day", 3))), reason="legal"
    )
    assert progress(with_standing(Placement.objects.filter(launch=calendar.launch), at(DAY))).blocked == 1


def test_the_clock_announces_each_standing_once_without_anybody_looking(calendar: Calendar) -> None:
    set_state(actor=calendar.act(), launch=calendar.launch, to="active")
    item = calendar.item(relative("day", 0), owner=calendar.owner)
    Notification.objects.all().delete()

    def told() -> list[str]:
        return list(
            Event.objects.filter(verb__in=["calendar_entry.due", "calendar_entry.late"])
            .order_by("id")
            .values_list("verb", flat=True)
        )

    clock.follow_the_clock(at=at(DAY) - timedelta(days=1))
    assert told() == []
    assert clock.follow_the_clock(at=at(DAY)) == 1
    assert clock.follow_the_clock(at=at(DAY)) == 0
    assert told() == ["calendar_entry.due"]
    clock.follow_the_clock(at=at(DAY) + timedelta(days=1))
    clock.follow_the_clock(at=at(DAY) + timedelta(days=2))
    assert told() == ["calendar_entry.due", "calendar_entry.late"]
    assert sorted(Notification.objects.values_list("kind", flat=True)) == ["item_due", "item_late"]
    calendar.move(DAY + timedelta(days=30))
    clock.follow_the_clock(at=at(DAY) + timedelta(days=2))
    clock.follow_the_clock(at=at(DAY) + timedelta(days=30))
    assert told()[-1] == "calendar_entry.due"
    assert Notification.objects.filter(kind="item_due").count() == 2
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    assert clock.follow_the_clock(at=at(DAY) + timedelta(days=60)) == 0


def test_the_clock_tells_nobody_of_a_launch_they_may_not_see_any_more(calendar: Calendar) -> None:
    set_state(actor=calendar.act(), launch=calendar.launch, to="active")
    stranger, gone, helper = (
        User.objects.create_user(f"{name}@example.com", name=name) for name in ("stranger", "gone", "helper")
    )
    items = [calendar.item(relative("day", 0), owner=each) for each in (stranger, gone, helper)]
    set_member(actor=calendar.act(), launch=calendar.launch, user=helper, role="editor")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    Launch.objects.filter(pk=calendar.launch.pk).update(restricted=True)
    Notification.objects.all().delete()
    for days in (0, 1):
        assert clock.follow_the_clock(at=at(DAY) + timedelta(days=days)) == 3
    told = Notification.objects.order_by("pk").values_list("user", "kind", "url")
    page = f"/launches/{calendar.launch.slug}/calendar/{calendar.placement(items[2]).pk}/"
    assert list(told) == [(helper.pk, "item_due", page), (helper.pk, "item_late", page)]


@pytest.mark.parametrize("state", ["draft", "cancelled", "archived"])
def test_the_clock_leaves_launches_alone_that_nobody_works_on(calendar: Calendar, state: str) -> None:
    calendar.item(relative("day", 0))
    if state != "draft":
        set_state(actor=calendar.act(), launch=calendar.launch, to=state)
    assert clock.follow_the_clock(at=at(DAY)) == 0
