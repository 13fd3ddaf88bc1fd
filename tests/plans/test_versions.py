"""Versions: saved whole, compared as facts, gone back to without undoing what people did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.audit.models import Event
from apps.content.models import CalendarItem
from apps.content.services import approving
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches import kinds
from apps.launches.models import Channel, KeyMessage, Launch, Phase
from apps.launches.selectors import LISTS_LIMIT
from apps.launches.services.launch import change_launch
from apps.launches.services.records import add_record, add_records, change_record, remove_record
from apps.metrics.models import Metric
from apps.metrics.services import measure
from apps.plans.models import HistoryEntry, PlanVersion
from apps.plans.services import restoring, versions
from apps.plans.services.export import export_plan
from apps.plans.services.settling import fingerprint
from apps.rollouts.models import RolloutStep
from apps.rollouts.services import reach_step, set_phase_state
from tests.plans.worlds import World


def save(world: World, launch: Launch, summary: str = "As agreed", **kwargs: Any) -> PlanVersion:
    return versions.save_version(actor=world.actor, launch=launch, summary=summary, **kwargs)


def sentences(launch: Launch, number: int) -> list[str]:
    before = versions.stored(versions.version(launch, number))
    return [change.text for change in versions.compare(before, versions.now_of(launch))]


def change_ladder(launch: Launch) -> None:
    first, second, third = RolloutStep.objects.filter(launch=launch, phase__position=1)
    change_record(actor=SYSTEM, record=first, values={"percent": 20})
    change_record(actor=SYSTEM, record=second, values={"percent": 60})
    remove_record(actor=SYSTEM, record=third)


def test_saving_adds_one_entry_to_the_documents_history(world: World) -> None:
    launch = world.sample()
    saved = save(world, launch, "Rollback rehearsed")
    entry = HistoryEntry.objects.get(launch=launch, position=2)
    assert (saved.number, saved.author, saved.summary) == (1, world.owner, "Rollback rehearsed")
    assert (entry.label, entry.title, entry.author) == ("v1.2", "Rollback rehearsed", "Olga Owner")
    assert "v1.2 - Rollback rehearsed - Olga Owner" in saved.document
    assert saved.document == export_plan(launch)
    assert Event.objects.filter(launch_id=launch.pk, verb="version.saved").count() == 1


def test_numbers_go_on_and_names_may_be_given(world: World) -> None:
    launch = world.sample()
    save(world, launch, label="v2.0")
    assert save(world, launch).number == 2
    assert list(HistoryEntry.objects.filter(launch=launch).values_list("label", flat=True))[-2:] == [
        "v2.0",
        "v2.1",
    ]


def test_nothing_changed_is_no_difference(world: World) -> None:
    launch = world.sample()
    save(world, launch)
    assert sentences(launch, 1) == []


def test_versions_compare_as_facts(world: World) -> None:
    launch = world.sample()
    save(world, launch)
    change_ladder(launch)
    change_record(
        actor=SYSTEM, record=Phase.objects.get(launch=launch, position=0), values={"owner": world.editor}
    )
    change_launch(
        actor=SYSTEM, launch=Launch.objects.get(pk=launch.pk), values={"launch_type": "Quiet launch"}
    )
    add_record(actor=SYSTEM, launch=launch, kind=kinds.get("channel"), values={"title": "Radio"})
    remove_record(actor=SYSTEM, record=KeyMessage.objects.get(launch=launch, position=2))
    told = sentences(Launch.objects.get(pk=launch.pk), 1)
    assert "Phase 2: Growing circle rollout: 25, 50, 75 became 20, 60" in told
    assert "Phase 1: Staff and beta owner: nothing became Ed Editor" in told
    assert "Launch launch type: Product enhancement, phased rollout became Quiet launch" in told
    assert "Channel “Radio” was added" in told
    assert any(
        text.startswith("Key message “See at a glance") and text.endswith("was removed") for text in told
    )
    assert len(told) == 5


def test_a_version_keeps_what_is_removed_later(world: World) -> None:
    launch = world.sample()
    saved = save(world, launch)
    Channel.objects.filter(launch=launch).delete()
    titles = {fact.title for fact in versions.stored(saved).facts if fact.kind == "channel"}
    assert titles == {"Product blog", "In-app announcements", "Documentation", "Customer success outreach"}


def test_going_back_makes_the_launch_say_what_it_said(world: World) -> None:
    launch = world.sample()
    save(world, launch)
    before = export_plan(launch)
    change_ladder(launch)
    remove_record(actor=SYSTEM, record=KeyMessage.objects.get(launch=launch, position=2))
    add_record(actor=SYSTEM, launch=launch, kind=kinds.get("channel"), values={"title": "Radio"})
    message = KeyMessage.objects.get(launch=launch, position=0)
    change_record(actor=SYSTEM, record=message, values={"title": "Something else"})
    back = restoring.restore(actor=world.actor, launch=launch, version=versions.version(launch, 1))
    assert back.number == 2
    assert back.summary == "Back to version 1: As agreed"
    told = sentences(launch, 1)
    assert told == ["History “Back to version 1: As agreed” was added"]
    assert [step.percent for step in RolloutStep.objects.filter(phase__position=1)] == [25, 50, 75]
    assert [m.rank for m in KeyMessage.objects.filter(launch=launch)] == [1, 2, 3]
    assert not Channel.objects.filter(launch=launch, title="Radio").exists()
    assert KeyMessage.objects.get(launch=launch, position=0).pk == message.pk
    # The document is the old one with the history's new line.
    new = export_plan(launch).splitlines()
    assert [line for line in new if "Back to version 1" not in line] == before.splitlines()


def test_going_back_keeps_what_people_did(world: World) -> None:
    launch = world.sample()
    save(world, launch)
    item = CalendarItem.objects.get(launch=launch, position=0)
    change_record(
        actor=SYSTEM, record=item, values={"status": "published", "owner": world.editor, "title": "Renamed"}
    )
    phase = Phase.objects.get(launch=launch, position=0)
    set_phase_state(actor=SYSTEM, phase=phase, to="active")
    reach_step(actor=SYSTEM, step=phase.steps.get())
    metric = Metric.objects.get(launch=launch, title="Reliability")
    measure(actor=SYSTEM, metric=metric, value=Decimal("99.95"))
    done = add_record(
        actor=SYSTEM,
        launch=launch,
        kind=kinds.get("calendar_entry"),
        values={"title": "Extra", "status": "published"},
    )
    restoring.restore(actor=world.actor, launch=launch, version=versions.version(launch, 1))
    item.refresh_from_db()
    assert (item.title, item.status, item.owner) == (
        "Documentation refresh and internal training", "published", world.editor,
    )  # fmt: skip
    assert RolloutStep.objects.get(phase=phase).reached_at is not None
    assert Phase.objects.get(pk=phase.pk).state == "active"
    assert metric.measurements.count() == 1
    assert CalendarItem.objects.filter(pk=done.pk).exists()


def test_going_back_moves_the_launch_day_with_all_that_hangs_on_it(world: World) -> None:
    from datetime import timedelta

    from apps.plans.services.settling import set_day
    from apps.schedule.models import Placement

    launch = world.sample()
    save(world, launch)
    day = launch.launch_day
    assert day is not None
    first = Placement.objects.filter(launch=launch, kind="calendar_entry").order_by("starts_on")[0]
    set_day(SYSTEM, launch, "launch_day", day + timedelta(days=14), "later")
    restoring.restore(
        actor=world.actor, launch=Launch.objects.get(pk=launch.pk), version=versions.version(launch, 1)
    )
    assert Launch.objects.get(pk=launch.pk).launch_day == day
    assert Placement.objects.get(pk=first.pk).starts_on == first.starts_on


def test_going_back_twice_ends_where_it_began(world: World) -> None:
    launch = world.sample()
    save(world, launch, "First")
    change_ladder(launch)
    save(world, launch, "Second")
    restoring.restore(actor=world.actor, launch=launch, version=versions.version(launch, 1))
    restoring.restore(actor=world.actor, launch=launch, version=versions.version(launch, 2))
    assert [step.percent for step in RolloutStep.objects.filter(phase__position=1)] == [20, 60]
    assert PlanVersion.objects.filter(launch=launch).count() == 4


def test_a_change_meanwhile_is_a_conflict_and_changes_nothing(world: World) -> None:
    launch = world.sample()
    save(world, launch)
    change_ladder(launch)
    seen = fingerprint(launch)
    channel = Channel.objects.get(launch=launch, position=0)
    change_record(actor=SYSTEM, record=channel, values={"text": "Changed meanwhile"})
    with pytest.raises(Conflict):
        restoring.restore(
            actor=world.actor, launch=launch, version=versions.version(launch, 1), fingerprint=seen
        )
    assert [step.percent for step in RolloutStep.objects.filter(phase__position=1)] == [20, 60]
    assert PlanVersion.objects.filter(launch=launch).count() == 1


def test_refusals(world: World) -> None:
    launch = world.sample()
    with pytest.raises(Invalid):
        save(world, launch, "   ")
    with pytest.raises(NotFound):
        versions.version(launch, 1)
    for person in (world.stranger, world.viewer):
        with pytest.raises(NotAllowed):
            versions.save_version(actor=Actor.of(person), launch=launch, summary="Mine")
    saved = save(world, launch)
    with pytest.raises(NotAllowed):
        restoring.restore(actor=Actor.of(world.stranger), launch=launch, version=saved)
    assert PlanVersion.objects.filter(launch=launch).count() == 1


def test_a_launch_without_a_document_has_versions_too(world: World) -> None:
    from apps.launches.services.launch import create_launch

    launch = create_launch(actor=world.actor, name="By hand")
    channel = add_record(
        actor=world.actor, launch=launch, kind=kinds.get("channel"), values={"title": "Blog"}
    )
    save(world, launch)
    remove_record(actor=world.actor, record=channel)
    restoring.restore(actor=world.actor, launch=launch, version=versions.version(launch, 1))
    assert Channel.objects.get(launch=launch).title == "Blog"


def test_a_version_holds_every_record_however_many_there_are(world: World) -> None:
    launch = world.sample()
    add_records(
        actor=SYSTEM,
        launch=launch,
        kind=kinds.get("key_message"),
        rows=[{"title": f"Message {number}"} for number in range(LISTS_LIMIT + 1)],
    )
    saved = versions.save_version(actor=world.actor, launch=launch, summary="All of it")
    assert str(saved.snapshot).count("'Message ") == LISTS_LIMIT + 1
    assert f"Message {LISTS_LIMIT}" in saved.document


def test_going_back_brings_back_what_had_gone_out_whatever_its_channel_asks_for_by_now(world: World) -> None:
    launch = world.sample()
    item = CalendarItem.objects.filter(launch=launch)[0]
    channel = Channel.objects.filter(launch=launch)[0]
    change_record(actor=SYSTEM, record=item, values={"channel": channel, "status": "published"})
    approving.set_rule(actor=world.actor, channel=channel, steps=[approving.StepInput(user=world.editor)])
    save(world, launch)
    remove_record(actor=SYSTEM, record=item)
    restoring.restore(actor=world.actor, launch=launch, version=versions.version(launch, 1))
    back = CalendarItem.objects.get(launch=launch, title=item.title)
    assert (back.status, back.channel) == ("published", channel)
