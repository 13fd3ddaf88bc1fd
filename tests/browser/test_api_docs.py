"""The API's documentation works in a real browser under the strict content policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

METHODS = {"get", "post", "put", "patch", "delete"}
# Swagger UI draws only what is near the window when there are many operations: each step shows some more.
SHOWN = "[...document.querySelectorAll('.opblock')].map((block) => block.id)"
AT_THE_END = "window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1"


def test_the_documentation_shows_every_operation_and_breaks_no_policy(open_page: OpenPage) -> None:
    page = open_page("/api/v1/docs/")
    page.wait_for_selector(".opblock")
    schema = yaml.safe_load(page.request.get("/api/v1/schema/").text())
    expected = {
        f"operations-{operation['tags'][0]}-{operation['operationId']}"
        for methods in schema["paths"].values()
        for method, operation in methods.items()
        if method in METHODS
    }

    seen: set[str] = set()
    while not page.evaluate(AT_THE_END):
        seen.update(page.evaluate(SHOWN))
        page.mouse.wheel(0, 500)
        page.evaluate(
            "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
        )
    seen.update(page.evaluate(SHOWN))
    assert len(expected) > 100
    assert expected - seen == set()


def test_an_operation_is_opened_by_its_address(open_page: OpenPage) -> None:
    page = open_page("/api/v1/docs/#/launches/launches_create")
    # Swagger UI takes every underscore of an address for a space it should warn of.
    page.expected_errors = ["escaping deep link whitespace"]
    page.wait_for_selector("#operations-launches-launches_create .opblock-body")
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
