"""`make screenshots`: starts the real portal with its demonstration and writes every screen to docs/screenshots/.

Desktop and phone, light and dark. What a picture shows is what a person sees without scrolling.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
PASSWORD = "only-for-screenshots-1"
LAUNCH = "/launches/larkspur-assistant-settings/"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
UP_SECONDS = 120
SMALLER = (ROOT / "tests" / "smaller_png.js").read_text()
MOST_BYTES = 12 * 1024 * 1024

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Screen:
    """One picture: an address, who looks at it (nobody: signed out), and what they do there first."""

    name: str
    path: str
    who: str = "marketing"
    do: Step | None = None


def click(selector: str, then: str = "") -> Step:
    """Press something and wait until what it brings is there."""

    def step(page: Page) -> None:
        page.locator(selector).first.click()
        if then:
            page.locator(then).first.wait_for()
        page.wait_for_timeout(400)

    return step


def open_first(selector: str) -> Step:
    """Go to the page that the first of these links leads to, instead of the sheet."""

    def step(page: Page) -> None:
        page.goto(str(page.locator(selector).first.evaluate("link => link.href")))
        page.wait_for_load_state()

    return step


def in_a_product(page: Page) -> None:
    """From a launch's announcements to the make-believe product of the first one."""
    page.locator(".rows a.cover").first.click()
    page.locator("text=See it in a product").click()
    page.locator(".product").wait_for()
    page.wait_for_timeout(1500)


def figures_of(title: str) -> Step:
    """From a launch's announcements to one's figures."""

    def step(page: Page) -> None:
        page.locator(".rows a.cover", has_text=title).first.click()
        page.locator("a[href$='/figures/']").first.click()
        page.locator("#days-heading").wait_for()
        page.wait_for_timeout(300)

    return step


def first_recipients(page: Page) -> None:
    """From the campaigns to the mails of the one that runs."""
    page.locator(".rows a.cover").nth(1).click()
    page.locator("a[href$='/recipients/']").first.click()
    page.locator("tbody tr").first.wait_for()


def mail_preferences(page: Page) -> None:
    """From a caught mail to the page its recipient comes to by its last link."""
    page.locator("#main .rows a.cover").first.click()
    page.locator("a[href*='/u/']").first.click()
    page.locator("[name=topic]").first.wait_for()


def scroll_to(selector: str) -> Step:
    def step(page: Page) -> None:
        page.locator(selector).first.scroll_into_view_if_needed()
        page.evaluate("selector => document.querySelector(selector).scrollIntoView()", selector)
        page.wait_for_timeout(200)

    return step


def palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.locator("#palette-q").fill("post")
    page.locator(".palette-item").first.wait_for()
    page.wait_for_timeout(400)


def import_sample(page: Page) -> None:
    page.locator("#main form[enctype] .btn.primary").first.click()
    page.wait_for_load_state()


def conflict(page: Page) -> None:
    """Somebody else saves the same settings first."""
    other = page.context.new_page()
    for each, text in ((page, "What I wrote meanwhile"), (other, "What somebody else wrote first")):
        each.goto(page.url)
        each.locator("[name=summary]").fill(f"{text}, {time.strftime('%H:%M:%S')}")
    other.locator("#settings-form button.primary").click()
    other.wait_for_load_state()
    page.locator("#settings-form button.primary").click()
    page.locator(".conflict").wait_for()
    other.close()


SCREENS = (
    Screen("sign-in", "/accounts/login/", who=""),
    Screen("my-week", "/"),
    Screen("launches", "/launches/"),
    Screen("launches-board", "/launches/?view=board"),
    Screen("launches-timeline", "/launches/?view=timeline"),
    Screen("new-launch", "/launches/new/"),
    Screen("templates", "/templates/"),
    Screen("template", "/templates/big-launch/"),
    Screen("template-save", f"{LAUNCH}template/"),
    Screen(
        "template-start",
        "/templates/big-launch/start/?name=Autumn+release&launch_day=2027-09-15&zone=Europe/Berlin&landing=keep",
        do=scroll_to("#preview"),
    ),
    Screen("import", "/import/?example=worked-example"),
    Screen("import-preview", "/import/?example=worked-example", do=import_sample),
    Screen("overview", LAUNCH),
    Screen("overview-read-only", LAUNCH, who="executive"),
    Screen("overview-of-a-draft", "/launches/single-sign-on-for-every-plan/", who="engineering"),
    Screen("timeline", f"{LAUNCH}timeline/"),
    Screen(
        "timeline-sheet",
        f"{LAUNCH}timeline/",
        do=click(".gantt-row a.row-title >> text=Follow-up", "#sheet[open] .sheet-head"),
    ),
    Screen("clashes", f"{LAUNCH}clashes/"),
    Screen("plan", f"{LAUNCH}plan/", do=scroll_to("#section-phases")),
    Screen(
        "plan-editing", f"{LAUNCH}plan/",
        do=click('[aria-label^="Edit Phase 2"]', then=".record.editing"),
    ),
    Screen("calendar-weeks", f"{LAUNCH}calendar/"),
    Screen("calendar-list", f"{LAUNCH}calendar/?view=list"),
    Screen("calendar-month", f"{LAUNCH}calendar/?view=month"),
    Screen("calendar-week", f"{LAUNCH}calendar/?view=week"),
    Screen("calendar-board", f"{LAUNCH}calendar/?view=board"),
    Screen("calendar-actuals", f"{LAUNCH}calendar/actuals/"),
    Screen("calendar-all", "/calendar/?view=month"),
    Screen("calendar-item", f"{LAUNCH}calendar/", do=click(".card-title a", then="#sheet[open]")),
    Screen("item", f"{LAUNCH}calendar/?view=list&q=press", do=open_first(".rows a.cover")),
    Screen("approval-rule", f"{LAUNCH}plan/", do=open_first("a[href$='/approval/']")),
    Screen("gate", f"{LAUNCH}phases/", do=click(".gates a.cover", then="#sheet[open]")),
    Screen("feeds", "/calendar/feeds/"),
    Screen("calendar-of-all-launches", "/calendar/"),
    Screen("move-launch-day", f"{LAUNCH}move/?to=2027-03-06", do=scroll_to("#preview")),
    Screen("phases", f"{LAUNCH}phases/"),
    Screen("metrics", f"{LAUNCH}metrics/"),
    Screen("measurement", f"{LAUNCH}metrics/", do=click('[id^="measure-"]', then="#sheet[open]")),
    Screen("announcements", f"{LAUNCH}announcements/"),
    Screen("announcement", f"{LAUNCH}announcements/", do=click(".rows a.cover", then="#main h1")),
    Screen("outreach", f"{LAUNCH}outreach/", who="success"),
    Screen("campaign", f"{LAUNCH}outreach/", who="success", do=click(".rows a.cover >> nth=1", then="#progress")),
    Screen("new-campaign", f"{LAUNCH}outreach/new/", who="success", do=click("h1", then="#id_rule-reach")),
    Screen("caught-mail", "/mail/", who="success"),
    Screen("announcement-composer", f"{LAUNCH}announcements/new/"),
    Screen(
        "announcement-in-a-product", f"{LAUNCH}announcements/",
        do=in_a_product,
    ),
    Screen("versions", f"{LAUNCH}versions/"),
    Screen("team", f"{LAUNCH}team/"),
    Screen("history", f"{LAUNCH}audit/"),
    Screen("launch-settings", f"{LAUNCH}settings/"),
    Screen("conflict", f"{LAUNCH}settings/", who="product", do=conflict),
    Screen("inbox", "/inbox/", who="support"),
    Screen("settings", "/settings/"),
    Screen("reminders", "/settings/notices/"),
    Screen("accounts", "/customers/", who="success"),
    Screen("account", "/customers/", who="success", do=click("tbody th a", then="#contacts-heading")),
    Screen("segments", "/customers/segments/", who="success"),
    Screen(
        "segment", "/customers/segments/", who="success",
        do=click(".rows a.cover", then="#id_rule-reach strong"),
    ),
    Screen("follow-ups", "/follow-ups/", who="success"),
    Screen("follow-up", "/follow-ups/", who="success", do=click(".rows a.cover", then="#finish-heading")),
    Screen("suppressions", "/customers/suppressions/", who="success"),
    Screen("recipients", f"{LAUNCH}outreach/", who="success", do=first_recipients),
    Screen("product-keys", "/settings/product-keys/", who="admin"),
    Screen("announcement-figures", f"{LAUNCH}announcements/", do=figures_of("You are among the first")),
    Screen("mail-preferences", "/mail/", who="success", do=mail_preferences),
    Screen("import-accounts", "/customers/import/", who="success"),
    Screen("palette", LAUNCH, do=palette),
    Screen("not-found", "/launches/nowhere/"),
)  # fmt: skip


def main() -> int:
    wanted = set(sys.argv[1:])
    screens = [screen for screen in SCREENS if not wanted or screen.name in wanted]
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        print("Screenshots need chromium, and there is none on this machine.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="lp-") as folder, sync_playwright() as playwright:
        port = _free_port()
        portal = _start(Path(folder), port)
        try:
            browser = playwright.chromium.launch(
                executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
            )
            FOLDER.mkdir(parents=True, exist_ok=True)
            for size in SIZES:
                for theme in THEMES:
                    _take(browser, f"http://127.0.0.1:{port}", screens, size, theme)
            browser.close()
        finally:
            portal.send_signal(signal.SIGINT)
            portal.wait(timeout=30)
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {total / 1024 / 1024:.1f} MB, in {FOLDER}")
    return 0 if total < MOST_BYTES else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "DEMO_PASSWORD": PASSWORD,
    }
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "PUBLIC_URL"):
        environment.pop(name, None)
    portal = subprocess.Popen([sys.executable, "-m", "launchportal.run"], cwd=ROOT, env=environment)
    until = time.monotonic() + UP_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return portal
        except (urllib.error.URLError, OSError):
            if portal.poll() is not None:
                break
            time.sleep(0.5)
    portal.kill()
    raise SystemExit("The portal did not come up.")


def _take(browser: Browser, address: str, screens: list[Screen], size: str, theme: str) -> None:
    width, height = SIZES[size]
    darkroom = browser.new_page()
    for who in dict.fromkeys(screen.who for screen in screens):
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            has_touch=size == "phone",
            locale="en-GB",
            timezone_id="Europe/Berlin" if who in {"support", "engineering"} else "America/New_York",
        )
        page = context.new_page()
        if who:
            page.goto("/accounts/login/")
            page.fill("[name=login]", f"{who}@larkspur.example")
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(f"{address}/")
        for screen in screens:
            if screen.who != who:
                continue
            page.goto(screen.path)
            if screen.do is not None:
                screen.do(page)
            page.wait_for_timeout(150)
            picture = base64.b64encode(page.screenshot(animations="disabled")).decode()
            small = base64.b64decode(darkroom.evaluate(SMALLER, picture))
            (FOLDER / f"{screen.name}-{size}-{theme}.png").write_bytes(small)
        context.close()
    darkroom.close()
    print(f"{size}, {theme}: {len(screens)} screens")


if __name__ == "__main__":
    sys.exit(main())
