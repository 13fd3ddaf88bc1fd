"""What is for a launch's owners to say, what an archived launch refuses, and who reads the customers' feed."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.services import create_token
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.launches.models import Launch, Member
from apps.launches.selectors import launch_by_slug
from apps.launches.services.launch import change_launch, create_launch, restore, set_state
from apps.launches.services.records import add_record, change_record
from tests.portal.worlds import World


@pytest.mark.parametrize(
    "values",
    [{"self_approval": True}, {"restricted": True}, {"owner": None}],
    ids=["approval", "sight", "owner"],
)
def test_only_owners_say_who_sees_owns_and_approves(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        change_launch(actor=world.actor("editor"), launch=world.launch, values=values)
    change_launch(actor=world.actor("editor"), launch=world.launch, values={"summary": "Edited"})
    changed = change_launch(actor=world.actor("owner"), launch=world.launch, values=values)
    assert {name: getattr(changed, name) for name in values} == values


def test_the_settings_page_offers_an_editor_only_what_they_may_change(world: World) -> None:
    for person, there in (("owner", True), ("editor", False)):
        body = world.client(person).get(f"{world.path}settings/").content.decode()
        assert ('name="self_approval"' in body, 'name="restricted"' in body) == (there, there)
    # A form with fewer fields changes no more than it shows.
    launch = change_launch(actor=world.actor("owner"), launch=world.launch, values={"self_approval": True})
    answer = world.client("editor").post(
        f"{world.path}settings/", {"version": launch.version, "name": "Renamed", "zone": launch.zone}
    )
    assert answer.status_code == 302
    launch.refresh_from_db()
    assert (launch.name, launch.self_approval, launch.owner) == ("Renamed", True, world.people["owner"])


def test_who_makes_a_launch_for_somebody_else_edits_it(world: World) -> None:
    made = create_launch(
        actor=world.actor("editor"), name="For Olga", owner=world.people["owner"], restricted=True
    )
    roles = dict(made.members.values_list("user__email", "role"))
    assert roles == {"owner@example.com": Member.Role.OWNER, "editor@example.com": Member.Role.EDITOR}
    assert launch_by_slug(world.actor("editor"), made.slug) == made


def test_an_archived_launch_changes_only_by_being_restored(world: World) -> None:
    record = world.add("key_message", title="Said")
    owner = world.actor("owner")
    launch = set_state(actor=owner, launch=world.launch, to="archived")
    for attempt in (
        lambda: change_launch(actor=owner, launch=launch, values={"name": "Other"}),
        lambda: world_add(world, launch),
        lambda: change_record(actor=owner, record=record_of(record), values={"title": "Other"}),
    ):
        with pytest.raises(NotAllowed, match="archived"):
            attempt()
    client = world.client("owner")
    assert client.get(f"{world.path}plan/key_message/{record.pk}/edit/").status_code == 403
    assert client.get(f"{world.path}plan/").status_code == 200
    restored = restore(actor=owner, launch=launch)
    assert change_launch(actor=owner, launch=restored, values={"name": "Other"}).name == "Other"


def world_add(world: World, launch: Launch) -> None:
    from apps.launches import kinds

    add_record(actor=world.actor("owner"), launch=launch, kind=kinds.get("channel"), values={"title": "x"})


def record_of(record: Any) -> Any:
    fresh = type(record).objects.get(pk=record.pk)
    fresh.launch = Launch.objects.get(pk=record.launch_id)
    return fresh


def test_a_contributor_does_not_put_work_on_others(world: World) -> None:
    from apps.launches import kinds

    with pytest.raises(Invalid) as refused:
        add_record(
            actor=world.actor("contributor"), launch=world.launch, kind=kinds.get("calendar_entry"),
            values={"title": "Yours", "owner": world.people["editor"]},
        )  # fmt: skip
    assert "owner" in refused.value.errors


def test_a_day_and_a_rough_time_together_are_refused_with_a_sentence(world: World) -> None:
    with pytest.raises(Invalid, match="not both") as refused:
        create_launch(
            actor=world.actor("owner"),
            name="Both",
            launch_day=world.launch.launch_day,
            launch_day_fuzzy="2027-Q1",
        )
    assert "launch_day_fuzzy" in refused.value.errors


def test_only_administrators_make_tokens_that_read_the_feed_of_every_customer(world: World) -> None:
    for person in ("viewer", "owner"):
        with pytest.raises(NotAllowed):
            create_token(actor=world.actor(person), user=world.people[person], name="t", scopes=["feed"])
        answer = world.client(person).post("/settings/tokens/", {"name": "t", "scopes": "feed", "days": "30"})
        assert answer.status_code == 422
    create_token(
        actor=world.actor("administrator"), user=world.people["administrator"], name="t", scopes=["feed"]
    )


def test_a_stranger_finds_nothing(world: World) -> None:
    with pytest.raises(NotFound):
        launch_by_slug(world.actor("member"), world.secret.slug)
