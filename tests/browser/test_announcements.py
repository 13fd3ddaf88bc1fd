"""Announcements, inbox and settings in a real browser: accessible, by htmx and without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations

if TYPE_CHECKING:
    from tests.announcements.worlds import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Any]


@pytest.fixture
def world(transactional_db: None) -> World:
    from apps.accounts.models import User
    from tests.announcements.worlds import build_world

    built = build_world()
    User.objects.update(zone_confirmed=True)
    for person in built.people.values():
        person.refresh_from_db()
    return built


def base(world: World) -> str:
    return f"/launches/{world.launch.slug}/announcements/"


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ("desktop", "dark"),
        pytest.param("desktop", "light", marks=pytest.mark.full),
        pytest.param("phone", "light", marks=pytest.mark.full),
    ],
)
def test_every_page_is_accessible_and_fits(open_page: OpenPage, world: World, size: str, theme: str) -> None:
    from apps.announcements.services import approving
    from apps.announcements.services.clock import go_live

    world.people["administrator"].teams.add(world.team)
    live = world.due(
        item=world.item(), teams=[world.team], action_label="Open", action_url="https://example.com/settings"
    )
    go_live()
    approved = world.approved(title="Approved")
    approving.submit(actor=world.act("contributor"), announcement=world.draft(title="Submitted"))
    paths = [
        base(world),
        f"{base(world)}new/", f"{base(world)}{live.pk}/", f"{base(world)}{approved.pk}/", "/inbox/",
        "/settings/", "/settings/tokens/", "/settings/people/", "/settings/people/new/", "/settings/teams/",
    ]  # fmt: skip
    page = open_page(paths[0], world.people["administrator"], size=size, theme=theme)
    for path in paths:
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path


def test_a_draft_is_written_with_a_live_preview_and_scheduled(open_page: OpenPage, world: World) -> None:
    from apps.announcements.models import Announcement

    page = open_page(f"{base(world)}new/", world.people["contributor"])
    page.expected_errors = ["422"]
    page.fill("#id_title", "Simpler settings")
    page.fill("#id_body", "Set **once**.")
    page.wait_for_selector("#announcement-preview strong:has-text('once')")
    page.fill("#id_action_label", "Open")
    page.fill("#id_action_url", "http://example.com")
    page.click("text=Save the draft")
    page.wait_for_selector(".errors:has-text('https://')")
    expect(page.locator("#id_action_url")).to_be_focused()
    assert page.input_value("#id_body") == "Set **once**."
    assert violations(page) == []
    page.fill("#id_action_url", "https://example.com")
    with page.expect_navigation():
        page.click("text=Save the draft")
    expect(page.locator("#toasts")).to_contain_text("The draft is saved.")
    made = Announcement.objects.get()

    page = open_page(f"{base(world)}{made.pk}/", world.people["editor"])
    page.expected_errors = ["422"]
    with page.expect_navigation():
        page.click("button:has-text('Approve')")
    page.fill("#schedule-starts", "2020-01-01T10:00")
    page.click("button:has-text('Schedule')")
    page.wait_for_selector(".errors:has-text('has passed already')")
    page.fill("#schedule-starts", "2027-02-01T10:00")
    with page.expect_navigation():
        page.click("button:has-text('Schedule')")
    expect(page.locator("#toasts")).to_contain_text("It is scheduled.")
    made.refresh_from_db()
    assert (made.state, f"{made.starts_at:%Y-%m-%d %H:%M}") == ("scheduled", "2027-02-01 09:00")


def test_what_goes_live_shows_on_an_open_page_by_itself(open_page: OpenPage, world: World) -> None:
    from apps.announcements.services.clock import go_live
    from tests.announcements.worlds import shift

    made = world.scheduled()
    page = open_page(f"{base(world)}{made.pk}/", world.people["editor"])
    assert "Scheduled" in page.inner_text("#announcement")
    shift(made, -1)
    go_live()
    page.wait_for_selector("#announcement:has-text('Live since')", timeout=15_000)
    assert violations(page) == []


def test_two_people_at_once_see_both_versions(open_page: OpenPage, world: World) -> None:
    from apps.announcements.models import Announcement
    from apps.announcements.services import writing

    made = world.draft()
    page = open_page(f"{base(world)}{made.pk}/edit/", world.people["contributor"])
    page.expected_errors = ["409"]
    writing.change(actor=world.act("editor"), announcement=made, values={"title": "Theirs"})
    page.fill("#id_title", "Mine")
    page.click("#composer-form button[type=submit]")
    page.wait_for_selector(".conflict")
    conflict = page.inner_text(".conflict")
    assert "Mine" in conflict
    assert "Theirs" in conflict
    assert violations(page) == []
    with page.expect_navigation():
        page.click("text=Save mine anyway")
    assert Announcement.objects.get(pk=made.pk).title == "Mine"


def test_everything_works_without_a_script(open_page: OpenPage, world: World) -> None:
    from apps.accounts.models import Notification
    from apps.announcements.models import Announcement
    from apps.announcements.services import approving

    approving.submit(actor=world.act("contributor"), announcement=world.draft())
    page = open_page("/inbox/", world.people["editor"], script=False)
    page.click("text=Open")
    page.click("text=Approve")
    page.fill("#schedule-starts", "2027-02-01T10:00")
    page.click("button:has-text('Schedule')")
    page.click("text=Pause")
    page.click("text=Cancel it")
    page.fill("#cancel-reason", "Not now.")
    page.click("button:has-text('Cancel it')")
    expect(page.locator("#announcement")).to_contain_text("Cancelled")
    assert Announcement.objects.get().state == "cancelled"
    assert not Notification.objects.filter(user=world.people["editor"], read_at=None).exists()
