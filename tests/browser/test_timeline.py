"""The timeline in a real browser: by mouse, by keyboard alone, on a phone, without a script, and accessible."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.test_screens import LAUNCH, owner

__all__ = ["owner"]

pytestmark = [pytest.mark.browser]
TIMELINE = f"{LAUNCH}timeline/"
FOLLOW_UP = "Follow-up post and planning of the next iteration"


def placement(title: str) -> Any:
    from apps.schedule.models import Placement

    return Placement.objects.get(title=title)


@pytest.mark.parametrize(
    ("size", "theme"), [("desktop", "light"), pytest.param("phone", "dark", marks=pytest.mark.full)]
)
def test_timeline_clashes_and_times_are_accessible(open_page: Any, owner: Any, size: str, theme: str) -> None:
    page = open_page(TIMELINE, owner, size=size, theme=theme)
    own = placement(FOLLOW_UP).pk
    wrong = {}
    for path in (
        TIMELINE, f"{TIMELINE}?by=team", f"{TIMELINE}?by=date&show=critical", f"{LAUNCH}clashes/", f"{LAUNCH}moves/",
        f"{LAUNCH}time/{own}/", f"{LAUNCH}move/?anchor=placement&id={own}&to=2031-03-08",
    ):  # fmt: skip
        page.goto(path)
        if found := violations(page):
            wrong[path] = found
        sideways = page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert not sideways, f"{path} scrolls sideways at {size}"
    assert wrong == {}


def test_a_row_opens_by_keyboard_is_linked_and_gives_focus_back(open_page: Any, owner: Any) -> None:
    page = open_page(TIMELINE, owner)
    row = page.get_by_role("link", name="Week 1 review", exact=True).first
    row.focus()
    page.keyboard.press("Enter")
    sheet = page.locator("#sheet[open]")
    sheet.get_by_text("Let it wait for something").wait_for()
    page.wait_for_timeout(300)
    assert violations(page) == []
    summary = sheet.locator("summary", has_text="Let it wait for something")
    summary.focus()
    page.keyboard.press("Enter")
    sheet.get_by_label("May start only after").select_option(str(placement("Phase 1: Staff and beta").pk))
    sheet.get_by_role("button", name="Link them").focus()
    page.keyboard.press("Enter")
    sheet.get_by_role("button", name="Do not wait for Phase 1: Staff and beta any more").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.reload()
    expect(page.locator(".gantt .arrow")).not_to_have_count(0)
    expect(page.get_by_text("Week 1 review", exact=True).first).to_be_visible()


def test_an_item_is_moved_by_mouse_and_undone_from_the_toast(open_page: Any, owner: Any) -> None:
    before = placement("Success stories").starts_on
    page = open_page(TIMELINE, owner)
    page.get_by_role("link", name="Move Success stories").click()
    page.fill("[name=to]", "2031-03-03")
    page.get_by_role("button", name="Show what moves").click()
    page.get_by_text("pushed by “Success stories”").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Move exactly this").click()
    page.wait_for_url(f"**{TIMELINE}")
    assert str(placement("Success stories").starts_on) == "2031-03-03"
    assert placement(FOLLOW_UP).starts_on > placement("Success stories").ends_on
    page.locator("#toasts").get_by_role("link", name="Undo").click()
    page.get_by_text(re.compile("^Undone: “Success stories”")).wait_for()
    assert placement("Success stories").starts_on == before


def test_everything_works_without_a_script(open_page: Any, owner: Any) -> None:
    page = open_page(TIMELINE, owner, script=False)
    page.get_by_role("link", name="Success stories", exact=True).first.click()
    page.wait_for_url(re.compile("/time/"))
    page.locator("summary", has_text="Change what it counts from").click()
    page.get_by_label("How many").fill("3")
    page.get_by_label("From the start of").select_option(label="Phase 2: Growing circle")
    page.get_by_role("button", name="Hang it there").click()
    page.get_by_text("after “Phase 2: Growing circle” starts").first.wait_for()
    page.fill("#time-to", "2031-03-03")
    page.get_by_role("button", name="Show what moves").click()
    page.get_by_role("button", name="Move exactly this").click()
    page.wait_for_url(f"**{TIMELINE}")
    page.get_by_role("link", name="Undo").first.click()
    page.get_by_role("button", name="Undo it").click()
    page.wait_for_url(f"**{TIMELINE}")
    assert placement("Success stories").anchor == "phase"


def test_on_a_phone_today_is_in_view_and_the_table_says_the_same(open_page: Any, owner: Any) -> None:
    page = open_page(TIMELINE, owner, size="phone")
    expect(page.locator(".gantt .today-dot")).to_be_in_viewport()
    page.locator("summary", has_text="The same as a table").tap()
    table = page.get_by_role("table", name="What happens when, and what it waits for")
    expect(table.get_by_role("row", name=re.compile("^Success stories"))).to_contain_text("critical")
