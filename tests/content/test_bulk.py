"""Many items at once: all or none, each with its own result, and taken back except where somebody went on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Team
from apps.audit.models import Event
from apps.content.models import BulkChange, CalendarItem
from apps.content.services import bulk, bulk_across
from apps.content.services.rescheduling import to_day
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.launches.models import Launch
from apps.launches.services.launch import create_launch
from apps.launches.services.members import set_member
from apps.launches.services.records import change_record, remove_record
from tests.portal.worlds import DAY, HTMX, TODAY, World


def items(world: World, count: int = 3, **values: Any) -> list[CalendarItem]:
    return [
        world.add("calendar_entry", **{"title": f"Item {number}", "when": f"T+{number + 1} days", **values})
        for number in range(count)
    ]


def ids(found: list[CalendarItem]) -> list[int]:
    return [item.pk for item in found]


def change(world: World, found: list[CalendarItem], name: str = "editor", **values: Any) -> bulk.Outcome:
    return bulk.bulk_change(actor=world.actor(name), launch=world.launch, ids=ids(found), change=values)


def test_all_of_them_change_and_one_event_says_so(world: World) -> None:
    found = items(world)
    channel = world.add("channel", title="Blog")
    outcome = change(
        world,
        found,
        status="approved",
        owner=world.people["editor"],
        team=world.team,
        channel=channel,
        days=2,
    )
    assert (outcome.done, outcome.changed) == (True, 3)
    for number, item in enumerate(CalendarItem.objects.order_by("pk")):
        assert (item.status, item.owner, item.team, item.channel_id) == (
            "approved", world.people["editor"], world.team, channel.pk,
        )  # fmt: skip
        placement = world.placement(item)
        assert placement.starts_on == DAY + timedelta(days=number + 3)
        assert placement.owner == world.people["editor"]
    assert Event.objects.filter(verb="calendar_entry.bulk_changed").count() == 1


def test_one_that_cannot_leaves_all_as_they_were(world: World) -> None:
    found = items(world)
    change_record(actor=world.actor("owner"), record=found[1], values={"status": "published"})
    outcome = change(world, found, days=2, status="approved")
    assert not outcome.done
    assert [result.code for result in outcome.results] == ["changed", "fixed", "changed"]
    assert sorted(CalendarItem.objects.values_list("status", flat=True)) == ["idea", "idea", "published"]
    assert world.placement(found[0]).starts_on == DAY + timedelta(days=1)
    assert not BulkChange.objects.exists()
    assert not Event.objects.filter(verb="calendar_entry.bulk_changed").exists()


def test_other_launches_items_are_not_found_and_nothing_of_them_is_told(world: World) -> None:
    own = items(world, 1)
    secret = world.add("calendar_entry", launch=world.secret, title="Very secret", when="T+1 days")
    outcome = change(world, [*own, secret], "contributor", status="approved")
    codes = {result.id: (result.code, result.message) for result in outcome.results}
    assert codes[secret.pk][0] == "not_found"
    assert "secret" not in codes[secret.pk][1].lower()
    missing = bulk.bulk_change(
        actor=world.actor("editor"), launch=world.launch, ids=[999_999], change={"status": "approved"}
    )
    assert missing.results[0].message == codes[secret.pk][1]
    assert set(CalendarItem.objects.values_list("status", flat=True)) == {"idea"}


def test_contributors_change_what_is_theirs_only(world: World) -> None:
    mine, other = items(world, 1, team=world.team), items(world, 1)
    assert change(world, mine, "contributor", status="drafting").done
    outcome = change(world, [*mine, *other], "contributor", status="approved")
    assert [result.code for result in outcome.results] == ["changed", "not_allowed"]
    assert not outcome.done
    for name in ("member", "viewer"):
        with pytest.raises(NotAllowed):
            change(world, mine, name, status="approved")


def test_stale_versions_are_conflicts(world: World) -> None:
    found = items(world, 2)
    change_record(actor=world.actor("owner"), record=found[0], values={"title": "New"})
    outcome = bulk.bulk_change(
        actor=world.actor("editor"), launch=world.launch, ids=ids(found), change={"status": "approved"},
        versions={item.pk: 1 for item in found},
    )  # fmt: skip
    assert [result.code for result in outcome.results] == ["conflict", "changed"]
    assert not outcome.done


@pytest.mark.parametrize(
    "values",
    [{}, {"title": "x"}, {"status": "asleep"}, {"days": 0}, {"days": 10**9}, {"days": True}, {"days": "2"}],
)
def test_changes_that_say_nothing_are_refused(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        change(world, items(world, 1), **values)


def test_no_items_and_too_many_are_refused(world: World) -> None:
    for chosen in ([], list(range(1, bulk.MOST_ITEMS + 2))):
        with pytest.raises(Invalid):
            bulk.bulk_change(
                actor=world.actor("editor"), launch=world.launch, ids=chosen, change={"status": "approved"}
            )


def test_undo_gives_everything_back(world: World) -> None:
    found = items(world, 2, team=world.team)
    before = {item.pk: (world.placement(item).starts_on, world.placement(item).wording) for item in found}
    outcome = change(world, found, status="published", team=None, owner=world.people["owner"], days=3)
    assert outcome.change is not None
    undone = bulk.undo(actor=world.actor("editor"), change=outcome.change)
    assert undone.changed == 2
    assert undone.refused == []
    for item in CalendarItem.objects.all():
        assert (item.status, item.team, item.owner) == ("idea", world.team, None)
        placement = world.placement(item)
        assert (placement.starts_on, placement.wording) == before[item.pk]
        assert placement.state == "planned"
    with pytest.raises(Invalid, match="already"):
        bulk.undo(actor=world.actor("editor"), change=outcome.change)


def test_undo_leaves_what_somebody_changed_since_and_names_it(world: World) -> None:
    found = items(world, 3)
    outcome = change(world, found, status="approved")
    assert outcome.change is not None
    fresh = CalendarItem.objects.get(pk=found[0].pk)
    change_record(actor=world.actor("owner"), record=fresh, values={"title": "Went on"})
    remove_record(actor=world.actor("owner"), record=CalendarItem.objects.get(pk=found[1].pk))
    undone = bulk.undo(actor=world.actor("editor"), change=outcome.change)
    assert [result.code for result in undone.results] == ["changed_since", "not_found", "changed"]
    assert "Went on" in undone.results[0].message
    assert CalendarItem.objects.get(pk=found[0].pk).status == "approved"
    assert CalendarItem.objects.get(pk=found[2].pk).status == "idea"


def test_what_was_moved_on_the_calendar_since_is_left_too(world: World) -> None:
    found = items(world, 1)
    outcome = change(world, found, days=1)
    assert outcome.change is not None
    to_day(actor=world.actor("owner"), placement=world.placement(found[0]), day=DAY + timedelta(days=30))
    assert bulk.undo(actor=world.actor("editor"), change=outcome.change).changed == 0
    assert world.placement(found[0]).starts_on == DAY + timedelta(days=30)


def test_only_who_made_a_change_and_editors_take_it_back(world: World) -> None:
    outcome = change(world, items(world, 1), status="approved")
    assert outcome.change is not None
    for name in ("contributor", "member"):
        with pytest.raises(NotFound):
            bulk.last_change(world.actor(name), world.launch, outcome.change.pk)
    assert bulk.last_change(world.actor("owner"), world.launch, outcome.change.pk) == outcome.change
    with pytest.raises(NotFound):
        bulk.last_change(world.actor("owner"), world.secret, outcome.change.pk)


# The page


def test_the_list_offers_checkboxes_and_names_the_filter_that_all_means(world: World) -> None:
    items(world, 2, team=world.team)
    items(world, 1)
    path = f"{world.path}calendar/?view=list&team={world.team.pk}&state=late"
    content = world.client("editor").get(path).content.decode()
    assert content.count('name="item"') == 2
    assert "All 2 items in this filter (late, Marketing)" in content
    assert 'name="item"' not in world.client("viewer").get(path).content.decode()


def test_a_selection_is_changed_and_taken_back_without_a_script(world: World) -> None:
    found = items(world, 3)
    client = world.client("editor")
    path = f"{world.path}calendar/bulk/?view=list"
    page = client.post(path, {"item": ids(found)[:2], "status": "approved"}, follow=True)
    assert "2 items changed." in page.content.decode()
    assert CalendarItem.objects.filter(status="approved").count() == 2
    made = BulkChange.objects.get()
    assert f"bulk/{made.pk}/undo/" in page.content.decode()
    page = client.post(f"{world.path}calendar/bulk/{made.pk}/undo/", follow=True)
    assert "2 items as before." in page.content.decode()
    assert not CalendarItem.objects.filter(status="approved").exists()


def test_all_of_a_filter_is_all_of_that_filter_and_no_more(world: World) -> None:
    items(world, 60, team=world.team)
    items(world, 2)
    client = world.client("editor")
    path = f"{world.path}calendar/bulk/?view=list&team={world.team.pk}"
    headers = {**HTMX, "HX-Target": "calendar"}
    response = client.post(path, {"all": "1", "expected": "60", "status": "approved"}, headers=headers)
    assert response.status_code == 200
    assert b'id="calendar"' in response.content
    assert b"Undo" in response.content
    assert CalendarItem.objects.filter(status="approved").count() == 60
    # A filter that holds something else by now is not what was looked at.
    late = client.post(path, {"all": "1", "expected": "59", "status": "drafting"}, headers=headers)
    assert late.status_code == 409
    assert not CalendarItem.objects.filter(status="drafting").exists()


@pytest.mark.parametrize(
    "data",
    [{}, {"status": "approved"}, {"status": "asleep", "item": "1"}, {"owner": "999999", "item": "1"},
     {"owner": "x", "item": "1"}, {"days": "1e5", "item": "1"}, {"item": "-1", "status": "approved"}],
)  # fmt: skip
def test_nonsense_changes_nothing(world: World, data: dict[str, str]) -> None:
    items(world, 1)
    assert world.client("editor").post(f"{world.path}calendar/bulk/", data).status_code == 422


def test_outsiders_change_nothing(world: World) -> None:
    found = items(world, 1)
    data = {"item": ids(found), "status": "approved"}
    assert world.client().post(f"{world.path}calendar/bulk/", data).status_code == 302
    for name in ("member", "viewer"):
        assert world.client(name).post(f"{world.path}calendar/bulk/", data).status_code == 403
    secret = f"/launches/{world.secret.slug}/calendar/bulk/"
    assert world.client("editor").post(secret, data).status_code == 404
    assert Team.objects.count() == 1
    assert CalendarItem.objects.get().status == "idea"


# Several launches at once


@pytest.fixture
def other(world: World) -> Launch:
    """Another launch whose editor is the same person; nobody else is in it."""
    made = create_launch(actor=SYSTEM, name="Other", launch_day=DAY, owner=world.people["owner"])
    set_member(actor=SYSTEM, launch=made, user=world.people["editor"], role="editor")
    return made


def across(world: World, found: list[CalendarItem], name: str = "editor", **values: Any) -> Any:
    return bulk_across.change_across(actor=world.actor(name), ids=ids(found), change=values)


def test_items_of_several_launches_change_together_and_go_back_together(world: World, other: Launch) -> None:
    found = [*items(world, 2), *items(world, 1, launch=other)]
    before = {item.pk: world.placement(item).starts_on for item in found}
    outcome = across(world, found, status="approved", days=2)
    assert (outcome.done, outcome.changed, len(outcome.changes)) == (True, 3, 2)
    assert set(CalendarItem.objects.values_list("status", flat=True)) == {"approved"}
    for item in found:
        assert world.placement(item).starts_on == before[item.pk] + timedelta(days=2)
    # Each launch's history has its own part.
    for launch in (world.launch, other):
        assert Event.objects.filter(verb="calendar_entry.bulk_changed", launch_id=launch.pk).count() == 1
    changes = bulk_across.last_changes(world.actor("editor"), [each.pk for each in outcome.changes])
    undone = bulk_across.undo_across(actor=world.actor("editor"), changes=changes)
    assert undone.changed == 3
    assert set(CalendarItem.objects.values_list("status", flat=True)) == {"idea"}
    assert {item.pk: world.placement(item).starts_on for item in found} == before


def test_one_launch_that_will_not_leaves_the_others_as_they_were(world: World, other: Launch) -> None:
    found = [*items(world, 2), *items(world, 1, launch=other)]
    change_record(actor=world.actor("owner"), record=found[2], values={"status": "published"})
    outcome = across(world, found, days=2)
    assert not outcome.done
    assert [result.code for result in outcome.results] == ["changed", "changed", "fixed"]
    assert world.placement(found[0]).starts_on == DAY + timedelta(days=1)
    assert not BulkChange.objects.exists()
    assert not Event.objects.filter(verb="calendar_entry.bulk_changed").exists()


def test_each_launchs_rules_hold_for_its_items(world: World, other: Launch) -> None:
    own, theirs = items(world, 1, team=world.team), items(world, 1, launch=other)
    outcome = across(world, [*own, *theirs], "contributor", status="drafting")
    assert [result.code for result in outcome.results] == ["changed", "not_allowed"]
    assert "Other: " in outcome.refused[0].message
    assert set(CalendarItem.objects.values_list("status", flat=True)) == {"idea"}
    assert across(world, own, "contributor", status="drafting").done


def test_what_one_may_not_see_is_not_found_as_what_does_not_exist(world: World) -> None:
    secret = world.add("calendar_entry", launch=world.secret, title="Very secret", when="T+1 days")
    own = items(world, 1)
    outcome = across(world, [*own, secret], status="approved")
    assert not outcome.done
    missing = bulk_across.change_across(
        actor=world.actor("editor"), ids=[999_999], change={"status": "approved"}
    )
    assert [(each.code, each.message) for each in outcome.refused] == [
        (each.code, each.message) for each in missing.results
    ]
    assert outcome.refused[0].code == "not_found"
    assert set(CalendarItem.objects.values_list("status", flat=True)) == {"idea"}


def test_a_channel_is_one_launchs_and_many_are_too_many(world: World) -> None:
    actor = world.actor("editor")
    with pytest.raises(Invalid, match="channel belongs to one launch"):
        bulk_across.change_across(actor=actor, ids=ids(items(world, 1)), change={"channel": None})
    for chosen in ([], list(range(1, bulk.MOST_ITEMS + 2))):
        with pytest.raises(Invalid):
            bulk_across.change_across(actor=actor, ids=chosen, change={"status": "approved"})


def test_a_part_that_is_not_ones_own_is_not_taken_back(world: World, other: Launch) -> None:
    outcome = across(world, [*items(world, 1, team=world.team), *items(world, 1, launch=other)], days=1)
    made = [each.pk for each in outcome.changes]
    for name in ("contributor", "member"):
        with pytest.raises(NotFound):
            bulk_across.last_changes(world.actor(name), made)
    for wrong in ([], [*made, 999_999]):
        with pytest.raises(NotFound):
            bulk_across.last_changes(world.actor("editor"), wrong)
    assert len(bulk_across.last_changes(world.actor("owner"), made)) == 2


def test_a_selection_of_all_launches_is_changed_and_taken_back_without_a_script(
    world: World, other: Launch
) -> None:
    found = [*items(world, 2), *items(world, 1, launch=other)]
    world.add("calendar_entry", launch=world.secret, title="Very secret", when="T+1 days")
    client = world.client("editor")
    content = client.get("/calendar/").content.decode()
    assert content.count('name="item"') == 3
    assert 'id="bulk-channel"' not in content
    assert 'name="item"' not in world.client("viewer").get("/calendar/").content.decode()
    page = client.post("/calendar/bulk/?view=list", {"item": ids(found), "status": "approved"}, follow=True)
    assert "3 items changed." in page.content.decode()
    changes = list(BulkChange.objects.values_list("pk", flat=True))
    for pk in changes:
        assert f'name="change" value="{pk}"' in page.content.decode()
    page = client.post("/calendar/bulk/undo/", {"change": changes}, follow=True)
    assert "3 items as before." in page.content.decode()
    assert set(CalendarItem.objects.values_list("status", flat=True)) == {"idea"}


def test_a_selection_of_all_launches_answers_with_the_list_it_was_made_in(world: World) -> None:
    found = items(world, 2)
    headers = {**HTMX, "HX-Target": "calendar"}
    data = {"item": ids(found), "status": "approved"}
    answer = world.client("editor").post("/calendar/bulk/?view=list&all=1&q=Item", data, headers=headers)
    assert answer.status_code == 200
    assert answer.context["of_all"]
    assert answer.context["filter"].text == "Item"
    assert b"Undo" in answer.content
    for name in ("member", "viewer"):
        assert world.client(name).post("/calendar/bulk/", data).status_code == 422
    assert world.client().post("/calendar/bulk/", data).status_code == 302


@pytest.mark.parametrize("view", ["board", "week", "weeks"])
def test_cards_of_one_launch_can_be_chosen_too(world: World, view: str) -> None:
    world.add("calendar_entry", title="Now", when=TODAY.isoformat())
    path = f"{world.path}calendar/?view={view}"
    content = world.client("editor").get(path).content.decode()
    assert content.count('name="item"') == 1
    assert 'id="bulk-form"' in content
    assert 'name="item"' not in world.client("member").get(path).content.decode()


def test_a_row_is_edited_in_the_list_of_all_launches(world: World) -> None:
    [item] = items(world, 1)
    pk, client = world.placement(item).pk, world.client("editor")
    path = f"{world.path}calendar/{pk}/row/?view=list&all=1"
    assert f'id="edit-{pk}"' in client.get("/calendar/").content.decode()
    assert 'hx-get="/calendar/?view=list&amp;all=1"' in client.get(path, headers=HTMX).content.decode()
    data = {"title": "Better", "status": "idea", "when": "T+1 days", "version": 1}
    answer = client.post(path, data, headers={**HTMX, "HX-Target": "calendar"})
    assert answer.context["of_all"]
    assert "Better" in answer.content.decode()


def test_a_line_is_added_to_a_chosen_launch_from_the_calendar_of_all(world: World, other: Launch) -> None:
    client = world.client("editor")
    content = client.get(f"/calendar/?view=list&launch={other.slug}").content.decode()
    assert 'id="quick-launch"' in content
    assert f'<option value="{other.slug}" selected>' in content.partition('id="quick-launch"')[2]
    assert world.secret.slug not in content
    data = {"line": "Blog post T-5", "launch": other.slug}
    understood = client.get("/calendar/quick/", data, headers=HTMX)
    assert b"Blog post" in understood.content
    answer = client.post("/calendar/quick/?view=list&all=1", data, headers={**HTMX, "HX-Target": "calendar"})
    assert answer.context["of_all"]
    assert CalendarItem.objects.get().launch == other
    # Only where one may add something.
    assert 'id="quick-launch"' not in world.client("viewer").get("/calendar/").content.decode()
    offered = world.client("contributor").get("/calendar/").content.decode().partition('id="quick-launch"')[2]
    assert other.slug not in offered.partition("</select>")[0]
    assert world.client("contributor").post("/calendar/quick/", data).status_code == 403
    secret = {**data, "launch": world.secret.slug}
    assert client.post("/calendar/quick/", secret).status_code == 404
    wrong = client.post("/calendar/quick/", {**data, "line": "Post @nobody"})
    assert wrong.status_code == 422
