"""Drafts and publishing: nobody hears of a draft, publishing does what it showed, and bookings go along."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.meetings.models import Absence, Booking, Hosting, Letter, Occurrence
from apps.meetings.planning import Change, Plan
from apps.meetings.recurrence import Rule
from apps.meetings.services import drafting
from apps.meetings.services.publishing import preview, publish
from tests.meetings.worlds import Meetings, next_tuesday, sign_up

BERLIN = ZoneInfo("Europe/Berlin")


def letters(kind: str) -> int:
    return Letter.objects.filter(kind=kind).count()


def test_a_plan_is_stored_and_read_back_whole() -> None:
    first = next_tuesday()
    plan = Plan(
        title="Hours", zone="Europe/Berlin", first=first, minutes=45,
        rule=Rule.weekly(1, interval=2, until=first.date() + timedelta(weeks=20)), hosts=(3, 4),
        rotation="rotation", most_per_week=2, reminders=(60,),
    ).with_change(Change(first, moved_to=first + timedelta(hours=2), place="", hosts=(9,)))  # fmt: skip
    assert Plan.of(plan.stored()) == plan


def test_nobody_sees_a_draft_and_publishing_makes_its_sessions(meetings: Meetings) -> None:
    grace = meetings.person("Grace")
    series = meetings.series(grace)
    assert not Occurrence.objects.exists()
    seen = meetings.publish(series)
    assert seen.count("added") == 8
    found = meetings.sessions(series)
    first = next_tuesday()
    assert [each.at for each in found] == [first + timedelta(weeks=number) for number in range(8)]
    assert found[0].starts_at == first.replace(tzinfo=BERLIN).astimezone(UTC)
    assert letters("hosting") == 8
    assert not preview(series=series).steps


def test_what_changed_since_the_preview_is_not_published(meetings: Meetings) -> None:
    series = meetings.series()
    seen = preview(series=series)
    drafting.change_series(actor=meetings.act(), series=series, values={"minutes": 30})
    with pytest.raises(Conflict):
        publish(actor=meetings.act(), series=series, fingerprint=seen.fingerprint, acknowledged=True)
    assert not Occurrence.objects.exists()


def test_warnings_must_be_read(meetings: Meetings) -> None:
    series = meetings.series()
    seen = preview(series=series)
    assert [each.code for each in seen.warnings] == ["no_host"]
    with pytest.raises(Invalid, match="read the warnings"):
        publish(actor=meetings.act(), series=series, fingerprint=seen.fingerprint)
    publish(actor=meetings.act(), series=series, fingerprint=seen.fingerprint, acknowledged=True)


def test_moving_one_session_tells_only_those_of_that_session(meetings: Meetings) -> None:
    series = meetings.series(meetings.person("Grace"))
    meetings.publish(series)
    first, second = meetings.sessions(series)[:2]
    sign_up(first, "Ada")
    sign_up(second, "Mary")
    Letter.objects.all().delete()
    to = first.at + timedelta(days=1)
    drafting.change_one(actor=meetings.act(), series=series, change=Change(first.at, moved_to=to))
    assert not Letter.objects.exists()
    seen = meetings.publish(series)
    assert [step.kind for step in seen.steps] == ["moved"]
    assert [each.code for each in seen.warnings] == ["booked_moved"]
    changed = Letter.objects.get(kind="changed")
    assert changed.booking is not None
    assert changed.booking.name == "Ada"
    assert letters("hosting") == 1
    moved = Occurrence.objects.get(pk=first.pk)
    assert moved.sequence == 1
    assert moved.starts_at == to.replace(tzinfo=BERLIN)
    # Reminders of the old time are of an old sequence; those of the new one are of the present.
    assert set(Letter.objects.filter(kind="reminder").values_list("sequence", flat=True)) == {1}


def test_this_and_following_keeps_bookings_and_exceptions(meetings: Meetings) -> None:
    series = meetings.series(meetings.person("Grace"))
    meetings.publish(series)
    found = meetings.sessions(series)
    kept, moved, excepted = found[0], found[3], found[5]
    sign_up(kept, "Ada")
    sign_up(moved, "Mary")
    drafting.change_one(actor=meetings.act(), series=series, change=Change(excepted.at, place="Room 2"))
    first = moved.at + timedelta(days=1, hours=1)
    after = drafting.change_following(
        actor=meetings.act(), series=series, at=moved.at,
        values={"first": first, "rule": Rule.weekly(2, count=5)},
    )  # fmt: skip
    assert after.uid != series.uid
    seen = meetings.publish(series)
    assert (seen.count("moved"), seen.count("cancelled"), seen.count("added")) == (5, 0, 0)
    assert [each.pk for each in meetings.sessions(series)] == [each.pk for each in found[:3]]
    assert [each.pk for each in meetings.sessions(after)] == [each.pk for each in found[3:]]
    moved.refresh_from_db()
    assert moved.at == first
    assert Booking.objects.get(name="Mary").occurrence_id == moved.pk
    assert Booking.objects.get(name="Mary").state == "booked"
    assert {each.place for each in meetings.sessions(after)} == {"https://meet.example.com/a", "Room 2"}
    assert Letter.objects.filter(kind="changed").count() == 1


def test_a_cancelled_session_tells_everybody_and_frees_its_hosts(meetings: Meetings) -> None:
    series = meetings.series(meetings.person("Grace"))
    meetings.publish(series)
    first = meetings.sessions(series)[0]
    sign_up(first, "Ada")
    change = Change(first.at, cancelled=True, reason="Public holiday")
    drafting.change_one(actor=meetings.act(), series=series, change=change)
    meetings.publish(series)
    first.refresh_from_db()
    assert (first.state, first.reason, first.sequence, first.taken) == ("cancelled", "Public holiday", 1, 0)
    assert Booking.objects.get().state == "cancelled"
    assert (letters("cancelled"), letters("not_hosting")) == (1, 1)
    assert not Hosting.objects.filter(occurrence=first).exists()
    # And taken back.
    drafting.change_one(actor=meetings.act(), series=series, change=Change(first.at))
    assert [step.kind for step in meetings.publish(series).steps] == ["reinstated"]


def test_holidays_are_warned_of_or_left_out(meetings: Meetings) -> None:
    series = meetings.series(meetings.person("Grace"))
    holiday = next_tuesday() + timedelta(weeks=1)
    meetings.launch.holidays = [holiday.date().isoformat()]
    meetings.launch.save()
    series.refresh_from_db()
    assert [each.code for each in preview(series=series).warnings] == ["holiday"]
    drafting.change_series(actor=meetings.act(), series=series, values={"on_holiday": "skip"})
    meetings.publish(series)
    assert holiday not in {each.at for each in meetings.sessions(series)}
    assert len(meetings.sessions(series)) == 7


def test_hosts_take_turns_and_an_absent_one_is_replaced_alone(meetings: Meetings) -> None:
    grace, joan = meetings.person("Grace"), meetings.person("Joan")
    series = meetings.series(grace, joan, rotation="rotation")
    meetings.publish(series)
    turns = list(Hosting.objects.order_by("occurrence__starts_at").values_list("user__name", flat=True))
    assert turns == ["Grace", "Joan"] * 4
    third = meetings.sessions(series)[2]
    Absence.objects.create(user=grace, starts_on=third.at.date(), ends_on=third.at.date())
    seen = meetings.publish(series)
    assert [(step.kind, step.hosts, step.hosts_before) for step in seen.steps] == [
        ("changed", (joan.pk,), (grace.pk,))
    ]


def test_no_host_is_planned_twice_at_once(meetings: Meetings) -> None:
    grace = meetings.person("Grace")
    meetings.publish(meetings.series(grace))
    other = meetings.series(grace, first=next_tuesday() + timedelta(minutes=30))
    seen = preview(series=other)
    assert {each.code for each in seen.warnings} == {"busy", "no_host"}
    meetings.publish(other)
    assert not Hosting.objects.filter(occurrence__series=other).exists()


def test_too_few_seats_are_refused(meetings: Meetings) -> None:
    series = meetings.series(meetings.person("Grace"))
    meetings.publish(series)
    for name in ("Ada", "Mary"):
        sign_up(meetings.sessions(series)[0], name)
    drafting.change_series(actor=meetings.act(), series=series, values={"seats": 1})
    with pytest.raises(Invalid, match="too few"):
        meetings.publish(series)


def test_calling_off_cancels_what_is_to_come(meetings: Meetings) -> None:
    series = meetings.series()
    meetings.publish(series)
    drafting.end(actor=meetings.act(), series=series)
    assert meetings.publish(series).count("cancelled") == 8


def test_bad_plans_are_refused_with_a_sentence(meetings: Meetings) -> None:
    with pytest.raises(Invalid, match="lies in the past"):
        meetings.series(first=next_tuesday() - timedelta(weeks=4), rule=None)
    with pytest.raises(Invalid, match="5 to 720 minutes"):
        meetings.series(minutes=365 * 24 * 60)
    with pytest.raises(Invalid, match="the next that is"):
        meetings.series(rule=Rule.weekly(0))
    with pytest.raises(Invalid, match="no date at all"):
        meetings.series(rule=Rule.weekly(1, until=next_tuesday().date() - timedelta(days=30)))
    with pytest.raises(Invalid, match="may sign in here"):
        meetings.series(hosts=(10**9,))
    outsider = Actor.of(meetings.person("Outsider"))
    with pytest.raises(NotAllowed):
        drafting.change_series(actor=outsider, series=meetings.series(), values={"minutes": 30})


def test_discarding_brings_back_what_is_published(meetings: Meetings) -> None:
    series = meetings.series()
    meetings.publish(series)
    at = next_tuesday() + timedelta(weeks=2)
    drafting.change_following(actor=meetings.act(), series=series, at=at, values={"minutes": 30})
    series.refresh_from_db()
    assert preview(series=series).steps
    drafting.discard(actor=meetings.act(), series=series)
    series.refresh_from_db()
    assert not series.is_changed
    assert not preview(series=series).steps
    assert replace(series.plan) == series.published_plan
