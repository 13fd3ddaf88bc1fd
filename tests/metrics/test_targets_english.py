"""Targets as English plans write them: what is measured, against what, until when and for whom."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.core.vocabulary import load
from apps.metrics.targets import TargetSpec, formula, measure_key, parse_targets

EN = load("en")


def one(text: str, label: str = "") -> TargetSpec:
    specs = parse_targets(text, vocab=EN, label=label)
    assert len(specs) == 1, specs
    assert specs[0].text == text
    return specs[0]


def short(spec: TargetSpec) -> tuple[str, str | None, str | None, str | None, str]:
    values = spec.to_json()
    return spec.metric, spec.comparator, values["value"], spec.unit, spec.relation


@pytest.mark.parametrize(
    ("text", "metric", "comparator", "value", "unit", "relation"),
    [
        ("Zero critical bugs", "critical bugs", "eq", "0", None, "absolute"),
        ("No Sev 1 bugs", "Sev 1 bugs", "eq", "0", None, "absolute"),
        ("80% positive feedback", "positive feedback", "ge", "80", "%", "absolute"),
        ("99.9% uptime", "uptime", "ge", "99.9", "%", "absolute"),
        (
            "99.9% uptime for settings interface",
            "uptime for settings interface",
            "ge",
            "99.9",
            "%",
            "absolute",
        ),
        ("60% configuration completion", "configuration completion", "ge", "60", "%", "absolute"),
        ("500+ projects", "projects", "ge", "500", None, "absolute"),
        ("<2s page load time", "page load time", "lt", "2", "s", "absolute"),
        ("< 2 seconds page load time", "page load time", "lt", "2", "s", "absolute"),
        (">10s page load times", "page load times", "gt", "10", "s", "absolute"),
        (
            "<0.1% critical errors in settings operations",
            "critical errors in settings operations",
            "lt",
            "0.1",
            "%",
            "absolute",
        ),
        ("25% increase in AI feature adoption", "AI feature adoption", "ge", "25", "%", "increase"),
        ("60% reduction in setup time", "setup time", "ge", "60", "%", "decrease"),
        ("40% fewer AI-related tickets", "AI-related tickets", "ge", "40", "%", "decrease"),
        ("20% more signups", "signups", "ge", "20", "%", "increase"),
        ("+15% MAU", "MAU", "ge", "15", "%", "increase"),
        (">200% increase in support tickets", "support tickets", "gt", "200", "%", "increase"),
        ("increase activation by 20%", "activation", "ge", "20", "%", "increase"),
        ("increase activation by at least 20%", "activation", "ge", "20", "%", "increase"),
        ("increase activation to 40%", "activation", "ge", "40", "%", "absolute"),
        ("Reduce load time to under 2s", "load time", "lt", "2", "s", "absolute"),
        ("double weekly active users", "weekly active users", "ge", "100", "%", "increase"),
        ("halve setup time", "setup time", "ge", "50", "%", "decrease"),
        ("NPS +10 points", "NPS", "ge", "10", "points", "increase"),
        ("NPS ≥ 40", "NPS", "ge", "40", None, "absolute"),
        ("NPS of 40+", "NPS", "ge", "40", None, "absolute"),
        ("NPS: 40 or higher", "NPS", "ge", "40", None, "absolute"),
        ("CSAT 4.5/5", "CSAT", "ge", "4.5", "/5", "absolute"),
        ("CSAT 4.5 out of 5", "CSAT", "ge", "4.5", "/5", "absolute"),
        ("$10K MRR", "MRR", "ge", "10000", "USD", "absolute"),
        ("€1.2M ARR by end of 2026", "ARR", "ge", "1200000", "EUR", "absolute"),
        ("Q3 revenue of $2.5 million", "revenue", "ge", "2500000", "USD", "absolute"),
        ("2M downloads", "downloads", "ge", "2000000", None, "absolute"),
        ("1,000 signups", "signups", "ge", "1000", None, "absolute"),
        ("10k signups", "signups", "ge", "10000", None, "absolute"),
        ("no more than 5 incidents", "incidents", "le", "5", None, "absolute"),
        ("At least 80% of sessions crash-free", "sessions crash-free", "ge", "80", "%", "absolute"),
        ("under 200 ms latency", "latency", "lt", "200", "ms", "absolute"),
        ("errors ≤ 1%", "errors", "le", "1", "%", "absolute"),
        ("Error rate: < 1%", "Error rate", "lt", "1", "%", "absolute"),
        ("2% churn", "churn", "le", "2", "%", "absolute"),
        ("crash-free sessions above 99.5%", "crash-free sessions", "gt", "99.5", "%", "absolute"),
        ("5-10% conversion", "conversion", "ge", "5", "%", "absolute"),
        ("churn between 2 and 5%", "churn", "le", "5", "%", "absolute"),
        ("First response within 4 hours", "First response", "le", "4", "h", "absolute"),
        ("7-day retention ≥ 40%", "7-day retention", "ge", "40", "%", "absolute"),
        ("D7 retention 40%", "D7 retention", "ge", "40", "%", "absolute"),
        ("50 beta customers by March 2026", "beta customers", "ge", "50", None, "absolute"),
        ("100 support tickets per week", "support tickets per week", "ge", "100", None, "absolute"),
        ("Checkout failures increase 2x over baseline", "Checkout failures", "ge", "2", "x", "increase"),
        ("ticket volume within +10% of baseline", "ticket volume", "le", "10", "%", "increase"),
        ("NPS drop of 10+ points", "NPS", "ge", "10", "points", "decrease"),
        ("Conversion drops by more than 10%", "Conversion", "gt", "10", "%", "decrease"),
        (
            "80% complete setup in under 10 minutes",
            "complete setup in under 10 minutes",
            "ge",
            "80",
            "%",
            "absolute",
        ),
        ("setup time reduced by half", "setup time", "ge", "50", "%", "decrease"),
        ("RPO: 15 min", "RPO", "le", "15", "min", "absolute"),
        ("2,5% churn", "churn", "le", "2.5", "%", "absolute"),
        ("Sev1 incidents: 0", "Sev1 incidents", "eq", "0", None, "absolute"),
        (
            "80% can successfully configure overrides",
            "successfully configure overrides",
            "ge",
            "80",
            "%",
            "absolute",
        ),
    ],
)
def test_one_target(
    text: str, metric: str, comparator: str, value: str, unit: str | None, relation: str
) -> None:
    assert short(one(text)) == (metric, comparator, value, unit, relation)


def test_a_percentile_is_the_share_it_must_hold_for() -> None:
    spec = one("<2s page load time for 95% of users")
    assert (spec.metric, spec.comparator, spec.value, spec.unit) == ("page load time", "lt", Decimal(2), "s")
    assert spec.percentile == 95
    assert one("p95 latency < 300ms").percentile == 95
    assert one("95th percentile latency below 2 seconds").percentile == 95
    assert one("Median time to first value < 5 min").percentile == 50
    assert one("85% satisfaction score").percentile is None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("25% increase within 90 days", 90),
        ("70% set organization defaults within 30 days", 30),
        ("1,000 signups in the first month", 30),
        ("20% adoption in first 2 weeks", 14),
        ("50% adoption 30 days after launch", 30),
        ("20% of users within 30 days of launch", 30),
        ("30% adoption by day 30", 30),
        ("90% of tickets answered within 24 hours", 1),
        ("99.9% uptime", None),
    ],
)
def test_windows(text: str, days: int | None) -> None:
    assert one(text).window_days == days


def test_a_criterion_may_be_armed_later() -> None:
    spec = one("<30% completion rate after 2 weeks")
    assert short(spec) == ("completion rate", "lt", "30", "%", "absolute")
    assert (spec.armed_after_days, spec.window_days) == (14, None)


@pytest.mark.parametrize(
    ("label", "text", "metric"),
    [
        ("AI Feature Adoption", "25% increase within 90 days", "AI Feature Adoption"),
        ("Configuration Completion", "90% of users complete setup", "Configuration Completion"),
        ("Time to Configure", "60% reduction in setup time", "setup time"),
        ("User Satisfaction", "85% satisfaction score", "satisfaction score"),
        ("Support Ticket Reduction", "40% fewer AI-related tickets", "AI-related tickets"),
        ("Performance", "<2s page load time for 95% of users", "page load time"),
        ("Scalability", "Support for organizations with 500+ projects", "Scalability"),
        ("Activation", "40%", "Activation"),
        ("Activation", "40% by day 7", "Activation"),
        ("Error budget", "No more than 10% consumed", "Error budget"),
        ("MRR", "+$50K", "MRR"),
        ("Reviews", "4+ stars", "Reviews"),
        ("p95 latency", "< 300 ms", "p95 latency"),
        ("Customer Retention", "Improved satisfaction scores for AI users", "Customer Retention"),
        ("Success Metric", "Improved satisfaction scores", "Improved satisfaction scores"),
    ],
)
def test_the_label_names_the_metric_only_where_the_text_does_not(label: str, text: str, metric: str) -> None:
    assert one(text, label).metric == metric


def test_a_label_may_name_the_change() -> None:
    assert one("40%", "Ticket reduction").relation == "decrease"
    assert one("40%", "Revenue growth").relation == "increase"
    assert one("40%", "Activation").relation == "absolute"
    assert one("+$50K", "MRR").relation == "increase"


@pytest.mark.parametrize(
    "text",
    [
        "Improved satisfaction scores",
        "Data loss or security vulnerability",
        "24/7 coverage",
        "Any Sev-1 incident",
        "Top 3 in app store",
        "All P0 bugs fixed",
        "[X]% adoption",
        "XX% adoption",
    ],
)
def test_without_a_number_there_is_a_metric_and_no_target(text: str) -> None:
    spec = one(text)
    assert (spec.comparator, spec.value, spec.unit, spec.relation) == (None, None, None, "absolute")
    assert spec.metric


@pytest.mark.parametrize("text", ["", "  ", "TBD", "[FILL_IN]"])
def test_nothing_gives_no_target(text: str) -> None:
    assert parse_targets(text, vocab=EN) == []


def test_a_placeholder_keeps_the_metric_of_its_label() -> None:
    spec = one("[TBD]", "Activation")
    assert (spec.metric, spec.value) == ("Activation", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Zero critical bugs, 80% positive feedback",
            [
                ("critical bugs", "eq", "0", None, "absolute"),
                ("positive feedback", "ge", "80", "%", "absolute"),
            ],
        ),
        (
            "<2s page load time, 60% configuration completion",
            [
                ("page load time", "lt", "2", "s", "absolute"),
                ("configuration completion", "ge", "60", "%", "absolute"),
            ],
        ),
        (
            "p95 latency under 500 ms and error rate below 0.5%",
            [("latency", "lt", "500", "ms", "absolute"), ("error rate", "lt", "0.5", "%", "absolute")],
        ),
        (
            "20% open rate; 5% CTR",
            [("open rate", "ge", "20", "%", "absolute"), ("CTR", "ge", "5", "%", "absolute")],
        ),
        (
            "Better retention, 30% adoption",
            [("Better retention", None, None, None, "absolute"), ("adoption", "ge", "30", "%", "absolute")],
        ),
        ("1,000 users, measured monthly", [("users, measured monthly", "ge", "1000", None, "absolute")]),
    ],
)
def test_several_targets_in_one_text(text: str, expected: list[tuple[str, ...]]) -> None:
    assert [short(spec) for spec in parse_targets(text, vocab=EN)] == expected


def test_stretch_alert_and_rollback_belong_to_the_same_metric() -> None:
    target, stretch = parse_targets("Activation: 40%, stretch 50%", vocab=EN)
    assert short(target) == ("Activation", "ge", "40", "%", "absolute")
    assert (short(stretch), stretch.kind, stretch.stretch) == (short(stretch), "stretch", True)
    assert (stretch.metric, stretch.value) == ("Activation", Decimal(50))
    target, alert = parse_targets("<2s page load (alert at 3s)", vocab=EN)
    assert (alert.kind, short(alert)) == ("alert", ("page load", "ge", "3", "s", "absolute"))
    (rollback,) = parse_targets("Roll back if error rate > 5%", vocab=EN)
    assert (rollback.kind, short(rollback)) == ("rollback", ("error rate", "gt", "5", "%", "absolute"))


def test_from_to_tells_a_baseline_too() -> None:
    target, baseline = parse_targets("Reduce churn from 5% to 3%", vocab=EN)
    assert short(target) == ("churn", "le", "3", "%", "absolute")
    assert (baseline.kind, baseline.comparator, baseline.value) == ("baseline", "eq", Decimal(5))
    target, baseline = parse_targets("12% -> 20%", vocab=EN, label="Activation")
    assert (target.metric, target.comparator, target.value) == ("Activation", "ge", Decimal(20))


def test_a_kind_may_stand_behind_its_number() -> None:
    baseline, target = parse_targets("91% today, 95% goal", vocab=EN, label="Success rate")
    assert (baseline.kind, baseline.value, target.kind, target.value) == ("baseline", 91, "target", 95)
    target, stretch = parse_targets("5,000 / 8,000 (stretch)", vocab=EN, label="Weekly actives")
    assert (target.kind, target.value, stretch.kind, stretch.value) == ("target", 5000, "stretch", 8000)
    first, last = parse_targets("10% W1, 25% W4", vocab=EN, label="Adoption")
    assert (first.window_days, last.window_days, last.metric) == (7, 28, "Adoption")


def test_a_column_may_say_what_kind_its_numbers_are() -> None:
    (baseline,) = parse_targets("42%", vocab=EN, label="Activation", kind="baseline")
    assert (baseline.kind, baseline.comparator) == ("baseline", "eq")
    (rollback,) = parse_targets("20%", vocab=EN, label="Activation", kind="rollback")
    assert (rollback.kind, rollback.comparator) == ("rollback", "le")
    (rollback,) = parse_targets("5%", vocab=EN, label="Error rate", kind="rollback")
    assert rollback.comparator == "ge"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (">200% increase in support tickets", "more than 3 x baseline"),
        ("25% increase in adoption", "at least 1.25 x baseline"),
        ("60% reduction in setup time", "at most 0.4 x baseline"),
        ("NPS +10 points", "at least baseline + 10 points"),
        ("<2s load", "less than 2 s"),
        ("error budget burn > 2x baseline", "more than 2 x baseline"),
        ("Improved satisfaction", ""),
    ],
)
def test_formulas(text: str, words: str) -> None:
    assert formula(one(text)) == words


@pytest.mark.parametrize(
    ("one_way", "other"),
    [
        ("page load time", "Page-load times"),
        ("completion rate", "Completion Rates"),
        ("the error rate", "error rate"),
        ("Größe", "grösse"),
    ],
)
def test_two_wordings_of_one_metric_have_one_key(one_way: str, other: str) -> None:
    assert measure_key(one_way) == measure_key(other)
    assert measure_key("setup time") != measure_key("load time")


def test_json_has_exactly_the_agreed_names() -> None:
    assert list(one("$10K MRR").to_json()) == [
        "metric",
        "comparator",
        "value",
        "unit",
        "relation",
        "window_days",
        "percentile",
        "armed_after_days",
        "text",
        "kind",
    ]
    assert one("$10K MRR").to_json()["value"] == "10000"
