"""Each rule a plan is checked by: when it finds something, where that is mended, and that it passes then."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audience.models import Account
from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord
from apps.launches.services.launch import create_launch
from apps.launches.services.records import add_record, change_record
from apps.metrics.models import Metric
from apps.metrics.services import measure
from apps.plans.selectors import readiness
from apps.plans.selectors.readiness import ReadinessCheck
from tests.plans.worlds import LAUNCH_DAY, World


@pytest.fixture
def launch(world: World) -> Launch:
    return create_launch(actor=world.actor, name="Comet", launch_day=LAUNCH_DAY)


def add(launch: Launch, kind: str, **values: Any) -> LaunchRecord:
    return add_record(
        actor=SYSTEM, launch=launch, kind=kinds.get(kind), values={"title": f"A {kind}", **values}
    )


def target(metric: str, comparator: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "metric": metric, "comparator": comparator, "value": value, "unit": "%",
        "text": f"{metric} {comparator} {value}", **more,
    }  # fmt: skip


def check(launch: Launch, rule: str) -> ReadinessCheck | None:
    return next((each for each in readiness(launch).checks if each.rule == rule), None)


def reasons(launch: Launch, rule: str) -> list[str]:
    found = check(launch, rule)
    assert found is not None, f"{rule} had nothing to look at"
    return [finding.reason for finding in found.findings]


def edit_url(record: LaunchRecord) -> str:
    return f"/launches/comet/plan/{record.kind}/{record.pk}/edit/"


def test_launch_day(world: World) -> None:
    launch = create_launch(actor=world.actor, name="Comet", launch_day_fuzzy="2026-Q2")
    found = check(launch, "launch-day")
    assert found is not None
    assert found.url == "/launches/comet/move/"
    launch.launch_day = LAUNCH_DAY
    assert reasons(launch, "launch-day") == []


def test_phase_owner(launch: Launch, world: World) -> None:
    phase = add(launch, "phase")
    found = check(launch, "phase-owner")
    assert found is not None
    assert [finding.url for finding in found.findings] == [edit_url(phase)]
    change_record(actor=SYSTEM, record=phase, values={"owner_name": "Somebody"})
    assert reasons(launch, "phase-owner") == []


def test_percent_rises_over_all_phases(launch: Launch) -> None:
    first, second = add(launch, "phase"), add(launch, "phase")
    add(launch, "rollout_step", phase=second, percent=20)
    add(launch, "rollout_step", phase=first, percent=10)
    assert reasons(launch, "percent-rises") == []
    step = add(launch, "rollout_step", phase=second, percent=20)
    found = check(launch, "percent-rises")
    assert found is not None
    assert (found.state, found.url) == ("bad", edit_url(step))


def test_calendar_owner(launch: Launch, world: World) -> None:
    item = add(launch, "calendar_entry")
    add(launch, "calendar_entry", owner=world.editor)
    add(launch, "calendar_entry", status="published")
    found = check(launch, "calendar-owner")
    assert found is not None
    assert (found.good, found.total, found.url) == (1, 2, edit_url(item))


def test_calendar_channel(launch: Launch) -> None:
    channel = add(launch, "channel")
    item = add(launch, "calendar_entry", channel=channel)
    assert reasons(launch, "calendar-channel") == []
    change_record(actor=SYSTEM, record=channel, values={"in_service": False})
    found = check(launch, "calendar-channel")
    assert found is not None
    assert found.url == edit_url(item)


def test_metric_baseline_only_where_a_target_is_relative(launch: Launch) -> None:
    add(launch, "kpi", targets=[target("Uptime", "ge", "99")])
    assert check(launch, "metric-baseline") is None
    metric = add(launch, "kpi", targets=[target("Adoption", "ge", "25", relation="increase")])
    found = check(launch, "metric-baseline")
    assert found is not None
    assert found.url == edit_url(metric)
    change_record(actor=SYSTEM, record=metric, values={"baseline": "18%"})
    assert reasons(launch, "metric-baseline") == []


def test_targets_agree(launch: Launch) -> None:
    add(launch, "kpi", targets=[target("Completion", "ge", "90")])
    add(launch, "phase", targets=[target("Completion", "ge", "60")])
    assert reasons(launch, "targets-agree") == []
    add(launch, "segment", targets=[target("Completion", "lt", "50")])
    told = reasons(launch, "targets-agree")
    assert any("cannot both be reached" in reason for reason in told)
    assert len(told) == 2


def test_a_target_that_can_be_met_while_a_rollback_is_due(launch: Launch) -> None:
    add(launch, "kpi", targets=[target("Load", "lt", "5", unit="s")])
    criterion = add(launch, "rollback_criterion", targets=[target("Load", "gt", "10", unit="s")])
    assert reasons(launch, "targets-agree") == []
    change_record(actor=SYSTEM, record=criterion, values={"targets": [target("Load", "gt", "3", unit="s")]})
    found = check(launch, "targets-agree")
    assert found is not None
    assert found.url == edit_url(criterion)


def test_criterion_measured(launch: Launch) -> None:
    criterion = add(launch, "rollback_criterion", targets=[target("Errors", "gt", "1")])
    found = check(launch, "criterion-measured")
    assert found is not None
    assert (found.state, found.url) == ("bad", edit_url(criterion))
    measure(actor=SYSTEM, metric=Metric.objects.get(launch=launch), value=Decimal("0.2"))
    assert reasons(launch, "criterion-measured") == []


def test_criterion_in_prose_only(launch: Launch) -> None:
    criterion = add(launch, "rollback_criterion", text="Things go badly")
    add(launch, "rollback_criterion", targets=[target("Errors", "gt", "1")])
    assert reasons(launch, "criterion-precise") == [
        "“A rollback_criterion” is words only: give it a number, or an owner who confirms it."
    ]
    change_record(actor=SYSTEM, record=criterion, values={"owner_name": "On-call lead"})
    assert reasons(launch, "criterion-precise") == []


def test_rollback_message(launch: Launch) -> None:
    found = check(launch, "rollback-message")
    assert found is not None
    assert found.url == "/launches/comet/plan/mitigation/add/"
    message = add(launch, "mitigation", prepared_message="We are sorry.")
    assert reasons(launch, "rollback-message") == [
        "The message prepared in “A mitigation” is not approved yet."
    ]
    change_record(actor=SYSTEM, record=message, values={"message_approved": True})
    assert reasons(launch, "rollback-message") == []


@pytest.mark.parametrize(
    ("entries", "good"),
    [
        ([], False),
        ([("", "")], False),
        ([("weekdays 9-18", "launch week")], False),
        ([("24/7", "launch week")], True),
        ([("weekdays 9-18", ""), ("around the clock", "")], True),
        ([("24/7", "week 3")], False),
    ],
)
def test_on_call(launch: Launch, entries: list[tuple[str, str]], good: bool) -> None:
    for coverage, period in entries:
        add(launch, "support", coverage=coverage, period=period)
    assert (reasons(launch, "on-call") == []) is good


def test_segment_accounts(launch: Launch) -> None:
    segment = add(launch, "segment")
    found = check(launch, "segment-accounts")
    assert found is not None
    assert found.url == edit_url(segment)
    Account.objects.create(external_id="acme", name="Acme", plan="team")
    change_record(actor=SYSTEM, record=segment, values={"rule": "plan in (team)"})
    assert reasons(launch, "segment-accounts") == []


def test_every_finding_leads_to_a_page_that_exists(world: World, client: Any) -> None:
    launch = world.sample()
    client.force_login(world.owner)
    findings = readiness(launch).findings
    assert findings
    for url in {finding.url for finding in findings}:
        assert client.get(url).status_code == 200, url


def test_readiness_costs_nine_queries_whatever_the_size(world: World) -> None:
    launch = world.sample()
    with CaptureQueriesContext(connection) as captured:
        told = readiness(launch)
    assert len(captured) == 9
    assert told.total == len(told.checks)
    assert told.state == "bad"


def test_readiness_sums_up(launch: Launch) -> None:
    told = readiness(launch)
    assert (told.total, told.passed, told.state) == (3, 1, "bad")
    assert {finding.rule for finding in told.blockers} == {"rollback-message", "on-call"}
    spare: Callable[[], bool] = lambda: all(check.findings for check in told.checks if check.state != "ok")  # noqa: E731
    assert spare()
