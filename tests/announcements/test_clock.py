"""What the clock does by itself: never early, once only, when run twice, late, at once or cut short."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Notification, User
from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now, feed
from apps.announcements.services import clock, running
from apps.announcements.tasks import go_live as task
from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.launches.models import Launch, Member
from apps.launches.services.launch import set_state
from apps.schedule.models import Placement
from tests.announcements.worlds import WEEK_0, World, in_threads


def shown(account: str = "acme", user: str = "u1", surface: str = "") -> list[int]:
    return [row["id"] for row in feed(account=account, user=user, surface=surface)]


def state(announcement: Announcement) -> str:
    return Announcement.objects.get(pk=announcement.pk).state


def member_of_team(world: World, name: str = "contributor") -> User:
    person = world.people[name]
    person.teams.add(world.team)
    return person


def test_what_is_due_goes_live_and_its_item_is_published(world: World) -> None:
    item = world.item()
    due = world.due(item=item)
    outcome = clock.go_live()
    item.refresh_from_db()
    placement = Placement.objects.get(pk=due.placement_id)
    assert (outcome.live, outcome.followed_up) == ([due.pk], [due.pk])
    assert (item.status, placement.state) == (CalendarItem.Status.PUBLISHED, "done")
    assert shown() == [due.pk]
    event = Event.objects.get(verb="announcement.live")
    assert (event.actor_label, event.object_id, event.launch_id) == ("Launch portal", due.pk, world.launch.pk)


def test_its_own_placement_is_done(world: World) -> None:
    due = world.due()
    clock.go_live()
    assert Placement.objects.get(pk=due.placement_id).state == "done"


def test_what_is_not_due_stays_hidden(world: World) -> None:
    coming = world.scheduled(seconds=2)
    assert clock.go_live().live == []
    assert (state(coming), shown()) == ("scheduled", [])


def test_the_feed_checks_the_window_itself(world: World) -> None:
    """A row that says live for too long is not shown, whatever the worker did or did not do."""
    live = world.due()
    clock.go_live()
    at = database_now()
    rows = Announcement.objects.filter(pk=live.pk)
    assert shown() == [live.pk]
    rows.update(starts_at=at - timedelta(seconds=60), went_live_at=at - timedelta(seconds=60), ends_at=at)
    assert shown() == []
    rows.update(ends_at=at + timedelta(seconds=60))
    assert shown() == [live.pk]


def test_neither_early_nor_long_to_the_millisecond(world: World) -> None:
    """Polls through a short window and compares with what the database's clock said around each look."""
    brief = world.scheduled()
    start = database_now() + timedelta(milliseconds=250)
    end = start + timedelta(milliseconds=300)
    Announcement.objects.filter(pk=brief.pk).update(starts_at=start, ends_at=end)
    seen = []
    while database_now() < end + timedelta(milliseconds=200):
        before = database_now()
        clock.go_live()
        there = bool(shown())
        after = database_now()
        if there:
            assert after >= start
            assert before < end
            seen.append(before)
        elif before > start + timedelta(milliseconds=60):
            assert after >= end
    assert seen
    assert state(brief) == "finished"
    assert Announcement.objects.get(pk=brief.pk).went_live_at >= start


def test_twice_is_the_same_as_once(world: World) -> None:
    member_of_team(world)
    due = world.due(teams=[world.team])
    clock.go_live()
    first = Announcement.objects.get(pk=due.pk)
    again = clock.go_live()
    task()
    assert (again.live, again.followed_up) == ([], [])
    assert Announcement.objects.get(pk=due.pk).version == first.version
    assert Notification.objects.filter(kind="announcement").count() == 1
    assert Event.objects.filter(verb="announcement.live").count() == 1


def test_late_within_its_window_it_still_goes_live(world: World) -> None:
    late = world.due(ago=3000, lasts=3600)
    clock.go_live()
    assert (state(late), shown()) == ("live", [late.pk])


def test_after_its_window_it_was_missed_and_says_so(world: World) -> None:
    item = world.item()
    member_of_team(world)
    late = world.due(ago=3600, lasts=60, item=item, teams=[world.team])
    outcome = clock.go_live()
    late = Announcement.objects.get(pk=late.pk)
    item.refresh_from_db()
    assert (outcome.missed, outcome.live, late.state, late.missed) == ([late.pk], [], "finished", True)
    assert item.status != CalendarItem.Status.PUBLISHED
    assert shown() == []
    assert Event.objects.filter(verb="announcement.missed").exists()
    told = Notification.objects.filter(kind="announcement_missed").values_list("user__name", flat=True)
    assert set(told) == {"Contributor", "Editor"}  # who wrote it and who approved it
    assert not Notification.objects.filter(kind="announcement").exists()


def test_a_window_that_ends_finishes_what_is_live_and_what_is_paused(world: World) -> None:
    live, paused = world.due(), world.due()
    clock.go_live()
    running.pause(actor=world.act("editor"), announcement=paused)
    Announcement.objects.update(ends_at=database_now())
    outcome = clock.go_live()
    assert sorted(outcome.finished) == [live.pk, paused.pk]
    assert {state(live), state(paused)} == {"finished"}


def test_each_reader_gets_it_once_and_only_readers_do(world: World) -> None:
    member = member_of_team(world)
    away = member_of_team(world, "stranger")
    User.objects.filter(pk=away.pk).update(is_active=False)
    member_of_team(world, "viewer")
    due = world.due(teams=[world.team])
    clock.go_live()
    got = Notification.objects.filter(kind="announcement")
    assert set(got.values_list("user__name", flat=True)) == {"Contributor", "Viewer"}
    note = got.get(user=member)
    assert (note.title, note.source) == (due.title, f"announcement:{due.pk}:live")
    assert note.url == f"/launches/{world.launch.slug}/announcements/{due.pk}/"


def test_in_a_restricted_launch_only_its_members_and_administrators_read_it(world: World) -> None:
    for name in ("contributor", "stranger", "administrator"):
        member_of_team(world, name)
    Launch.objects.filter(pk=world.launch.pk).update(restricted=True)
    world.due(teams=[world.team])
    clock.go_live()
    got = Notification.objects.filter(kind="announcement").values_list("user__name", flat=True)
    assert set(got) == {"Contributor", "Administrator"}
    assert Member.objects.filter(user=world.people["administrator"]).count() == 0


def test_corrected_and_shown_again_it_is_not_announced_twice(world: World) -> None:
    from apps.announcements.services import approving, writing

    member_of_team(world)
    due = world.due(teams=[world.team])
    clock.go_live()
    paused = running.pause(actor=world.act("editor"), announcement=due)
    fixed = writing.change(actor=world.act("contributor"), announcement=paused, values={"title": "Fixed"})
    again = approving.approve(actor=world.act("editor"), announcement=fixed)
    running.schedule(actor=world.act("editor"), announcement=again, starts_at=None)
    clock.go_live()
    assert state(due) == "live"
    assert Notification.objects.filter(kind="announcement").count() == 1


def test_a_live_announcement_is_paused_before_it_is_edited(world: World) -> None:
    from apps.announcements.services import writing
    from apps.core.errors import Invalid

    due = world.due()
    clock.go_live()
    with pytest.raises(Invalid, match="Pause it first"):
        writing.change(actor=world.act("editor"), announcement=due, values={"title": "x"})


def test_paused_and_resumed_it_is_live_again_at_once(world: World) -> None:
    due = world.due()
    clock.go_live()
    paused = running.pause(actor=world.act("editor"), announcement=due)
    assert shown() == []
    clock.go_live()
    assert shown() == []
    running.resume(actor=world.act("editor"), announcement=paused)
    assert shown() == [due.pk]


@pytest.mark.parametrize(("to", "there"), [("paused", False), ("completed", True), ("cancelled", False)])
def test_the_launch_decides_whether_what_is_live_shows(world: World, to: str, there: bool) -> None:
    due = world.due()
    clock.go_live()
    set_state(actor=world.act("owner"), launch=world.launch, to=to)
    assert bool(shown()) is there
    assert state(due) == ("cancelled" if to == "cancelled" else "live")


@pytest.mark.parametrize(("to", "goes"), [("paused", False), ("completed", False), ("archived", False)])
def test_nothing_goes_live_in_a_launch_that_stands_still(world: World, to: str, goes: bool) -> None:
    due = world.due()
    set_state(actor=world.act("owner"), launch=world.launch, to=to)
    assert bool(clock.go_live().live) is goes
    assert state(due) == {"paused": "scheduled", "completed": "approved", "archived": "cancelled"}[to]


def test_a_paused_launch_that_goes_on_lets_what_waited_go_live(world: World) -> None:
    due = world.due()
    launch = set_state(actor=world.act("owner"), launch=world.launch, to="paused")
    clock.go_live()
    set_state(actor=world.act("owner"), launch=launch, to="active")
    clock.go_live()
    assert shown() == [due.pk]


def test_a_completed_launch_takes_what_waits_off_the_schedule_and_says_so(world: World) -> None:
    item = world.item(when=WEEK_0)
    waiting, coming = world.due(), world.scheduled(item=item)
    paused = running.pause(actor=world.act("editor"), announcement=world.scheduled())
    launch = set_state(actor=world.act("owner"), launch=world.launch, to="completed")
    assert {state(waiting), state(coming), state(paused)} == {"approved"}
    item.refresh_from_db()
    placement = Placement.objects.get(pk=coming.placement_id)
    assert (item.status, placement.fixed_at, placement.wording) == ("approved", None, "Week 0")
    told = Notification.objects.filter(kind="announcement_unscheduled", title__contains=coming.title)
    assert set(told.values_list("user__name", flat=True)) == {"Contributor", "Editor"}
    assert told.count() == 6
    assert Event.objects.filter(verb="announcement.unscheduled", actor_label="Owner").count() == 3
    set_state(actor=world.act("owner"), launch=launch, to="active")
    assert clock.go_live().live == []
    assert shown() == []
    running.schedule(
        actor=world.act("editor"), announcement=Announcement.objects.get(pk=waiting.pk), starts_at=None
    )
    assert clock.go_live().live == [waiting.pk]


def test_a_completed_launch_keeps_what_was_live_and_is_paused(world: World) -> None:
    due = world.due()
    clock.go_live()
    running.pause(actor=world.act("editor"), announcement=due)
    set_state(actor=world.act("owner"), launch=world.launch, to="completed")
    assert state(due) == "paused"
    running.resume(actor=world.act("editor"), announcement=due)
    assert shown() == [due.pk]
    assert not Notification.objects.filter(kind="announcement_unscheduled").exists()


def test_a_crash_between_going_live_and_telling_is_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_of_team(world)
    due = world.due(item=world.item(), teams=[world.team])

    class PowerCut(BaseException):
        pass

    def die(**_: Any) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(clock, "notify", die)
        with pytest.raises(PowerCut):
            clock.go_live()
    assert state(due) == "live"
    assert Placement.objects.get(pk=due.placement_id).state == "planned"
    outcome = clock.go_live()
    assert (outcome.live, outcome.followed_up) == ([], [due.pk])
    assert Placement.objects.get(pk=due.placement_id).state == "done"
    assert Notification.objects.filter(kind="announcement").count() == 1


def test_many_workers_at_once_do_it_once(stored_world: World) -> None:
    member_of_team(stored_world)
    due = [stored_world.due(teams=[stored_world.team], title=f"Number {n}") for n in range(8)]
    outcomes = in_threads(*[clock.go_live] * 6)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    live = [pk for outcome in outcomes for pk in outcome.live]
    told = [pk for outcome in outcomes for pk in outcome.followed_up]
    assert sorted(live) == sorted(each.pk for each in due)
    assert sorted(told) == sorted(each.pk for each in due)
    assert Notification.objects.filter(kind="announcement").count() == 8
    assert Event.objects.filter(verb="announcement.live").count() == 8


def test_going_live_and_cancelling_at_once_end_in_one_of_both(stored_world: World) -> None:
    for _ in range(5):
        due = stored_world.due()
        actor = stored_world.act("editor")
        in_threads(clock.go_live, lambda due=due, actor=actor: running.cancel(actor=actor, announcement=due))
        assert state(due) == "cancelled"
        assert shown() == []


def test_somebody_who_holds_a_row_keeps_nobody_else_waiting(stored_world: World) -> None:
    held, free = stored_world.due(), stored_world.due(title="Free")
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Announcement.objects.select_for_update().get(pk=held.pk)
            holding.set()
            release.wait(20)

    def run() -> tuple[float, Any]:
        holding.wait(10)
        began = time.monotonic()
        outcome = clock.go_live()
        took = time.monotonic() - began
        release.set()
        return took, outcome

    _, (took, outcome) = in_threads(hold, run)
    assert outcome.live == [free.pk]
    assert took < 2
    assert clock.go_live().live == [held.pk]


def test_an_item_that_is_held_delays_the_calendar_but_not_the_feed(stored_world: World) -> None:
    due = stored_world.due(item=stored_world.item())
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Placement.objects.select_for_update().get(pk=due.placement_id)
            holding.set()
            release.wait(20)

    def run() -> list[int]:
        holding.wait(10)
        try:
            clock.go_live()
        finally:
            there = shown()
            release.set()
        return there

    def seen() -> list[int]:
        holding.wait(10)
        until = time.monotonic() + 1.5
        while time.monotonic() < until and not shown():
            time.sleep(0.02)
        return shown()

    _, failed, there = in_threads(hold, run, seen)
    assert there == [due.pk]
    assert "lock timeout" in str(failed)
    assert clock.go_live().followed_up == [due.pk]


def test_what_goes_live_in_time_is_never_called_late(world: World) -> None:
    """The calendar's clock may look in the half second between the announcement's time and the next tick."""
    from apps.schedule.services.clock import follow_the_clock
    from apps.schedule.standing import standing_of, with_standing

    start = database_now().replace(second=0, microsecond=0) + timedelta(hours=1)
    made = running.schedule(actor=world.act("editor"), announcement=world.approved(), starts_at=start)
    placement = Placement.objects.select_related("launch").get(pk=made.placement_id)
    for seconds, standing in ((1, "due"), (59, "due"), (61, "late")):
        at = start + timedelta(seconds=seconds)
        assert standing_of(placement, at) == standing
        assert with_standing(Placement.objects.filter(pk=placement.pk), at).get().now_standing == standing
    follow_the_clock(at=start + timedelta(seconds=1))
    assert not Notification.objects.filter(kind="item_late").exists()
