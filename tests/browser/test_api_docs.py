"""The API's documentation works in a real browser under the strict content policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_documentation_shows_every_operation_and_breaks_no_policy(open_page: OpenPage) -> None:
    page = open_page("/api/v1/docs/")
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() > 60
    page.locator("#operations-launches-launches_create .opblock-summary-control").click()
    page.wait_for_selector("#operations-launches-launches_create .opblock-body")
    assert page.get_by_text("Idempotency-Key").first.is_visible()
