"""Plans that were written as mails or plain text are: headings in capitals, facts a line each."""

from __future__ import annotations

from decimal import Decimal

from apps.plans.reading import read_plan, report

MAIL = """Pearwood Invoicing 2 - Launch plan

Product: Pearwood Invoicing 2
Launch date: May 4, 2026

PHASES

Alpha (Apr 6 - Apr 17): 12 design partners
GA (May 4): all paying customers

KEY MESSAGES

- Invoices that chase themselves

TIMELINE

Apr 24: Landing page
May 1: Support macros

SUCCESS METRICS

- NPS >= 45
"""

TABLE = """# Pear: launch plan

## Metrics

| KPI | Goal | Kill if |
| --- | --- | --- |
| Activation | 30% | <15% |
| p95 latency | 1.2s | 3s |
"""


def test_lines_in_capitals_are_headings() -> None:
    told = report(read_plan(MAIL))
    assert {kind: count for kind, count in told["counts"].items() if count} == {
        "phases": 2, "key_messages": 1, "calendar_entries": 2, "kpis": 1,
    }  # fmt: skip
    assert (told["name"], told["launch_day"], told["coverage"]["lost"]) == (
        "Pearwood Invoicing 2",
        "2026-05-04",
        0,
    )


def test_capitals_within_prose_are_no_headings() -> None:
    prose = "# Pear: launch plan\n\n## Key messages\n\n- One\n\nNASA.\n\nWE ARE LIVE!\n\n- Two\n"
    told = report(read_plan(prose))
    assert told["counts"]["key_messages"] == 2


def test_a_label_with_a_date_of_its_own_tells_no_launch_date() -> None:
    told = report(read_plan("# Pear: launch plan\n\nLaunch date: May 4, 2026\n\nGA (May 4): everybody\n"))
    dates = [record for record in told["records"] if record["fields"].get("key") == "launch_date"]
    assert [record["fields"]["value"] for record in dates] == ["May 4, 2026"]


def test_a_bare_value_to_kill_at_lies_on_the_wrong_side() -> None:
    found = [record for record in read_plan(TABLE).records if record.kind == "kpi"]
    targets = [
        [
            (target["kind"], target["comparator"], Decimal(target["value"]))
            for target in record.fields["targets"]
        ]
        for record in found
    ]
    assert targets == [
        [("target", "ge", Decimal(30)), ("rollback", "lt", Decimal(15))],
        [("target", "le", Decimal("1.2")), ("rollback", "ge", Decimal(3))],
    ]


def test_a_list_on_the_launchs_own_clock_is_a_calendar_whatever_it_is_called() -> None:
    text = "# Pear: launch plan\n\n## Who does what\n\n1. **T-10d** - Docs\n2. **T-5 days** - Macros\n3. T+2h: Look\n"
    told = report(read_plan(text))
    assert told["counts"]["calendar_entries"] == 3
    prose = "# Pear: launch plan\n\n## Who does what\n\n- T-shirts\n- Stickers\n- Day-old bread\n"
    assert report(read_plan(prose))["counts"]["calendar_entries"] == 0
