"""Every screen of a launch in a real browser: accessible in light, dark and on a phone, and after swaps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from apps.accounts.models import User

from tests.browser.accessibility import violations

pytestmark = [pytest.mark.browser]

SLUG = "larkspur-assistant-settings"
LAUNCH = f"/launches/{SLUG}/"
SCREENS = [
    "/", "/launches/", "/launches/?view=board", "/launches/?view=timeline", "/launches/new/", "/calendar/",
    "/palette/?q=post", "/launches/nowhere/", "/launches/single-sign-on-for-every-plan/",
    LAUNCH, f"{LAUNCH}plan/", f"{LAUNCH}calendar/", f"{LAUNCH}calendar/?view=list", f"{LAUNCH}phases/",
    f"{LAUNCH}metrics/", f"{LAUNCH}team/", f"{LAUNCH}settings/", f"{LAUNCH}audit/",
    f"{LAUNCH}move/?to=2031-03-06", f"{LAUNCH}duplicate/", f"{LAUNCH}state/?to=archived",
    f"{LAUNCH}plan/calendar_entry/add/", f"{LAUNCH}versions/", "/import/", f"/import/?into={SLUG}", "/settings/",
    "/customers/", "/customers/segments/", "/follow-ups/", "/follow-ups/new/",
    f"{LAUNCH}outreach/", f"{LAUNCH}timeline/", f"{LAUNCH}clashes/", f"{LAUNCH}moves/", "/calendar/feeds/",
    "/templates/", "/templates/big-launch/", f"{LAUNCH}template/",
    "/templates/big-launch/start/?name=Next&launch_day=2031-03-06&zone=UTC&landing=keep",
]  # fmt: skip


@pytest.fixture
def owner(transactional_db: None) -> User:
    """The demonstration, seen by the owner of its main launch."""
    from apps.accounts.models import User
    from tests.browser.demonstration import bring_demonstration

    bring_demonstration()
    return User.objects.get(email="marketing@larkspur.example")


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ("desktop", "light"),
        # These share their layout or their colours with it, and with the pictures of single components.
        pytest.param("phone", "dark", marks=pytest.mark.full),
        pytest.param("desktop", "dark", marks=pytest.mark.full),
        pytest.param("phone", "light", marks=pytest.mark.full),
    ],
)
def test_no_screen_has_an_accessibility_violation(open_page: Any, owner: User, size: str, theme: str) -> None:
    page = open_page("/", owner, size=size, theme=theme)
    page.expected_errors.append("404")
    wrong: dict[str, list[str]] = {}
    for path in SCREENS:
        page.goto(path)
        if found := violations(page):
            wrong[path] = found
        sideways = page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        assert not sideways, f"{path} scrolls sideways at {size}"
    assert wrong == {}


@pytest.mark.parametrize(
    ("size", "theme"), [("desktop", "light"), pytest.param("phone", "dark", marks=pytest.mark.full)]
)
def test_importing_is_accessible_at_every_step(open_page: Any, owner: User, size: str, theme: str) -> None:
    page = open_page("/import/?example=worked-example", owner, size=size, theme=theme)
    page.get_by_role("button", name="Read it").click()
    page.get_by_text("could be split").click()
    page.get_by_label("names 2 pieces of work").first.select_option("split")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Read it again").click()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("link", name="line 59").first.click()
    expect(page).to_have_url(re.compile("#L59$"))
    page.get_by_role("button", name="Make the launch").click()
    page.get_by_text("is a launch now").wait_for()
    page.wait_for_url("**/launches/*/")
    page.goto(f"{page.url}versions/")
    assert violations(page) == []


def test_sheets_and_inline_forms_are_accessible_and_give_focus_back(open_page: Any, owner: User) -> None:
    page = open_page(f"{LAUNCH}calendar/", owner)
    page.locator(".card-title a", has_text="Beta customer mails").click()
    page.locator("#sheet[open] .sheet-head").wait_for()
    page.wait_for_timeout(300)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Beta customer mails", exact=True)).to_be_focused()

    page.goto(f"{LAUNCH}plan/")
    page.get_by_role("link", name="Edit Phase 2: Growing circle").click()
    form = page.locator(".record.editing")
    form.wait_for()
    assert violations(page) == []
    form.locator("[name=when]").fill("some time")
    form.get_by_role("button", name="Save").click()
    form.get_by_text("not a time I can read").wait_for()
    expect(form.locator("[name=when]")).to_be_focused()
    page.expected_errors.append("422")
    form.locator("[name=when]").fill("Weeks 2-4")
    form.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Edit Phase 2: Growing circle").wait_for()
    page.get_by_text("Saved “Phase 2: Growing circle”").wait_for()
    assert violations(page) == []


def test_an_item_is_published_by_keyboard_and_the_counts_follow(open_page: Any, owner: User) -> None:
    page = open_page(f"{LAUNCH}calendar/?state=late", owner)
    before = page.locator("#calendar .counts .num").inner_text()
    button = page.locator(".card-do button").first
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_text("is published").wait_for()
    expect(page.locator("#calendar .counts .num")).to_have_text(str(int(before) - 1))
    expect(page).to_have_url(re.compile("state=late"))
    assert violations(page) == []


def test_pressing_twice_makes_one_launch(open_page: Any, owner: User) -> None:
    from apps.launches.models import Launch

    page = open_page("/launches/new/", owner)
    page.fill("[name=name]", "Pressed twice")
    page.locator("#main form .btn.primary").dblclick()
    page.get_by_text("is a draft now").wait_for()
    assert Launch.objects.filter(name="Pressed twice").count() == 1


def test_filters_change_the_address_and_going_back_brings_the_old_ones(open_page: Any, owner: User) -> None:
    page = open_page(f"{LAUNCH}calendar/", owner)
    page.locator("#filter-state").select_option("done")
    page.wait_for_url("**state=done**")
    assert page.locator("#filter-state").input_value() == "done"
    page.go_back()
    page.wait_for_url(f"**{LAUNCH}calendar/")
    expect(page.locator("#filter-state")).to_have_value("")


def test_moving_launch_day_works_with_and_without_javascript(open_page: Any, owner: User) -> None:
    from apps.launches.models import Launch

    for script, day in ((True, "2031-03-06"), (False, "2031-04-07")):
        page = open_page(f"{LAUNCH}move/", owner, script=script)
        page.fill("[name=to]", day)
        page.get_by_role("button", name="Show what moves").click()
        page.get_by_role("button", name="Move exactly this").click()
        page.wait_for_url(f"**{LAUNCH}")
        launch = Launch.objects.get(slug="larkspur-assistant-settings")
        assert str(launch.launch_day) == day


def test_a_record_is_added_changed_moved_and_removed_without_javascript(open_page: Any, owner: User) -> None:
    page = open_page(f"{LAUNCH}plan/key_message/add/", owner, script=False)
    page.fill("[name=title]", "Said plainly")
    page.get_by_role("button", name="Add key message").click()
    expect(page).to_have_url(re.compile("#key_message"))
    page.get_by_role("button", name="Move Said plainly up").click()
    page.get_by_role("link", name="Edit Said plainly").click()
    page.fill("[name=title]", "Said more plainly")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Said more plainly").first.wait_for()
    page.goto(
        page.get_by_role("link", name="Edit Said more plainly")
        .get_attribute("href")
        .replace("edit", "remove")
    )
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    expect(page.get_by_text("Said more plainly", exact=True)).to_have_count(0)
