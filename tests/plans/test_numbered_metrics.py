"""A label that only counts is not what is measured."""

from __future__ import annotations

import pytest

from apps.plans.reading import read_plan


@pytest.mark.parametrize(
    ("line", "title", "metric"),
    [
        ("KR1: App Store rating 4.6", "App Store rating 4.6", "App Store rating"),
        ("**KR 2.1:** 40% fewer tickets", "40% fewer tickets", "tickets"),
        ("Goal 3 - 99.9% uptime", "99.9% uptime", "uptime"),
        (
            'KR4: Reduce "no connection" tickets by 50%',
            'Reduce "no connection" tickets by 50%',
            "no connection tickets",
        ),
        ("**Uptime:** 99.9%", "Uptime", "Uptime"),
    ],
)
def test_key_results_are_named_by_what_they_say(line: str, title: str, metric: str) -> None:
    reading = read_plan(f"# Pear: launch plan\n\n## Success metrics\n\n- {line}\n- **Adoption:** 30%\n")
    record = next(record for record in reading.records if record.kind == "kpi")
    assert record.title == title
    assert [target["metric"] for target in record.fields["targets"]] == [metric]
