"""What may be done with an announcement, by whom and in which state; what each step leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Notification, Team
from apps.announcements.models import Announcement
from apps.announcements.selectors import database_now, waiting_for_approval
from apps.announcements.services import approving, running, writing
from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches.models import Channel, KeyMessage, Launch
from apps.launches.services import records
from apps.launches.services.launch import set_state
from apps.schedule.models import Placement
from apps.schedule.services import placing
from tests.announcements.worlds import WEEK_0, World

State = Announcement.State


def test_a_draft_belongs_to_whoever_wrote_it_and_has_a_place_on_the_calendar(world: World) -> None:
    draft = world.draft(teams=[world.team])
    assert (draft.state, draft.owner, draft.written_by) == ("draft", *[world.people["contributor"]] * 2)
    assert draft.html == "<p>Set <strong>once</strong>, apply everywhere.</p>\n"
    assert draft.placement is not None
    assert (draft.placement.kind, draft.placement.record_id) == ("announcement", draft.pk)
    event = Event.objects.get(verb="announcement.created")
    assert event.actor_label == "Contributor"
    assert event.changes["teams"] == [None, ["Marketing"]]


def test_a_draft_of_a_calendar_item_shares_its_placement(world: World) -> None:
    item = world.item()
    draft = world.draft(item=item)
    assert draft.placement == placing.find(item)
    with pytest.raises(Invalid, match="announcement already"):
        world.draft(item=item)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "nul\x00"}, "title"),
        ({"body": "nul\x00"}, "body"),
        ({"body": "x" * 100_001}, "body"),
        ({"action_url": "http://example.com", "action_label": "Go"}, "action_url"),
        ({"action_url": "javascript:alert(1)", "action_label": "Go"}, "action_url"),
        ({"action_url": "https://example.com"}, "action_label"),
        ({"action_label": "Go"}, "action_url"),
        ({"surfaces": ["Not A Surface"]}, "surfaces"),
        ({"surfaces": [f"s{n}" for n in range(21)]}, "surfaces"),
        ({"surfaces": ["settings\n"]}, "surfaces"),
        ({"priority": 7}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"teams": ["marketing"]}, "teams"),
        ({"state": "live"}, "state"),
    ],
)
def test_what_a_draft_may_not_hold_is_named(world: World, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        world.draft(**values)
    assert field in refused.value.errors
    assert not Announcement.objects.exists()


def test_an_edit_of_what_was_approved_falls_back_to_draft(world: World) -> None:
    approved = world.approved()
    changed = writing.change(
        actor=world.act("contributor"), announcement=approved, values={"body": "Something else."}
    )
    assert (changed.state, changed.approved_hash, changed.approved_by, changed.approved_at) == (
        "draft",
        "",
        None,
        None,
    )
    event = Event.objects.filter(verb="announcement.changed").latest("id")
    assert event.changes["state"] == ["approved", "draft"]


@pytest.mark.parametrize("values", [{"priority": 3}, {"body": "Set **once**, apply everywhere."}])
def test_an_edit_that_approval_does_not_cover_keeps_it(world: World, values: dict[str, Any]) -> None:
    changed = writing.change(actor=world.act("editor"), announcement=world.approved(), values=values)
    assert changed.state == "approved"


def test_other_teams_for_an_approved_announcement_need_a_new_approval(world: World) -> None:
    changed = writing.change(
        actor=world.act("editor"), announcement=world.approved(), values={"teams": [world.team]}
    )
    assert changed.state == "draft"


def test_an_edit_of_a_scheduled_one_takes_it_off_the_schedule(world: World) -> None:
    item = world.item()
    scheduled = world.scheduled(item=item)
    changed = writing.change(
        actor=world.act("contributor"), announcement=scheduled, values={"title": "Another title"}
    )
    item.refresh_from_db()
    assert (changed.state, item.status) == ("draft", CalendarItem.Status.DRAFTING)


def test_a_stale_version_is_a_conflict_that_shows_what_is_stored(world: World) -> None:
    draft = world.draft()
    writing.change(actor=world.act("editor"), announcement=draft, values={"title": "Theirs"}, version=1)
    with pytest.raises(Conflict) as refused:
        writing.change(
            actor=world.act("contributor"), announcement=draft, values={"title": "Mine"}, version=1
        )
    assert (refused.value.version, refused.value.current["title"]) == (2, "Theirs")
    draft.refresh_from_db()
    assert draft.title == "Theirs"


def test_submitting_tells_those_who_may_approve(world: World) -> None:
    draft = world.draft()
    approving.submit(actor=world.act("contributor"), announcement=draft)
    told = Notification.objects.filter(kind="approval").values_list("user__name", flat=True)
    assert set(told) == {"Owner", "Editor"}
    assert list(waiting_for_approval(world.act("editor"))) == [draft]
    assert list(waiting_for_approval(world.act("contributor"))) == []


def test_an_empty_announcement_is_neither_submitted_nor_approved(world: World) -> None:
    draft = world.draft(body="  ")
    for step, name in ((approving.submit, "contributor"), (approving.approve, "editor")):
        with pytest.raises(Invalid, match="Write what"):
            step(actor=world.act(name), announcement=draft)


def test_nobody_approves_their_own_work(world: World) -> None:
    own = world.draft(by="editor")
    with pytest.raises(NotAllowed) as refused:
        approving.approve(actor=world.act("editor"), announcement=own)
    assert refused.value.code == "own_work"
    assert approving.approve(actor=world.act("owner"), announcement=own).approved_by == world.people["owner"]


def test_who_edits_somebody_elses_announcement_has_made_it_their_own_work(world: World) -> None:
    draft = writing.change(
        actor=world.act("editor"), announcement=world.draft(), values={"body": "Mine now."}
    )
    with pytest.raises(NotAllowed):
        approving.approve(actor=world.act("editor"), announcement=draft)


def test_whoever_submits_does_not_approve(world: World) -> None:
    draft = approving.submit(actor=world.act("editor"), announcement=world.draft())
    with pytest.raises(NotAllowed):
        approving.approve(actor=world.act("editor"), announcement=draft)
    assert list(waiting_for_approval(world.act("editor"))) == []


def test_a_full_stop_of_somebody_else_does_not_make_it_theirs(world: World) -> None:
    announcement = world.draft(by="editor")
    writing.change(actor=world.act("owner"), announcement=announcement, values={"body": "Set it once"})
    writing.change(
        actor=world.act("administrator"), announcement=announcement, values={"body": "Set it once."}
    )
    for author in ("editor", "owner"):
        with pytest.raises(NotAllowed):
            approving.approve(actor=world.act(author), announcement=announcement)
    Launch.objects.filter(pk=world.launch.pk).update(self_approval=True)
    approving.approve(actor=world.act("editor"), announcement=Announcement.objects.get(pk=announcement.pk))


def test_the_owner_may_allow_self_approval(world: World) -> None:
    Launch.objects.filter(pk=world.launch.pk).update(self_approval=True)
    world.launch.refresh_from_db()
    approved = approving.approve(actor=world.act("editor"), announcement=world.draft(by="editor"))
    assert approved.state == "approved"


ROLES = {
    # what: who may (everybody else is refused)
    "edit": {"owner", "editor", "contributor", "administrator"},
    "approve": {"owner", "editor", "administrator"},
    "schedule": {"owner", "editor", "administrator"},
    "pause": {"owner", "editor", "administrator"},
    "cancel": {"owner", "editor", "administrator"},
    "create": {"owner", "editor", "contributor", "other_contributor", "administrator"},
}
PEOPLE = (
    "owner", "editor", "contributor", "other_contributor", "member_viewer", "stranger", "viewer",
    "administrator",
)  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("step", sorted(ROLES))
def test_who_may_do_what(world: World, step: str, name: str) -> None:
    def attempt() -> None:
        actor = world.act(name)
        if step == "create":
            writing.create_announcement(actor=actor, launch=world.launch, values={"title": "New"})
        elif step == "edit":
            writing.change(actor=actor, announcement=world.draft(), values={"title": "Other"})
        elif step == "approve":
            approving.approve(actor=actor, announcement=world.draft())
        elif step == "schedule":
            running.schedule(actor=actor, announcement=world.approved(), starts_at=None)
        elif step == "pause":
            running.pause(actor=actor, announcement=world.scheduled())
        else:
            running.cancel(actor=actor, announcement=world.scheduled())

    if name in ROLES[step]:
        attempt()
    else:
        with pytest.raises(NotAllowed):
            attempt()


def test_an_announcement_for_an_item_is_work_on_that_item(world: World) -> None:
    item = world.item()
    status = item.status
    for name in ("other_contributor", "member_viewer", "stranger"):
        with pytest.raises(NotAllowed):
            world.draft(item=item, by=name)
    item.refresh_from_db()
    assert (item.status, Announcement.objects.exists()) == (status, False)
    for mine in (item, world.item(owner=world.people["contributor"], team=None)):
        assert world.draft(item=mine).item_id == mine.pk


GIFTS = {
    "others": lambda world: {"owner": world.people["editor"]},
    "other team": lambda world: {"team": Team.objects.get(slug="sales")},
    "own owner, other team": lambda world: {
        "owner": world.people["contributor"], "team": Team.objects.get(slug="sales"),
    },
    "nobody": lambda world: {"owner": None, "team": None},
}  # fmt: skip


@pytest.mark.parametrize("gift", sorted(GIFTS))
def test_a_contributor_gives_an_announcement_to_nobody_else(world: World, gift: str) -> None:
    values = GIFTS[gift](world)
    with pytest.raises(NotAllowed, match="their own team"):
        world.draft(**values)
    assert not Announcement.objects.exists()
    draft = world.draft()
    with pytest.raises(NotAllowed, match="their own team"):
        writing.change(actor=world.act("contributor"), announcement=draft, values=values)
    draft.refresh_from_db()
    assert (draft.owner, draft.team, draft.version) == (world.people["contributor"], None, 1)
    changed = writing.change(actor=world.act("editor"), announcement=draft, values=values)
    assert all(getattr(changed, name) == value for name, value in values.items())


def test_a_contributor_keeps_an_announcement_in_their_team(world: World) -> None:
    draft = world.draft(owner=None, team=world.team)
    assert (draft.owner, draft.team) == (None, world.team)
    colleague = world.draft(by="editor", team=world.team)
    changed = writing.change(
        actor=world.act("contributor"),
        announcement=colleague,
        values={"title": "Mine too", "owner": colleague.owner, "team": world.team},
    )
    assert (changed.title, changed.owner) == ("Mine too", world.people["editor"])


def test_in_a_restricted_launch_strangers_learn_nothing(world: World) -> None:
    draft = world.draft()
    Launch.objects.filter(pk=world.launch.pk).update(restricted=True)
    draft = Announcement.objects.select_related("launch").get(pk=draft.pk)
    with pytest.raises(NotFound):
        writing.change(actor=world.act("stranger"), announcement=draft, values={"title": "x"})
    with pytest.raises(NotFound):
        approving.approve(actor=world.act("stranger"), announcement=draft)


def test_a_token_without_write_changes_nothing(world: World) -> None:
    reader = Actor(kind="token", id=1, label="t", user=world.people["editor"], scopes=frozenset({"read"}))
    with pytest.raises(NotAllowed):
        approving.approve(actor=reader, announcement=world.draft())


def test_scheduling_pins_the_shared_placement_to_that_minute(world: World) -> None:
    item = world.item()
    start = (database_now() + timedelta(days=2)).replace(second=0, microsecond=0)
    scheduled = running.schedule(
        actor=world.act("editor"),
        announcement=world.approved(item=item),
        starts_at=start,
        zone="America/New_York",
    )
    placement = Placement.objects.get(pk=scheduled.placement_id)
    assert (placement.fixed_at, placement.starts_at, placement.ends_at) == (start, start, start)
    item.refresh_from_db()
    assert item.status == CalendarItem.Status.SCHEDULED
    # The launch's zone is another one; a pinned minute does not follow it.
    assert placement.starts_on == start.astimezone(ZoneInfo("Europe/Berlin")).date()


def test_a_start_within_a_minute_is_not_late_on_the_calendar_before_it_comes(world: World) -> None:
    start = (database_now() + timedelta(hours=1)).replace(second=20, microsecond=0)
    scheduled = running.schedule(actor=world.act("editor"), announcement=world.approved(), starts_at=start)
    assert scheduled.placement is not None
    assert scheduled.placement.starts_at == start + timedelta(seconds=40)


def test_the_second_of_two_equal_hours_keeps_its_instant(world: World) -> None:
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)  # 02:30 in Berlin for the second time
    scheduled = running.schedule(
        actor=world.act("editor"), announcement=world.approved(), starts_at=second, zone="Europe/Berlin"
    )
    assert scheduled.placement is not None
    assert scheduled.placement.starts_at == second


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"starts_at": timedelta(seconds=-1)}, "past"),
        ({"starts_at": timedelta(days=3661)}, "too_far"),
        ({"starts_at": timedelta(hours=2), "ends_at": timedelta(hours=2)}, "backwards"),
        ({"starts_at": timedelta(hours=2), "ends_at": timedelta(hours=1)}, "backwards"),
        ({"starts_at": None, "ends_at": timedelta(seconds=-5)}, "backwards"),
        ({"starts_at": timedelta(hours=2), "ends_at": timedelta(days=4000)}, "too_far"),
        ({"starts_at": timedelta(hours=2), "zone": "Mars/Olympus"}, "zone"),
        ({"starts_at": datetime(2030, 1, 1, 12)}, "no_zone"),
    ],
)
def test_times_that_make_no_sense_are_refused(world: World, arguments: dict[str, Any], code: str) -> None:
    approved = world.approved()
    at = database_now()
    given = {name: at + value if isinstance(value, timedelta) else value for name, value in arguments.items()}
    with pytest.raises(Invalid) as refused:
        running.schedule(actor=world.act("editor"), announcement=approved, **given)
    assert refused.value.code == code
    approved.refresh_from_db()
    assert approved.state == "approved"


@pytest.mark.parametrize("state", ["cancelled", "archived", "completed"])
def test_nothing_is_scheduled_in_a_launch_that_is_over(world: World, state: str) -> None:
    approved = world.approved()
    set_state(actor=world.act("owner"), launch=world.launch, to=state)
    with pytest.raises(Invalid) as refused:
        running.schedule(actor=world.act("editor"), announcement=approved, starts_at=None)
    assert refused.value.code == "launch_over"


def test_only_what_is_approved_can_be_scheduled(world: World) -> None:
    with pytest.raises(Invalid, match="draft cannot be scheduled"):
        running.schedule(actor=world.act("editor"), announcement=world.draft(), starts_at=None)


def test_a_paused_one_that_never_was_live_goes_back_to_the_schedule(world: World) -> None:
    paused = running.pause(actor=world.act("editor"), announcement=world.scheduled())
    assert running.resume(actor=world.act("editor"), announcement=paused).state == "scheduled"


def test_cancelled_is_for_good(world: World) -> None:
    cancelled = running.cancel(actor=world.act("editor"), announcement=world.scheduled(), reason="Not yet.")
    assert cancelled.ended_at is not None
    assert Placement.objects.get(pk=cancelled.placement_id).state == "cancelled"
    for step in (running.resume, running.pause, running.cancel):
        with pytest.raises(Invalid):
            step(actor=world.act("editor"), announcement=cancelled)
    assert Event.objects.get(verb="announcement.cancelled").reason == "Not yet."


def test_sending_back_says_why(world: World) -> None:
    submitted = approving.submit(actor=world.act("contributor"), announcement=world.draft())
    back = approving.send_back(actor=world.act("editor"), announcement=submitted, reason="Too long.")
    assert back.state == "draft"
    told = Notification.objects.get(kind="announcement_returned")
    assert (told.user, told.body) == (world.people["contributor"], "Too long.")


@pytest.mark.parametrize("state", ["cancelled", "archived"])
def test_a_launch_that_ends_stops_what_is_unsent(world: World, state: str) -> None:
    draft, approved, scheduled, paused = (
        world.draft(), world.approved(), world.scheduled(),
        running.pause(actor=world.act("editor"), announcement=world.scheduled()),
    )  # fmt: skip
    set_state(actor=world.act("owner"), launch=world.launch, to=state)
    states = [Announcement.objects.get(pk=each.pk).state for each in (draft, approved, scheduled, paused)]
    assert states == ["draft", "approved", "cancelled", "cancelled"]


def test_moving_the_calendar_item_moves_what_is_scheduled_with_it(world: World) -> None:
    item = world.item()
    scheduled = world.scheduled(item=item, lasts=3600)
    later = (database_now() + timedelta(days=3)).astimezone(ZoneInfo("Europe/Berlin"))
    records.change_record(actor=world.act("editor"), record=item, values={"when": _pinned(later)})
    moved = Announcement.objects.get(pk=scheduled.pk)
    assert moved.state == "scheduled"
    assert moved.starts_at == later.replace(second=0, microsecond=0)
    assert moved.ends_at == moved.starts_at + timedelta(hours=1)


def test_an_item_without_an_exact_time_takes_its_announcement_off_the_schedule(world: World) -> None:
    item = world.item(when=WEEK_0)
    scheduled = world.scheduled(item=item)
    records.change_record(actor=world.act("editor"), record=item, values={"when": None})
    scheduled.refresh_from_db()
    assert scheduled.state == "approved"


def test_a_contributor_cannot_move_a_scheduled_announcement_by_moving_its_item(world: World) -> None:
    item = world.item(owner=world.people["contributor"], when=WEEK_0)
    scheduled = world.scheduled(item=item)
    with pytest.raises(NotAllowed):
        records.change_record(actor=world.act("contributor"), record=item, values={"when": None})
    assert Announcement.objects.get(pk=scheduled.pk).state == "scheduled"


def test_cancelling_the_item_cancels_its_unsent_announcement(world: World) -> None:
    item = world.item()
    scheduled = world.scheduled(item=item)
    records.change_record(actor=world.act("editor"), record=item, values={"status": "cancelled"})
    scheduled.refresh_from_db()
    assert scheduled.state == "cancelled"


def test_an_announcement_outlives_its_calendar_item(world: World) -> None:
    item = world.item()
    scheduled = world.scheduled(item=item)
    records.remove_record(actor=world.act("editor"), record=item)
    left = Announcement.objects.select_related("placement").get(pk=scheduled.pk)
    assert left.placement is not None
    assert (left.state, left.placement.kind, left.placement.starts_at is None) == (
        "scheduled",
        "announcement",
        False,
    )


def test_moving_launch_day_leaves_a_scheduled_announcement_where_it_is(world: World) -> None:
    from apps.schedule.services.moving import apply_move, preview_move

    scheduled = world.scheduled(item=world.item())
    arguments = {
        "launch": world.launch,
        "anchor": "launch_day",
        "to": world.launch.launch_day + timedelta(days=7),
    }
    preview = preview_move(actor=world.act("owner"), **arguments)
    assert [row.reason for row in preview.staying] == ["scheduled for that minute"]
    apply_move(actor=world.act("owner"), fingerprint=preview.fingerprint, **arguments)
    assert Announcement.objects.get(pk=scheduled.pk).starts_at == scheduled.starts_at


def test_a_plan_gives_a_draft_in_its_own_words(world: World) -> None:
    channel = Channel.objects.create(
        launch=world.launch,
        title="In-app announcements",
        text="For users of AI features",
        channel_kind="in_app",
    )
    KeyMessage.objects.create(launch=world.launch, title="“Configuration that just works”", rank=1)
    item = world.item(channel=channel)
    draft = writing.draft_from_plan(actor=world.act("owner"), launch=world.launch, item=item, channel=channel)
    assert (draft.title, draft.body) == ("AI settings redesign", "Configuration that just works")
    assert (draft.audience, draft.state, draft.shares_calendar_item) == (
        "For users of AI features",
        "draft",
        True,
    )
    again = writing.draft_from_plan(actor=SYSTEM, launch=world.launch, item=item, channel=channel)
    assert again == draft


def _pinned(local: datetime) -> dict[str, Any]:
    from apps.schedule.when import When

    return When(
        text="", anchor=None, unit=None, offset=None, end_offset=None, open_ended=False,
        date=local.date(), end_date=None, time=local.time().replace(second=0, microsecond=0),
        zone="Europe/Berlin", precision="minute", fuzzy=None, missing_year=False, ambiguous=(),
    ).to_json()  # fmt: skip


BROKEN = {
    "announcement_ends_after_start": {"starts_at": "+2h", "ends_at": "+1h"},
    "announcement_approved_as_it_is": {"state": "approved"},
    "announcement_scheduled_has_start": {
        "state": "scheduled", "approved_hash": "SAME", "approved_at": "+0h",
    },
    "announcement_live_since": {
        "state": "live", "approved_hash": "SAME", "approved_at": "+0h", "starts_at": "+0h",
    },
    "announcement_never_early": {"starts_at": "+2h", "went_live_at": "+1h"},
    "announcement_ended_when_over": {"state": "cancelled"},
    "announcement_action_whole": {"action_url": "https://example.com"},
    "announcement_state_known": {"state": "sent"},
    "announcement_priority_known": {"priority": 9},
}  # fmt: skip


@pytest.mark.parametrize("constraint", sorted(BROKEN))
def test_the_database_itself_refuses_broken_rows(world: World, constraint: str) -> None:
    draft = world.draft()
    at = database_now()

    def value(given: Any) -> Any:
        if given == "SAME":
            return draft.content_hash
        if isinstance(given, str) and given.startswith("+"):
            return at + timedelta(hours=int(given[1:-1]))
        return given

    broken = {name: value(given) for name, given in BROKEN[constraint].items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Announcement.objects.filter(pk=draft.pk).update(**broken)
