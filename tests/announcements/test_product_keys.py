"""Product keys: who makes them, what a page and the API show, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from apps.announcements.models import ProductKey
from apps.announcements.services import keys
from apps.audit.models import Event
from apps.core.errors import Invalid, NotAllowed
from tests.announcements.test_endpoints import Program
from tests.announcements.test_pages import signed_in
from tests.announcements.worlds import World

PAGES = "/settings/product-keys/"


def made(world: World, name: str = "The product") -> ProductKey:
    return keys.create_key(actor=world.act("administrator"), name=name, origins=["https://app.example.com"])


@pytest.mark.parametrize("name", ["owner", "editor", "viewer", "stranger"])
def test_only_administrators_have_keys(world: World, name: str) -> None:
    key = made(world)
    client = signed_in(world, name)
    assert client.get(PAGES).status_code == 403
    assert client.get(f"{PAGES}{key.pk}/").status_code == 403
    assert client.post(f"{PAGES}{key.pk}/rotate/", {"days": 0}).status_code == 403
    with pytest.raises(NotAllowed):
        keys.create_key(actor=world.act(name), name="x", origins=[])
    assert Program(world, name, "admin").get("/product-keys/").status_code == 403
    assert key.key not in client.get("/settings/").content.decode()
    assert "Product keys" not in client.get("/settings/").content.decode()


def test_a_token_needs_the_scope_to_administer(world: World) -> None:
    assert Program(world, "administrator", "read", "write").get("/product-keys/").status_code == 403
    assert Program(world, "administrator", "admin").get("/product-keys/").status_code == 200


def test_strangers_are_asked_to_sign_in(client: Any, db: None) -> None:
    answer = client.get(PAGES)
    assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)


def test_the_secret_is_shown_once(world: World) -> None:
    client = signed_in(world, "administrator")
    answer = client.post(
        PAGES, {"name": "Shop", "origins": "https://shop.example.com\nhttps://shop.example.com"}
    )
    key = ProductKey.objects.get()
    assert (answer.status_code, key.origins) == (200, ["https://shop.example.com"])
    assert key.secret in answer.content.decode()
    for path in (PAGES, f"{PAGES}{key.pk}/"):
        page = client.get(path).content.decode()
        assert (key.secret in page, key.key in page) == (False, True)
    rotated = client.post(f"{PAGES}{key.pk}/rotate/", {"days": 3, "version": 1})
    fresh = ProductKey.objects.get()
    assert fresh.secret != key.secret
    assert fresh.secret in rotated.content.decode()
    verbs = set(Event.objects.filter(object_id=key.pk).values_list("verb", flat=True))
    assert {"product_key.created", "product_key.rotated"} <= verbs


@pytest.mark.parametrize(
    "origin",
    ["app.example.com", "https://app.example.com/", "https://App.example.com", "https://*.example.com", "*", "null",
     "ftp://a.example", "https://a.example:0", "https://a b.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(world: World, origin: str) -> None:
    with pytest.raises(Invalid, match="origin"):
        keys.create_key(actor=world.act("administrator"), name="x", origins=[origin])
    answer = signed_in(world, "administrator").post(PAGES, {"name": "x", "origins": origin})
    assert answer.status_code == 422
    body = {"name": "x", "origins": [origin]}
    assert Program(world, "administrator", "admin").post("/product-keys/", body).status_code == 400
    assert not ProductKey.objects.exists()


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://a.example", "http://127.0.0.1:8000", "http://[::1]:8000"]
)
def test_what_browsers_send_is_an_origin(world: World, origin: str) -> None:
    assert keys.create_key(actor=world.act("administrator"), name="x", origins=[origin]).origins == [origin]


def test_two_keys_have_two_names(world: World) -> None:
    made(world)
    with pytest.raises(Invalid, match="name"):
        made(world)
    assert made(world, "Another").key != ProductKey.objects.get(name="The product").key


def test_by_the_api(world: World) -> None:
    program = Program(world, "administrator", "admin")
    answer = program.post("/product-keys/", {"name": "Shop", "origins": ["https://shop.example.com"]})
    assert answer.status_code == 201
    pk, secret = answer.json()["id"], answer.json()["secret"]
    assert secret == ProductKey.objects.get().secret
    one = program.get(f"/product-keys/{pk}/")
    assert secret not in one.content.decode() + program.get("/product-keys/").content.decode()
    changed = program.send("patch", f"/product-keys/{pk}/", {"is_active": False}, **{"If-Match": one["ETag"]})
    assert (changed.status_code, changed.json()["is_active"]) == (200, False)
    assert program.send("patch", f"/product-keys/{pk}/", {"name": "x"}).status_code == 428
    stale = program.send("patch", f"/product-keys/{pk}/", {"name": "x"}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    rotated = program.post(f"/product-keys/{pk}/rotate/", {"days": 0})
    assert (rotated.status_code, rotated.json()["secret"] != secret) == (200, True)
    assert program.post(f"/product-keys/{pk}/rotate/", {"days": 99}).status_code == 400
    assert program.get("/product-keys/987/").status_code == 404


def test_no_answer_with_a_secret_is_kept_for_repeats(world: World) -> None:
    answer = Program(world, "administrator", "admin").post(
        "/product-keys/", {"name": "Shop"}, **{"Idempotency-Key": "abc"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")
    assert not ProductKey.objects.exists()


def test_a_stale_page_saves_nothing(world: World) -> None:
    key = made(world)
    keys.change_key(actor=world.act("administrator"), key=key, values={"name": "Newer"})
    client = signed_in(world, "administrator")
    answer = client.post(f"{PAGES}{key.pk}/", {"name": "Older", "version": 1})
    assert (answer.status_code, ProductKey.objects.get().name) == (409, "Newer")
    answer = client.post(f"{PAGES}{key.pk}/rotate/", {"days": 0, "version": 1})
    assert (answer.status_code, ProductKey.objects.get().salt) == (409, key.salt)
    saved = client.post(f"{PAGES}{key.pk}/", {"name": "Older", "is_active": "on", "version": 2})
    assert (saved.status_code, ProductKey.objects.get().origins) == (302, [])
