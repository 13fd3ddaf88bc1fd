"""Reminders: once for each schedule, in the morning of whoever owns the thing, and never what is pointless."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Notification, User
from apps.core.actors import SYSTEM
from apps.delivery.models import Mailing
from apps.delivery.services import suppression
from apps.launches.models import Launch
from apps.launches.services.launch import set_state
from apps.schedule import tasks
from apps.schedule.models import Placement, Reminder
from apps.schedule.services import clock, placing
from apps.schedule.services.reminding import BATCH, remind
from tests.schedule.noticing import choose, local, owned, person, reminders, running
from tests.schedule.worlds import Calendar, pinned
from tests.together import at_once

D = date(2027, 3, 10)  # a Wednesday
DAY = "2027-03-10"
ZONES = (
    "America/New_York", "Europe/London", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe",
    "Asia/Kolkata", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Kiritimati",
)  # fmt: skip


@pytest.fixture
def calendar(db: None) -> Calendar:
    return running()


def lines(kind: str = "item_ahead") -> list[str]:
    return list(Notification.objects.filter(kind=kind).order_by("pk").values_list("title", flat=True))


def ahead() -> datetime:
    """In the morning before D in Berlin."""
    return local(D - timedelta(days=1), 8)


def test_an_owner_is_reminded_the_morning_before_in_inbox_and_by_mail(calendar: Calendar) -> None:
    owned(calendar, DAY, title="Write the post")
    assert remind(at=ahead() - timedelta(minutes=1)) == 0
    assert remind(at=ahead()) == 1
    assert lines() == ["Coming up: Write the post"]
    line = Notification.objects.get(kind="item_ahead")
    assert line.user == calendar.owner
    assert line.url.startswith(f"/launches/{calendar.launch.slug}/")
    mailing = Mailing.objects.get()
    assert (mailing.source, mailing.topic, mailing.state) == ("schedule.reminders", "reminders", "scheduled")
    assert reminders(state="sent") == [("ahead", "sent", "")]


def test_running_again_and_again_tells_once(calendar: Calendar) -> None:
    owned(calendar, DAY)
    assert [remind(at=ahead() + timedelta(minutes=n)) for n in (0, 0, 1, 60)] == [1, 0, 0, 0]
    assert len(lines()) == Mailing.objects.count() == 1


def test_what_ended_undone_is_said_once_the_morning_after(calendar: Calendar) -> None:
    owned(calendar, DAY, title="Write the post")
    remind(at=ahead())
    morning = local(D + timedelta(days=1), 8)
    # The clock's own line comes at midnight; the reminder adds the mail and no second line.
    clock.follow_the_clock(at=local(D + timedelta(days=1), 1))
    assert remind(at=morning - timedelta(minutes=1)) == 0
    assert remind(at=morning) == 1
    assert remind(at=morning + timedelta(days=1)) == 0
    assert lines("item_late") == ["Late: Write the post"]
    assert Mailing.objects.count() == 2


def test_several_things_of_one_morning_are_one_mail(calendar: Calendar) -> None:
    for _ in range(3):
        owned(calendar, DAY)
    other = person("other@example.com")
    owned(calendar, DAY, by=other)
    assert remind(at=ahead()) == 4
    assert Mailing.objects.count() == 1
    from apps.schedule.source import Reminders

    found = Reminders().recipients(Mailing.objects.get(), "", 100)
    assert [each.address for each in found] == ["owner@example.com", "other@example.com"]
    assert Reminders().recipients(Mailing.objects.get(), found[0].cursor, 100)[0].address == other.email


def test_nobody_is_reminded_of_what_nobody_owns_not_even_its_team(calendar: Calendar) -> None:
    calendar.item(pinned(DAY))
    assert remind(at=ahead()) == 0
    assert reminders() == []


def test_a_moved_thing_is_reminded_of_at_its_new_time_only(calendar: Calendar) -> None:
    item = owned(calendar, DAY)
    remind(at=ahead() - timedelta(days=3))
    pinning_move(calendar, item, D + timedelta(days=5))
    assert remind(at=ahead()) == 0
    assert lines() == []
    assert remind(at=ahead() + timedelta(days=5)) == 1
    assert ("ahead", "skipped", "It was moved.") in reminders()
    assert len(lines()) == 1


def test_a_thing_that_moves_back_is_reminded_of_once(calendar: Calendar) -> None:
    item = owned(calendar, DAY)
    remind(at=ahead() - timedelta(days=3))
    pinning_move(calendar, item, D + timedelta(days=5))
    remind(at=ahead() - timedelta(days=2))
    pinning_move(calendar, item, D)
    assert remind(at=ahead()) == 1
    assert remind(at=ahead() + timedelta(days=5)) == 0 + 0
    assert len(lines()) == 1


def pinning_move(calendar: Calendar, item: Any, day: date) -> None:
    placement = calendar.placement(item)
    placement.pinned_start = placement.pinned_end = placement.starts_on = placement.ends_on = day
    placement.version += 1
    placement.save()


@pytest.mark.parametrize("what", ["done", "cancelled", "launch", "person", "hidden", "given away", "freed"])
def test_what_became_pointless_is_skipped_and_says_why(calendar: Calendar, what: str) -> None:
    other = person("other@example.com")
    item = owned(calendar, DAY, by=other)
    remind(at=ahead() - timedelta(days=3))
    placement = calendar.placement(item)
    if what == "done":
        placing.finish(actor=calendar.act(), placement=placement)
    elif what == "cancelled":
        placing.set_state(actor=calendar.act(), placement=placement, state="cancelled")
    elif what == "launch":
        set_state(actor=calendar.act(), launch=calendar.launch, to="cancelled")
    elif what == "person":
        User.objects.filter(pk=other.pk).update(is_active=False)
    elif what == "hidden":
        Launch.objects.filter(pk=calendar.launch.pk).update(restricted=True)
    else:
        owner = calendar.owner if what == "given away" else None
        Placement.objects.filter(pk=placement.pk).update(owner=owner)
    Notification.objects.all().delete()
    remind(at=ahead())
    why = {
        "done": "It is done.",
        "cancelled": "It is cancelled.",
        "launch": "Its launch is cancelled.",
        "person": "They may not sign in any more.",
        "hidden": "They may not see its launch any more.",
    }.get(what, "Somebody else owns it now, or nobody does.")
    assert reminders(user=other, kind="ahead") == [("ahead", "skipped", why)]
    assert not Notification.objects.filter(user=other).exists()
    # Whoever it was given to is reminded in their place.
    assert Notification.objects.filter(user=calendar.owner, kind="item_ahead").exists() == (
        what == "given away"
    )


def test_what_nobody_sent_in_time_is_skipped_and_says_so(calendar: Calendar) -> None:
    owned(calendar, DAY)
    late = owned(calendar, DAY, when={"time": "19:00:00"})
    remind(at=ahead() - timedelta(days=3))
    assert remind(at=ahead() + timedelta(hours=12)) == 2
    owned(calendar, "2027-03-20")
    remind(at=local(date(2027, 3, 10), 8))
    assert remind(at=local(date(2027, 3, 19), 20, minute=1)) == 0
    told = Reminder.objects.get(kind="ahead", day=date(2027, 3, 20))
    assert told.reason.startswith("It was due more than 12 hours before")
    assert Reminder.objects.filter(placement=calendar.placement(late), kind="late").get().state == "skipped"


def test_a_session_that_has_begun_is_not_announced(calendar: Calendar) -> None:
    choose(calendar.owner, days=0)
    owned(calendar, DAY, when={"time": "07:00:00"})
    remind(at=local(D, 1))
    assert Reminder.objects.get(kind="ahead").due_at == local(D, 6)
    assert remind(at=local(D, 7)) == 0
    assert reminders(kind="ahead") == [
        ("ahead", "skipped", "It had begun when the reminder came to be sent.")
    ]


def test_nobody_is_reminded_of_what_was_due_before_they_joined(calendar: Calendar) -> None:
    owned(calendar, DAY)
    User.objects.update(date_joined=ahead() + timedelta(minutes=1))
    assert remind(at=ahead() + timedelta(minutes=2)) == 0
    assert reminders(kind="ahead") == [("ahead", "skipped", "It was due before they joined.")]


@pytest.mark.parametrize(
    ("channel", "in_inbox", "by_mail"),
    [("off", 0, 0), ("inbox", 1, 0), ("mail", 0, 1), ("both", 1, 1)],
)
def test_each_person_says_how_they_are_reminded(
    calendar: Calendar, channel: str, in_inbox: int, by_mail: int
) -> None:
    choose(calendar.owner, reminders=channel)
    owned(calendar, DAY)
    assert remind(at=ahead()) == bool(in_inbox + by_mail)
    assert (len(lines()), Mailing.objects.count()) == (in_inbox, by_mail)
    clock.follow_the_clock(at=local(D, 9))
    assert len(lines("item_due")) == in_inbox


def test_late_reminders_can_be_turned_off_alone(calendar: Calendar) -> None:
    choose(calendar.owner, late=False)
    owned(calendar, DAY)
    assert remind(at=ahead()) == 1
    clock.follow_the_clock(at=local(D + timedelta(days=1), 8))
    assert remind(at=local(D + timedelta(days=1), 8)) == 0
    assert lines("item_late") == []
    assert reminders(kind="late") == [("late", "skipped", "They want no reminders of what is late.")]


@pytest.mark.parametrize("days", [0, 1, 3, 14])
def test_choosing_other_days_counts_for_what_waits_already(calendar: Calendar, days: int) -> None:
    owned(calendar, DAY)
    remind(at=local(D - timedelta(days=16), 8))
    choose(calendar.owner, days=days)
    due = local(D - timedelta(days=days), 8)
    assert remind(at=due - timedelta(minutes=1)) == 0
    assert remind(at=due) == 1


def test_unsubscribing_stops_the_mail_and_leaves_the_inbox(calendar: Calendar) -> None:
    suppression.add(actor=SYSTEM, value=calendar.owner.email, topic="reminders", reason="unsubscribe")
    owned(calendar, DAY)
    assert remind(at=ahead()) == 1
    assert (len(lines()), Mailing.objects.count()) == (1, 0)
    choose(calendar.owner, late=True, reminders="mail")  # asks for mail again, which lifts it
    owned(calendar, DAY)
    assert remind(at=ahead()) == 1
    assert Mailing.objects.count() == 1


def test_who_wants_mail_alone_and_gets_none_is_skipped_and_says_so(calendar: Calendar) -> None:
    choose(calendar.owner, reminders="mail")
    suppression.add(actor=SYSTEM, value=calendar.owner.email, reason="bounce")
    owned(calendar, DAY)
    assert remind(at=ahead()) == 0
    assert "no mail of these goes to their address" in reminders(kind="ahead")[0][2]


def test_drafts_remind_nobody(db: None) -> None:
    from tests.schedule.worlds import make_calendar

    calendar = make_calendar()
    owned(calendar, DAY)
    assert remind(at=ahead()) == 0
    assert reminders() == []


@pytest.mark.full
def test_many_things_cost_a_bounded_number_of_statements(calendar: Calendar) -> None:
    def fill(count: int) -> int:
        Placement.objects.bulk_create(
            Placement(
                launch=calendar.launch, kind="calendar_entry", record_id=number, title="Item",
                owner=calendar.owner, starts_on=D, ends_on=D,
            )
            for number in range(10**6, 10**6 + count)
        )  # fmt: skip
        with CaptureQueriesContext(
            connection,
        ) as queries:
            remind(at=ahead() - timedelta(days=2))
        assert Reminder.objects.count() == 2 * count
        with CaptureQueriesContext(connection) as again:
            remind(at=ahead() - timedelta(days=2))
        assert len(again) < 12
        return len(queries)

    count = 2 * BATCH + 1
    assert fill(count) < 40
    with CaptureQueriesContext(connection) as queries:
        assert remind(at=ahead()) == count
    assert len(queries) < 120


def test_whatever_the_polls_a_reminder_comes_once_at_the_right_time(calendar: Calendar) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        zone=st.sampled_from(ZONES),
        day=st.dates(date(2027, 1, 5), date(2027, 12, 20)),
        moved=st.integers(-4, 9),
        polls=st.lists(st.integers(0, 60 * 24 * 14), min_size=1, max_size=8),
    )
    def check(zone: str, day: date, moved: int, polls: list[int]) -> None:
        from django.db import transaction

        with transaction.atomic():
            User.objects.update(zone=zone)
            item = owned(calendar, day.isoformat())
            start = local(day - timedelta(days=8), 0, zone)
            remind(at=start)
            target = day + timedelta(days=moved)
            pinning_move(calendar, item, target)
            due = local(target - timedelta(days=1), 8, zone)
            told: list[datetime] = []
            for at in sorted(
                [*(start + timedelta(minutes=n) for n in polls), due, due + timedelta(hours=11)]
            ):
                if remind(at=at):
                    told += [at] * (
                        Reminder.objects.filter(kind="ahead", settled_at=at, state="sent").count()
                    )
            assert told == [due]
            assert Reminder.objects.get(kind="ahead", state="sent").day == target
            transaction.set_rollback(True)

    check()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_tell_once() -> None:
    calendar = running()
    for _ in range(5):
        owned(calendar, DAY)
    told = at_once(lambda: remind(at=ahead()))
    assert sum(told) == 5
    assert Notification.objects.filter(kind="item_ahead").count() == 5
    assert Reminder.objects.filter(kind="ahead").count() == 5


def test_the_task_is_a_doorbell(calendar: Calendar) -> None:
    assert tasks.remind() == 0
