"""A real browser on a real server: pages watched for errors and for what the content policy refuses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

if TYPE_CHECKING:
    from apps.accounts.models import User

# What a headless browser in a container needs, and nothing that calls out.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
WATCH_THE_POLICY = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        reason = "there is no chromium on this machine"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop on this thread, which Django would refuse to work beside.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


class Watched(Page):
    """A page that knows which of its console's errors are expected."""

    expected_errors: list[str]


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Browser, live_server: Any) -> Iterator[OpenPage]:
    """`open_page("/path/", user, size="phone", theme="dark", script=False)`; fails on unexpected errors.

    What a test provokes on purpose it names in `page.expected_errors`, as parts of the message.
    """
    contexts = []
    found: list[tuple[Any, str]] = []

    def open_one(
        path: str,
        user: User | None = None,
        *,
        size: str = "desktop",
        theme: str = "light",
        script: bool = True,
    ) -> Any:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport=SIZES[size],  # type: ignore[arg-type]
            has_touch=size == "phone",
            color_scheme=theme,  # type: ignore[arg-type]
            java_script_enabled=script,
            timezone_id="UTC",
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
            )
        page: Any = context.new_page()
        page.expected_errors = []
        page.add_init_script(WATCH_THE_POLICY)

        def note(message: ConsoleMessage) -> None:
            if message.type != "error":
                return
            if message.text.startswith("htmx:sendAbort") and found and "htmx:afterRequest" in found[-1][1]:
                # Closing the palette or typing on takes back what was asked before; htmx reports that as an error
                # in two lines, of which this is the second.
                found.pop()
                return
            found.append((page, message.text))

        def note_crash(error: Error) -> None:
            found.append((page, str(error)))

        page.on("console", note)
        page.on("pageerror", note_crash)
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    unexpected = [text for page, text in found if not any(part in text for part in page.expected_errors)]
    assert unexpected == []


@pytest.fixture
def administrator(transactional_db: None) -> User:
    from apps.accounts.models import User

    return User.objects.create_user(
        "ada@example.com", name="Ada Admin", role="administrator", zone="UTC", zone_confirmed=True
    )
