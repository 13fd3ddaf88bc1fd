"""Import, export, import again: the same records, and the second document byte for byte the first."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.models import Launch, Phase
from apps.launches.services.launch import change_launch, create_launch
from apps.launches.services.records import add_record, change_record, remove_record, reorder_record
from apps.metrics.models import Metric
from apps.metrics.services import measure
from apps.officehours.models import OfficeHoursSeries
from apps.plans.models import HistoryEntry
from apps.plans.samples import EXAMPLES, SAMPLE
from apps.plans.services import snapshots
from apps.plans.services.export import export_plan
from apps.plans.writing import compare
from apps.rollouts.services import reach_step, set_phase_state
from apps.schedule.services.placing import find, finish
from apps.training.models import EnablementResource
from tests.plans.worlds import CORPUS, LAUNCH_DAY, REAL_PLAN, World

DOCUMENTS = [*CORPUS, *(each.path for each in EXAMPLES), *([REAL_PLAN] if REAL_PLAN.exists() else [])]


def facts(launch: Launch) -> list[Any]:
    """All that a launch says, without the ids of its rows."""
    return [(fact.kind, fact.title, fact.group, fact.fields) for fact in snapshots.snapshot(launch)]


def difference(first: Launch, second: Launch) -> list[str]:
    """What two launches say differently (the wording of a time does not count)."""
    left, right = snapshots.snapshot(first), snapshots.snapshot(second)
    order = [[(fact.kind, fact.title) for fact in each] for each in (left, right)]
    moved = [] if order[0] == order[1] else ["another order"]
    return [change.text for change in compare(left, right, keys=False)] + moved


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_second_import_gives_the_same_records_and_document(world: World, path: Path) -> None:
    first = world.bring(path.read_bytes()).launch
    written = export_plan(first)
    second = world.bring(written).launch
    assert export_plan(second) == written
    assert difference(first, second) == []


@pytest.mark.parametrize(
    "path", [SAMPLE, *([REAL_PLAN] if REAL_PLAN.exists() else [])], ids=lambda path: path.stem
)
def test_an_untouched_launch_is_written_byte_for_byte(world: World, path: Path) -> None:
    launch = world.bring(path.read_bytes()).launch
    assert export_plan(launch).encode() == path.read_bytes()


def test_a_chosen_launch_day_is_written_where_the_quarter_stood(world: World) -> None:
    launch = world.sample()
    text = export_plan(launch)
    assert "| **Launch date** | 2026-03-04 |" in text
    again = world.bring(text).launch
    assert (again.launch_day, export_plan(again)) == (LAUNCH_DAY, text)


def changed_lines(launch: Launch) -> set[str]:
    source = set(SAMPLE.read_text(encoding="utf-8").splitlines())
    return {line for line in export_plan(launch).splitlines() if line not in source}


def test_only_what_people_changed_is_written_anew(world: World) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    channel = snapshots.records_of(launch)
    blog = next(record for record in channel.values() if record.title == "Product blog")
    change_record(actor=SYSTEM, record=blog, values={"text": "Two posts"})
    assert changed_lines(launch) == {"| Product blog | Two posts |"}
    again = world.bring(export_plan(launch)).launch
    assert difference(launch, again) == []


def test_owners_new_records_removals_and_order_survive_the_round_trip(world: World) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    records = list(snapshots.records_of(launch).values())

    def of(kind: str) -> list[Any]:
        return [record for record in records if record.kind == kind]

    change_record(actor=SYSTEM, record=of("phase")[0], values={"owner": world.editor})
    add_record(
        actor=SYSTEM, launch=launch, kind=kinds.get("rollback_step"),
        values={"title": "Write it down", "text": "A report", "deadline_minutes": 60},
    )  # fmt: skip
    remove_record(actor=SYSTEM, record=of("story")[1])
    reorder_record(actor=SYSTEM, record=of("mitigation")[0], to=2)
    written = export_plan(launch)
    again = world.bring(written).launch
    assert export_plan(again) == written
    kept = {(fact[0], fact[1]): fact[3] for fact in facts(again)}
    assert kept[("phase", "Phase 1: Staff and beta")]["owner"] == "Ed Editor"
    assert kept[("rollback_step", "Write it down")]["deadline_minutes"] == 60
    assert ("story", "Testimonials") not in kept
    assert [fact[1] for fact in facts(again) if fact[0] == "mitigation"] == [
        "Monitoring", "Support capacity", "Feature flags", "Prepared messages",
    ]  # fmt: skip


def test_a_moved_phase_and_another_ladder_are_written(world: World) -> None:
    from apps.rollouts.models import RolloutStep

    launch = world.bring(SAMPLE.read_bytes()).launch
    phase = Phase.objects.get(launch=launch, position=1)
    facet = kinds.facets(kinds.get("phase"))["when"]
    change_record(actor=SYSTEM, record=phase, values={"when": facet.parse("Weeks 2-5", kinds.get("phase"))})
    first, second, third = RolloutStep.objects.filter(phase=phase)
    change_record(actor=SYSTEM, record=first, values={"percent": 20})
    change_record(actor=SYSTEM, record=second, values={"percent": 60})
    remove_record(actor=SYSTEM, record=third)
    text = export_plan(launch)
    assert "### Phase 2: Growing circle (Weeks 2-5)" in text
    assert "20% → 60%" in text
    again = Phase.objects.get(launch=world.bring(text).launch, position=1)
    assert [step.percent for step in again.steps.all()] == [20, 60]


def test_office_hours_stay_among_the_enablement_items(world: World) -> None:
    launch = world.bring(SAMPLE.read_bytes()).launch
    guide = EnablementResource.objects.filter(launch=launch).first()
    assert guide is not None
    change_record(actor=SYSTEM, record=guide, values={"text": "No surprises"})
    series = OfficeHoursSeries.objects.get(launch=launch)
    change_record(actor=SYSTEM, record=series, values={"seats": 20, "place": "Room 4"})
    assert changed_lines(launch) == {"- **Migration guide:** No surprises"}


def test_importing_adds_no_history_entry(world: World) -> None:
    launch = world.bring(export_plan(world.bring(SAMPLE.read_bytes()).launch)).launch
    assert HistoryEntry.objects.filter(launch=launch).count() == 2


def test_a_launch_made_by_hand_has_a_document_too(world: World) -> None:
    launch = create_launch(
        actor=world.actor, name="By hand", launch_type="Quiet launch", launch_day=LAUNCH_DAY
    )
    add_record(
        actor=world.actor, launch=launch, kind=kinds.get("channel"),
        values={"title": "Blog", "channel_kind": "blog", "text": "One post"},
    )  # fmt: skip
    add_record(
        actor=world.actor, launch=launch, kind=kinds.get("phase"), values={"title": "Beta", "goal": "Learn"}
    )
    text = export_plan(launch)
    again = world.bring(text).launch
    assert export_plan(again) == text
    assert (again.name, again.launch_type, again.launch_day) == ("By hand", "Quiet launch", LAUNCH_DAY)
    assert [(f[0], f[1]) for f in facts(again) if f[0] in ("channel", "phase")] == [
        ("phase", "Beta"), ("channel", "Blog"),
    ]  # fmt: skip


def test_live_figures_stand_beside_what_the_plan_says(world: World) -> None:
    launch = world.sample()
    phase = Phase.objects.get(launch=launch, position=0)
    set_phase_state(actor=SYSTEM, phase=phase, to="active")
    step = phase.steps.get()
    reach_step(actor=SYSTEM, step=step)
    records = list(snapshots.records_of(launch).values())
    item = next(record for record in records if record.kind == "calendar_entry")
    placement = find(item)
    assert placement is not None
    finish(actor=SYSTEM, placement=placement)
    metric = Metric.objects.get(launch=launch, title="Reliability")
    measure(actor=SYSTEM, metric=metric, value=Decimal("99.95"))
    lines = export_plan(launch, live=True).splitlines()

    def line(text: str) -> str:
        return next(line for line in lines if text in line)

    assert "done" in line("Documentation refresh and internal training")
    assert "2026-03-02 to 2026-03-08" in line("Launch announcement")
    assert "now 99.95" in line("99.9% uptime")
    assert "10% reached" in "\n".join(lines)
    # The plain document is not touched by any of it, but for the entry that is done now.
    assert "now 99.95" not in export_plan(launch)


def test_line_ends_and_the_byte_order_mark_stay(world: World) -> None:
    source = "\ufeff" + SAMPLE.read_text(encoding="utf-8").replace("\n", "\r\n")
    launch = world.bring(source.encode()).launch
    assert export_plan(launch) == source
    change_launch(actor=world.actor, launch=launch, values={"launch_type": "Something else"})
    text = export_plan(Launch.objects.get(pk=launch.pk))
    assert text.startswith("\ufeff")
    assert text.count("\n") == text.count("\r\n")


def test_exporting_takes_the_same_number_of_queries_for_any_plan(world: World) -> None:
    def queries(source: str) -> int:
        launch = world.bring(source).launch
        with CaptureQueriesContext(connection) as captured:
            export_plan(launch)
        return len(captured)

    def plan(count: int) -> str:
        lines = ["# Comet launch plan", "", "## Content calendar", ""]
        return "\n".join(lines + [f"- **Week {n % 9}:** Task {n} of the launch" for n in range(count)]) + "\n"

    assert queries(plan(120)) == queries(plan(5))
