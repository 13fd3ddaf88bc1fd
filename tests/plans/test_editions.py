"""A new edition of a live launch's document: the difference first, and what people did stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.content.models import CalendarItem
from apps.content.services import approving
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches import kinds
from apps.launches.models import Channel, KeyMessage, Launch, Phase
from apps.launches.services.launch import create_launch
from apps.launches.services.records import add_record, change_record
from apps.metrics.models import Metric
from apps.metrics.services import measure
from apps.plans.models import HistoryEntry, PlanDocument
from apps.plans.samples import SAMPLE
from apps.plans.services.documents import ReadPlan, read
from apps.plans.services.editions import Difference, apply_edition, difference, reread
from apps.plans.services.export import export_plan
from apps.rollouts.models import RolloutStep
from apps.rollouts.services import reach_step, set_phase_state
from apps.schedule.models import Placement
from tests.plans.worlds import World


def edition(launch: Launch, source: str) -> ReadPlan:
    return reread(launch, read(source))


def apply(launch: Launch, source: str, **kwargs: Any) -> Difference:
    return apply_edition(actor=SYSTEM, launch=launch, plan=edition(launch, source), **kwargs)


def edited(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_document_as_exported_changes_nothing(world: World) -> None:
    launch = world.sample()
    found = difference(launch=launch, plan=edition(launch, export_plan(launch)))
    assert (found.changes, found.kept) == ([], [])


def test_the_original_document_changes_nothing_either(world: World) -> None:
    launch = world.sample()
    found = difference(launch=launch, plan=edition(launch, SAMPLE.read_text(encoding="utf-8")))
    assert (found.changes, found.kept) == ([], [])


def test_the_difference_is_shown_and_then_exactly_that_is_done(world: World) -> None:
    launch = world.sample()
    source = edited(
        export_plan(launch),
        ("25% → 50% → 75% of", "20% → 60% of"),
        ("(Weeks 2-3)", "(Weeks 2-4)"),
        ("within 15 minutes", "within 20 minutes"),
        ("| Documentation | New guides and short films |\n", ""),
        ("- **Error tracking:**", "- **Sign-ups:** A dashboard of who signs up\n- **Error tracking:**"),
    )
    shown = difference(launch=launch, plan=edition(launch, source))
    texts = [change.text for change in shown.changes]
    assert "Phase 2: Growing circle rollout: 25, 50, 75 became 20, 60" in texts
    assert "At once deadline minutes: 15 minutes became 20 minutes" in texts
    assert "Channel “Documentation” was removed" in texts
    assert "Monitoring “Sign-ups” was added" in texts
    assert RolloutStep.objects.filter(phase__position=1).count() == 3  # nothing is done by looking
    done = apply(launch, source, fingerprint=shown.fingerprint)
    assert [change.text for change in done.changes] == texts
    assert [step.percent for step in RolloutStep.objects.filter(phase__position=1)] == [20, 60]
    placement = Placement.objects.get(phase__launch=launch, phase__position=1)
    assert (placement.offset, placement.end_offset) == (2, 4)
    assert export_plan(launch) == source
    assert difference(launch=launch, plan=edition(launch, source)).changes == []


def test_surviving_records_stay_the_same_rows_when_lines_move(world: World) -> None:
    launch = world.sample()
    ids = set(KeyMessage.objects.filter(launch=launch).values_list("pk", flat=True))
    text = export_plan(launch)
    channels = text[text.index("### Channels") : text.index("### Content calendar")]
    moved = text.replace(channels, "").replace("### Key messages", channels + "### Key messages")
    assert apply(launch, moved).changes == []
    assert set(KeyMessage.objects.filter(launch=launch).values_list("pk", flat=True)) == ids
    assert export_plan(launch) == moved


def test_what_people_did_stays(world: World) -> None:
    launch = world.sample()
    item = CalendarItem.objects.get(launch=launch, position=1)
    change_record(actor=SYSTEM, record=item, values={"status": "published", "owner": world.editor})
    phase = Phase.objects.get(launch=launch, position=0)
    set_phase_state(actor=SYSTEM, phase=phase, to="active")
    reach_step(actor=SYSTEM, step=phase.steps.get())
    metric = Metric.objects.get(launch=launch, title="Reliability")
    measure(actor=SYSTEM, metric=metric, value=Decimal("99.95"))
    # Somebody edits the document they had from before all this.
    source = edited(
        SAMPLE.read_text(encoding="utf-8"),
        (
            "| Week -1 | Blog post draft and beta customer mails |",
            "| Week -2 | Blog post draft and beta mails |",
        ),
        ("- **Rollout:** 10% of workspaces behind a feature flag", "- **Rollout:** 5% of workspaces"),
        ("| Reliability | 99.9% uptime of the settings pages |\n", ""),
    )
    outcome = apply(launch, source)
    item.refresh_from_db()
    assert (item.title, item.status, item.owner) == (
        "Blog post draft and beta mails",
        "published",
        world.editor,
    )
    step = RolloutStep.objects.get(phase=phase, reached_at__isnull=False)
    assert step.percent == 10
    assert Metric.objects.get(pk=metric.pk).measurements.count() == 1
    assert {kept.title for kept in outcome.kept} >= {"Reliability"}


def test_an_owner_somebody_set_is_not_taken_away_by_the_document(world: World) -> None:
    launch = world.bring(
        "# Comet launch plan\n\n- **Launch date:** 2026-03-04\n\n## Content calendar\n\n"
        "| When | What | Owner |\n| --- | --- | --- |\n| Week 0 | Publish the post | Marketing |\n"
    ).launch
    item = CalendarItem.objects.get(launch=launch)
    change_record(actor=SYSTEM, record=item, values={"owner": world.editor, "owner_name": ""})
    source = (
        "# Comet launch plan\n\n- **Launch date:** 2026-03-04\n\n## Content calendar\n\n"
        "| When | What | Owner |\n| --- | --- | --- |\n| Week 0 | Publish the post | Press office |\n"
    )
    outcome = apply(launch, source)
    item.refresh_from_db()
    assert item.owner == world.editor
    assert [kept.reason for kept in outcome.kept] == [
        "Ed Editor was made its owner; the document says Press office."
    ]
    assert "Ed Editor" in export_plan(launch)


def test_what_was_added_in_the_portal_stays(world: World) -> None:
    launch = world.sample()
    added = add_record(
        actor=SYSTEM, launch=launch, kind=kinds.get("channel"), values={"title": "Radio", "text": "A spot"}
    )
    outcome = apply(launch, SAMPLE.read_text(encoding="utf-8"))
    assert Channel.objects.filter(pk=added.pk).exists()
    assert [kept.title for kept in outcome.kept] == ["Radio"]
    assert "Radio" in export_plan(launch)


def test_a_record_added_in_the_portal_and_exported_is_the_same_record(world: World) -> None:
    launch = world.sample()
    added = add_record(
        actor=SYSTEM, launch=launch, kind=kinds.get("channel"), values={"title": "Radio", "text": "A spot"}
    )
    source = edited(export_plan(launch), ("A spot", "Two spots"))
    apply(launch, source)
    channel = Channel.objects.get(launch=launch, title="Radio")
    assert (channel.pk, channel.text) == (added.pk, "Two spots")


def test_a_change_in_the_portal_survives_an_edition_that_does_not_touch_it(world: World) -> None:
    launch = world.sample()
    message = KeyMessage.objects.get(launch=launch, position=0)
    change_record(actor=SYSTEM, record=message, values={"title": "Settings that speak for themselves"})
    apply(launch, edited(SAMPLE.read_text(encoding="utf-8"), ("within 15 minutes", "within 20 minutes")))
    message.refresh_from_db()
    assert message.title == "Settings that speak for themselves"
    # And the document as it is written from now on says so too.
    assert "Settings that speak for themselves" in export_plan(launch)


def test_an_edition_may_move_the_launch_day(world: World) -> None:
    launch = world.sample()
    item = Placement.objects.filter(launch=launch, kind="calendar_entry").order_by("starts_on")[0]
    before = item.starts_on
    apply(launch, edited(export_plan(launch), ("| 2026-03-04 |", "| 2026-03-11 |")))
    assert str(Launch.objects.get(pk=launch.pk).launch_day) == "2026-03-11"
    item.refresh_from_db()
    assert before is not None
    assert item.starts_on is not None
    assert (item.starts_on - before).days == 7


def test_history_is_only_added_to(world: World) -> None:
    launch = world.sample()
    text = export_plan(launch)
    last = next(line for line in text.splitlines() if "v1.1" in line)
    outcome = apply(
        launch, text.replace(last, last + "\n- 2026-01-10: v1.2 - Dates moved - Olga - One week later")
    )
    assert [change.text for change in outcome.changes] == ["History “Dates moved” was added"]
    assert HistoryEntry.objects.filter(launch=launch).count() == 3


def test_a_change_meanwhile_is_a_conflict_and_nothing_is_done(world: World) -> None:
    launch = world.sample()
    source = edited(export_plan(launch), ("within 15 minutes", "within 20 minutes"))
    seen = difference(launch=launch, plan=edition(launch, source)).fingerprint
    change_record(actor=SYSTEM, record=Channel.objects.filter(launch=launch)[0], values={"text": "Meanwhile"})
    version = PlanDocument.objects.get(launch=launch).version
    with pytest.raises(Conflict):
        apply(launch, source, fingerprint=seen)
    assert PlanDocument.objects.get(launch=launch).version == version
    assert not CalendarItem.objects.filter(launch=launch, title__contains="20 minutes").exists()


def test_only_editors_bring_editions(world: World) -> None:
    launch = world.sample()
    plan = edition(launch, export_plan(launch))
    for person in (world.stranger, world.viewer):
        with pytest.raises(NotAllowed):
            apply_edition(actor=Actor.of(person), launch=launch, plan=plan)
    apply_edition(actor=Actor.of(world.editor), launch=launch, plan=plan)


def test_a_launch_made_by_hand_takes_a_document(world: World) -> None:
    launch = create_launch(actor=world.actor, name="By hand")
    add_record(
        actor=world.actor,
        launch=launch,
        kind=kinds.get("channel"),
        values={"title": "Blog", "text": "A post"},
    )
    channel = Channel.objects.get(launch=launch)
    source = export_plan(launch) + "- **Radio:** A spot\n"
    apply(launch, source)
    assert Channel.objects.get(launch=launch, title="Blog").pk == channel.pk
    assert Channel.objects.filter(launch=launch).count() == 2
    assert export_plan(launch) == source


def test_a_completely_different_document_replaces_what_nobody_touched(world: World) -> None:
    launch = world.sample()
    apply(
        launch, "# Other launch plan\n\n- **Launch date:** 2026-05-06\n\n## Channels\n\n- **Radio:** A spot\n"
    )
    assert list(Channel.objects.filter(launch=launch).values_list("title", flat=True)) == ["Radio"]
    assert not Phase.objects.filter(launch=launch).exists()


UNDER_WAY = """# Settings launch plan

- **Launch date:** 2026-03-04

## Channels

- **Product blog:** A post

## Content calendar

| When | What | Channel | Status |
| --- | --- | --- | --- |
| Week -1 | First post | Product blog | done |
"""


def test_a_plan_under_way_comes_in_as_it_is_but_a_new_edition_is_no_way_round_an_approval(
    world: World,
) -> None:
    launch = world.bring(UNDER_WAY).launch
    first = CalendarItem.objects.get(launch=launch)
    assert first.status == "published"
    approving.set_rule(
        actor=world.actor,
        channel=Channel.objects.get(launch=launch),
        steps=[approving.StepInput(user=world.editor)],
    )
    plan = edition(launch, UNDER_WAY + "| Week 0 | Second post | Product blog | done |\n")
    with pytest.raises(Invalid, match="“Second post” cannot come in as published") as refused:
        apply_edition(actor=world.actor, launch=launch, plan=plan)
    assert (refused.value.code, CalendarItem.objects.get()) == ("not_approved", first)
    plan = edition(launch, UNDER_WAY + "| Week 0 | Second post | Product blog | |\n")
    apply_edition(actor=world.actor, launch=launch, plan=plan)
    assert [each.status for each in CalendarItem.objects.order_by("pk")] == ["published", "idea"]
