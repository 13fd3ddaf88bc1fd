"""Idempotency-Key: what is sent twice is done once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.audit.models import Event
from apps.core.api.idempotency import KEPT
from apps.core.clock import now
from apps.core.models import IdempotentAnswer
from apps.launches.models import KeyMessage, Launch
from tests.api.worlds import Api, World, build_world


def test_the_same_request_is_done_once_and_answered_the_same(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/records/key_message/"
    first = api.post(path, {"title": "Once"}, Idempotency_Key="a1")
    again = api.post(path, {"title": "Once"}, Idempotency_Key="a1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    for name in ("ETag", "Location", "Content-Type"):
        assert first[name] == again[name]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert KeyMessage.objects.filter(title="Once").count() == 1
    assert Event.objects.filter(verb="key_message.added", object_label="Once").count() == 1


def test_without_a_key_each_request_is_done(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/records/key_message/"
    assert api.post(path, {"title": "Twice"}).status_code == 201
    assert api.post(path, {"title": "Twice"}).status_code == 201
    assert KeyMessage.objects.filter(title="Twice").count() == 2


def test_another_body_or_address_under_the_same_key_is_refused(world: World) -> None:
    api = world.api("owner")
    base = f"/launches/{world.launch.slug}/records"
    assert api.post(f"{base}/key_message/", {"title": "One"}, Idempotency_Key="k").status_code == 201
    for path, title in ((f"{base}/key_message/", "Two"), (f"{base}/channel/", "One")):
        answer = api.post(path, {"title": title}, Idempotency_Key="k")
        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_key_reused"
    assert not KeyMessage.objects.filter(title="Two").exists()


def test_keys_belong_to_whoever_uses_them(world: World) -> None:
    path = f"/launches/{world.launch.slug}/records/key_message/"
    assert world.api("owner").post(path, {"title": "Owner's"}, Idempotency_Key="k").status_code == 201
    mine = world.api("editor").post(path, {"title": "Editor's"}, Idempotency_Key="k")
    assert mine.status_code == 201
    assert mine.json()["title"] == "Editor's"


def test_what_was_refused_leaves_nothing_and_frees_its_key(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/records/rollout_step/"
    phase = world.first("phase").pk
    bad = api.post(path, {"title": "x", "phase": phase, "percent": 101}, Idempotency_Key="k")
    assert bad.status_code == 400
    assert not IdempotentAnswer.objects.exists()
    assert (
        api.post(path, {"title": "x", "phase": phase, "percent": 99}, Idempotency_Key="k").status_code == 201
    )


def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/records/key_message/"
    assert api.post(path, {"title": "Old"}, Idempotency_Key="k").status_code == 201
    IdempotentAnswer.objects.update(created_at=now() - KEPT - timedelta(seconds=1))
    assert api.post(path, {"title": "New"}, Idempotency_Key="k").status_code == 201
    assert IdempotentAnswer.objects.count() == 1
    IdempotentAnswer.objects.update(created_at=now() - KEPT + timedelta(minutes=1))
    assert api.post(path, {"title": "Newer"}, Idempotency_Key="k").status_code == 422


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
def test_a_key_that_is_no_key_is_refused(world: World, key: str) -> None:
    body = b'{"title": "No"}'
    answer = world.api("owner").client.post(
        f"/api/v1/launches/{world.launch.slug}/records/key_message/",
        body,
        content_type="application/json",
        headers={**world.api("owner").headers, "Idempotency-Key": key},
    )
    assert answer.status_code == 400
    assert not KeyMessage.objects.filter(title="No").exists()


def test_a_replay_needs_the_token_as_the_request_did(world: World) -> None:
    api = world.api("owner")
    path = f"/launches/{world.launch.slug}/records/key_message/"
    assert api.post(path, {"title": "Once"}, Idempotency_Key="k").status_code == 201
    assert Api().post(path, {"title": "Once"}, Idempotency_Key="k").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_is_done_and_the_others_wait_or_get_its_answer() -> None:
    world = build_world()
    world.api("owner")
    start = threading.Barrier(8)

    def send(_: int) -> tuple[int, bytes]:
        try:
            api = Api(world.tokens["owner", "read", "write"])
            start.wait(timeout=20)
            answer = api.post("/launches/", {"name": "Raced"}, Idempotency_Key="race")
            return answer.status_code, answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert Launch.objects.filter(name="Raced").count() == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert len({content for status, content in answers if status == 201}) == 1


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_being_answered_the_second_is_told_to_wait(monkeypatch: Any) -> None:
    world = build_world()
    api = world.api("owner")
    working, go_on = threading.Event(), threading.Event()
    from apps.launches.api import launches

    original = launches.service.create_launch

    def slowly(**values: Any) -> Launch:
        working.set()
        assert go_on.wait(timeout=20)
        return original(**values)

    monkeypatch.setattr(launches.service, "create_launch", slowly)

    def first() -> int:
        try:
            own = Api(world.tokens["owner", "read", "write"])
            return int(own.post("/launches/", {"name": "Slow"}, Idempotency_Key="k").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        answering = pool.submit(first)
        assert working.wait(timeout=20)
        second = api.post("/launches/", {"name": "Slow"}, Idempotency_Key="k")
        go_on.set()
        assert answering.result(timeout=20) == 201
    assert second.status_code == 409
    assert second.json()["code"] == "idempotency_in_progress"
    assert second["Retry-After"] == "1"
    assert api.post("/launches/", {"name": "Slow"}, Idempotency_Key="k")["Idempotent-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_crash_before_the_answer_leaves_neither_change_nor_key(monkeypatch: Any) -> None:
    world = build_world()
    api = world.api("owner")
    from apps.core.api import idempotency

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(idempotency, "keep", crash)
    with pytest.raises(RuntimeError):
        api.post("/launches/", {"name": "Half"}, Idempotency_Key="k")
    assert not Launch.objects.filter(name="Half").exists()
    monkeypatch.undo()
    assert api.post("/launches/", {"name": "Half"}, Idempotency_Key="k").status_code == 201
