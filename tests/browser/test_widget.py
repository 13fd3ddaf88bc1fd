"""The widget in a product's page: another origin, a strict policy, a real browser."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.product import serving

if TYPE_CHECKING:
    from apps.announcements.models import Announcement, ProductKey
    from tests.announcements.worlds import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Any]


@dataclass
class Product:
    """A product's own server on another origin: pages with the widget for a user it signed."""

    url: str
    portal: str
    world: World
    key: ProductKey

    def page(self, user: str = "u1", surface: str = "home") -> str:
        return f"{self.url}/?user={user}&surface={surface}"


@pytest.fixture
def product(transactional_db: None, live_server: Any) -> Iterator[Product]:
    from apps.announcements.services import keys
    from tests.announcements.worlds import build_world

    world = build_world()
    with serving() as own:
        key = keys.create_key(actor=world.act("administrator"), name="The product", origins=[own.url])
        own.portal, own.key, own.secret = live_server.url, key.key, key.secret
        yield Product(own.url, live_server.url, world, key)


def live(world: World, **values: Any) -> Announcement:
    from tests.announcements.test_endpoints import live as go

    return go(world, **values)


def settled(page: Any, condition: Callable[[], bool], seconds: float = 8) -> None:
    for _ in range(int(seconds * 10)):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to that")


def test_it_shows_on_time_and_dismissal_sticks_everywhere(open_page: OpenPage, product: Product) -> None:
    from apps.announcements.models import Receipt
    from apps.announcements.services.clock import go_live
    from tests.announcements.worlds import shift

    made = product.world.scheduled(
        title="Simpler settings", action_label="Look", action_url="https://example.com/settings"
    )
    page = open_page(product.page())
    banner = page.locator(".banner")
    page.wait_for_timeout(2500)
    expect(banner).to_be_hidden()
    shift(made, -0.1)
    go_live()
    expect(banner).to_contain_text("Simpler settings", timeout=6000)
    expect(banner.locator("strong")).to_have_text("once")
    expect(banner.get_by_role("link", name="Look")).to_have_attribute("href", "https://example.com/settings")
    settled(page, lambda: Receipt.objects.filter(shown_count=1, first_seen_at__isnull=False).exists())
    page.get_by_role("button", name="Close: Simpler settings").click()
    expect(banner).to_be_hidden()
    settled(page, lambda: Receipt.objects.filter(dismissed_at__isnull=False).exists())
    receipt = Receipt.objects.get()
    assert (receipt.account, receipt.user, receipt.shown_count) == ("acme", "u1", 1)
    for surface in ("home", "settings"):
        page.goto(product.page(surface=surface))
        with page.expect_response(lambda answer: "/feed?" in answer.url) as asked:
            pass
        assert asked.value.json() == {"announcements": []}
        expect(banner).to_be_hidden()
    page.goto(product.page(user="u2"))
    expect(banner).to_be_visible()
    assert page.title() == "The product"


def test_what_a_marketer_schedules_a_product_shows_on_time(open_page: OpenPage, product: Product) -> None:
    from apps.accounts.models import User
    from apps.announcements.services.clock import go_live
    from tests.announcements.worlds import shift

    User.objects.update(zone_confirmed=True)
    world = product.world
    made = world.approved(title="From the composer", audience_rule="id = acme", form="toast")
    page = open_page(product.page())
    portal = open_page(
        f"/launches/{world.launch.slug}/announcements/{made.pk}/",
        User.objects.get(pk=world.people["editor"].pk),
    )
    portal.fill("#schedule-starts", "2027-02-01T10:00")
    with portal.expect_navigation():
        portal.click("button:has-text('Schedule')")
    page.wait_for_timeout(2500)
    expect(page.locator(".toast")).to_have_count(0)
    shift(made, -0.1)
    go_live()
    expect(page.locator(".toast")).to_contain_text("From the composer", timeout=6000)
    expect(portal.locator("#announcement")).to_contain_text("Live since", timeout=15_000)
    page.get_by_role("button", name="Close: From the composer").click()
    expect(portal.locator("#announcement")).to_contain_text("Live since")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("form", ["banner", "modal", "toast", "list"])
def test_every_form_is_accessible(open_page: OpenPage, product: Product, form: str, theme: str) -> None:
    live(
        product.world, title=f"As {form}", form=form, action_label="Look", action_url="https://example.com",
        body="A **word** and [a link](https://example.com).",
    )  # fmt: skip
    page = open_page(product.page(), theme=theme)
    if form == "list":
        page.get_by_role("button", name="What is new").click()
    expect(page.get_by_text(f"As {form}")).to_be_visible()
    page.wait_for_timeout(250)
    assert violations(page) == []
    phone = open_page(product.page(user="phone"), theme=theme, size="phone")
    if form == "list":
        phone.get_by_role("button", name="What is new").click()
    expect(phone.get_by_text(f"As {form}")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_dialog_holds_the_keyboard_and_gives_it_back(open_page: OpenPage, product: Product) -> None:
    from apps.announcements.models import Receipt

    page = open_page(product.page())
    page.locator("#own").focus()
    live(
        product.world,
        title="Look at this",
        form="modal",
        action_label="Look",
        action_url="https://example.com",
    )
    dialog = page.get_by_role("dialog", name="Look at this")
    expect(dialog).to_be_visible(timeout=6000)
    inside = "document.querySelector('[data-launchportal]').shadowRoot.activeElement?.className"
    found = [page.evaluate(inside)]
    for _ in range(4):
        page.keyboard.press("Tab")
        found.append(page.evaluate(inside))
    assert found == ["act", "close", "act", "close", "act"]
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(inside) == "close"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#own")).to_be_focused()
    settled(page, lambda: Receipt.objects.filter(dismissed_at__isnull=False).exists())


def test_the_list_counts_what_is_unread(open_page: OpenPage, product: Product) -> None:
    from apps.announcements.models import Receipt

    for number in range(2):
        live(product.world, title=f"News {number}", form="list")
    page = open_page(product.page())
    opener = page.get_by_role("button", name="What is new")
    expect(opener).to_have_text("What is new2")
    expect(page.locator("#unread")).to_have_text("2")
    assert not Receipt.objects.exists()
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("News 1")).to_be_visible()
    expect(page.locator("#unread")).to_have_text("0")
    settled(page, lambda: Receipt.objects.filter(shown_count=1).count() == 2)
    page.get_by_role("button", name="Close: News 0").click()
    expect(page.get_by_text("News 0")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_text("News 1")).to_be_hidden()
    expect(opener).to_be_focused()
    page.goto(product.page(surface="settings"))
    expect(opener).to_have_text("What is new")
    opener.click()
    expect(page.get_by_text("News 1")).to_be_visible()
    expect(page.get_by_text("News 0")).to_have_count(0)


def test_a_click_is_reported(open_page: OpenPage, product: Product) -> None:
    from apps.announcements.models import Receipt

    live(product.world, form="toast", action_label="Look", action_url="https://example.com/")
    page = open_page(product.page())
    page.route("https://example.com/**", lambda route: route.fulfill(body="<title>There</title>"))
    page.get_by_role("link", name="Look").click()
    page.wait_for_url("https://example.com/")
    settled(page, lambda: Receipt.objects.filter(clicked_at__isnull=False).exists())


def test_what_is_stopped_leaves_the_screen(open_page: OpenPage, product: Product) -> None:
    from apps.announcements.services import running

    made = live(product.world, form="toast", most_shows=1)
    page = open_page(product.page())
    toast = page.locator(".toast")
    expect(toast).to_be_visible()
    page.wait_for_timeout(4500)
    expect(toast).to_be_visible()  # its one show is not over while it is on the screen
    running.pause(actor=product.world.act("editor"), announcement=made)
    expect(toast).to_have_count(0, timeout=6000)


def test_a_portal_that_is_down_breaks_nothing(open_page: OpenPage, product: Product) -> None:
    live(product.world)
    page = open_page("about:blank")
    page.expected_errors = ["ERR_CONNECTION_REFUSED", "ERR_FAILED", "503"]
    # Never there: the script itself does not come.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    page.goto(f"{product.page()}&portal=http://127.0.0.1:{port}")
    page.click("#own")
    expect(page.locator("#said")).to_have_text("clicked")
    assert page.title() == "The product"
    # There, and then not: refused, broken and silent answers.
    answers: list[str] = []

    def fail(route: Any) -> None:
        answers.append(route.request.url)
        if len(answers) == 1:
            route.abort("connectionrefused")
        elif len(answers) == 2:
            route.fulfill(status=503, body="<html>down</html>", headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.continue_()

    page.route("**/api/v1/announcements/feed?**", fail)
    page.goto(product.page())
    page.click("#own")
    expect(page.locator("#said")).to_have_text("clicked")
    expect(page.locator(".banner")).to_be_hidden()
    assert page.title() == "The product"
    expect(page.locator(".banner")).to_be_visible(timeout=25_000)
    assert len(answers) == 3


def test_somebody_elses_page_gets_nothing(open_page: OpenPage, product: Product) -> None:
    from apps.announcements.services import keys

    live(product.world)
    keys.change_key(
        actor=product.world.act("administrator"),
        key=product.key,
        values={"origins": ["https://app.example.com"]},
    )
    page = open_page("about:blank")
    page.expected_errors = ["CORS", "ERR_FAILED", "403"]
    page.goto(product.page())
    page.wait_for_timeout(1500)
    expect(page.locator(".banner")).to_be_hidden()
    assert page.title() == "The product"


def test_the_make_believe_product_shows_it(open_page: OpenPage, product: Product) -> None:
    from apps.accounts.models import User
    from apps.announcements.models import Receipt
    from apps.audience.models import Account

    User.objects.update(zone_confirmed=True)
    world = product.world
    Account.objects.create(external_id="a", name="Acme", plan="team", value=100)
    made = live(world, title="For teams", audience_rule="plan = team and value >= 100", surfaces=["home"])
    person = User.objects.get(pk=world.people["editor"].pk)
    page = open_page(f"/launches/{world.launch.slug}/announcements/{made.pk}/", person)
    page.click("text=See it in a product")
    banner = page.locator(".banner")
    expect(banner).to_contain_text("For teams")
    assert violations(page) == []
    page.get_by_role("button", name="Close: For teams").click()
    settled(page, lambda: Receipt.objects.filter(dismissed_at__isnull=False).exists())
    page.reload()
    page.wait_for_timeout(1000)
    expect(banner).to_be_hidden()
    page.click("text=Show everything again")
    expect(banner).to_contain_text("For teams")
    expect(page).to_have_url(re.compile("/product/$"))
