"""Real processes: live within a second of the time, on the web too, and after worker and beat were killed."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from psycopg.conninfo import make_conninfo

from apps.accounts.models import Notification
from apps.accounts.services import create_token
from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now, feed
from apps.announcements.services import running
from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM
from tests.announcements.worlds import World, build_world, shift
from tests.databases import Database
from tests.live import LivePortal

UP_SECONDS = 60


@pytest.fixture
def portal(transactional_db: None, tmp_path: Path) -> Iterator[LivePortal]:
    """Processes that run against this very test's database, so that the test sees and makes the same rows."""
    stored = django_settings.DATABASES["default"]
    named = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    parts = {name: str(stored[key]) for name, key in named.items() if stored.get(key)}
    made = LivePortal(Database(make_conninfo(**parts)), tmp_path / "portal")
    try:
        yield made
    finally:
        made.kill()


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world()


def wait(reached: Callable[[], Any], seconds: float, what: str) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := reached():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def live(announcement: Announcement) -> Announcement | None:
    return Announcement.objects.filter(pk=announcement.pk, went_live_at__isnull=False).first()


def started(portal: LivePortal, world: World, *names: str) -> None:
    portal.start(*names)
    warm_up = world.due(title="Warm-up")
    wait(lambda: live(warm_up), UP_SECONDS, f"worker and beat are up:\n{portal.last_lines()}")


def test_it_goes_live_within_a_second_and_after_both_were_killed(world: World, portal: LivePortal) -> None:
    world.people["contributor"].teams.add(world.team)
    started(portal, world, "ticks", "beat")

    item = world.item()
    timed = shift(world.scheduled(item=item, teams=[world.team]), 2)
    shown_at = wait(lambda: len(feed(account="a", user="u")) == 2 and database_now(), 6, "it shows")
    seen = live(timed)
    assert seen is not None
    assert timed.starts_at is not None
    assert timed.starts_at <= seen.went_live_at <= timed.starts_at + timedelta(seconds=1)
    assert shown_at >= timed.starts_at
    wait(lambda: Notification.objects.filter(kind="announcement").exists(), 3, "the team is told")
    item.refresh_from_db()
    assert item.status == CalendarItem.Status.PUBLISHED

    portal.kill()
    waiting, missed = world.scheduled(title="Waiting"), world.scheduled(title="Missed")
    waiting, missed = shift(waiting, 0.5, 600), shift(missed, 0.5, 1)
    wait(lambda: database_now() > missed.ends_at, 5, "both times have passed")
    assert live(waiting) is None
    assert len(feed(account="a", user="u")) == 2
    portal.start("ticks", "beat")
    wait(lambda: live(waiting), UP_SECONDS, "what waited goes live once they are back")
    assert "Waiting" in {row["title"] for row in feed(account="a", user="u")}
    over = wait(lambda: Announcement.objects.filter(pk=missed.pk, state="finished").first(), 5, "missed")
    assert over.missed
    assert Notification.objects.filter(kind="announcement").count() == 1


def test_at_once_shows_in_the_products_own_feed(world: World, portal: LivePortal) -> None:
    _, token = create_token(actor=SYSTEM, user=world.people["editor"], name="product", scopes=["feed"])
    address = f"{portal.url}/api/v1/announcements/feed?account=a&user=u"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})

    def titles() -> list[str]:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return [row["title"] for row in json.load(answer)["announcements"]]

    started(portal, world, "web", "ticks", "beat")
    portal.wait_for(lambda: titles() == ["Warm-up"], "the web process answers", UP_SECONDS)
    approved = world.approved(title="Now")
    running.schedule(actor=world.act("editor"), announcement=approved, starts_at=None)
    wait(lambda: titles() == ["Now", "Warm-up"], 3, "it shows")
    shown = live(approved)
    assert shown is not None
    assert shown.went_live_at - shown.starts_at < timedelta(seconds=1)
    running.cancel(actor=world.act("editor"), announcement=shown)
    assert titles() == ["Warm-up"]
