"""Accounts in a browser: a rule built and seen at work, and the pages by keyboard and screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations

if TYPE_CHECKING:
    from tests.audience.worlds import World
    from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser]


@pytest.fixture
def world(transactional_db: None) -> World:
    from tests.audience.worlds import build_world

    return build_world()


def test_a_rule_is_built_condition_by_condition_and_shows_whom_it_finds(
    open_page: OpenPage, world: World
) -> None:
    page: Any = open_page("/customers/segments/new/", world.people["csm"])
    reach = page.locator("#id_rule-reach")
    expect(reach).to_contain_text("2 of 2 accounts")
    # What the page fetches by itself takes the focus from nobody.
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_label("What it asks for").select_option("projects")
    page.get_by_label("How it compares").select_option("lt")
    page.get_by_label("With what").fill("50")
    page.get_by_role("button", name="Add").click()
    rule = page.get_by_label("Rule")
    expect(rule).to_have_value("projects < 50")
    expect(reach).to_contain_text("1 of 2 accounts")
    rule.press("End")
    rule.press_sequentially(" and seats >")
    expect(reach).to_contain_text("where a value should stand")
    rule.press_sequentially(" 5")
    expect(reach).to_contain_text("No account has seats")
    assert violations(page) == []
    page.get_by_label("Name").fill("Small ones")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Small ones")).to_be_visible()


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_the_pages_of_accounts_are_accessible(
    open_page: OpenPage, world: World, size: str, theme: str
) -> None:
    page: Any = open_page("/customers/", world.people["csm"], size=size, theme=theme)
    for path in (
        "/customers/", f"/customers/{world.acme.pk}/", f"/customers/{world.acme.pk}/edit/", "/customers/import/",
        "/customers/segments/", "/customers/?rule=projects+%3C",
    ):  # fmt: skip
        page.goto(path)
        assert violations(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{path} scrolls sideways"
