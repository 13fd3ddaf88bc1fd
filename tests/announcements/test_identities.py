"""Signed identities: what holds, what is refused and how, and whose feed one gets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings

from apps.announcements.models import ProductKey, Receipt
from apps.announcements.services import keys
from apps.core.clock import now
from tests.announcements.conftest import PAGE
from tests.announcements.test_endpoints import API, Program, live
from tests.announcements.worlds import World

FEED = "/announcements/feed"
RECEIPTS = "/announcements/receipts"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(payload: Any, secret: str) -> str:
    """As a product's server does it, from the description alone."""
    body = encode(json.dumps(payload).encode())
    return f"{body}.{encode(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}"


def payload(signed: ProductKey, /, **values: Any) -> dict[str, Any]:
    return {"key": signed.key, "account": "acme", "user": "u1", "exp": int(time.time()) + 3600, **values}


def identity(signed: ProductKey, /, **values: Any) -> str:
    return sign(payload(signed, **values), signed.secret)


def ask(text: str, path: str = FEED, origin: str | None = PAGE, **headers: str) -> Any:
    given = {"X-Launch-Identity": text, **headers}
    if origin is not None:
        given["Origin"] = origin
    return Client(headers=given).get(API + path)


def tell(text: str, *rows: dict[str, Any], origin: str = PAGE) -> Any:
    client = Client(headers={"X-Launch-Identity": text, "Origin": origin})
    return client.post(API + RECEIPTS, json.dumps({"receipts": rows}), content_type="application/json")


def test_a_signed_identity_gets_its_feed_and_says_what_it_did(world: World, key: ProductKey) -> None:
    shown = live(world, audience_rule="plan = team")
    text = identity(key, attributes={"plan": "team"})
    answer = ask(text)
    assert [row["id"] for row in answer.json()["announcements"]] == [shown.pk]
    assert answer["Access-Control-Allow-Origin"] == PAGE
    stored = tell(text, {"announcement": shown.pk, "dismissed_at": now().isoformat()})
    assert stored.json() == {"stored": 1, "unknown": []}
    receipt = Receipt.objects.get()
    assert (receipt.account, receipt.user) == ("acme", "u1")
    assert ask(text).json() == {"announcements": []}
    assert ask(identity(key)).json() == {"announcements": []}
    assert ProductKey.objects.get().last_used_at is not None


def refused(answer: Any, code: str, status: int = 401) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer["Content-Type"].startswith("application/problem+json")
    assert problem["detail"].endswith(".")
    assert b"Settings are simpler" not in answer.content


def test_forged_identities_are_refused(world: World, key: ProductKey) -> None:
    live(world)
    good = identity(key)
    body, signature = good.split(".")
    other = encode(json.dumps(payload(key, account="other")).encode())
    refused(ask(f"{other}.{signature}"), "identity_forged")
    refused(ask(sign(payload(key), "lps_guess")), "identity_forged")
    refused(ask(sign(payload(key), "")), "identity_forged")
    refused(ask(f"{body}."), "identity_forged")
    refused(ask(f"{body}.{signature[:-2]}"), "identity_forged")
    refused(ask(f"{body}.{signature}ü".encode().decode("latin-1")), "identity_forged")
    assert ask(good).status_code == 200


@pytest.mark.parametrize(
    "text", ["", ".", "x", "a.b", "ü.b", "e30.x", "W10.x", "bnVsbA.x", "%%%.x", "e30", "=.="]
)
def test_what_is_no_identity_is_refused(world: World, key: ProductKey, text: str) -> None:
    answer = ask(text.encode().decode("latin-1"))
    assert answer.status_code == 401
    assert answer.json()["code"] in {"identity_malformed", "identity_key"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"exp": 1}, "identity_expired"),
        ({"exp": int(time.time()) - 1}, "identity_expired"),
        ({"exp": int(time.time()) + 86_400 + 3600}, "identity_too_long"),
        ({"exp": "tomorrow"}, "identity_malformed"),
        ({"exp": True}, "identity_malformed"),
        ({"exp": None}, "identity_malformed"),
        ({"exp": 10**30}, "identity_malformed"),
        ({"account": 5}, "identity_malformed"),
        ({"account": ""}, "identity_malformed"),
        ({"user": "a" * 201}, "identity_malformed"),
        ({"user": "a\x00"}, "identity_malformed"),
        ({"role": "admin"}, "identity_malformed"),
        ({"attributes": {"id": "other"}}, "identity_malformed"),
        ({"attributes": []}, "identity_malformed"),
        ({"key": "pk_unknown"}, "identity_key"),
        ({"key": "pk_\x00"}, "identity_key"),
        ({"key": None}, "identity_key"),
        ({"attributes": {"x": ["y" * 400] * 30}}, "identity_too_large"),
    ],
)
def test_identities_that_do_not_hold_say_why(
    world: World, key: ProductKey, values: dict[str, Any], code: str
) -> None:
    live(world)
    refused(ask(identity(key, **values)), code)
    refused(tell(identity(key, **values), {"announcement": 1}), code)


def test_a_day_ahead_is_fine(world: World, key: ProductKey) -> None:
    assert ask(identity(key, exp=int(time.time()) + 86_400)).status_code == 200


@pytest.mark.parametrize("name", ["account", "user", "attributes"])
def test_with_an_identity_nobody_else_can_be_asked_for(world: World, key: ProductKey, name: str) -> None:
    live(world)
    answer = ask(identity(key), f"{FEED}?{name}=other")
    assert (answer.status_code, answer.json()["code"]) == (400, "identity")
    assert list(answer.json()["errors"]) == [name]


def test_nobody_reads_or_writes_for_another_account(world: World, key: ProductKey) -> None:
    shown = live(world)
    for values in ({"account": "other"}, {"user": "u2"}, {"account": "other", "user": "u2"}):
        answer = tell(identity(key), {"announcement": shown.pk, "dismissed_at": now().isoformat(), **values})
        assert answer.status_code == 400
        assert "leave it out" in answer.content.decode()
    assert not Receipt.objects.exists()
    tell(identity(key), {"announcement": shown.pk, "dismissed_at": now().isoformat()})
    assert len(ask(identity(key, account="other")).json()["announcements"]) == 1
    assert len(ask(identity(key, user="u2")).json()["announcements"]) == 1


def test_an_identity_opens_nothing_else(world: World, key: ProductKey) -> None:
    for path in ("/launches/", "/me/", "/product-keys/", "/events/"):
        assert ask(identity(key), path).status_code == 401


def test_a_token_and_an_identity_together_are_refused(world: World, key: ProductKey) -> None:
    product = Program(world, "editor", "feed")
    answer = product.get(f"{FEED}?account=a&user=u", **{"X-Launch-Identity": identity(key)})
    refused(answer, "identity_and_token")


def test_a_page_elsewhere_is_refused(world: World, key: ProductKey) -> None:
    live(world)
    for origin in (
        "https://evil.example.com",
        "null",
        "http://app.example.com",
        "https://app.example.com:8443",
    ):
        answer = ask(identity(key), origin=origin)
        refused(answer, "origin", 403)
        assert "Access-Control-Allow-Origin" not in answer
    # A server or an app sends no origin.
    assert ask(identity(key), origin=None).status_code == 200


def test_a_refusal_can_be_read_by_the_pages_of_its_key_only(world: World, key: ProductKey) -> None:
    forged = sign(payload(key), "lps_guess")
    assert ask(forged)["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Origin" not in ask(forged, origin="https://evil.example.com")


def preflight(path: str, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-launch-identity",
    }
    return Client(headers=headers).options(API + path)


def test_preflights_follow_the_keys_own_list(world: World, key: ProductKey) -> None:
    other = keys.create_key(
        actor=world.act("administrator"), name="Other", origins=["https://other.example.com"]
    )
    for path in (FEED, RECEIPTS):
        answer = preflight(f"{path}?key={key.key}", PAGE)
        assert answer["Access-Control-Allow-Origin"] == PAGE
        assert "x-launch-identity" in answer["Access-Control-Allow-Headers"]
        assert preflight(path, PAGE)["Access-Control-Allow-Origin"] == PAGE
        for broken in (f"{path}?key={other.key}", f"{path}?key=pk_none", f"{path}?key=%00"):
            assert "Access-Control-Allow-Origin" not in preflight(broken, PAGE)
        for origin in ("https://evil.example.com", "null", "", "x" * 400):
            assert "Access-Control-Allow-Origin" not in preflight(path, origin)
    keys.change_key(actor=world.act("administrator"), key=key, values={"is_active": False})
    assert "Access-Control-Allow-Origin" not in preflight(FEED, PAGE)


def test_other_endpoints_are_not_opened_to_those_origins(world: World, key: ProductKey) -> None:
    for path in ("/launches/", "/me/", "/announcements/5/", f"{FEED}/x"):
        assert "Access-Control-Allow-Origin" not in preflight(path, PAGE)


def test_during_a_rotation_both_secrets_hold(world: World, key: ProductKey) -> None:
    before = identity(key)
    rotated = keys.rotate_key(actor=world.act("administrator"), key=key, days=7)
    assert rotated.secret != key.secret
    assert ask(before).status_code == ask(identity(rotated)).status_code == 200
    ProductKey.objects.filter(pk=key.pk).update(former_until=now() - timedelta(seconds=1))
    refused(ask(before), "identity_forged")
    assert ask(identity(rotated)).status_code == 200
    leaked = keys.rotate_key(actor=world.act("administrator"), key=rotated, days=0)
    refused(ask(identity(rotated)), "identity_forged")
    assert ask(identity(leaked)).status_code == 200


def test_a_key_that_is_off_signs_nothing(world: World, key: ProductKey) -> None:
    text = identity(key)
    keys.change_key(actor=world.act("administrator"), key=key, values={"is_active": False})
    refused(ask(text), "identity_key")


def test_secrets_follow_the_installations_own(world: World, key: ProductKey) -> None:
    text = identity(key)
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
        refused(ask(text), "identity_forged")
    from django.conf import settings

    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert ask(text).status_code == 200


def test_no_secret_is_stored(world: World, key: ProductKey) -> None:
    rotated = keys.rotate_key(actor=world.act("administrator"), key=key)
    stored = str(ProductKey.objects.values().get())
    from apps.audit.models import Event

    logged = str(list(Event.objects.values()))
    for secret in (key.secret, rotated.secret):
        assert secret not in stored + logged
        assert secret.removeprefix("lps_") not in stored + logged
