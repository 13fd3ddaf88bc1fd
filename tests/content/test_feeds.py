"""Calendar feeds: what they hold, read back by a parser that shares no code with what writes them."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from django.db.models import F
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar

from apps.content import ical as writing
from apps.content.models import Feed, SavedView
from apps.content.services import feeds, set_status
from apps.core.errors import Invalid, NotFound
from apps.core.middleware import SecretAddressFilter
from apps.launches.models import Launch
from apps.launches.services.launch import set_state
from apps.launches.services.records import change_record
from apps.schedule.models import Placement
from apps.schedule.services.hanging import hang
from apps.schedule.spans import first_instant
from tests.portal.worlds import DAY, World

ZONES = [
    "America/New_York", "Europe/London", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata",
    "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12",
]  # fmt: skip


def make(world: World, who: str = "contributor", **given: Any) -> tuple[Feed, str]:
    return feeds.create_feed(actor=world.actor(who), **{"name": "Mine", "scope": "mine", **given})


def ask(secret: str, **headers: str) -> Any:
    return Client().get(f"/feeds/{secret}.ics", headers=headers)


def titles(secret: str) -> list[str]:
    calendar = IcsCalendarStream.calendar_from_ics(ask(secret).content.decode())
    return sorted(str(event.summary) for event in calendar.events)


@pytest.fixture
def filled(world: World) -> World:
    person = world.people["contributor"]
    world.add("calendar_entry", title="Mine to write", when="T+2 days", owner=person)
    world.add("calendar_entry", title="My team's", when="T+3 days", team=world.team)
    world.add("calendar_entry", title="Somebody's", when="T+4 days", owner=world.people["editor"])
    world.add("calendar_entry", title="Undated")
    world.add("calendar_entry", world.secret, title="Hidden", when="T+2 days", team=world.team)
    return world


def test_each_sort_of_feed_holds_what_it_is_of_and_nothing_its_owner_may_not_see(filled: World) -> None:
    view = SavedView.objects.create(
        owner=filled.people["contributor"], name="Editor's", query=f"owner={filled.people['editor'].pk}"
    )
    assert titles(make(filled)[1]) == ["Mine to write", "My team's"]
    assert titles(make(filled, scope="team", team=filled.team)[1]) == ["My team's"]
    assert titles(make(filled, scope="launch", launch=filled.launch)[1]) == [
        "Mine to write", "My team's", "Somebody's",
    ]  # fmt: skip
    assert titles(make(filled, scope="view", view=view)[1]) == ["Somebody's"]
    # Its owner sees the restricted launch.
    assert "Hidden" in titles(make(filled, "owner", scope="team", team=filled.team)[1])


def test_a_feed_shows_what_its_owner_may_see_now(filled: World) -> None:
    _, secret = make(filled, "member", scope="launch", launch=filled.launch)
    assert len(titles(secret)) == 3
    Launch.objects.filter(pk=filled.launch.pk).update(restricted=True)
    assert titles(secret) == []
    person = filled.people["member"]
    person.is_active = False
    person.save()
    assert ask(secret).status_code == 404


def test_a_view_that_is_not_shared_any_more_shows_nothing(filled: World) -> None:
    view = SavedView.objects.create(owner=filled.people["editor"], name="All", query="", shared=True)
    _, secret = make(filled, "member", scope="view", view=view)
    assert titles(secret)
    SavedView.objects.filter(pk=view.pk).update(shared=False)
    assert titles(secret) == []


def test_the_address_is_shown_once_hashed_in_the_database_and_ended_at_once(filled: World) -> None:
    feed, secret = make(filled)
    assert len(secret) >= 43
    assert secret not in str(Feed.objects.values().get())
    page = filled.client("contributor").post("/calendar/feeds/", {"name": "Phone", "scope": "mine"})
    assert page.status_code == 201
    address = page.content.decode().split('id="fresh-feed">')[1].split("<")[0]
    assert Client().get(urlsplit(address).path).status_code == 200
    assert urlsplit(address).path not in filled.client("contributor").get("/calendar/feeds/").content.decode()
    with pytest.raises(NotFound):
        feeds.revoke_feed(actor=filled.actor("member"), pk=feed.pk)
    filled.client("contributor").post(f"/calendar/feeds/{feed.pk}/revoke/")
    assert ask(secret).status_code == 404
    assert ask("x" * 43).status_code == 404


def test_an_unchanged_feed_is_not_sent_again(filled: World) -> None:
    _, secret = make(filled, scope="launch", launch=filled.launch)
    first = ask(secret)
    assert ask(secret, **{"If-None-Match": first["ETag"]}).status_code == 304
    assert ask(secret, **{"If-None-Match": f"W/{first['ETag']}"}).status_code == 304
    assert first["Cache-Control"] == "private, max-age=0, must-revalidate"
    item = filled.add("calendar_entry", title="New", when="T+9 days")
    second = ask(secret, **{"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    change_record(actor=filled.actor("editor"), record=item, values={"title": "Newer"})
    assert ask(secret, **{"If-None-Match": second["ETag"]}).status_code == 200


def test_a_moved_event_keeps_its_uid_and_grows_its_sequence_and_a_cancelled_one_stays(filled: World) -> None:
    item = filled.add("calendar_entry", title="Moves", when="T+9 days")
    _, secret = make(filled, scope="launch", launch=filled.launch)

    def event() -> Any:
        calendar = IcsCalendarStream.calendar_from_ics(ask(secret).content.decode())
        return next(each for each in calendar.events if each.summary == "Moves")

    before = event()
    when = {"anchor": "launch_day", "unit": "day", "offset": 11, "text": "T+11 days"}
    change_record(actor=filled.actor("editor"), record=item, values={"when": when})
    after = event()
    assert (after.uid, after.dtstart) == (before.uid, DAY + timedelta(days=11))
    assert after.sequence > before.sequence
    set_status(actor=filled.actor("editor"), item=item, status="cancelled")
    assert str(event().status.value) == "CANCELLED"
    long_ago = datetime.now(UTC) - timedelta(days=91)
    Placement.objects.filter(record_id=item.pk, kind=item.kind).update(updated_at=long_ago)
    with pytest.raises(StopIteration):
        event()


def events(secret: str) -> dict[str, Any]:
    calendar = IcsCalendarStream.calendar_from_ics(ask(secret).content.decode())
    return {str(event.summary): event for event in calendar.events}


def test_what_follows_a_moved_thing_moves_in_the_feed_too(world: World) -> None:
    leader = world.add("calendar_entry", title="Leads", when="T+5 days")
    follower = world.add("calendar_entry", title="Follows", when="T+7 days")
    hang(
        actor=world.actor("editor"),
        placement=world.placement(follower),
        anchor="placement",
        to=world.placement(leader).pk,
        offset=2,
    )
    for rows in (Placement.objects, Launch.objects):
        rows.update(updated_at=datetime(2024, 1, 1, tzinfo=UTC))
    _, secret = make(world, scope="launch", launch=world.launch)
    first, before = ask(secret), events(secret)["Follows"]
    when = {"anchor": "launch_day", "unit": "day", "offset": 9, "text": "T+9 days"}
    change_record(actor=world.actor("editor"), record=leader, values={"when": when})
    after = events(secret)["Follows"]
    assert after.dtstart == before.dtstart + timedelta(days=4)
    assert after.sequence > before.sequence
    assert after.dtstamp > before.dtstamp
    assert after.last_modified > before.last_modified
    assert ask(secret, **{"If-None-Match": first["ETag"]}).status_code == 200


def test_a_change_that_leaves_no_time_behind_changes_the_tag(filled: World) -> None:
    _, secret = make(filled, scope="launch", launch=filled.launch)
    first = ask(secret)
    # As two changes within one tick of a clock do.
    Placement.objects.filter(title="Somebody's").update(version=F("version") + 1)
    assert ask(secret, **{"If-None-Match": first["ETag"]}).status_code == 200


def test_a_cancelled_launch_cancels_what_was_still_to_come(filled: World) -> None:
    done = filled.add("calendar_entry", title="Done", when="T+1 days", owner=filled.people["contributor"])
    set_status(actor=filled.actor("editor"), item=done, status="published")
    view = SavedView.objects.create(owner=filled.people["contributor"], name="All", query="")
    secrets = [make(filled)[1], make(filled, scope="view", view=view)[1]]
    tags = [ask(secret)["ETag"] for secret in secrets]
    before = events(secrets[0])["Mine to write"]
    assert str(before.status.value) == "CONFIRMED"
    set_state(actor=filled.actor("owner"), launch=filled.launch, to="cancelled")
    for secret, tag in zip(secrets, tags, strict=True):
        assert ask(secret, **{"If-None-Match": tag}).status_code == 200
        after = events(secret)["Mine to write"]
        assert str(after.status.value) == "CANCELLED"
        assert (after.uid, after.sequence > before.sequence) == (before.uid, True)
        assert after.last_modified >= before.last_modified
    assert str(events(secrets[0])["Done"].status.value) == "CONFIRMED"
    Launch.objects.filter(pk=filled.launch.pk).update(updated_at=datetime.now(UTC) - timedelta(days=91))
    assert [titles(secret) for secret in secrets] == [["Done"], []]


def test_the_feed_of_a_view_holds_the_launches_its_calendar_shows(filled: World) -> None:
    view = SavedView.objects.create(owner=filled.people["contributor"], name="All", query="")
    secret = make(filled, scope="view", view=view)[1]
    assert len(titles(secret)) == 3
    set_state(actor=filled.actor("owner"), launch=filled.launch, to="completed")
    assert titles(secret) == []
    # Where the view is of the launch, its calendar still is there to look at.
    SavedView.objects.filter(pk=view.pk).update(launch=filled.launch)
    assert len(titles(secret)) == 3


def test_a_full_feed_keeps_what_is_nearest_to_come_and_says_so(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (-40, -30, -20, 30, 50):
        filled.add("calendar_entry", title=f"At {days}", when=f"T{days:+d} days")
    _, secret = make(filled, scope="launch", launch=filled.launch)
    everything = {"Mine to write", "My team's", "Somebody's", "At -40", "At -30", "At -20", "At 30", "At 50"}
    assert set(titles(secret)) == everything
    assert b"left out" not in ask(secret).content
    ahead = [name for name, event in events(secret).items() if event.dtstart >= datetime.now(UTC).date()]
    monkeypatch.setattr("apps.content.selectors.feeds.MOST_EVENTS", 7)
    assert set(titles(secret)) == everything - {"At -40"}
    assert b"The 7 events nearest to come: 1 more is left out." in unfolded(ask(secret).content)
    monkeypatch.setattr("apps.content.selectors.feeds.MOST_EVENTS", len(ahead) - 1)
    assert set(titles(secret)) == set(ahead) - {"At 50"}


def unfolded(body: bytes) -> bytes:
    return body.replace(b"\r\n ", b"")


def test_the_calendar_says_how_often_to_look_and_every_line_is_short(filled: World) -> None:
    filled.add("calendar_entry", title="Long, with; marks\\ and «Ünïcode» " + "x" * 300, when="Week 2")
    answer = ask(make(filled, scope="launch", launch=filled.launch)[1])
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    body = answer.content
    for line in (b"METHOD:PUBLISH", b"REFRESH-INTERVAL;VALUE=DURATION:PT1H", b"VERSION:2.0"):
        assert line in body
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))  # RFC 5545 3.1
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert titles(make(filled, scope="launch", launch=filled.launch)[1])[0].startswith("Long, with; marks\\")


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2024, 1, 1), date(2040, 12, 31)),
    length=st.integers(0, 20),
    at=st.none() | st.times().map(lambda found: found.replace(second=0, microsecond=0)),
)
def test_events_equal_the_calendar_in_every_zone(zone: str, day: date, length: int, at: time | None) -> None:
    """Read by a parser of its own, and expanded by a third library: the same days, the same instants."""
    last = day + timedelta(days=length)
    stamp = datetime(2024, 1, 1, tzinfo=UTC)
    launch = Launch(name="Settings", slug="settings", zone=zone, launch_day=day, updated_at=stamp)
    starts_at = first_instant(day, at, zone) if at else None
    ends_at = first_instant(last, at, zone) if at else None
    placement = Placement(
        pk=7, launch=launch, kind="calendar_entry", record_id=1, title="Write", starts_on=day, ends_on=last,
        starts_at=starts_at, ends_at=ends_at, created_at=stamp, updated_at=stamp, version=3,
    )  # fmt: skip
    written = writing.calendar_of("Mine", [placement])
    (event,) = IcsCalendarStream.calendar_from_ics(written.decode()).events
    (shown,) = recurring_ical_events.of(Calendar.from_ical(written)).between(
        day - timedelta(days=2), last + timedelta(days=3)
    )
    if starts_at is None:
        assert (event.dtstart, event.dtend) == (day, last + timedelta(days=1))  # DTEND is exclusive
        assert shown["DTSTART"].dt == day
    else:
        assert event.dtstart == starts_at
        assert (
            event.dtstart.astimezone(ZoneInfo(zone)).date()
            == first_instant(day, at, zone).astimezone(ZoneInfo(zone)).date()
        )  # type: ignore[arg-type]
        assert event.dtend == (ends_at if ends_at and ends_at > starts_at else starts_at + writing.MOMENT)
        assert shown["DTSTART"].dt == starts_at
    assert event.uid.startswith("placement-7@")
    assert event.sequence == 3


def test_bad_feeds_are_refused(world: World) -> None:
    with pytest.raises(Invalid, match="Choose which team"):
        make(world, scope="team")
    with pytest.raises(NotFound):
        make(world, "member", scope="launch", launch=world.secret)
    with pytest.raises(Invalid):
        make(world, scope="everything")
    with pytest.raises(Invalid):
        make(world, name="x" * 121)
    assert not Feed.objects.exists()


def test_secrets_of_addresses_stay_out_of_the_log() -> None:
    secret = "A" * 43
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "%s: %s", ("Not Found", f"/feeds/{secret}.ics"), None
    )
    assert SecretAddressFilter().filter(record)
    assert (secret in record.getMessage(), record.getMessage()) == (False, "Not Found: /feeds/[hidden]")
