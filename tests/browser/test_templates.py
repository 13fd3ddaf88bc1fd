"""A launch is saved as a template and the next one started from it, in a real browser, accessible at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.test_screens import LAUNCH, owner

if TYPE_CHECKING:
    from apps.accounts.models import User

__all__ = ["owner"]  # the fixture: the demonstration, seen by the owner of its main launch
pytestmark = [pytest.mark.browser]


@pytest.mark.parametrize(
    ("size", "theme"), [("desktop", "light"), pytest.param("phone", "dark", marks=pytest.mark.full)]
)
def test_a_launch_becomes_a_template_and_the_next_one(
    open_page: Any,
    owner: User,  # the fixture imported above
    size: str,
    theme: str,
) -> None:
    page = open_page(f"{LAUNCH}template/", owner, size=size, theme=theme)
    assert violations(page) == []
    page.get_by_label("Name").fill("Our way")
    page.get_by_role("button", name="Save the template").click()
    page.wait_for_url("**/templates/our-way/")
    assert violations(page) == []
    page.goto("/launches/new/")
    assert violations(page) == []
    page.get_by_role("link", name="From a template").click()
    page.wait_for_url("**/templates/")
    assert violations(page) == []
    page.get_by_role("link", name="Start from Our way").click()
    page.get_by_label("Name of the launch").fill("Autumn release")
    page.get_by_label("Launch day").fill("2031-09-17")
    page.get_by_role("button", name="Show what it becomes").click()
    page.get_by_role("heading", name="When everything happens").wait_for()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    assert violations(page) == []
    sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(sideways)
    page.get_by_role("button", name="Make exactly this").click()
    page.wait_for_url("**/launches/autumn-release/")
    expect(page.locator("h1")).to_have_text("Autumn release")
