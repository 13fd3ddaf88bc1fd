"""A plan becomes a launch: every fact its record, in one transaction, and nothing on refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.announcements.models import Announcement
from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import Invalid, NotAllowed
from apps.launches import kinds, selectors
from apps.launches.models import Channel, KeyMessage, Launch, OverviewFact, Phase, Segment
from apps.metrics.models import Metric, Target
from apps.officehours.models import OfficeHoursSeries
from apps.plans.models import HistoryEntry, PlanDocument
from apps.plans.samples import SAMPLE
from apps.plans.selectors import notes_of
from apps.plans.services.apply import apply_plan
from apps.plans.services.documents import PlanRefused, QuestionsOpen, read
from apps.reviews.models import Review
from apps.rollouts.models import RollbackCriterion, RollbackStep, RolloutStep
from apps.schedule.models import Placement
from apps.support.models import MonitoringEntry, SupportEntry
from tests.plans.worlds import CORPUS, LAUNCH_DAY, REAL_PLAN, World

COUNTS = {
    "phase": 3, "rollout_step": 5, "key_message": 3, "channel": 4, "calendar_entry": 5, "segment": 6,
    "kpi": 12, "training": 4, "education": 4, "enablement": 3, "office_hours": 1, "support": 4,
    "monitoring": 4, "routine": 4, "rollback_criterion": 4, "rollback_step": 5, "mitigation": 4, "review": 3,
    "recognition": 4, "story": 4, "improvement": 4, "history": 2,
}  # fmt: skip


def counted(launch: Launch) -> dict[str, int]:
    found = {kind.key: len(selectors.records(launch, kind)) for kind in kinds.all_kinds()}
    return {key: count for key, count in found.items() if count}


def test_every_fact_of_the_sample_becomes_a_record(world: World) -> None:
    assert counted(world.sample()) == COUNTS


@pytest.mark.skipif(not REAL_PLAN.exists(), reason="the real plan does not lie beside this repository")
def test_every_fact_of_the_real_plan_becomes_a_record(world: World) -> None:
    launch = world.bring(REAL_PLAN.read_bytes()).launch
    assert counted(launch) == COUNTS
    assert (launch.launch_day, launch.launch_day_fuzzy, launch.rollout_start) == (None, "2024-Q1", None)
    assert launch.launch_type == "Product Enhancement - Phased Rollout"


def test_the_launch_itself_says_what_the_overview_says(world: World) -> None:
    launch = world.sample()
    assert launch.name == "Larkspur Assistant Settings"
    assert launch.launch_type == "Product enhancement, phased rollout"
    assert launch.target_audience == "Engineering teams who work with the Larkspur assistant"
    assert (launch.launch_day, launch.rollout_start) == (LAUNCH_DAY, LAUNCH_DAY)
    assert launch.owner == world.owner
    assert not OverviewFact.objects.filter(launch=launch).exists()


def test_a_quarter_stays_a_quarter_and_nothing_is_dated(world: World) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    assert launch.launch_day is None
    assert launch.launch_day_fuzzy == "2024-Q1"
    assert set(Placement.objects.filter(launch=launch).values_list("starts_on", flat=True)) == {None}


def test_phases_carry_their_time_ladder_and_targets(world: World) -> None:
    launch = world.sample()
    second = Phase.objects.get(launch=launch, position=1)
    placement = Placement.objects.get(phase=second)
    assert (placement.anchor, placement.unit, placement.offset, placement.end_offset) == (
        "rollout_start", "week", 2, 3,
    )  # fmt: skip
    assert (placement.starts_on, placement.ends_on) == (date(2026, 3, 11), date(2026, 3, 24))
    assert [step.percent for step in second.steps.all()] == [Decimal(25), Decimal(50), Decimal(75)]
    assert {(t.comparator, t.value, t.unit) for t in Target.objects.filter(phase=second)} == {
        ("lt", Decimal(2), "s"),
        ("ge", Decimal(60), "%"),
    }


def test_the_calendar_counts_weeks_around_launch_day(world: World) -> None:
    launch = world.sample()
    item = CalendarItem.objects.get(launch=launch, position=0)
    placement = Placement.objects.get(kind="calendar_entry", record_id=item.pk)
    assert item.title == "Documentation refresh and internal training"
    assert item.parts == ["Documentation refresh", "Internal training"]
    # Launch day is a Wednesday; Week 0 is its ISO week, so Week -2 begins on a Monday.
    assert (placement.starts_on, placement.ends_on) == (date(2026, 2, 16), date(2026, 2, 22))


def test_one_metric_has_several_targets(world: World) -> None:
    launch = world.sample()
    loads = Metric.objects.filter(launch=launch, measure__icontains="page load")
    assert loads.count() == 1
    assert Target.objects.filter(metric=loads[0]).count() == 3


def test_small_kinds_keep_what_the_plan_says(world: World) -> None:
    launch = world.sample()
    assert list(RollbackStep.objects.filter(launch=launch).values_list("deadline_minutes", flat=True)) == [
        15, 30, 120, 1440, None,
    ]  # fmt: skip
    assert RollbackCriterion.objects.get(launch=launch, position=2).targets.get().armed_after_days == 14
    assert [m.rank for m in KeyMessage.objects.filter(launch=launch)] == [1, 2, 3]
    assert [s.rank for s in Segment.objects.filter(launch=launch)] == ["primary"] * 3 + ["secondary"] * 3
    assert SupportEntry.objects.get(launch=launch, position=0).coverage == "24/7"
    assert [m.monitoring_type for m in MonitoringEntry.objects.filter(launch=launch)] == [
        "alert", "dashboard", "feedback_route", "escalation",
    ]  # fmt: skip
    assert OfficeHoursSeries.objects.get(launch=launch).cadence == "weekly"
    assert [len(review.topics) for review in Review.objects.filter(launch=launch)] == [4, 4, 4]
    entry = HistoryEntry.objects.get(launch=launch, position=1)
    assert (entry.date, entry.label, entry.title, entry.author) == (
        "2024-01-15", "v1.1", "Rollback steps added", "",
    )  # fmt: skip


def test_what_is_no_fact_stays_as_a_note_where_it_stood(world: World) -> None:
    launch = world.sample()
    texts = {note["text"]: note["section"] for note in notes_of(launch)}
    intro = next(text for text in texts if text.startswith("How the new settings pages"))
    assert texts[intro] == "overview"


def test_importing_writes_one_event_and_no_history(world: World) -> None:
    before = Event.objects.count()
    launch = world.bring(SAMPLE.read_bytes()).launch
    verbs = list(Event.objects.filter(launch_id=launch.pk).order_by("pk").values_list("verb", flat=True))
    assert verbs.count("plan.imported") == 1
    # Besides: what the plan says goes out, as drafts. None of its hundred records writes one of its own.
    drafts = ["announcement.created", "mailing.created", "campaign.created"]
    assert sorted(verbs) == sorted(["launch.created", "plan.imported", *drafts])
    assert Event.objects.count() - before == len(verbs)
    imported = Event.objects.get(launch_id=launch.pk, verb="plan.imported")
    assert imported.changes["phases"] == [None, 3]
    assert HistoryEntry.objects.filter(launch=launch).count() == 2


def test_the_in_app_announcement_is_drafted_on_its_calendar_entry(world: World) -> None:
    launch = world.sample()
    announcement = Announcement.objects.get(launch=launch)
    assert announcement.state == Announcement.State.DRAFT
    assert announcement.placement.kind == "calendar_entry"
    assert announcement.placement.title == "Launch announcement and in-app notifications"


NAMED = """# Comet launch plan

- **Launch date:** 2026-03-04
- **Owner:** olga owner

## Channels

- **Blog:** A post
- **In-app announcement:** A note

## Content calendar

| When | What | Channel | Owner | Status |
| --- | --- | --- | --- | --- |
| Week -1 | Draft the post | Blog | Ed Editor | done |
| Week 0 | Publish the post | Blog | Somebody Else | open |
| Week +1 | Tell the press | Carrier pigeon | | open |

## Internal training

- **Support:** The new pages
- **Night shift:** The same, later
"""


def test_names_become_people_teams_and_channels_only_where_they_exist(world: World) -> None:
    teams = set(world.support.__class__.objects.values_list("name", flat=True))
    launch = world.bring(NAMED).launch
    draft, publish, press = CalendarItem.objects.filter(launch=launch)
    assert launch.owner == world.owner
    assert draft.owner == world.editor
    assert (publish.owner, publish.owner_name) == (None, "Somebody Else")
    assert draft.channel == publish.channel == Channel.objects.get(launch=launch, channel_kind="blog")
    assert press.channel is None
    assert "Carrier pigeon" in press.text
    support, night = selectors.records(launch, kinds.get("training"))
    assert support.team == world.support  # type: ignore[attr-defined]
    assert night.team is None  # type: ignore[attr-defined]
    assert set(world.support.__class__.objects.values_list("name", flat=True)) == teams


def test_a_name_two_people_have_is_nobody_in_particular(world: World) -> None:
    User.objects.create_user("ed2@example.com", name="Ed Editor")
    launch = world.bring(NAMED).launch
    draft = CalendarItem.objects.get(launch=launch, position=0)
    assert (draft.owner, draft.owner_name) == (None, "Ed Editor")


def test_done_entries_are_published_and_done(world: World) -> None:
    launch = world.bring(NAMED).launch
    draft, publish, _ = CalendarItem.objects.filter(launch=launch)
    states = dict(
        Placement.objects.filter(launch=launch, kind="calendar_entry").values_list("record_id", "state")
    )
    assert (draft.status, states[draft.pk]) == ("published", "done")
    assert (publish.status, states[publish.pk]) == ("idea", "planned")


def test_a_ladder_without_a_phase_is_kept_without_inventing_one(world: World) -> None:
    source = "# Comet launch plan\n\n- **Launch date:** 2026-03-04\n\n## Rollout\n\n1% → 5% → 20% of users\n"
    launch = world.bring(source).launch
    assert not Phase.objects.filter(launch=launch).exists()
    assert [step.percent for step in RolloutStep.objects.filter(launch=launch)] == [1, 5, 20]


def test_over_long_titles_go_to_the_text_and_nothing_is_lost(world: World) -> None:
    title = "word " * 200
    source = (
        f"# Comet launch plan\n\n## Content calendar\n\n- **Week 1:** {title.strip()}\n- **Week 2:** Short\n"
    )
    item = CalendarItem.objects.get(launch=world.bring(source).launch, position=0)
    assert len(item.title) <= 500
    assert title.strip() in item.text


def test_open_questions_leave_nothing_saved(world: World) -> None:
    with pytest.raises(QuestionsOpen) as refusal:
        apply_plan(actor=world.actor, plan=read(SAMPLE.read_bytes()))
    assert {question.kind for question in refusal.value.questions} >= {"launch_day", "rollout_start"}
    assert not Launch.objects.exists()


def test_answers_settle_questions(world: World) -> None:
    plan = read(SAMPLE.read_bytes())
    answers = {question.id: question.proposed or "Olga" for question in plan.open}
    day = next(question for question in plan.open if question.kind == "launch_day")
    start = next(question for question in plan.open if question.kind == "rollout_start")
    answers |= {day.id: "2026-03-04", start.id: "2026-03-09"}
    launch = apply_plan(actor=world.actor, plan=read(SAMPLE.read_bytes(), answers=answers)).launch
    assert (launch.launch_day, launch.rollout_start) == (date(2026, 3, 4), date(2026, 3, 9))
    assert set(HistoryEntry.objects.filter(launch=launch).values_list("author", flat=True)) == {"Olga"}


def test_a_failure_half_way_saves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise Invalid("The last step fails.")

    monkeypatch.setattr("apps.plans.services.apply.store_document", fail)
    with pytest.raises(Invalid):
        world.sample()
    assert not Launch.objects.exists()
    assert not Event.objects.filter(verb="launch.created").exists()


def test_an_empty_launch_is_filled_and_a_full_one_is_not(world: World) -> None:
    from apps.launches.services.launch import create_launch

    launch = create_launch(actor=world.actor, name="Empty", launch_type="Chosen before")
    filled = world.bring(SAMPLE.read_bytes(), launch=launch).launch
    assert filled.pk == launch.pk
    assert (filled.name, filled.launch_type) == ("Larkspur Assistant Settings", "Chosen before")
    with pytest.raises(Invalid) as refusal:
        world.bring(SAMPLE.read_bytes(), launch=filled)
    assert refusal.value.code == "not_empty"


def test_who_may_not_make_launches_may_not_import(world: World) -> None:
    plan = read(SAMPLE.read_bytes(), accept_proposals=True)
    for actor in (Actor.of(world.viewer), Actor(kind="token", user=world.owner, scopes=frozenset({"read"}))):
        with pytest.raises(NotAllowed):
            apply_plan(actor=actor, plan=plan, leave_open=True)
    assert not PlanDocument.objects.exists()


def test_a_member_of_another_launch_may_not_fill_this_one(world: World) -> None:
    from apps.launches.services.launch import create_launch

    launch = create_launch(actor=world.actor, name="Empty")
    plan = read(SAMPLE.read_bytes(), accept_proposals=True)
    with pytest.raises(NotAllowed):
        apply_plan(actor=Actor.of(world.stranger), plan=plan, launch=launch, leave_open=True)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"# Plan\n\xff\n", "not_utf8"),
        (b"# Plan\x00\n", "binary"),
        (b"# Plan\n" + b"x" * (1024 * 1024), "too_large"),
        (("> " * 60 + "deep\n").encode(), "too_deep"),
    ],
)
def test_documents_that_are_refused(source: bytes, code: str) -> None:
    with pytest.raises(PlanRefused) as refusal:
        read(source)
    assert refusal.value.code == code


def rows(count: int) -> str:
    lines = [
        "# Comet launch plan",
        "",
        "## Content calendar",
        "",
        "| When | What | Status |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| T+{n % 50} days | Task {n} of the launch | {'done' if n % 3 else 'open'} |" for n in range(count)
    ]
    return "\n".join(lines) + "\n"


def test_the_number_of_queries_does_not_grow_with_the_plan(world: World) -> None:
    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            world.bring(rows(count))
        return len(captured)

    queries(2)
    few, many = queries(10), queries(150)
    assert many <= few + 3


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_plan_of_the_corpus_can_be_applied(world: World, path: Any) -> None:
    applied = world.bring(path.read_bytes())
    plan = read(path.read_bytes(), accept_proposals=True)
    typed = sum(record.typed for record in plan.reading.records)
    links = PlanDocument.objects.get(launch=applied.launch).links.count()
    assert links == typed
