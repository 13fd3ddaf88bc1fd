"""The digest: once a week at each person's own hour, of what concerns them, and nothing when there is nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Notification, User
from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM
from apps.delivery.models import Mailing
from apps.delivery.services import suppression
from apps.schedule import tasks, weekly
from apps.schedule.models import Digest, Placement
from apps.schedule.services import placing
from apps.schedule.services.digesting import send_digests
from apps.schedule.weekly import week_of
from tests.schedule.noticing import LONG_AGO, choose, digests, local, owned, person, running
from tests.schedule.test_reminders import ZONES
from tests.schedule.worlds import Calendar, pinned
from tests.together import at_once

MONDAY = date(2027, 3, 8)


@pytest.fixture
def calendar(db: None) -> Calendar:
    return running()


def monday(hour: int = 8, minute: int = 0) -> datetime:
    return local(MONDAY, hour, minute=minute)


def lines() -> list[str]:
    return list(Notification.objects.filter(kind="digest").order_by("pk").values_list("title", flat=True))


def test_a_week_is_told_on_monday_morning_in_inbox_and_by_mail(calendar: Calendar) -> None:
    owned(calendar, "2027-03-10", title="Write the post")
    owned(calendar, "2027-03-02", title="Was to be done")
    assert send_digests(at=monday(7, 59)) == 0
    assert send_digests(at=monday()) == 1
    assert lines() == ["Your week: 1 late, 1 due this week, 1 at risk"]
    assert Notification.objects.get(kind="digest").url == "/"
    mailing = Mailing.objects.get()
    assert (mailing.source, mailing.topic, mailing.state) == ("schedule.digests", "your-week", "scheduled")


def test_it_is_told_once_a_week_however_often_this_runs(calendar: Calendar) -> None:
    calendar.item(pinned("2027-03-08", "2027-03-30"), owner=calendar.owner)
    told = [send_digests(at=monday() + timedelta(hours=n)) for n in range(0, 24 * 14, 6)]
    assert sum(told) == 2
    assert told[0] == told[28] == 1
    assert Mailing.objects.count() == 2


def test_a_week_with_nothing_in_it_is_not_sent(calendar: Calendar) -> None:
    assert send_digests(at=monday()) == 0
    assert digests(calendar.owner)[-1] == (MONDAY, "skipped", "There was nothing to tell.")
    assert (lines(), Mailing.objects.count()) == ([], 0)


def test_what_is_a_day_late_is_skipped_and_says_so(calendar: Calendar) -> None:
    owned(calendar, "2027-03-10")
    assert send_digests(at=monday() + timedelta(hours=24, minutes=1)) == 0
    week, state, reason = digests(calendar.owner)[-1]
    assert (week, state) == (MONDAY, "skipped")
    assert reason.startswith("It was due more than 24 hours before")


def test_it_holds_what_concerns_the_person_and_nobody_else(calendar: Calendar) -> None:
    other = person("other@example.com")
    owned(calendar, "2027-03-10", title="Mine")
    owned(calendar, "2027-03-10", by=other, title="Theirs")
    owned(calendar, "2027-03-17", title="Next week")
    owned(calendar, "2027-03-01", title="Late")
    done = owned(calendar, "2027-03-03", title="Done")
    placing.finish(actor=calendar.act(), placement=calendar.placement(done))
    Placement.objects.filter(title="Done").update(done_at=local(date(2027, 3, 4), 12))
    calendar.item(pinned("2027-03-11"), title="Approve me")
    CalendarItem.objects.filter(title="Approve me").update(status="in_review")
    week = {
        section.key: [line.title for line in section.lines] for section in week_of(calendar.owner, monday())
    }
    assert week == {
        "late": ["Late"],
        "due": ["Mine"],
        "approvals": ["Approve me"],
        "at_risk": ["Quiet settings"],
        "finished": ["Done"],
    }
    assert {section.key for section in week_of(other, monday())} == {"due"}


def test_sessions_are_told_with_their_own_clock_beside(calendar: Calendar) -> None:
    Placement.objects.create(
        launch=calendar.launch, kind="training", record_id=10**6, title="Train them", owner=calendar.owner,
        starts_on=date(2027, 3, 10), ends_on=date(2027, 3, 10), starts_at=local(date(2027, 3, 10), 15),
    )  # fmt: skip
    User.objects.update(zone="Asia/Kolkata")
    calendar.owner.refresh_from_db()
    section = next(each for each in week_of(calendar.owner, monday()) if each.key == "sessions")
    assert section.lines[0].detail == "Quiet settings · Wed 10 Mar 2027, 19:30 (Wed 15:00 Europe/Berlin)"


def test_long_lists_are_cut_and_counted(calendar: Calendar) -> None:
    Placement.objects.bulk_create(
        Placement(
            launch=calendar.launch, kind="calendar_entry", record_id=number, title=f"Item {number}",
            owner=calendar.owner, starts_on=MONDAY, ends_on=MONDAY,
        )
        for number in range(10**6, 10**6 + 25)
    )  # fmt: skip
    section = week_of(calendar.owner, monday())[0]
    assert (len(section.lines), section.total, section.left_out) == (weekly.MOST_LINES, 25, 15)


@pytest.mark.parametrize(
    ("channel", "in_inbox", "by_mail"),
    [("off", 0, 0), ("inbox", 1, 0), ("mail", 0, 1), ("both", 1, 1)],
)
def test_each_person_says_how_they_hear_of_it(
    calendar: Calendar, channel: str, in_inbox: int, by_mail: int
) -> None:
    choose(calendar.owner, digest=channel)
    owned(calendar, "2027-03-10")
    assert send_digests(at=monday()) == bool(in_inbox + by_mail)
    assert (len(lines()), Mailing.objects.count()) == (in_inbox, by_mail)


def test_choosing_another_hour_counts_at_once_and_gives_no_second_one(calendar: Calendar) -> None:
    calendar.item(pinned("2027-03-01", "2027-03-30"), owner=calendar.owner)
    send_digests(at=monday(7))
    choose(calendar.owner, weekday=3, hour=17)
    wednesday = local(MONDAY + timedelta(days=2), 17)
    assert send_digests(at=monday()) == 0
    assert send_digests(at=wednesday - timedelta(minutes=1)) == 0
    assert send_digests(at=wednesday) == 1
    choose(calendar.owner, weekday=5)
    assert send_digests(at=wednesday + timedelta(days=2)) == 0
    assert send_digests(at=wednesday + timedelta(days=9)) == 1


def test_who_moved_to_another_zone_gets_it_by_that_ones_clock(calendar: Calendar) -> None:
    owned(calendar, "2027-03-10")
    send_digests(at=monday(1))
    User.objects.update(zone="America/New_York")
    assert send_digests(at=monday()) == 0
    assert send_digests(at=local(MONDAY, 8, "America/New_York")) == 1


@pytest.mark.parametrize("what", ["left", "joined later", "bounced"])
def test_who_gets_none(calendar: Calendar, what: str) -> None:
    owned(calendar, "2027-03-10")
    send_digests(at=monday(1))
    if what == "left":
        User.objects.update(is_active=False)
    elif what == "joined later":
        User.objects.update(date_joined=monday(9))
    else:
        choose(calendar.owner, digest="mail")
        suppression.add(actor=SYSTEM, value=calendar.owner.email, reason="bounce")
    assert send_digests(at=monday(9)) == 0
    assert digests(calendar.owner)[-1][1] == "skipped"
    assert (lines(), Mailing.objects.count()) == ([], 0)


def test_what_one_may_not_see_is_not_told(calendar: Calendar) -> None:
    other = person("other@example.com")
    owned(calendar, "2027-03-10", by=other)
    assert week_of(other, monday())
    type(calendar.launch).objects.filter(pk=calendar.launch.pk).update(restricted=True)
    assert week_of(other, monday()) == []


# Clocks change in these weeks somewhere: New York, Europe, Casablanca's Ramadan, Sydney and Lord Howe.
CHANGES = [
    date(2027, 1, 31),
    date(2027, 3, 7),
    date(2027, 3, 28),
    date(2027, 4, 4),
    date(2027, 10, 3),
    date(2027, 10, 31),
]


def test_whatever_the_polls_everybody_gets_one_a_week_at_their_hour(calendar: Calendar) -> None:
    calendar.item(pinned("2026-06-01", "2028-06-01"), owner=calendar.owner)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        zone=st.sampled_from(ZONES),
        weekday=st.integers(1, 7),
        hour=st.integers(0, 23),
        week=st.sampled_from([day - timedelta(days=day.weekday()) for day in CHANGES]),
        gaps=st.lists(st.integers(300, 60 * 23), min_size=2, max_size=6),
    )
    def check(zone: str, weekday: int, hour: int, week: date, gaps: list[int]) -> None:
        with transaction.atomic():
            User.objects.filter(pk=calendar.owner.pk).update(zone=zone)
            calendar.owner.refresh_from_db()
            choose(calendar.owner, weekday=weekday, hour=hour)
            Digest.objects.all().delete()
            at = datetime.combine(week, datetime.min.time(), UTC) - timedelta(days=2)
            end = at + timedelta(days=11)
            polls = []
            while at < end:
                polls.append(at)
                at += timedelta(minutes=gaps[len(polls) % len(gaps)])
            for each in polls:
                send_digests(at=each)
            row = Digest.objects.get(user=calendar.owner, week=week)
            due = local(week + timedelta(days=weekday - 1), hour, zone)
            assert row.state == "sent"
            # At the first poll after their hour, and not before.
            assert row.settled_at == min(each for each in polls if each >= due)
            assert Notification.objects.filter(kind="digest", source=f"digest:{week}").count() == 1
            transaction.set_rollback(True)

    check()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_send_one() -> None:
    calendar = running()
    owned(calendar, "2027-03-10")
    told = at_once(lambda: send_digests(at=monday()))
    assert sum(told) == 1
    assert Mailing.objects.count() == len(lines()) == 1


def test_the_task_is_a_doorbell(calendar: Calendar) -> None:
    assert tasks.send_digests() == 0
    assert calendar.owner.date_joined == LONG_AGO
