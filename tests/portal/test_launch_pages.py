"""A launch's life on its pages: made, shown at a glance, moved through its states, copied, followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.core.actors import SYSTEM
from apps.core.clock import now
from apps.launches import kinds
from apps.launches.models import KeyMessage, Launch, Member
from apps.launches.selectors import LISTS_LIMIT, records
from apps.launches.services.records import add_records
from apps.metrics.services import measure
from apps.portal.selectors import my_week
from apps.portal.services import duplicate_launch
from apps.rollouts.models import RolloutStep
from apps.schedule.models import Placement
from apps.schedule.services.placing import block, finish
from tests.portal.worlds import DAY, HTMX, TODAY, World


def test_a_new_launch_is_a_draft_of_whoever_makes_it(world: World) -> None:
    response = world.client("member").post(
        "/launches/new/", {"name": "Fresh idea", "zone": "Europe/Berlin", "launch_day": "2031-05-06"}
    )
    assert response["Location"] == "/launches/fresh-idea/"
    launch = Launch.objects.get(slug="fresh-idea")
    assert launch.state == "draft"
    assert Member.objects.get(launch=launch).user == world.people["member"]
    content = world.client("member").get("/launches/fresh-idea/").content.decode()
    assert "Activate" in content
    assert "No work planned yet" in content


def test_the_overview_shows_progress_per_team_this_week_and_overall(world: World) -> None:
    done = world.add("calendar_entry", title="Done", when="T-1 days", team=world.team)
    finish(actor=world.actor("owner"), placement=world.placement(done))
    world.add("calendar_entry", title="Late", when="T-2 days", team=world.team)
    world.add("calendar_entry", title="Due today", when=TODAY.isoformat())
    stuck = world.add("calendar_entry", title="Stuck", when="T+40 days")
    block(actor=world.actor("owner"), placement=world.placement(stuck), reason="a signature")
    context = world.client("member").get(world.path).context
    assert (context["overall"].done, context["overall"].total) == (1, 4)
    assert (context["overall"].late, context["overall"].due, context["overall"].blocked) == (1, 1, 1)
    assert context["due_by_now"] == 3
    teams = dict(context["by_team"])
    assert (teams["Marketing"].done, teams["Marketing"].late) == (1, 1)
    assert teams["No team"].total == 2
    assert context["this_week"].due == 1
    assert [entry.placement.title for entry in context["next_up"]] == ["Late", "Due today", "Stuck"]


def test_the_overview_tells_phase_percent_readiness_metrics_people_and_activity(world: World) -> None:
    phase = world.add("phase", title="Beta", when="Week 1")
    step = world.add("rollout_step", title="Ten", phase=phase, percent="10")
    metric = world.add("kpi", title="Adoption", targets="60% of users")
    measure(actor=world.actor("owner"), metric=metric, value=Decimal(71))
    client = world.client("editor")
    client.post(f"{world.path}phases/{phase.pk}/state/", {"to": "active", "version": 1})
    client.post(f"{world.path}phases/steps/{step.pk}/")
    content = client.get(world.path).content.decode()
    assert "Beta, live to 10%" in content
    assert "71%" in content
    assert "Editor Person" in content
    assert "reached rollout step" in content
    assert "Ready" in content


def test_the_live_part_answers_304_until_something_changes(world: World) -> None:
    item = world.add("calendar_entry", title="Post", when="T-1 days")
    client = world.client("member")
    path = f"{world.path}progress/"
    first = client.get(path, headers=HTMX)
    assert first.status_code == 200
    again = client.get(path, headers={**HTMX, "If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    finish(actor=world.actor("owner"), placement=world.placement(item))
    changed = client.get(path, headers={**HTMX, "If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        (["paused"], "paused"),
        (["paused", "active"], "active"),
        (["completed"], "completed"),
        (["cancelled"], "cancelled"),
        (["archived"], "archived"),
        (["completed", "archived", "restored"], "completed"),
    ],
)
def test_states_follow_each_other_by_buttons(world: World, steps: list[str], state: str) -> None:
    client = world.client("owner")
    for to in steps:
        version = Launch.objects.get(pk=world.launch.pk).version
        if to in {"cancelled", "archived"}:
            assert client.get(f"{world.path}state/?to={to}").status_code == 200
        assert client.post(f"{world.path}state/", {"to": to, "version": version}).status_code == 302
    assert Launch.objects.get(pk=world.launch.pk).state == state
    assert client.get(world.path).status_code == 200


def test_editors_pause_but_only_owners_cancel_and_archive(world: World) -> None:
    client = world.client("editor")
    for to in ("cancelled", "archived"):
        assert client.post(f"{world.path}state/", {"to": to}).status_code == 403
        assert client.get(f"{world.path}state/?to={to}").status_code == 403
    assert client.post(f"{world.path}state/", {"to": "paused"}).status_code == 302
    assert b"This launch is paused" in client.get(world.path).content


def test_a_state_from_a_stale_page_is_a_conflict(world: World) -> None:
    response = world.client("owner").post(f"{world.path}state/", {"to": "paused", "version": 1})
    assert response.status_code == 409
    assert Launch.objects.get(pk=world.launch.pk).state == "active"


def test_owners_give_and_take_parts(world: World) -> None:
    client = world.client("owner")
    member = world.people["member"]
    response = client.post(f"{world.path}team/", {"user": member.pk, "role": "editor", "team": ""})
    assert response.status_code == 302
    part = Member.objects.get(launch=world.launch, user=member)
    assert part.role == "editor"
    for name in ("editor", "member", "viewer"):
        refused = world.client(name).post(f"{world.path}team/{part.pk}/remove/")
        assert refused.status_code == 403
    assert client.post(f"{world.path}team/{part.pk}/remove/").status_code == 302
    assert not Member.objects.filter(pk=part.pk).exists()
    own = Member.objects.get(launch=world.launch, user=world.people["owner"])
    assert client.post(f"{world.path}team/{own.pk}/remove/").status_code == 422
    assert client.post(f"{world.path}team/{part.pk}/remove/").status_code == 404


def test_phases_and_steps_are_reached_in_order(world: World) -> None:
    first = world.add("phase", title="Beta")
    second = world.add("phase", title="Everyone")
    ten = world.add("rollout_step", title="10", phase=first, percent="10")
    fifty = world.add("rollout_step", title="50", phase=first, percent="50")
    client = world.client("editor")
    assert client.post(f"{world.path}phases/steps/{ten.pk}/").status_code == 422
    target = {**HTMX, "HX-Target": "phases"}
    started = client.post(
        f"{world.path}phases/{first.pk}/state/", {"to": "active", "version": 1}, headers=target
    )
    assert started.status_code == 200
    assert b'id="phases"' in started.content
    assert client.post(f"{world.path}phases/{second.pk}/state/", {"to": "active"}).status_code == 422
    assert client.post(f"{world.path}phases/steps/{fifty.pk}/").status_code == 422
    assert client.post(f"{world.path}phases/steps/{ten.pk}/", headers=target).status_code == 200
    assert RolloutStep.objects.get(pk=ten.pk).reached_at is not None
    assert (
        client.post(f"{world.path}phases/{first.pk}/state/", {"to": "finished", "version": 1}).status_code
        == 409
    )
    assert client.post(f"{world.path}phases/{first.pk}/state/", {"to": "finished"}).status_code == 302


def test_a_measurement_recorded_in_the_sheet_shows_on_the_page(world: World) -> None:
    metric = world.add("kpi", title="Adoption", targets="60% of users", unit="%")
    client = world.client("contributor")
    path = f"{world.path}metrics/{metric.pk}/measure/"
    assert b'class="sheet-head"' in client.get(path, headers=HTMX).content
    response = client.post(path, {"value": "64.5", "source": "survey"}, headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Retarget"] == "#metrics"
    content = response.content.decode()
    assert "64.5%" in content
    assert "On target" in content
    assert client.post(path, {"value": "12"}).status_code == 302
    assert "Off target" in client.get(f"{world.path}metrics/").content.decode()
    assert world.client("member").post(path, {"value": "1"}).status_code == 403


def test_metrics_show_their_course_with_the_numbers_for_screen_readers(world: World) -> None:
    metric = world.add("kpi", title="Adoption", unit="%")
    for number in range(5):
        measure(
            actor=world.actor("owner"),
            metric=metric,
            value=Decimal(50 + number),
            observed_at=now() - timedelta(days=5 - number),
        )
    content = world.client("member").get(f"{world.path}metrics/").content.decode()
    assert "Adoption: 50% to 54%, 5 readings" in content


def test_the_audit_page_filters_by_person_and_kind(world: World) -> None:
    client = world.client("editor")
    client.post(f"{world.path}plan/key_message/add/", {"title": "Said by the editor"})
    world.client("owner").post(
        f"{world.path}plan/channel/add/", {"title": "Made by the owner", "channel_kind": "blog"}
    )
    everything = client.get(f"{world.path}audit/").content.decode()
    assert "Said by the editor" in everything
    assert "Made by the owner" in everything
    editor = world.people["editor"].pk
    filtered = client.get(f"{world.path}audit/?who={editor}").content.decode()
    assert "Said by the editor" in filtered
    assert "Made by the owner" not in filtered
    channels = client.get(f"{world.path}audit/?what=channel").content.decode()
    assert "Made by the owner" in channels
    assert "Said by the editor" not in channels


def test_a_copy_has_the_plan_and_none_of_what_happened(world: World) -> None:
    phase = world.add("phase", title="Beta", when="Week 1", targets="80% positive feedback")
    world.add("rollout_step", title="Ten", phase=phase, percent="10")
    channel = world.add("channel", title="Blog", channel_kind="blog")
    item = world.add("calendar_entry", title="Post", when="T+2 days", channel=channel, team=world.team)
    world.add("calendar_entry", title="At the fair", when="2031-03-04")
    finish(actor=world.actor("owner"), placement=world.placement(item))
    metric = world.add("kpi", title="Adoption", targets="60% of users")
    measure(actor=world.actor("owner"), metric=metric, value=Decimal(71))
    response = world.client("member").post(
        f"{world.path}duplicate/", {"name": "Second tomato", "launch_day": "2031-06-02"}
    )
    assert response["Location"] == "/launches/second-tomato/"
    copy = Launch.objects.get(slug="second-tomato")
    assert (copy.state, str(copy.launch_day), str(copy.rollout_start)) == (
        "draft",
        "2031-06-02",
        "2031-06-02",
    )
    [twin] = records(copy, kinds.get("rollout_step"))
    assert twin.phase.launch == copy
    post, fair = records(copy, kinds.get("calendar_entry"))
    assert (post.channel.launch, post.team, post.status) == (copy, world.team, "idea")
    placement = world.placement(post)
    assert (str(placement.starts_on), placement.state) == ("2031-06-04", "planned")
    assert world.placement(fair).starts_on is None
    [kpi] = records(copy, kinds.get("kpi"))
    assert kpi.measurements.count() == 0
    assert kpi.targets.count() == 1
    assert Member.objects.get(launch=copy).user == world.people["member"]
    assert world.client("viewer").post(f"{world.path}duplicate/", {"name": "No"}).status_code == 403
    assert world.client("member").post(f"{world.path}duplicate/", {"name": " "}).status_code == 422


def test_my_week_shows_what_is_mine_to_do_to_decide_and_to_attend(world: World) -> None:
    world.add("calendar_entry", title="Mine, late", when="T-1 days", owner=world.people["contributor"])
    world.add("calendar_entry", title="My team's, next", when="T+10 days", team=world.team)
    world.add("calendar_entry", title="Somebody else's", when="T-1 days", owner=world.people["editor"])
    world.add(
        "calendar_entry", title="Please approve", status="in_review", when="T+9 days",
        owner=world.people["contributor"],
    )  # fmt: skip
    world.add("training", title="Training I hold", when="T+5 days", owner=world.people["contributor"])
    week = world.client("contributor").get("/").context["week"]
    assert [entry.placement.title for entry in week.due] == ["Mine, late"]
    assert "My team's, next" in [entry.placement.title for entry in week.next]
    assert [entry.placement.title for entry in week.sessions] == ["Training I hold"]
    assert [line.launch for line in week.at_risk] == [world.launch]
    assert week.approvals == []
    approver = world.client("editor").get("/").context["week"]
    assert [item.title for item in approver.approvals] == ["Please approve"]
    content = world.client("viewer").get("/").content.decode()
    assert "Nothing waits for you" in content


@pytest.mark.parametrize(
    ("zone", "done_at", "counted"),
    [
        # Monday, 1 June 2026 begins at 12:00 UTC the day before in Auckland, at 7:00 UTC in Los Angeles.
        ("Pacific/Auckland", "2026-05-31T11:59:59Z", 0),
        ("Pacific/Auckland", "2026-05-31T12:00:00Z", 1),
        ("America/Los_Angeles", "2026-06-01T06:59:59Z", 0),
        ("America/Los_Angeles", "2026-06-01T07:00:00Z", 1),
    ],
)
def test_what_was_finished_this_week_is_counted_by_ones_own_clock(
    world: World, zone: str, done_at: str, counted: int
) -> None:
    item = world.add("calendar_entry", title="Mine", when="T+2 days", owner=world.people["contributor"])
    finish(actor=world.actor("contributor"), placement=world.placement(item))
    Placement.objects.filter(pk=world.placement(item).pk).update(done_at=done_at)
    User.objects.filter(pk=world.people["contributor"].pk).update(zone=zone)
    wednesday = datetime(2026, 6, 3, 12, tzinfo=UTC)
    assert my_week(world.actor("contributor"), wednesday).finished == counted


def test_the_palette_finds_launches_records_pages_and_actions_one_may_use(world: World) -> None:
    world.add("key_message", title="Ripe at last")
    world.add("phase", title="Ripening")
    current = {**HTMX, "HX-Current-URL": f"http://testserver{world.path}plan/"}
    found = world.client("editor").get("/palette/?q=ripe", headers=current).content.decode()
    assert "Ripe at last" in found
    assert "Ripening" in found
    assert (
        "Move launch day" in world.client("editor").get("/palette/?q=move", headers=current).content.decode()
    )
    assert (
        "Move launch day"
        not in world.client("viewer").get("/palette/?q=move", headers=current).content.decode()
    )
    assert "New launch" not in world.client("viewer").get("/palette/?q=new", headers=HTMX).content.decode()
    assert "Tomato release" in world.client("viewer").get("/palette/?q=tomato", headers=HTMX).content.decode()
    assert "Nothing found" in world.client("viewer").get("/palette/?q=zzzz", headers=HTMX).content.decode()


def test_launches_are_found_by_name_state_and_part(world: World) -> None:
    client = world.client("editor")

    def names(query: str) -> list[str]:
        return [line.launch.name for line in client.get(f"/launches/?{query}").context["lines"]]

    assert names("") == ["Tomato release"]
    assert names("q=TOMATO") == ["Tomato release"]
    assert names("q=potato") == []
    assert names("state=active") == ["Tomato release"]
    assert names("state=draft") == []
    assert names("mine=1") == ["Tomato release"]
    assert [
        line.launch.name for line in world.client("member").get("/launches/?mine=1").context["lines"]
    ] == []
    Launch.objects.filter(pk=world.launch.pk).update(state="archived", state_before_archive="active")
    assert names("") == []
    assert names("state=archived") == ["Tomato release"]


def test_the_ruler_stands_on_every_page_of_a_launch(world: World) -> None:
    world.add("phase", title="Beta", when="Week 1")
    world.add("calendar_entry", title="Post", when="T+1 days")
    client = world.client("member")
    for path in (
        "",
        "plan/",
        "calendar/",
        "phases/",
        "metrics/",
        "team/",
        "settings/",
        "audit/",
        "announcements/",
    ):
        content = client.get(world.path + path).content.decode()
        assert 'aria-label="Launch ruler"' in content, path
    assert DAY < TODAY


def test_a_copy_holds_every_record_but_neither_owners_nor_history(world: World) -> None:
    add_records(
        actor=SYSTEM,
        launch=world.launch,
        kind=kinds.get("key_message"),
        rows=[{"title": f"Message {n}", "owner": world.people["owner"]} for n in range(LISTS_LIMIT + 1)],
    )
    world.add("history", title="First version")
    copy = duplicate_launch(actor=world.actor("owner"), launch=world.launch, name="Again")
    messages = KeyMessage.objects.filter(launch=copy)
    assert messages.count() == LISTS_LIMIT + 1
    assert not messages.exclude(owner=None).exists()
    assert records(copy, kinds.get("history")) == []
