"""Launch day as plans write it: what is no day is not made one, and applying takes what reading gives."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from apps.plans.reading import Reading, read_plan

if TYPE_CHECKING:
    from tests.plans.worlds import World

PLAN = """# Brook Pay launch plan

## Overview

- **Launch date:** {day}
- **Audience:** shops
{more}
## Rollout plan

- Phase 1: Beta (Week 1): 10% of users
- Phase 2: All (Week 2): 100% of users

## Key messages

- Pay faster
"""
# As written, as the reader and the launch hold it, with which precision.
ROUGH = [
    ("H1 2027", "2027-H1", "half-year"),
    ("2027-H2", "2027-H2", "half-year"),
    ("1H 2027", "2027-H1", "half-year"),
    ("Q1-Q2 2027", "2027-H1", "half-year"),
    ("Q2-Q3 2027", "2027", "range"),
    ("Jan-Mar 2027", "2027-Q1", "range"),
    ("Mar-Apr 2027", "2027-H1", "range"),
    ("Q1 2027", "2027-Q1", "quarter"),
    ("mid-March 2027", "2027-03", "month"),
    ("Summer 2027", "2027", "year"),
    ("2027", "2027", "year"),
    ("Week of March 1, 2027", "2027-03", "week"),
    ("March 4-6, 2027", "2027-03", "range"),
    ("between March 4 and March 6, 2027", "2027-03", "range"),
    ("March 30 - April 2, 2027", "2027-H1", "range"),
    ("TBD (targeting March 2027)", "2027-03", "month"),
    # What no one year holds, and a fiscal year nobody explained, stay words.
    ("Q4 2027 - Q1 2028", None, None),
    ("Q2 FY27", None, None),
    ("when it is ready", None, None),
]


def plan(day: str, more: str = "") -> str:
    return PLAN.format(day=day, more=f"{more}\n" if more else "")


def asked(reading: Reading, kind: str) -> tuple[str | None, tuple[str, ...]]:
    found = [question for question in reading.questions if question.kind == kind]
    assert len(found) == 1, reading.questions
    return found[0].proposed, found[0].choices


@pytest.mark.parametrize(("written", "held", "precision"), ROUGH)
def test_what_is_no_day_stays_as_rough_as_it_is_written(
    written: str, held: str | None, precision: str | None
) -> None:
    reading = read_plan(plan(written))
    assert (reading.launch_day, reading.launch_day_precision) == (held, precision)
    asked(reading, "launch_day")


@pytest.mark.parametrize(("written", "held"), [(written, held) for written, held, _ in ROUGH])
def test_the_launch_takes_every_rough_day_and_writes_it_back(
    world: World, written: str, held: str | None
) -> None:
    from apps.plans.services.apply import apply_plan
    from apps.plans.services.documents import read
    from apps.plans.services.export import export_plan

    source = plan(written)
    launch = apply_plan(actor=world.actor, plan=read(source), leave_open=True).launch
    assert (launch.launch_day, launch.launch_day_fuzzy) == (None, held or "")
    assert export_plan(launch) == source


@pytest.mark.parametrize(
    ("written", "proposed", "choices"),
    [
        ("March 4-6, 2027", "2027-03-04", ("2027-03-04", "2027-03-05", "2027-03-06")),
        ("Week of March 1, 2027", "2027-03-01", tuple(f"2027-03-0{day}" for day in range(1, 8))),
        ("March 1 - 26, 2027", "2027-03", ()),
        ("H2 2027", "2027-H2", ()),
    ],
)
def test_a_week_or_range_proposes_its_days(written: str, proposed: str, choices: tuple[str, ...]) -> None:
    assert asked(read_plan(plan(written)), "launch_day") == (proposed, choices)


def test_day_and_month_that_could_be_swapped_are_asked() -> None:
    reading = read_plan(plan("3/4/2027"))
    assert reading.launch_day is None
    assert asked(reading, "day_month") == ("2027-03-04", ("2027-03-04", "2027-04-03"))
    question = next(question for question in reading.questions if question.kind == "day_month")
    assert "4 March 2027 or 3 April 2027" in question.text
    for day in ("2027-03-04", "2027-04-03"):
        answered = read_plan(plan("3/4/2027"), answers={question.id: day})
        assert (answered.launch_day, answered.launch_day_precision) == (day, "day")
        assert "day_month" not in {each.kind for each in answered.questions}


@pytest.mark.parametrize(
    ("other", "day"),
    [
        ("- **Board review:** 14/2/2027", "2027-04-03"),
        ("- **Board review:** 2/14/2027", "2027-03-04"),
        ("- **Board review:** 2/14/27", "2027-03-04"),
    ],
)
def test_another_date_settles_the_order(other: str, day: str) -> None:
    reading = read_plan(plan("3/4/2027", other))
    assert reading.launch_day == day
    assert "day_month" not in {question.kind for question in reading.questions}


@pytest.mark.parametrize(
    "other",
    ["- **Board reviews:** 14/2/2027 and 2/15/2027", "- **Ladder:** 1/20/30%", "- **Version:** 1.20.2027"],
)
def test_contradicting_dates_and_other_numbers_settle_nothing(other: str) -> None:
    assert asked(read_plan(plan("3/4/2027", other)), "day_month")[0] == "2027-03-04"


def test_a_language_that_orders_days_before_months_is_not_asked() -> None:
    reading = read_plan("# Launchplan Rechnungen\n\n## Überblick\n\n- **Launch-Datum:** 3/4/2027\n\n"
                        "## Zielgruppen\n\n- Kanzleien\n\n## Kernbotschaften\n\n- Schneller fertig\n")  # fmt: skip
    assert (reading.language, reading.launch_day) == ("de", "2027-04-03")


def test_a_weekday_that_is_not_the_dates_is_asked() -> None:
    reading = read_plan(plan("Tuesday, 11 June 2027"))
    assert asked(reading, "weekday_contradicts")[0] == "2027-06-11"


def test_a_given_launch_day_answers_what_the_plan_leaves_open(world: World) -> None:
    from apps.plans.services.apply import apply_plan
    from apps.plans.services.documents import read

    day = date(2027, 4, 3)
    given = read(plan("3/4/2027"), launch_day=day, rollout_start=day)
    launch = apply_plan(actor=world.actor, plan=given, launch_day=day, rollout_start=day).launch
    assert (launch.launch_day, launch.launch_day_fuzzy) == (day, "")


def test_the_start_of_the_rollout_is_no_day_either_until_somebody_says() -> None:
    source = plan("March 4, 2027", "- **Rollout start:** week of March 8, 2027")
    reading = read_plan(source)
    assert reading.rollout_start is None
    proposed, choices = asked(reading, "rollout_start")
    assert (proposed, len(choices)) == ("2027-03-08", 7)
    question = next(question for question in reading.questions if question.kind == "rollout_start")
    assert read_plan(source, answers={question.id: "2027-03-10"}).rollout_start == "2027-03-10"
