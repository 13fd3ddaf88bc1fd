"""Who may see, contribute to, edit, move and own a launch, and work on its records: the whole matrix."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.actors import ANONYMOUS, SYSTEM, Actor
from apps.core.errors import NotAllowed, NotFound
from apps.core.permissions import allows
from apps.launches import policies
from apps.launches.models import Launch, Member
from apps.launches.selectors import launch_by_slug, visible_launches
from apps.launches.services.members import remove_member, set_member
from tests.api.worlds import World
from tests.kept import Kept, kept

built = kept("tests.api.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    return built.fresh()  # type: ignore[no-any-return]


# What each person may do with a launch they have this part in.
RIGHTS: dict[str, set[str]] = {
    "administrator": {"see", "contribute", "edit", "own"},
    "owner": {"see", "contribute", "edit", "own"},
    "editor": {"see", "contribute", "edit"},
    "contributor": {"see", "contribute"},
    "member": {"see"},
    "viewer": {"see"},
    "outsider": {"see"},
}


@pytest.mark.parametrize(("person", "right"), list(product(RIGHTS, ["see", "contribute", "edit", "own"])))
def test_rights_in_a_launch_that_everybody_may_see(world: World, person: str, right: str) -> None:
    assert allows(f"launches.{right}", world.act(person), world.launch) == (right in RIGHTS[person])


@pytest.mark.parametrize(("person", "right"), list(product(RIGHTS, ["see", "contribute", "edit", "own"])))
def test_rights_in_a_restricted_launch(world: World, person: str, right: str) -> None:
    expected = right in RIGHTS[person] and person not in ("viewer", "outsider")
    assert allows(f"launches.{right}", world.act(person), world.secret) == expected


@pytest.mark.parametrize("person", RIGHTS)
def test_the_list_holds_what_the_rule_lets_one_see(world: World, person: str) -> None:
    listed = set(visible_launches(world.act(person)))
    assert listed == {
        launch for launch in Launch.objects.all() if policies.can_see_launch(world.act(person), launch)
    }
    for launch in (world.launch, world.secret):
        if launch in listed:
            assert launch_by_slug(world.act(person), launch.slug) == launch
        else:
            with pytest.raises(NotFound):
                launch_by_slug(world.act(person), launch.slug)


@pytest.mark.parametrize(
    ("person", "may"),
    [
        ("administrator", True),
        ("owner", True),
        ("editor", True),
        ("contributor", False),
        ("member", False),
        ("viewer", False),
        ("outsider", False),
    ],
)
def test_moving_is_for_those_who_edit(world: World, person: str, may: bool) -> None:
    assert allows("schedule.move_launch", world.act(person), world.launch) == may


@pytest.mark.parametrize(
    ("person", "team", "owner", "may"),
    [
        ("contributor", "marketing", None, True),
        ("contributor", "support", None, False),
        ("contributor", None, None, False),
        ("contributor", None, "contributor", True),
        ("contributor", "support", "contributor", True),
        ("contributor", "marketing", "editor", True),
        ("editor", "support", "contributor", True),
        ("member", None, "member", False),
        ("outsider", None, "outsider", False),
        ("viewer", None, "viewer", False),
        ("administrator", "support", None, True),
    ],
)
def test_contributors_work_on_what_is_theirs_or_their_teams(
    world: World, person: str, team: str | None, owner: str | None, may: bool
) -> None:
    item = world.add(
        "calendar_entry",
        team=world.teams[team] if team else None,
        owner=world.people[owner] if owner else None,
    )
    assert allows("records.work", world.act(person), item) == may
    placement = item.launch.placements.get(kind="calendar_entry", record_id=item.pk)
    assert allows("schedule.finish", world.act(person), placement) == may


def test_a_contributor_without_a_team_works_on_nothing_that_has_none(world: World) -> None:
    """No team on both sides is not the same team."""
    Member.objects.filter(launch=world.launch, user=world.people["contributor"]).update(team=None)
    assert not allows("records.work", world.act("contributor"), world.add("calendar_entry"))


def test_a_viewer_of_the_installation_writes_nowhere_whatever_their_part(world: World) -> None:
    for role in Member.Role.values:
        set_member(
            actor=SYSTEM,
            launch=world.launch,
            user=world.people["viewer"],
            role=role,
            team=world.teams["marketing"],
        )
        for right in ("contribute", "edit", "own"):
            assert not allows(f"launches.{right}", world.act("viewer"), world.launch)
    assert not allows("launches.create", world.act("viewer"))
    assert allows("launches.create", world.act("outsider"))


def token(world: World, person: str, *scopes: str) -> Actor:
    user = world.people[person]
    return Actor(kind="token", id=1, label="test", user=user, scopes=frozenset(scopes))


@pytest.mark.parametrize(
    ("scopes", "sees", "edits", "administers"),
    [
        ((), False, False, False),
        (("read",), True, False, False),
        (("write",), True, True, False),
        (("read", "write"), True, True, False),
        (("admin",), False, False, True),
        (("feed",), False, False, False),
        (("read", "write", "admin"), True, True, True),
    ],
)
def test_a_token_is_its_person_within_its_scopes(
    world: World, scopes: tuple[str, ...], sees: bool, edits: bool, administers: bool
) -> None:
    actor = token(world, "administrator", *scopes)
    assert allows("launches.see", actor, world.secret) == sees
    assert allows("launches.edit", actor, world.secret) == edits
    assert allows("portal.administer", actor) == administers
    assert not allows("portal.administer", token(world, "owner", *scopes))


def test_who_is_not_active_or_nobody_may_nothing(world: World) -> None:
    User.objects.filter(pk=world.people["administrator"].pk).update(is_active=False)
    for actor in (world.act("administrator"), ANONYMOUS):
        for right in ("see", "contribute", "edit", "own"):
            assert not allows(f"launches.{right}", actor, world.launch)
        assert not allows("launches.create", actor)
        assert not allows("portal.administer", actor)
        assert not visible_launches(actor).exists()


def test_the_system_may_everything(world: World) -> None:
    for right in ("see", "contribute", "edit", "own"):
        assert allows(f"launches.{right}", SYSTEM, world.secret)
    assert allows("records.work", SYSTEM, world.first("phase", world.secret))
    assert allows("portal.administer", SYSTEM)
    assert visible_launches(SYSTEM).count() == 2


@pytest.mark.parametrize(("person", "refusal"), [("outsider", NotFound), ("member", NotAllowed)])
def test_what_one_may_not_see_is_not_there(world: World, person: str, refusal: Any) -> None:
    with pytest.raises(refusal):
        policies.require("launches.edit", world.act(person), world.secret)
    with pytest.raises(refusal):
        policies.require("records.work", world.act(person), world.first("phase", world.secret))


def test_a_new_part_counts_from_the_next_request(world: World) -> None:
    set_member(actor=SYSTEM, launch=world.secret, user=world.people["outsider"], role="editor")
    assert allows("launches.edit", world.act("outsider"), world.secret)
    member = Member.objects.get(launch=world.secret, user=world.people["outsider"])
    remove_member(actor=SYSTEM, member=member)
    assert not allows("launches.see", world.act("outsider"), world.secret)


def test_parts_are_looked_up_once_per_request(world: World, django_assert_num_queries: Any) -> None:
    actor = world.act("editor")
    with django_assert_num_queries(1):
        for _ in range(5):
            policies.can_edit_launch(actor, world.launch)
            policies.can_see_launch(actor, world.secret)
