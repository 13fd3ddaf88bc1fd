"""What a marketer schedules a product's page shows on time, by the real worker and clock, until it is closed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.product import serving
from tests.live import LivePortal

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
WORLD = f"""
from apps.accounts.models import User
from apps.announcements.services import keys
from tests.announcements.worlds import build_world
world = build_world()
User.objects.update(zone="UTC", zone_confirmed=True)
editor = User.objects.get(email="editor@example.com")
editor.set_password({PASSWORD!r})
editor.save()
made = world.approved(title="Settings in one place", form="banner", surfaces=["home"])
key = keys.create_key(actor=world.act("administrator"), name="Product", origins=["ORIGIN"])
print("MADE", world.launch.slug, made.pk, key.key, key.secret)
"""


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[Any] = []

    def new(url: str) -> Page:
        context = chromium.new_context(
            base_url=url, viewport={"width": 1280, "height": 800}, timezone_id="UTC"
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield new
    for context in contexts:
        context.close()


@pytest.mark.full  # test_widget tells the same story without waiting for a minute to begin
def test_a_product_shows_on_time_what_a_marketer_scheduled_until_it_is_closed(
    new_portal: Callable[..., LivePortal], pages: Callable[..., Page]
) -> None:
    portal = new_portal()
    with serving() as product:
        said = portal.manage("shell", "-v", "0", "-c", WORLD.replace("ORIGIN", product.url))
        found = re.search(r"MADE (\S+) (\d+) (\S+) (\S+)", said)
        assert found
        slug, pk, product.key, product.secret = found.groups()
        product.portal = portal.url
        portal.start()
        portal.wait_until_ready()

        marketer = pages(portal.url)
        marketer.goto("/accounts/login/")
        marketer.fill("input[name=login]", "editor@example.com")
        marketer.fill("input[name=password]", PASSWORD)
        marketer.get_by_role("button", name="Sign in").click()
        expect(marketer.get_by_role("heading", level=1, name="My week")).to_be_visible()
        marketer.goto(f"/launches/{slug}/announcements/{pk}/")
        now = datetime.now(UTC)
        minute = (now + timedelta(seconds=75 if now.second > 45 else 60)).replace(second=0, microsecond=0)
        marketer.fill("#schedule-starts", minute.strftime("%Y-%m-%dT%H:%M"))
        marketer.locator("form[action$='/schedule/'] input[name=zone]").fill("UTC")
        marketer.get_by_role("button", name="Schedule").click()
        expect(marketer.locator("#announcement")).to_contain_text("Scheduled")

        user = pages(product.url)
        user.goto("/?user=u1")
        banner = user.locator(".banner")
        # Not a moment early: up to the last poll before its minute.
        while (left := minute.timestamp() - time.time()) > 0.3:
            expect(banner).to_be_hidden()
            user.wait_for_timeout(min(500, left * 500))
        expect(banner).to_contain_text("Settings in one place", timeout=10_000)
        shown = time.time() - minute.timestamp()
        assert 0 <= shown < 10  # its page asks every two seconds
        expect(marketer.locator("#announcement")).to_contain_text("Live since", timeout=20_000)

        user.get_by_role("button", name="Close: Settings in one place").click()
        expect(banner).to_be_hidden()
        portal.wait_for(
            lambda: "1" in portal.manage(
                "shell", "-v", "0", "-c",
                "from apps.announcements.models import Receipt; "
                "print(Receipt.objects.filter(dismissed_at__isnull=False).count())",
            ),
            "its dismissal",
        )  # fmt: skip
        for again in ("/?user=u1", "/?user=u1&surface=home"):
            with user.expect_response(lambda answer: "/announcements/feed" in answer.url) as answer:
                user.goto(again)
            assert answer.value.json() == {"announcements": []}
            expect(banner).to_be_hidden()
        user.goto("/?user=u2")
        expect(banner).to_be_visible()
