"""The portal's main job from end to end, with a real browser, web server, worker, beat and database:
a written plan becomes a launch, sends what it scheduled on time, follows its launch day, and is written out again."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import LivePortal

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / "apps" / "plans" / "samples" / "ai-settings.md"
PASSWORD = "correct horse battery"
# The administrator approves what the marketer wrote: nobody approves their own work.
PEOPLE = """
from apps.accounts.models import Team, User
team, _ = Team.objects.get_or_create(slug="marketing", defaults={{"name": "Marketing"}})
for email, name, role in [
    ("mia@example.com", "Mia Marketer", "member"),
    ("ada@example.com", "Ada Admin", "administrator"),
]:
    if not User.objects.filter(email=email).exists():
        User.objects.create_user(
            email, {password!r}, name=name, role=role, zone="UTC", zone_confirmed=True
        ).teams.add(team)
"""


@pytest.fixture
def sign_in(running_portal: LivePortal, chromium: Browser) -> Iterator[Any]:
    running_portal.manage("shell", "-c", PEOPLE.format(password=PASSWORD))
    contexts = []

    def enter(email: str) -> Page:
        context = chromium.new_context(
            base_url=running_portal.url,
            viewport={"width": 1440, "height": 900},
            timezone_id="UTC",
            accept_downloads=True,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    yield enter
    for context in contexts:
        context.close()


def feed(portal: LivePortal, token: str, account: str, user: str) -> list[str]:
    request = urllib.request.Request(
        f"{portal.url}/api/v1/announcements/feed?account={account}&user={user}",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = json.load(answer)
    rows = body["results"] if isinstance(body, dict) and "results" in body else body["announcements"]
    return [row["title"] for row in rows]


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def exported(page: Page, path: str) -> str:
    response = page.request.get(f"{path}plan.md")
    assert response.ok
    return response.text()


@pytest.mark.every_installation
def test_a_written_plan_becomes_a_live_launch_and_is_written_out_again(
    running_portal: LivePortal, sign_in: Any
) -> None:
    today = datetime.now(UTC).date()
    launch_day = today + timedelta(days=10)
    mia = sign_in("mia@example.com")

    # Import: the document beside what it becomes, its questions, then one button.
    mia.goto("/import/")
    mia.get_by_label("Paste the plan").fill(PLAN.read_text())
    mia.get_by_role("button", name="Read it").click()
    expect(mia.get_by_role("heading", name="Nothing is lost")).to_be_visible()
    expect(mia.get_by_label("What it becomes").get_by_text("Internal training").first).to_be_visible()
    mia.locator("#id_launch_day").fill(launch_day.isoformat())
    expect(mia.locator("#id_rollout_on_launch_day")).to_be_checked()
    mia.get_by_role("button", name="Make the launch").click()
    mia.wait_for_url(re.compile(r"/launches/[a-z0-9-]+/$"))
    launch = re.sub(r"^https?://[^/]+", "", mia.url)
    mia.get_by_role("button", name="Activate").click()
    expect(mia.get_by_role("button", name="Activate")).to_have_count(0)

    # The document is written out as it came in, but for the day that was asked and answered.
    assert exported(mia, launch) == PLAN.read_text().replace("Q1 2024", launch_day.isoformat())

    # The plan's in-app announcement is a draft; it gets its words and asks for approval.
    mia.goto(f"{launch}announcements/")
    mia.locator("main .rows a.cover, main table a").first.click()
    mia.get_by_role("link", name="Edit").click()
    title = f"Settings in one place {datetime.now(UTC):%H%M%S%f}"
    mia.locator("input[name=title]").fill(title)
    mia.locator("textarea[name=body]").fill("Choose **once**, apply everywhere.")
    mia.get_by_label("Marketing").check()
    mia.get_by_role("button", name="Save").click()
    mia.get_by_role("button", name="Ask for approval").click()
    announcement = re.sub(r"^https?://[^/]+", "", mia.url)

    # Somebody else approves it and schedules it for the next full minute that leaves time to look first.
    ada = sign_in("ada@example.com")
    ada.goto(announcement)
    ada.get_by_role("button", name="Approve").click()
    token = running_portal.manage("create_token", "ada@example.com", "--scope", "feed").strip().split()[-1]
    now = datetime.now(UTC)
    goes_live = (now + timedelta(seconds=70 if now.second > 50 else 60)).replace(second=0, microsecond=0)
    form = ada.locator("form[action$='/schedule/']")
    form.locator("input[type=datetime-local]").first.fill(goes_live.strftime("%Y-%m-%dT%H:%M"))
    zone = form.locator("input[name=zone], select[name=zone]")
    if zone.count():
        zone.first.fill("UTC")
    form.get_by_role("button", name="Schedule").click()
    expect(ada.get_by_text("Goes live")).to_be_visible()
    while (left := (goes_live - datetime.now(UTC)).total_seconds()) > 0.5:
        assert title not in feed(running_portal, token, "acme", "u1"), f"shown {left:.1f} s early"
        ada.wait_for_timeout(min(1000, left * 500))
    running_portal.wait_for(
        lambda: title in feed(running_portal, token, "acme", "u1"), "the announcement in the feed", 5
    )
    mia.goto("/inbox/")
    expect(mia.get_by_text(title).first).to_be_visible()

    # Two entries are published on the calendar.
    mia.goto(f"{launch}calendar/")
    for _ in range(2):
        buttons = mia.get_by_role("button", name=re.compile("^Mark published"))
        before = buttons.count()
        buttons.first.click()
        expect(buttons).to_have_count(before - 1)

    # Launch day moves by three weeks: relative dates follow, what is published stays.
    later = launch_day + timedelta(weeks=3)
    mia.goto(f"{launch}move/")
    mia.locator("input[name=to]").first.fill(later.isoformat())
    mia.get_by_role("button", name="Show what moves").click()
    expect(mia.get_by_role("heading", name="What moves")).to_be_visible()
    expect(mia.locator("#preview").get_by_text("done", exact=True).first).to_be_visible()
    mia.get_by_role("button", name="Move exactly this").click()
    mia.wait_for_url(re.compile(r"/launches/"))
    answer = mia.request.get(f"/api/v1{launch}items/").json()
    items = {item["title"]: item for item in answer["results"]}
    open_items = [item for item in items.values() if item["status"] not in ("published", "cancelled")]
    published = [item for item in items.values() if item["status"] == "published"]
    assert len(published) >= 2
    assert open_items
    for item in open_items:
        if item["when"] and item["when"]["unit"] == "week":
            expected = monday(later) + timedelta(weeks=item["when"]["offset"])
            assert starts_on(item) == expected.isoformat(), item["title"]
    for item in published:
        assert starts_on(item) < (launch_day + timedelta(weeks=3)).isoformat()

    # The document is exported and brought in again: no difference, and nothing invented by the round trip.
    document = exported(mia, launch)
    mia.goto(f"/import/?into={launch.strip('/').split('/')[-1]}")
    mia.get_by_label("Paste the plan").fill(document)
    mia.get_by_role("button", name="Read it").click()
    expect(mia.get_by_text("there is nothing to change")).to_be_visible()
    assert exported(mia, launch) == document


def starts_on(item: dict[str, Any]) -> str:
    """The computed first day of an item as the API tells it."""
    dates = item.get("dates") or item.get("placement") or item
    return str(dates["starts_on"])
