"""A launch's states, its own fields and its members."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit.models import Event
from apps.core.actors import SYSTEM
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches.models import Launch, Member
from apps.launches.services import launch as service
from apps.launches.services.members import remove_member, set_member
from apps.launches.signals import launch_state_changed
from tests.api.worlds import World, build_world
from tests.kept import Kept, kept

built = kept("tests.api.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    return built.fresh()  # type: ignore[no-any-return]


MAY = {
    ("draft", "active"),
    ("draft", "cancelled"),
    ("draft", "archived"),
    ("active", "paused"),
    ("active", "completed"),
    ("active", "cancelled"),
    ("active", "archived"),
    ("paused", "active"),
    ("paused", "completed"),
    ("paused", "cancelled"),
    ("paused", "archived"),
    ("completed", "active"),
    ("completed", "archived"),
    ("cancelled", "draft"),
    ("cancelled", "archived"),
}


@pytest.mark.parametrize(("old", "new"), list(product(Launch.State.values, [*Launch.State.values, "lost"])))
def test_each_state_follows_only_those_it_may(world: World, old: str, new: str) -> None:
    Launch.objects.filter(pk=world.launch.pk).update(state=old)
    if (old, new) in MAY:
        changed = service.set_state(actor=world.act("owner"), launch=world.launch, to=new)
        assert changed.state == new
        assert changed.version == world.launch.version + 1
        event = Event.objects.filter(verb=f"launch.{new}").latest("id")
        assert event.changes == {"state": [old, new]}
    else:
        with pytest.raises(Invalid) as refusal:
            service.set_state(actor=world.act("owner"), launch=world.launch, to=new)
        assert refusal.value.code == "transition"
        world.launch.refresh_from_db()
        assert world.launch.state == old


@pytest.mark.parametrize("old", ["draft", "active", "paused", "completed", "cancelled"])
def test_restoring_brings_back_the_state_before_the_archive(world: World, old: str) -> None:
    Launch.objects.filter(pk=world.launch.pk).update(state=old)
    service.set_state(actor=world.act("owner"), launch=world.launch, to="archived")
    assert service.restore(actor=world.act("owner"), launch=world.launch).state == old
    with pytest.raises(Invalid):
        service.restore(actor=world.act("owner"), launch=world.launch)


def test_ending_a_launch_is_for_its_owners(world: World) -> None:
    for state in ("cancelled", "archived"):
        with pytest.raises(NotAllowed):
            service.set_state(actor=world.act("editor"), launch=world.launch, to=state)
    assert service.set_state(actor=world.act("editor"), launch=world.launch, to="active").state == "active"


def test_states_are_announced_inside_the_transaction(world: World) -> None:
    heard: list[tuple[str, str]] = []

    def listen(old: str, new: str, **_: Any) -> None:
        assert connection.in_atomic_block
        heard.append((old, new))
        raise RuntimeError("a receiver failed")

    launch_state_changed.connect(listen)
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            service.set_state(actor=world.act("owner"), launch=world.launch, to="active")
    finally:
        launch_state_changed.disconnect(listen)
    assert heard == [("draft", "active")]
    world.launch.refresh_from_db()
    assert world.launch.state == "draft"


def test_a_stale_change_of_a_launch_is_a_conflict_that_says_what_is_stored(world: World) -> None:
    version = world.launch.version
    service.change_launch(
        actor=world.act("owner"), launch=world.launch, values={"summary": "Theirs"}, version=version
    )
    with pytest.raises(Conflict) as refusal:
        service.change_launch(
            actor=world.act("editor"), launch=world.launch, values={"summary": "Mine"}, version=version
        )
    assert refusal.value.current["summary"] == "Theirs"
    assert refusal.value.version == version + 1


def test_what_does_not_change_anything_is_no_change(world: World) -> None:
    events, version = Event.objects.count(), world.launch.version
    changed = service.change_launch(
        actor=world.act("owner"), launch=world.launch, values={"name": world.launch.name}
    )
    assert (changed.version, Event.objects.count()) == (version, events)


def test_a_date_that_is_set_is_moved_and_not_changed(world: World) -> None:
    for anchor in ("launch_day", "rollout_start"):
        with pytest.raises(Invalid) as refusal:
            service.change_launch(
                actor=world.act("owner"), launch=world.launch, values={anchor: date(2131, 1, 1)}
            )
        assert (refusal.value.code, refusal.value.field) == ("move_instead", anchor)
    fuzzy = service.create_launch(actor=world.act("owner"), name="Fuzzy", launch_day_fuzzy="2131-Q1")
    set_day = service.change_launch(
        actor=world.act("owner"), launch=fuzzy, values={"launch_day": date(2131, 1, 1)}
    )
    assert (set_day.launch_day, set_day.launch_day_fuzzy) == (date(2131, 1, 1), "")


def test_slugs_are_made_from_names_and_never_twice(world: World) -> None:
    def made(name: str) -> str:
        return service.create_launch(actor=world.act("owner"), name=name).slug

    assert made("Quiet settings") == "quiet-settings-2"
    assert made("Quiet settings") == "quiet-settings-3"
    assert made("設定の刷新") == "launch"
    assert made("設定の刷新") == "launch-2"
    assert made("x" * 300) == "x" * 60
    with pytest.raises(Invalid) as refusal:
        service.create_launch(actor=world.act("owner"), name="Other", slug="quiet-settings")
    assert "slug" in refusal.value.errors


@pytest.mark.django_db(transaction=True)
def test_two_launches_of_one_name_made_at_once_both_get_an_address() -> None:
    world = build_world()
    start = threading.Barrier(4)

    def make(_: int) -> str:
        try:
            start.wait(timeout=20)
            return service.create_launch(actor=world.act("owner"), name="Raced").slug
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        slugs = list(pool.map(make, range(4)))
    assert len(set(slugs)) == 4


def test_the_database_itself_refuses_what_no_launch_can_be(world: World) -> None:
    for values in ({"state": "lost"}, {"launch_day_fuzzy": "2131-Q1"}, {"slug": world.secret.slug}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Launch.objects.filter(pk=world.launch.pk).update(**values)


def test_who_makes_a_launch_owns_it(world: World) -> None:
    launch = service.create_launch(actor=world.act("outsider"), name="Mine")
    assert launch.owner == world.people["outsider"]
    assert Member.objects.get(launch=launch).role == "owner"
    with pytest.raises(NotAllowed):
        service.create_launch(actor=world.act("viewer"), name="Not mine")


def test_a_launch_keeps_an_owner(world: World) -> None:
    owner = Member.objects.get(launch=world.launch, role="owner")
    with pytest.raises(Invalid):
        set_member(actor=SYSTEM, launch=world.launch, user=owner.user, role="editor")
    with pytest.raises(Invalid):
        remove_member(actor=SYSTEM, member=owner)
    set_member(actor=SYSTEM, launch=world.launch, user=world.people["outsider"], role="owner")
    remove_member(actor=SYSTEM, member=owner)
    assert not Member.objects.filter(pk=owner.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one() -> None:
    world = build_world()
    set_member(actor=SYSTEM, launch=world.launch, user=world.people["outsider"], role="owner")
    owners = list(Member.objects.filter(launch=world.launch, role="owner").select_related("launch"))
    start = threading.Barrier(2)

    def leave(member: Member) -> str:
        try:
            start.wait(timeout=20)
            remove_member(actor=SYSTEM, member=member)
        except Invalid:
            return "stays"
        finally:
            connection.close()
        return "left"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, owners)) == ["left", "stays"]
    assert Member.objects.filter(launch=world.launch, role="owner").count() == 1


def test_membership_is_audited_and_versioned(world: World) -> None:
    user = world.people["outsider"]
    owner = world.act("owner")
    member = set_member(actor=owner, launch=world.launch, user=user, role="viewer")
    changed = set_member(actor=owner, launch=world.launch, user=user, role="editor", version=member.version)
    with pytest.raises(Conflict):
        set_member(actor=owner, launch=world.launch, user=user, role="viewer", version=member.version)
    with pytest.raises(Conflict):
        remove_member(actor=owner, member=changed, version=member.version)
    remove_member(actor=owner, member=changed, version=changed.version)
    verbs = list(
        Event.objects.filter(object_type="launches.member", object_id=member.pk)
        .order_by("id")
        .values_list("verb", flat=True)
    )
    assert verbs == ["member.set", "member.set", "member.removed"]
