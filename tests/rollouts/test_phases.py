"""Phases run one at a time; rollout steps are reached in order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction

from apps.audit.models import Event
from apps.core.actors import SYSTEM
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.launches import kinds
from apps.launches.models import Phase
from apps.launches.services.records import add_record, change_record, remove_record
from apps.rollouts.models import RolloutStep
from apps.rollouts.selectors import exposure, phase_ladders
from apps.rollouts.services import reach_step, set_phase_state
from apps.schedule.services import placing
from tests.schedule.worlds import DAY, Calendar, make_calendar, relative


@pytest.fixture
def calendar(db: None) -> Calendar:
    return make_calendar()


def step(calendar: Calendar, phase: Phase | None, percent: str) -> RolloutStep:
    made = add_record(
        actor=SYSTEM,
        launch=calendar.launch,
        kind=kinds.get("rollout_step"),
        values={"title": f"{percent}%", "phase": phase, "percent": Decimal(percent)},
    )
    assert isinstance(made, RolloutStep)
    return made


MAY = {
    ("planned", "active"),
    ("active", "held"),
    ("active", "finished"),
    ("held", "active"),
    ("held", "finished"),
    ("finished", "active"),
}


@pytest.mark.parametrize(("old", "new"), list(product(Phase.State.values, [*Phase.State.values, "lost"])))
def test_each_state_follows_only_those_it_may(calendar: Calendar, old: str, new: str) -> None:
    phase = calendar.phase(relative("week", 1, anchor="rollout_start"))
    Phase.objects.filter(pk=phase.pk).update(state=old)
    if (old, new) in MAY:
        changed = set_phase_state(actor=calendar.act(), phase=phase, to=new)
        assert (changed.state, changed.version) == (new, phase.version + 1)
        assert Event.objects.get(verb=f"phase.{new}").changes == {"state": [old, new]}
        assert (changed.finished_at is not None) == (new == "finished")
    else:
        with pytest.raises(Invalid) as refusal:
            set_phase_state(actor=calendar.act(), phase=phase, to=new)
        assert refusal.value.code == "transition"


def test_one_phase_runs_at_a_time(calendar: Calendar) -> None:
    first, second = calendar.phase(title="Beta"), calendar.phase(title="Everybody")
    set_phase_state(actor=calendar.act(), phase=first, to="active")
    with pytest.raises(Invalid) as refusal:
        set_phase_state(actor=calendar.act(), phase=second, to="active")
    assert refusal.value.code == "phase_running"
    assert "Beta" in refusal.value.message
    set_phase_state(actor=calendar.act(), phase=first, to="held")
    set_phase_state(actor=calendar.act(), phase=second, to="active")
    with pytest.raises(Invalid):
        set_phase_state(actor=calendar.act(), phase=first, to="active")
    with pytest.raises(IntegrityError), transaction.atomic():
        Phase.objects.filter(pk=first.pk).update(state="active")


@pytest.mark.django_db(transaction=True)
def test_of_two_phases_started_at_once_one_runs() -> None:
    calendar = make_calendar()
    phases = [calendar.phase(title="Beta"), calendar.phase(title="Everybody")]
    start = threading.Barrier(2)

    def run(phase: Phase) -> str:
        try:
            start.wait(timeout=20)
            set_phase_state(actor=calendar.act(), phase=phase, to="active")
        except Invalid:
            return "refused"
        finally:
            connection.close()
        return "runs"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, phases)) == ["refused", "runs"]


def test_a_finished_phase_does_not_move_and_a_reopened_one_does(calendar: Calendar) -> None:
    phase = calendar.phase(relative("week", 1, anchor="rollout_start"))
    for state in ("active", "finished"):
        set_phase_state(actor=calendar.act(), phase=phase, to=state)
    assert calendar.placement(phase).state == "done"
    calendar.move(DAY + timedelta(days=7))
    assert calendar.placement(phase).starts_on == DAY
    set_phase_state(actor=calendar.act(), phase=phase, to="active")
    assert calendar.placement(phase).starts_on == DAY + timedelta(days=7)


def test_a_phase_is_not_finished_as_if_it_were_a_piece_of_work(calendar: Calendar) -> None:
    phase = calendar.phase(relative("week", 1, anchor="rollout_start"))
    with pytest.raises(Invalid):
        placing.finish(actor=calendar.act(), placement=calendar.placement(phase))
    assert calendar.placement(phase).state == "planned"


def test_a_stale_start_is_refused(calendar: Calendar) -> None:
    phase = calendar.phase()
    change_record(actor=calendar.act(), record=phase, values={"goal": "New"})
    with pytest.raises(Conflict):
        set_phase_state(actor=calendar.act(), phase=phase, to="active", version=phase.version)


def test_steps_are_reached_in_order_in_a_running_phase(calendar: Calendar) -> None:
    phase = calendar.phase()
    ten, half, all_ = (step(calendar, phase, percent) for percent in ("10", "50", "100"))
    with pytest.raises(Invalid) as refusal:
        reach_step(actor=calendar.act(), step=ten)
    assert refusal.value.code == "phase_not_started"
    set_phase_state(actor=calendar.act(), phase=phase, to="active")
    with pytest.raises(Invalid) as refusal:
        reach_step(actor=calendar.act(), step=half)
    assert refusal.value.code == "step_order"
    assert exposure([calendar.launch.pk]) == {}
    reach_step(actor=calendar.act(), step=ten)
    reach_step(actor=calendar.act(), step=half)
    assert exposure([calendar.launch.pk]) == {calendar.launch.pk: Decimal(50)}
    with pytest.raises(Invalid) as refusal:
        reach_step(actor=calendar.act(), step=ten, reached=False)
    assert refusal.value.code == "step_order"
    reach_step(actor=calendar.act(), step=half, reached=False)
    assert exposure([calendar.launch.pk]) == {calendar.launch.pk: Decimal(10)}
    (ladder,) = phase_ladders(calendar.launch)
    assert ladder.next_step is not None
    assert (ladder.next_step.pk, ladder.reached) == (half.pk, Decimal(10))
    assert all_.reached_at is None


def test_reaching_a_step_twice_is_reaching_it_once(calendar: Calendar) -> None:
    phase = calendar.phase()
    ten = step(calendar, phase, "10")
    set_phase_state(actor=calendar.act(), phase=phase, to="active")
    first = reach_step(actor=calendar.act(), step=ten)
    again = reach_step(actor=calendar.act(), step=ten)
    assert (again.reached_at, again.version) == (first.reached_at, first.version)
    assert Event.objects.filter(verb="rollout_step.reached").count() == 1


@pytest.mark.parametrize("percent", ["-0.01", "100.01", "1000", "NaN"])
def test_percents_lie_between_0_and_100(calendar: Calendar, percent: str) -> None:
    phase = calendar.phase()
    with pytest.raises(Invalid) as refusal:
        step(calendar, phase, percent)
    assert "percent" in refusal.value.errors
    ten = step(calendar, phase, "10")
    if percent != "NaN":
        with pytest.raises(IntegrityError), transaction.atomic():
            RolloutStep.objects.filter(pk=ten.pk).update(percent=Decimal(percent).min(Decimal("999.99")))


def test_only_who_may_edit_the_launch_runs_its_rollout(calendar: Calendar) -> None:
    from apps.accounts.models import Team, User
    from apps.core.actors import Actor
    from apps.launches.services.members import set_member

    person = User.objects.create_user("team@example.com", name="Team")
    team = Team.objects.create(slug="product", name="Product")
    set_member(actor=SYSTEM, launch=calendar.launch, user=person, role="contributor", team=team)
    phase = calendar.phase()
    ten = step(calendar, phase, "10")
    for act in (
        lambda: set_phase_state(actor=Actor.of(person), phase=phase, to="active"),
        lambda: reach_step(actor=Actor.of(person), step=ten),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_removing_a_phase_takes_its_steps_and_dates_along(calendar: Calendar) -> None:
    phase = calendar.phase(relative("week", 1, anchor="rollout_start"))
    step(calendar, phase, "10")
    remove_record(actor=calendar.act(), record=phase)
    assert not RolloutStep.objects.exists()
    assert not calendar.launch.placements.filter(kind="phase").exists()
