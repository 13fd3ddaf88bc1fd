"""A copy of a launch: what hangs and waits on what, who is asked, and nothing that would warn falsely."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from apps.content.models import CalendarItem, ChecklistEntry, ItemLink
from apps.content.services import approving, material, set_status
from apps.launches.models import Channel, Gate, Launch
from apps.portal.services import duplicate_launch
from apps.schedule.models import Dependency
from apps.schedule.services.hanging import hang
from tests.portal.worlds import World, queries

DAY = date(2031, 6, 2)


def copied(world: World, **given: Any) -> Launch:
    values = {"name": "Again", "launch_day": DAY, **given}
    return duplicate_launch(actor=world.actor("owner"), launch=world.launch, **values)


def twin(copy: Launch, record: Any) -> Any:
    return type(record).objects.get(launch=copy, title=record.title)


def test_what_hangs_on_a_phase_or_an_item_hangs_on_its_twin(world: World) -> None:
    phase = world.add("phase", title="Beta", when="Week 2")
    lead = world.add("calendar_entry", title="Lead", when="T+2 days")
    on_phase = world.add("calendar_entry", title="On the phase", when="T+1 days")
    on_item = world.add("calendar_entry", title="On the item", when="T+1 days")
    editor = world.actor("editor")
    hang(actor=editor, placement=world.placement(on_phase), anchor="phase", to=phase.pk, offset=1)
    hang(
        actor=editor, placement=world.placement(on_item), anchor="placement", offset=3,
        to=world.placement(lead).pk,
    )  # fmt: skip
    Dependency.objects.create(
        launch=world.launch,
        before=world.placement(lead),
        after=world.placement(on_item),
        lag=1,
        on_move="refuse",
    )
    copy = copied(world)
    first, second = (world.placement(twin(copy, each)) for each in (on_phase, on_item))
    assert (first.anchor, first.anchor_phase, first.offset) == ("phase", twin(copy, phase), 1)
    assert (second.anchor_placement, second.offset) == (world.placement(twin(copy, lead)), 3)
    assert (first.starts_on, second.starts_on) == (date(2031, 6, 10), date(2031, 6, 7))
    [wait] = Dependency.objects.filter(launch=copy)
    assert (wait.before.title, wait.after.title, wait.lag, wait.on_move) == (
        "Lead",
        "On the item",
        1,
        "refuse",
    )
    # Without a day it hangs all the same, and falls into place when the copy gets one.
    undated = world.placement(twin(copied(world, name="Undated", launch_day=None), on_item))
    assert (undated.anchor, undated.offset, undated.starts_on) == ("placement", 3, None)


def test_what_hangs_on_a_pinned_thing_is_undated_like_that(world: World) -> None:
    fair = world.add("office_hours", title="At the fair", when="2031-03-04")
    after = world.add("calendar_entry", title="After the fair", when="T+1 days")
    hang(
        actor=world.actor("editor"), placement=world.placement(after), anchor="placement", offset=3,
        to=world.placement(fair).pk,
    )  # fmt: skip
    placement = world.placement(twin(copied(world), after))
    assert (placement.anchor_placement, placement.starts_on) == (None, None)


def test_who_is_asked_in_the_original_is_asked_in_the_copy(world: World) -> None:
    member, gone = world.people["member"], world.people["contributor"]
    channel = world.add("channel", title="Blog", channel_kind="blog")
    item = world.add("calendar_entry", title="Post", channel=channel, owner=world.people["editor"])
    approving.set_rule(
        actor=world.actor("owner"),
        channel=channel,
        steps=[approving.StepInput(user=member), approving.StepInput(team=world.team)],
        in_order=True,
    )
    approving.set_reviewers(actor=world.actor("owner"), item=item, users=[world.people["owner"], gone])
    approving.approve(actor=world.actor("owner"), item=item)
    gone.is_active = False
    gone.save()
    copy = copied(world)
    rule = Channel.objects.get(launch=copy).approval_rule
    assert (rule.in_order, [(each.user, each.team) for each in rule.steps.all()]) == (
        True, [(member, None), (None, world.team)],
    )  # fmt: skip
    again = twin(copy, item)
    assert [each.user for each in again.reviewers.all()] == [world.people["owner"]]
    assert (again.owner, again.owner_name, again.approvals.count()) == (None, "", 0)


def test_checklists_documents_and_gates_come_along_open(world: World) -> None:
    phase = world.add("phase", title="Beta", when="Week 2")
    Gate.objects.create(
        launch=world.launch, phase=phase, title="Ready", owner=world.people["editor"],
        signed_at="2026-01-01T00:00Z", signed_by_label="Sam",
    )  # fmt: skip
    item = world.add("calendar_entry", title="Post", owner_name="Marketing lead")
    owner = world.actor("owner")
    entry = material.add_entry(actor=owner, item=item, text="Ask legal")
    material.tick_entry(actor=owner, item=item, pk=entry.pk)
    material.add_link(actor=owner, item=item, url="https://docs.example/brief", kind="document")
    material.add_link(actor=owner, item=item, url="https://blog.example/out", kind="published")
    copy = copied(world)
    gate = Gate.objects.get(launch=copy)
    assert (gate.title, gate.phase, gate.owner, gate.signed_at) == ("Ready", twin(copy, phase), None, None)
    todo = ChecklistEntry.objects.get(item__launch=copy)
    assert (todo.text, todo.done_at) == ("Ask legal", None)
    assert ItemLink.objects.get(item__launch=copy).url == "https://docs.example/brief"
    assert twin(copy, item).owner_name == "Marketing lead"


def test_a_copied_item_fits_the_message_it_was_made_for(world: World) -> None:
    message = world.add("key_message", title="Quiet")
    item = world.add("calendar_entry", title="Post", key_message=message)
    again = twin(copied(world), item)
    assert again.key_message != message
    assert not again.message_changed


def test_what_was_called_off_does_not_come_back_to_life(world: World) -> None:
    item = world.add("calendar_entry", title="Called off", when="T+1 days")
    world.add("calendar_entry", title="Post", when="T+1 days")
    set_status(actor=world.actor("editor"), item=item, status="cancelled")
    titles = CalendarItem.objects.filter(launch=copied(world)).values_list("title", flat=True)
    assert list(titles) == ["Post"]


def test_what_the_plan_says_of_numbers_stays_in_a_copy(world: World) -> None:
    metric = world.add("kpi", title="Adoption", baseline="42% in 2025", targets="60% of users")
    story = world.add("story", title="How they did it", account="Example Ltd")
    copy = copied(world)
    assert twin(copy, metric).baseline == "42% in 2025"
    assert twin(copy, story).account == "Example Ltd"


def test_a_restricted_launch_is_copied_by_who_sees_it(world: World) -> None:
    world.add("calendar_entry", world.secret, title="Hush")
    copy = duplicate_launch(actor=world.actor("owner"), launch=world.secret, name="Hush again")
    assert copy.restricted
    assert CalendarItem.objects.get(launch=copy).title == "Hush"


@pytest.mark.parametrize("day", [None, DAY])
def test_copying_asks_no_more_for_more_records(world: World, day: date | None) -> None:
    world.fill(10)
    counted = []
    for number in range(2):
        with queries() as asked:
            copied(world, name=f"Copy {number}", launch_day=day)
        counted.append(len(asked))
        world.fill(60)
    assert counted[1] <= counted[0]
