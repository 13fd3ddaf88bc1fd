"""What scheduling does to a calendar item's place: a pin for as long as it waits, the plan's time beneath it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now
from apps.announcements.services import approving, running, writing
from apps.announcements.services.clock import go_live
from apps.content.models import CalendarItem
from apps.content.services import set_status
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid
from apps.launches.models import Launch
from apps.launches.services import records
from apps.launches.services.launch import restore, set_state
from apps.plans.samples import SAMPLE
from apps.plans.services.apply import apply_plan
from apps.plans.services.documents import read
from apps.plans.services.export import export_plan
from apps.portal.services import duplicate_launch
from apps.schedule.models import Placement
from apps.schedule.services import placing
from apps.schedule.services.moving import apply_move, preview_move
from tests.announcements.worlds import WEEK_0, World, in_threads, shift

WEEK_1 = {**WEEK_0, "offset": 1, "text": "Week 1"}


def place_of(item: CalendarItem) -> Placement:
    return Placement.objects.select_related("launch").get(kind=item.kind, record_id=item.pk)


def where(item: CalendarItem) -> tuple[Any, ...]:
    """What decides its dates, and these."""
    names = (
        "anchor",
        "unit",
        "offset",
        "precision",
        "wording",
        "fixed_at",
        "starts_on",
        "ends_on",
        "starts_at",
    )
    placement = place_of(item)
    return tuple(getattr(placement, name) for name in names)


def fresh(announcement: Announcement) -> Announcement:
    return Announcement.objects.select_related("launch", "placement").get(pk=announcement.pk)


def cancel(world: World, waiting: Announcement) -> None:
    running.cancel(actor=world.act("editor"), announcement=waiting)


def edit(world: World, waiting: Announcement, body: str = "Say it otherwise.") -> None:
    writing.change(actor=world.act("contributor"), announcement=fresh(waiting), values={"body": body})


def cancel_launch(world: World, waiting: Announcement) -> None:
    set_state(actor=world.act("owner"), launch=world.launch, to="cancelled")


def archive_launch(world: World, waiting: Announcement) -> None:
    set_state(actor=world.act("owner"), launch=world.launch, to="archived")


def pause_and_edit(world: World, waiting: Announcement) -> None:
    running.pause(actor=world.act("editor"), announcement=waiting)
    edit(world, waiting)


@pytest.mark.parametrize("withdraw", [cancel, edit, pause_and_edit, cancel_launch, archive_launch])
def test_withdrawn_it_gives_the_item_back_the_place_the_plan_gives(
    world: World, withdraw: Callable[[World, Announcement], None]
) -> None:
    item = world.item(when=WEEK_0)
    before = where(item)
    waiting = world.scheduled(item=item)
    assert place_of(item).starts_at is not None
    withdraw(world, waiting)
    assert where(item) == before


def test_sent_back_from_approval_the_place_is_the_plans(world: World) -> None:
    item = world.item(when=WEEK_0)
    before = where(item)
    approving.send_back(actor=world.act("editor"), announcement=world.approved(item=item))
    assert where(item) == before


def test_while_it_waits_the_item_keeps_what_the_plan_says(world: World) -> None:
    item = world.item(when=WEEK_0)
    waiting = world.scheduled(item=item)
    said = placing.when_of(place_of(item))
    assert said is not None
    assert (said.text, said.anchor, said.unit, said.offset, said.time) == (
        "Week 0", "launch_day", "week", 0, None,
    )  # fmt: skip
    assert waiting.starts_at is not None
    assert place_of(item).starts_at is not None


def test_cancelled_the_item_follows_launch_day_again(world: World) -> None:
    item = world.item(when=WEEK_0)
    waiting = world.scheduled(item=item)
    assert world.launch.launch_day is not None
    to = world.launch.launch_day + timedelta(days=14)
    move(world, to)
    assert place_of(item).fixed_at is not None
    cancel(world, fresh(waiting))
    assert place_of(item).starts_on == to - timedelta(days=to.weekday())
    move(world, to + timedelta(days=7))
    assert place_of(item).starts_on == to + timedelta(days=7 - to.weekday())


def move(world: World, to: Any) -> None:
    launch = Launch.objects.get(pk=world.launch.pk)
    shown = preview_move(actor=world.act("owner"), launch=launch, anchor="launch_day", to=to)
    apply_move(
        actor=world.act("owner"), launch=launch, anchor="launch_day", to=to, fingerprint=shown.fingerprint
    )


def test_what_went_live_stays_where_it_happened(world: World) -> None:
    item = world.item(when=WEEK_0)
    live = world.scheduled(item=item)
    minute = place_of(item).starts_at
    shift(live, -5)
    go_live()
    cancel(world, fresh(live))
    item.refresh_from_db()
    assert (item.status, place_of(item).state, place_of(item).starts_at) == ("published", "done", minute)


def test_cancelled_between_going_live_and_the_calendar_learning_of_it(world: World) -> None:
    item = world.item(when=WEEK_0)
    live = world.scheduled(item=item)
    minute = place_of(item).starts_at
    at = database_now()
    Announcement.objects.filter(pk=live.pk).update(starts_at=at, state="live", went_live_at=at)
    cancel(world, fresh(live))
    go_live()
    assert (place_of(item).state, place_of(item).starts_at) == ("done", minute)


def test_an_item_that_is_cancelled_and_opened_again_is_where_the_plan_puts_it(world: World) -> None:
    item = world.item(when=WEEK_0)
    before = where(item)
    world.scheduled(item=item)
    cancelled = set_status(actor=world.act("editor"), item=item, status="cancelled")
    set_status(actor=world.act("editor"), item=cancelled, status="drafting")
    assert where(item) == before


def test_what_an_announcement_decides_is_not_set_on_its_item(world: World) -> None:
    item = world.item(when=WEEK_0)
    waiting = world.scheduled(item=item)
    pinned = place_of(item).fixed_at
    assert pinned is not None
    with pytest.raises(Invalid, match="follows the announcement"):
        set_status(actor=world.act("editor"), item=item, status="published")
    with pytest.raises(Invalid, match="follows the announcement"):
        placing.finish(actor=world.act("editor"), placement=place_of(item))
    records.change_record(actor=world.act("editor"), record=item, values={"title": "Another title"})
    assert (place_of(item).fixed_at, place_of(item).state) == (pinned, "planned")
    assert fresh(waiting).state == "scheduled"


def test_an_exact_time_somebody_gives_the_item_stays_when_the_announcement_is_cancelled(world: World) -> None:
    item = world.item(when=WEEK_0)
    waiting = world.scheduled(item=item)
    minute = (database_now() + timedelta(days=3)).replace(second=0, microsecond=0)
    changed = records.change_record(
        actor=world.act("editor"),
        record=item,
        values={"when": {"date": f"{minute:%Y-%m-%d}", "time": f"{minute:%H:%M}:00", "zone": "UTC",
                         "precision": "minute", "text": "then"}},
    )  # fmt: skip
    moved = fresh(waiting)
    assert (moved.starts_at, place_of(item).fixed_at) == (minute, minute)
    kept = placing.find(changed)
    assert kept is not None
    assert kept.version == place_of(item).version  # what an answer's ETag is made of
    cancel(world, moved)
    there = place_of(item)
    assert (there.anchor, there.fixed_at, there.starts_at, there.wording) == ("pinned", None, minute, "then")


def test_an_item_whose_time_is_no_minute_any_more_is_not_scheduled_any_more(world: World) -> None:
    item = world.item(when=WEEK_0)
    waiting = world.scheduled(item=item)
    item.refresh_from_db()
    assert item.status == "scheduled"
    changed = records.change_record(actor=world.act("editor"), record=item, values={"when": WEEK_1})
    stored = CalendarItem.objects.get(pk=item.pk)
    assert (fresh(waiting).state, stored.status) == ("approved", "approved")
    assert (changed.status, changed.version) == (stored.status, stored.version)
    assert place_of(item).wording == "Week 1"


def test_its_own_placement_has_no_date_once_it_is_a_draft_again(world: World) -> None:
    waiting = world.scheduled()
    edit(world, waiting)
    placement = fresh(waiting).placement
    assert placement is not None
    assert (placement.starts_on, placement.starts_at, placement.fixed_at) == (None, None, None)


def imported(world: World) -> tuple[Launch, Announcement, CalendarItem]:
    """The sample plan as a launch, its in-app announcement approved."""
    at = database_now().date()
    plan = read(SAMPLE.read_bytes(), accept_proposals=True, launch_day=at, rollout_start=at)
    launch = apply_plan(
        actor=world.act("owner"), plan=plan, leave_open=True, launch_day=at, rollout_start=at
    ).launch
    draft = Announcement.objects.select_related("launch", "placement").get(launch=launch)
    assert draft.placement is not None
    item = CalendarItem.objects.get(pk=draft.placement.record_id)
    return launch, approving.approve(actor=SYSTEM, announcement=draft), item


def test_the_document_of_a_plan_says_what_it_said_before_during_and_after(world: World) -> None:
    launch, approved, item = imported(world)
    document, before = export_plan(launch), where(item)
    line = "| Week 0 | Launch announcement and in-app notifications |"
    assert line in document
    waiting = running.schedule(
        actor=SYSTEM, announcement=approved, starts_at=database_now() + timedelta(hours=3)
    )
    assert export_plan(launch) == document
    running.cancel(actor=SYSTEM, announcement=waiting)
    assert export_plan(launch) == document
    assert where(item) == before


def test_a_copy_of_the_launch_keeps_the_items_relative_time(world: World) -> None:
    launch, approved, item = imported(world)
    running.schedule(actor=SYSTEM, announcement=approved, starts_at=database_now() + timedelta(hours=3))
    day = database_now().date() + timedelta(days=100)
    copy = duplicate_launch(actor=world.act("owner"), launch=launch, name="Again", launch_day=day)
    twin = CalendarItem.objects.get(launch=copy, title=item.title)
    there = place_of(twin)
    assert (there.wording, there.fixed_at, there.starts_on) == (
        "Week 0", None, day - timedelta(days=day.weekday()),
    )  # fmt: skip


def test_another_title_reaches_the_calendars_that_subscribed(world: World) -> None:
    made = world.draft(title="First words")
    place = Placement.objects.get(pk=made.placement_id)
    writing.change(actor=world.act("editor"), announcement=fresh(made), values={"title": "Other words"})
    renamed = Placement.objects.get(pk=made.placement_id)
    assert (renamed.title, renamed.updated_at > place.updated_at) == ("Other words", True)


def test_after_cancelling_the_item_may_have_another_announcement(world: World) -> None:
    item = world.item(when=WEEK_0)
    first = world.scheduled(item=item)
    with pytest.raises(Invalid, match="announcement already"):
        world.draft(item=item)
    cancel(world, first)
    second = world.draft(item=item, title="Second")
    former, place = fresh(first), place_of(item)
    assert second.placement == place
    assert former.placement is not None
    assert (former.state, former.placement.kind, former.placement.state) == (
        "cancelled", "announcement", "cancelled",
    )  # fmt: skip
    approved = approving.approve(actor=world.act("editor"), announcement=second)
    running.schedule(
        actor=world.act("editor"), announcement=approved, starts_at=database_now() + timedelta(hours=1)
    )
    item.refresh_from_db()
    assert item.status == "scheduled"
    with pytest.raises(Invalid, match="announcement already"):
        world.draft(item=item)


def test_what_was_live_and_then_cancelled_stays_on_the_calendar_where_it_was(world: World) -> None:
    item = world.item(when=WEEK_0)
    live = world.scheduled(item=item)
    minute = place_of(item).starts_at
    Announcement.objects.filter(pk=live.pk).update(starts_at=minute - timedelta(hours=2) if minute else None)
    go_live()
    cancel(world, fresh(live))
    world.draft(item=item)
    former = fresh(live)
    assert former.placement is not None
    assert former.starts_at is not None
    assert (former.placement.kind, former.placement.state) == ("announcement", "done")
    assert former.placement.fixed_at == running.minute_of(former.starts_at)


def test_a_missed_announcement_leaves_its_item_free_and_where_the_plan_puts_it(world: World) -> None:
    item = world.item(when=WEEK_0)
    before = where(item)
    missed = world.due(ago=3600, lasts=60, item=item)
    go_live()
    assert fresh(missed).missed
    world.draft(item=item)
    assert where(item) == before


@pytest.mark.parametrize("over", ["archived", "cancelled"])
def test_a_launch_that_comes_back_can_announce_its_items_again(world: World, over: str) -> None:
    item = world.item(when=WEEK_0)
    world.scheduled(item=item)
    launch = set_state(actor=world.act("owner"), launch=world.launch, to=over)
    if over == "archived":
        restore(actor=world.act("owner"), launch=launch)
    else:
        set_state(actor=world.act("owner"), launch=launch, to="draft")
    world.launch.refresh_from_db()
    again = world.draft(item=CalendarItem.objects.get(pk=item.pk))
    assert again.placement == place_of(item)


def test_a_plan_gives_another_draft_once_the_first_is_cancelled(world: World) -> None:
    item = world.item(when=WEEK_0)
    made = {"actor": world.act("owner"), "launch": world.launch, "item": item}
    first = writing.draft_from_plan(**made)
    assert writing.draft_from_plan(**made) == first
    cancel(world, first)
    second = writing.draft_from_plan(**made)
    assert (second.state, second.title, second.placement) == ("draft", first.title, place_of(item))
    assert second != first


def test_two_who_take_the_same_item_are_told_apart(stored_world: World) -> None:
    item = stored_world.item(when=WEEK_0)
    cancel(stored_world, stored_world.scheduled(item=item))
    answers = in_threads(*[lambda: stored_world.draft(item=CalendarItem.objects.get(pk=item.pk))] * 3)
    made = [answer for answer in answers if isinstance(answer, Announcement)]
    refused = [answer.code for answer in answers if isinstance(answer, Invalid)]
    assert (len(made), refused) == (1, ["taken", "taken"])
