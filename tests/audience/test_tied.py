"""Phases and segments of a plan are tied to rules: proposed from its words, checked, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audience.rules.proposing import propose_rule
from apps.audience.selectors import reaches
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid
from apps.launches import kinds
from apps.launches.services.launch import create_launch
from apps.launches.services.records import add_record, change_record
from apps.plans.selectors.readiness import readiness

if TYPE_CHECKING:
    from tests.audience.worlds import World


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("Organizations with <50 projects", "projects < 50"),
        ("Workspaces with fewer than 1,000 seats", "seats < 1000"),
        ("Support for organizations with 500+ projects", "projects >= 500"),
        ("Administrators of workspaces on the Team and Business plans", "plan in (team, business)"),
        ("Companies on the Starter plan", "plan = starter"),
        ("Accounts with at least 5 active users, on the Team plan", "active_users >= 5 and plan = team"),
        ("All organizations", ""),
        ("Employees and select beta customers", ""),
        ("10% of organizations via feature flag", ""),
    ],
)
def test_a_rule_is_proposed_only_where_the_words_say_one(words: str, rule: str) -> None:
    assert propose_rule(words) == rule


def test_a_phase_is_tied_to_the_accounts_its_words_mean(world: World) -> None:
    owner = world.people["csm"]
    launch = create_launch(actor=SYSTEM, name="Settings", owner=owner)
    phase = add_record(
        actor=SYSTEM, launch=launch, kind=kinds.get("phase"),
        values={"title": "Phase 2", "audience": "Organizations with <50 projects"},
    )  # fmt: skip
    client = world.client("csm")
    form = client.get(f"/launches/{launch.slug}/plan/phase/{phase.pk}/edit/").content.decode()
    assert "The plan&#x27;s words would be: projects &lt; 50" in form
    saved = client.post(
        f"/launches/{launch.slug}/plan/phase/{phase.pk}/edit/",
        {"title": "Phase 2", "audience": phase.audience, "rule": "projects < 50", "version": phase.version},
    )  # type: ignore[attr-defined]
    assert saved.status_code == 302
    assert b"1 account now" in client.get(f"/launches/{launch.slug}/phases/").content
    wrong = client.post(
        f"/launches/{launch.slug}/plan/phase/{phase.pk}/edit/",
        {"title": "Phase 2", "rule": "projects <", "version": phase.version + 1},
    )
    assert wrong.status_code == 422
    assert b"where a value should stand" in wrong.content


def test_readiness_tells_of_segments_nobody_belongs_to(world: World) -> None:
    launch = create_launch(actor=SYSTEM, name="Settings")
    kind = kinds.get("segment")
    segment = add_record(actor=SYSTEM, launch=launch, kind=kind, values={"title": "Small teams"})

    def told() -> list[str]:
        return [each.reason for each in readiness(launch).findings if each.rule == "segment-accounts"]

    assert told() == ["“Small teams” has no audience rule, so no account belongs to it."]
    segment = change_record(actor=SYSTEM, record=segment, values={"rule": "projects > 1000"})
    assert told() == ["No account fits the audience rule of “Small teams”."]
    segment = change_record(actor=SYSTEM, record=segment, values={"rule": "projects > 100"})
    assert told() == []
    with pytest.raises(Invalid, match="where a value should stand"):
        change_record(actor=SYSTEM, record=segment, values={"rule": "projects >"})


def test_many_rules_are_counted_in_one_query(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert reaches(["projects < 50", "plan = free", "projects <", "", "value > 5"]) == {
            "projects < 50": 1, "plan = free": 1, "value > 5": 1,
        }  # fmt: skip
    assert len(queries) == 1
