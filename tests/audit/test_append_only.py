"""The audit log is only ever added to, in the transaction of the change it tells of."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit import services as audit
from apps.audit.models import Event
from apps.core.actors import SYSTEM, Actor
from apps.launches import events
from apps.launches.services.launch import create_launch
from tests.api.worlds import World, build_world
from tests.kept import Kept, kept

built = kept("tests.api.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    return built.fresh()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor_label = 'nobody'",
        "UPDATE audit_event SET changes = '{}' WHERE id = (SELECT min(id) FROM audit_event)",
        "DELETE FROM audit_event",
        "DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event)",
        "TRUNCATE audit_event",
        "TRUNCATE audit_event CASCADE",
    ],
)
def test_the_database_refuses_to_change_or_remove_events(world: World, statement: str) -> None:
    before = list(Event.objects.order_by("id").values())
    assert before
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert list(Event.objects.order_by("id").values()) == before


def test_django_cannot_either(world: World) -> None:
    event = Event.objects.latest("id")
    event.reason = "rewritten"
    for act in (event.save, event.delete, Event.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()


def test_events_outlive_the_people_they_name(world: World) -> None:
    record = world.first("key_message")
    event = audit.record(actor=world.act("outsider"), verb="key_message.changed", obj=record)
    pk = world.people["outsider"].pk
    world.people["outsider"].delete()
    kept = Event.objects.get(pk=event.pk)
    assert (kept.actor_id, kept.actor_label) == (pk, "Outsider")


def test_an_event_of_a_change_that_is_undone_is_undone_too(world: World) -> None:
    before = Event.objects.count()

    def half_way() -> None:
        with transaction.atomic():
            create_launch(actor=SYSTEM, name="Undone")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()
    assert Event.objects.count() == before


def test_values_are_kept_as_plain_json(world: World) -> None:
    record = world.first("key_message")
    given: dict[str, Any] = {
        "date": date(2026, 3, 4),
        "time": time(15),
        "instant": datetime(2026, 3, 4, 15, tzinfo=UTC),
        "number": Decimal("1.50"),
        "person": world.people["owner"],
        "list": [Decimal(1), {"a": date(2026, 3, 4)}],
        "set": {3},
        "nothing": None,
        "yes": True,
        "long": "x" * 5000,
    }
    event = audit.record(
        actor=SYSTEM, verb="test.kept", obj=record, changes={name: [None, v] for name, v in given.items()}
    )
    event.refresh_from_db()
    kept = {name: pair[1] for name, pair in event.changes.items()}
    assert kept.pop("long") == "x" * 1999 + "…"
    assert kept == {
        "date": "2026-03-04",
        "time": "15:00:00",
        "instant": "2026-03-04 15:00:00+00:00",
        "number": "1.50",
        "person": "Owner",
        "list": ["1", {"a": "2026-03-04"}],
        "set": [3],
        "nothing": None,
        "yes": True,
    }


def test_names_longer_than_the_log_holds_are_cut_and_not_refused(world: World) -> None:
    actor = Actor(kind="token", id=7, label="n" * 600, user=world.people["owner"])
    record = world.add("key_message", title="t" * 500)
    event = audit.record(actor=actor, verb="key_message.changed", obj=record)
    assert (len(event.actor_label), len(event.object_label)) == (254, 500)


def test_every_request_leaves_its_id_on_what_it_did(world: World) -> None:
    answer = world.api("owner").patch(f"/launches/{world.launch.slug}/", {"summary": "New"})
    assert Event.objects.filter(verb="launch.changed").latest("id").request_id == answer["X-Request-ID"]


@pytest.mark.django_db(transaction=True)
def test_who_follows_the_log_misses_nothing_that_commits_late() -> None:
    """Ids are given out before transactions end: a smaller one may become visible after a greater one."""
    world = build_world()
    admin = Actor.of(world.people["administrator"])
    rows, _ = events.after(actor=admin, after=0, limit=500)
    cursor = rows[-1].pk
    wrote, go_on = threading.Event(), threading.Event()

    def slowly() -> int:
        try:
            with transaction.atomic():
                event = audit.record(actor=SYSTEM, verb="test.late", obj=world.launch)
                wrote.set()
                assert go_on.wait(timeout=20)
                return event.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slowly)
        assert wrote.wait(timeout=20)
        quick = audit.record(actor=SYSTEM, verb="test.quick", obj=world.launch)
        meanwhile, _ = events.after(actor=admin, after=cursor, limit=500)
        assert quick.pk not in [event.pk for event in meanwhile]
        go_on.set()
        first = late.result(timeout=20)
    assert first < quick.pk
    cursor = meanwhile[-1].pk if meanwhile else cursor
    seen = [event.pk for event in events.after(actor=admin, after=cursor, limit=500)[0]]
    assert seen == [first, quick.pk]


@pytest.mark.django_db(transaction=True)
def test_a_long_change_does_not_hide_what_was_settled_before_it() -> None:
    world = build_world()
    admin = Actor.of(world.people["administrator"])
    with connection.cursor() as cursor:
        # As if all of it had been written a while ago; only a superuser's trick can do that.
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
        cursor.execute("UPDATE audit_event SET at = at - interval '1 hour'")
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only")
    everything = set(Event.objects.filter(launch_id__isnull=False).values_list("pk", flat=True))
    wrote, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                audit.record(actor=SYSTEM, verb="test.late", obj=world.launch)
                wrote.set()
                assert go_on.wait(timeout=20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(slowly)
        assert wrote.wait(timeout=20)
        seen = {event.pk for event in events.after(actor=admin, after=0, limit=500)[0]}
        go_on.set()
        late.result(timeout=20)
    assert everything <= seen
