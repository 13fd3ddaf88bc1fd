"""The frame in a real browser: palette, sheet, shortcuts, colours, failures, polling, phones, no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from apps.accounts.models import User

from tests.browser.accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Any]


def add(page: Any, markup: str) -> None:
    """Put a part of a page made for a test into the page, as a swap would."""
    page.evaluate(
        """(markup) => {
          const main = document.getElementById("main");
          main.insertAdjacentHTML("beforeend", markup);
          htmx.process(main);
        }""",
        markup,
    )


@pytest.mark.parametrize(
    ("theme", "size"),
    [
        ("light", "desktop"),
        ("dark", "phone"),
        pytest.param("dark", "desktop", marks=pytest.mark.full),
        pytest.param("light", "phone", marks=pytest.mark.full),
    ],
)
def test_every_component_in_every_state_is_accessible(
    open_page: OpenPage, administrator: User, size: str, theme: str
) -> None:
    page = open_page("/styleguide/", administrator, size=size, theme=theme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sign_in_is_accessible(open_page: OpenPage, theme: str) -> None:
    page = open_page("/accounts/login/", theme=theme)
    assert violations(page) == []


def test_the_palette_is_used_by_keyboard_alone(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    page.keyboard.press("Control+k")
    page.wait_for_selector('#palette-results [role="option"]')
    assert violations(page) == []
    page.keyboard.type("inbox")
    page.wait_for_selector('#palette-results a[href="/inbox/"][aria-selected="true"]')
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/inbox/$"))


def test_enter_right_after_typing_follows_what_was_typed(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    page.keyboard.press("Control+k")
    page.wait_for_selector('#palette-results [role="option"]')
    with page.expect_navigation():
        page.keyboard.type("inbox")
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/inbox/$"))


def test_closing_the_palette_gives_the_focus_back(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    page.evaluate("document.querySelector('[data-palette]').id = 'opener'")
    page.focus("#opener")
    page.keyboard.press("Enter")
    page.wait_for_selector("#palette[open]")
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    page.wait_for_selector("#palette:not([open])", state="attached")
    expect(page.locator("#opener")).to_be_focused()


def test_colours_change_at_once_and_stay(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    page.click(".avatar-button")
    with page.expect_response("**/settings/theme/"):
        page.click("[name=theme][value=dark]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_collapsed_sidebar_stays_collapsed_and_keeps_its_names(
    open_page: OpenPage, administrator: User
) -> None:
    page = open_page("/launches/", administrator)
    page.keyboard.press("[")
    expect(page.locator("html")).to_have_attribute("data-sidebar", "collapsed")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-sidebar", "collapsed")
    assert page.get_attribute('.sidebar a[href="/inbox/"]', "title") == "Inbox"
    assert violations(page) == []


def test_shortcuts_are_listed_and_can_be_turned_off(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    page.keyboard.press("?")
    page.wait_for_selector("#shortcuts[open]")
    assert "words of the sidebar" in page.inner_text("[data-shortcut-list]")
    assert violations(page) == []
    page.uncheck("[data-keys-switch]")
    page.keyboard.press("Escape")
    page.keyboard.press("[")
    assert page.get_attribute("html", "data-sidebar") is None


def test_a_failed_request_says_so_names_itself_and_can_be_tried_again(
    open_page: OpenPage, administrator: User
) -> None:
    page = open_page("/launches/", administrator)
    page.expected_errors = ["500"]
    answers = iter([500, 200])
    page.route(
        "**/made-up/",
        lambda route: route.fulfill(
            status=next(answers), body="<p>Here</p>", headers={"X-Request-ID": "abc123"}
        ),
    )
    add(
        page, '<button id="ask" hx-get="/made-up/" hx-target="#answer">Ask</button><div id="answer">Old</div>'
    )
    page.click("#ask")
    toast = page.locator("#toasts .toast.bad")
    toast.wait_for()
    assert "Request abc123" in toast.inner_text()
    assert page.inner_text("#answer") == "Old"
    toast.get_by_text("Try again").click()
    page.wait_for_selector("#answer p")
    expect(toast).to_have_count(0)


def test_a_refused_form_is_swapped_and_its_first_wrong_field_has_the_focus(
    open_page: OpenPage, administrator: User
) -> None:
    page = open_page("/launches/", administrator)
    page.expected_errors = ["422"]
    sent: list[str | None] = []

    def answer(route: Any) -> None:
        sent.append(route.request.headers.get("x-csrftoken"))
        route.fulfill(
            status=422, body='<input id="right" aria-label="a"><input id="wrong" aria-invalid="true">'
        )

    page.route("**/made-up/", answer)
    add(page, '<form id="f" hx-post="/made-up/"><button id="save">Save</button></form>')
    page.click("#save")
    page.wait_for_selector("#wrong")
    expect(page.locator("#wrong")).to_be_focused()
    assert sent[0]


def test_after_a_swap_the_focus_is_where_it_was(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    page.route(
        "**/made-up/",
        lambda route: route.fulfill(
            body='<li id="row" data-focus-key="item-7"><a id="again" href="#x">Edit</a></li>'
        ),
    )
    add(
        page,
        '<ul><li id="row" data-focus-key="item-7"><button id="edit" hx-get="/made-up/" hx-target="#row"'
        ' hx-swap="outerHTML">Edit</button></li></ul>',
    )
    page.focus("#edit")
    page.keyboard.press("Enter")
    page.wait_for_selector("#again")
    expect(page.locator("#again")).to_be_focused()


def test_a_sheet_opens_as_a_dialog_and_closes_when_the_server_says(
    open_page: OpenPage, administrator: User
) -> None:
    page = open_page("/launches/", administrator)
    page.route(
        "**/sheet/",
        lambda route: route.fulfill(
            body='<div class="sheet-head"><h2 id="sheet-title">Brief</h2></div><div class="sheet-body">'
            '<form hx-post="/saved/"><input id="title" aria-label="Title"><button id="save">Save</button>'
            "</form></div>"
        ),
    )
    page.route("**/saved/", lambda route: route.fulfill(status=204, headers={"HX-Trigger": "sheet:close"}))
    add(page, '<a id="open" href="/launches/" hx-get="/sheet/" hx-target="#sheet-content">Open</a>')
    page.focus("#open")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sheet[open] #save")
    expect(page.locator("#title")).to_be_focused()
    assert violations(page) == []
    page.click("#save")
    page.wait_for_selector("#sheet:not([open])", state="attached")
    expect(page.locator("#open")).to_be_focused()


def test_a_polled_part_asks_conditionally_and_says_when_it_is_stale(
    open_page: OpenPage, administrator: User
) -> None:
    page = open_page("/launches/", administrator)
    page.expected_errors = ["503"]
    asked: list[str | None] = []
    part = (
        '<section id="live" data-poll hx-get="/live/" hx-trigger="every 200ms, portal:refresh"'
        ' hx-swap="outerHTML"><p>Shown</p></section>'
    )

    def answer(route: Any) -> None:
        asked.append(route.request.headers.get("if-none-match"))
        if len(asked) == 1:
            route.fulfill(body=part, headers={"ETag": '"one"'})
        elif len(asked) <= 3:
            route.fulfill(status=304)
        else:
            route.fulfill(status=503)

    page.route("**/live/", answer)
    add(page, part.replace("Shown", "Old"))
    page.wait_for_selector("#live[data-stale] .stale")
    assert asked[:3] == [None, '"one"', '"one"']
    assert "Shown" in page.inner_text("#live")
    expect(page.locator("#live .stale")).to_have_count(1)


def test_what_cannot_be_undone_is_asked_first(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator)
    sent: list[str] = []

    def answer(route: Any) -> None:
        sent.append(route.request.method)
        route.fulfill(body="<p>Gone</p>")

    page.route("**/remove/", answer)
    add(
        page,
        '<button id="remove" hx-post="/remove/" hx-confirm="Remove it?" hx-target="#out">x</button>'
        '<p id="out"></p>',
    )
    page.click("#remove")
    page.wait_for_selector("#confirm[open]")
    assert page.inner_text("#confirm h2") == "Remove it?"
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert sent == []
    page.click("#remove")
    page.click("#confirm [data-yes]")
    page.wait_for_selector("#out p")
    assert sent == ["POST"]


def test_on_a_phone_the_menu_opens_over_the_page(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator, size="phone")
    assert not page.is_visible("#sidebar")
    page.click(".bottombar button")
    expect(page.locator('#sidebar a[href="/inbox/"]')).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#sidebar")).to_be_hidden()


def test_on_a_phone_the_ruler_shows_today(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/styleguide/", administrator, size="phone")
    today = page.locator(".ruler .today circle").first.bounding_box()
    assert today
    assert 0 < today["x"] < page.viewport_size["width"]


def test_the_ticks_of_the_ruler_are_reached_and_followed_by_keyboard(
    open_page: OpenPage, administrator: User
) -> None:
    page = open_page("/styleguide/", administrator)
    page.focus(".ruler-scroll >> nth=0")
    for _ in range(4):
        page.keyboard.press("Tab")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.endswith("done")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#sg-ruler$"))


def test_without_a_script_the_frame_still_works(open_page: OpenPage, administrator: User) -> None:
    page = open_page("/launches/", administrator, script=False)
    page.click("[data-palette]")
    expect(page).to_have_url(re.compile("/palette/"))
    page.click(".avatar-button")
    page.click("[name=theme][value=dark]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.click(".avatar-button")
    page.click("text=Sign out")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
