"""What cannot be is asked about: a day that no month has, a share of more than everybody."""

from __future__ import annotations

import pytest

from apps.plans.reading import Reading, read_plan

PLAN = """# Falcon launch plan

- **Launch date:** 2026-05-04

## Phases

### Phase 1: Beta (Week 1)

- **Audience:** {audience}

## Content calendar

- {when}: mail

| When | What | Channel |
| --- | --- | --- |
| {when} | Post | Blog |
"""


def reading(when: str = "2026-05-01", audience: str = "All users", **answers: str) -> Reading:
    return read_plan(PLAN.format(when=when, audience=audience), answers=answers)


def asked(found: Reading, kind: str) -> list[str]:
    return [question.text for question in found.questions if question.kind == kind]


@pytest.mark.parametrize("when", ["Feb 30", "30 February 2026", "2026-04-31"])
def test_a_day_that_no_month_has_is_asked_about(when: str) -> None:
    found = reading(when)
    assert asked(found, "no_such_day") == [f"There is no “{when}”. Which day is meant?"] * 2
    entries = [record for record in found.records if record.kind == "calendar_entry"]
    assert [record.fields["when"] for record in entries] == [None, None]


def test_the_answer_is_taken() -> None:
    question = next(one for one in reading("Feb 30").questions if one.kind == "no_such_day")
    found = reading("Feb 30", **{question.id: "2026-02-28"})
    entry = next(record for record in found.records if record.kind == "calendar_entry")
    assert entry.fields["when"]["date"] == "2026-02-28"


def test_days_that_are_and_shares_of_an_audience_are_not_asked_about() -> None:
    found = reading("2026-02-28", "100% of users")
    assert asked(found, "no_such_day") + asked(found, "share_above_all") == []


def test_a_share_of_more_than_everybody_is_asked_about() -> None:
    assert asked(reading(audience="150% of users"), "share_above_all") == [
        "“150% of users” is more than everybody. Who is meant?"
    ]
