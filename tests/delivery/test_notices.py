"""Reminders and digests by real SMTP: their headers, their words, and what their unsubscribe link does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.delivery.models import Delivery, Mailing
from apps.delivery.services import mailings, snapshot
from apps.schedule.notices import without_mail
from apps.schedule.services import placing
from apps.schedule.services.digesting import send_digests
from apps.schedule.services.reminding import remind
from tests.delivery.sink import Got, Sink
from tests.schedule.noticing import choose, local, owned, running
from tests.schedule.worlds import Calendar

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def calendar(db: None) -> Calendar:
    return running()


@pytest.fixture
def send(drain: Callable[[], int], sink: Sink) -> Callable[[], list[Got]]:
    """Collect recipients and send; answers what arrived."""

    def go() -> list[Got]:
        mailings.start_due()
        while Mailing.objects.filter(state="snapshotting").exists():
            snapshot.continue_snapshots()
        drain()
        return sink.got

    return go


def morning() -> datetime:
    """This morning in Berlin: mails are read against the database's own clock."""
    return local(datetime.now(BERLIN).date(), 8)


def tomorrow() -> str:
    return (datetime.now(BERLIN).date() + timedelta(days=1)).isoformat()


def test_a_reminder_arrives_with_its_headers(calendar: Calendar, send: Callable[[], list[Got]]) -> None:
    item = owned(calendar, tomorrow(), title="Write the <post>")
    owned(calendar, tomorrow(), title="Second")
    assert remind(at=morning()) == 2
    [got] = send()
    mail = got.parsed()
    assert got.recipient == "owner@example.com"
    assert mail["Subject"] == "Reminder: 2 coming up"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.search(r"^<http://[^>]+/u/[^>]+/>", mail["List-Unsubscribe"])
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "- Write the <post> · Quiet settings" in text
    assert f"/calendar/{item.pk}" in text or "/launches/quiet-settings/" in text
    assert "Write the &lt;post&gt;" in html
    assert "/settings/notices/" in text
    assert urlsplit(mail["List-Unsubscribe"].split(">")[0][1:]).path in text


def test_a_mail_says_how_things_stand_when_it_is_sent(
    calendar: Calendar, send: Callable[[], list[Got]]
) -> None:
    done, left = owned(calendar, tomorrow(), title="Done by then"), owned(calendar, tomorrow(), title="Left")
    remind(at=morning())
    placing.finish(actor=calendar.act(), placement=calendar.placement(done))
    calendar.launch.refresh_from_db()
    placement = calendar.placement(left)
    placement.title = "Left, and renamed"
    placement.save()
    [got] = send()
    assert got.parsed()["Subject"] == "Coming up: Left, and renamed"


def test_a_reminder_of_nothing_more_is_not_sent_and_says_so(
    calendar: Calendar, send: Callable[[], list[Got]]
) -> None:
    item = owned(calendar, tomorrow())
    remind(at=morning())
    placing.finish(actor=calendar.act(), placement=calendar.placement(item))
    assert send() == []
    assert Delivery.objects.get().reason == "There was nothing to remind of any more when it came to be sent."
    assert Mailing.objects.get().state != "paused"


def test_a_mail_that_was_held_for_a_day_is_not_sent(
    calendar: Calendar, send: Callable[[], list[Got]]
) -> None:
    owned(calendar, tomorrow())
    choose(calendar.owner, days=3)
    remind(at=morning() - timedelta(days=2))
    assert send() == []
    assert Delivery.objects.get().reason.startswith("It waited for more than 24 hours")


def test_a_digest_arrives_and_one_click_stops_it(
    calendar: Calendar, send: Callable[[], list[Got]], sink: Sink
) -> None:
    now = datetime.now(BERLIN)
    choose(calendar.owner, weekday=now.isoweekday(), hour=now.hour)
    owned(calendar, now.date().isoformat(), title="Write the post")
    assert send_digests(at=now.astimezone(UTC)) == 1
    [got] = send()
    mail = got.parsed()
    assert mail["Subject"] == "Your week: 1 due this week"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content_type() == "multipart/alternative"
    path = urlsplit(mail["List-Unsubscribe"].split(">")[0][1:]).path
    page = Client().get(path).content.decode()
    assert "Reminders" in page
    assert "News for your account" not in page
    assert Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert without_mail([calendar.owner], "your-week") == {calendar.owner.pk}
    assert without_mail([calendar.owner], "reminders") == set()
    # Next week the inbox alone tells it.
    owned(calendar, (now.date() + timedelta(days=7)).isoformat())
    assert send_digests(at=now.astimezone(UTC) + timedelta(days=7, hours=1)) == 1
    assert len(send()) == 1


def test_who_left_gets_no_mail_that_waited(calendar: Calendar, send: Callable[[], list[Got]]) -> None:
    owned(calendar, tomorrow())
    remind(at=morning())
    User.objects.update(is_active=False)
    assert send() == []
    assert Delivery.objects.get().reason == "They may not sign in any more."
