"""What every answer carries: an id, who may keep it, and what a browser may do with it."""

from __future__ import annotations

import logging

import pytest
from django.test import Client, override_settings

from apps.core.middleware import RequestIdFilter, current_request_id

LOGIN = "/accounts/login/"
pytestmark = pytest.mark.django_db


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    first, second = (client.get(LOGIN).headers["X-Request-ID"] for _ in range(2))
    assert first
    assert first != second


@pytest.mark.parametrize(
    ("given", "kept"),
    [("proxy-id-0123", True), ("short", False), ("a" * 65, False), ("line\r\nbreak", False)],
)
def test_the_id_of_a_proxy_is_kept_only_if_it_is_a_plain_word(client: Client, given: str, kept: bool) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept


def test_the_log_outside_of_a_request_has_no_id() -> None:
    record = logging.LogRecord("any", logging.INFO, "", 0, "", None, None)
    RequestIdFilter().filter(record)
    assert record.request_id == current_request_id() == "-"  # type: ignore[attr-defined]


def test_pages_are_kept_by_nobody_and_framed_by_nobody(client: Client) -> None:
    answer = client.get(LOGIN)
    assert (
        answer.headers["Cache-Control"] == "private, no-store"
        or "no-store" in answer.headers["Cache-Control"]
    )
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_the_content_policy_allows_no_inline_code_or_style(client: Client) -> None:
    policy = client.get(LOGIN).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_nobody_signs_up_by_themselves(client: Client) -> None:
    answer = client.post(
        "/accounts/signup/",
        {"email": "new@example.com", "password1": "a long password", "password2": "a long password"},
    )
    from apps.accounts.models import User

    assert answer.status_code in (200, 302, 403, 404)
    assert not User.objects.filter(email="new@example.com").exists()


def test_another_host_is_refused(client: Client) -> None:
    assert client.get(LOGIN, headers={"host": "evil.example.com"}).status_code == 400


@override_settings(OPERATIONS_TOKEN="tok-123", HEARTBEAT_STALE_SECONDS=1)
@pytest.mark.parametrize(
    ("address", "headers", "told"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("203.0.113.9", {}, False),
        ("203.0.113.9", {"Authorization": "Bearer tok-123"}, True),
        ("203.0.113.9", {"Authorization": "Bearer wrong"}, False),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, False),
    ],
)
def test_reasons_are_told_to_loopback_or_with_the_token(
    client: Client, address: str, headers: dict[str, str], told: bool
) -> None:
    answer = client.get("/readyz", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == 503
    assert ("details" in answer.json()) is told
