"""Whatever people add or write in the portal survives export and reading again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.core.actors import SYSTEM
from apps.launches import kinds
from apps.launches.models import Launch
from apps.launches.services.records import add_record
from tests.plans.worlds import World, bare, check_round_trip, sample

KINDS = (
    "overview", "phase", "key_message", "channel", "calendar_entry", "segment", "kpi", "training", "education",
    "enablement", "office_hours", "support", "monitoring", "routine", "rollback_criterion", "rollback_step",
    "mitigation", "review", "recognition", "story", "improvement", "history",
)  # fmt: skip


STARTS: list[Callable[[World], Launch]] = [sample, bare]


def test_every_kind_but_the_steps_of_phases_is_tried() -> None:
    assert {kind.key for kind in kinds.all_kinds()} - set(KINDS) == {"rollout_step"}


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
@pytest.mark.parametrize("key", KINDS)
def test_a_record_with_only_a_title_survives(
    world: World, key: str, start: Callable[[World], Launch]
) -> None:
    launch = start(world)
    kind = kinds.get(key)
    add_record(actor=SYSTEM, launch=launch, kind=kind, values={"title": f"New {kind.label.lower()} thing"})
    check_round_trip(launch)


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
def test_one_of_every_kind_at_once_survives(world: World, start: Callable[[World], Launch]) -> None:
    launch = start(world)
    for key in KINDS:
        kind = kinds.get(key)
        add_record(
            actor=SYSTEM, launch=launch, kind=kind, values={"title": f"New {kind.label.lower()} thing"}
        )
    check_round_trip(launch)
