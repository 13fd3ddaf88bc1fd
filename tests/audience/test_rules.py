"""Segment rules: what they say, what is refused, and that SQL and Python agree on every account."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.audience.models import Account
from apps.audience.rules import (
    All,
    Not,
    Rule,
    RuleError,
    Test,
    condition,
    fields_in,
    holds,
    parse_rule,
    write_rule,
)
from apps.audience.rules import Any as Either
from apps.audience.selectors import facts_of

FACTS: dict[str, Any] = {
    "id": "acme-1", "name": "Acme “West”", "plan": "Team", "value": Decimal("50000.00"), "health": "good",
    "csm": "jo@example.com", "projects": 49, "ratio": 0.1, "trial": False, "since": "2026-03-04T10:00:00Z",
    "features": ["SSO", "audit log"], "note": "", "gone": None, "none": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("plan in (team, business) and projects < 50 and value >= 50000", True),
        ("plan = TEAM", True),
        ("plan != team", False),
        ("plan not in (free, business)", True),
        ("projects < 49", False),
        ("projects <= 49", True),
        ("projects = 49.0", True),
        ("ratio = 0.1", True),
        ("projects ≥ 49 and projects ≠ 50", True),
        ("since >= 2026-03-04 and since < 2026-03-05", True),
        ("since = 2026-03-04", True),
        ("trial = false", True),
        ("trial != true", True),
        ("features contains sso", True),
        ('features contains "audit"', False),
        ("name contains acme", True),
        ('name = "acme “west”"', True),
        ("csm = jo@example.com", True),
        ("features not contains beta", True),
        # What is not known passes no test, and so passes the opposite.
        ("seats > 5", False),
        ("seats <= 5", False),
        ("seats != 5", True),
        ("not seats > 5", True),
        ("seats is missing and note is missing and gone is missing and none is not set", True),
        ("projects is set and id is set", True),
        # A text is no number, and a number no text.
        ("plan > 3", False),
        ("projects = team", False),
        ("trial = 0", False),
        ("not (plan = team or projects > 100)", False),
        ("projects > 100 or plan = team and value < 1", False),
        ("(projects > 100 or plan = team) and not value < 1", True),
    ],
)
def test_a_rule_says_what_it_reads_like(rule: str, expected: bool) -> None:
    assert holds(parse_rule(rule), FACTS) is expected


@pytest.mark.parametrize(
    ("rule", "message", "at"),
    [
        ("", "Write a condition", 0),
        ("plan", "After “plan” comes", 4),
        ("plan =", "where a value should", 6),
        ("plan = team projects < 5", "“and” or “or” is missing", 12),
        ("plan in team", "list in brackets", 8),
        ("plan in (team", "not closed", 13),
        ("plan in ()", "where a value should", 9),
        ("(plan = team", "closing bracket", 12),
        ("plan < team", "compares numbers and dates", 7),
        ("since > 2026-02-30", "no such day", 8),
        ("plan = 'team", "quote is not closed", 7),
        ("plan = team; drop table", "cannot be read", 11),
        ("and = 3", "name of a field", 0),
        ("plan is big", "“set” or “missing”", 8),
        ("plan not team", "“in” or “contains”", 9),
        ("features contains 5", "looks for a text", 18),
        ("projects < 1234567890123456", "at most 15 digits", 11),
        ("a.b = 3", "name of a field", 0),
        ('plan = "a\x00"', "control characters", 7),
        ("not " * 30 + "plan = a", "deep", 84),
        ("(" * 30 + "plan = a", "deep", 21),
        ("plan = a" + " or plan = a" * 100, "at most 100 conditions", 1200),
        ("x" * 3000, "2,000 characters", 2000),
    ],
)
def test_what_is_wrong_is_told_with_its_place(rule: str, message: str, at: int) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        parse_rule(rule)
    assert caught.value.at == at


NAMES = st.sampled_from(["plan", "name", "id", "health", "csm", "value", "projects", "since", "tags", "on"])
WORDS = st.sampled_from(
    ["team", "TEAM", "Straße", "İstanbul", "ß", "50", "2026-03-04", "a", "", "é", "%", "_"]
)
NUMBERS = st.decimals(-1000, 1000, places=2) | st.sampled_from([Decimal(0), Decimal(50), Decimal("0.1")])
DAYS = st.dates(date(2026, 3, 1), date(2026, 3, 6))
LITERALS = WORDS | NUMBERS | DAYS | st.booleans()


@st.composite
def one_test(draw: st.DrawFn) -> Rule:
    field = draw(NAMES)
    operator = draw(st.sampled_from(["=", "<", "<=", ">", ">=", "in", "contains", "set"]))
    if operator == "set":
        return Test(field, "set")
    if operator == "contains":
        return Test(field, "contains", (draw(WORDS),))
    if operator == "in":
        return Test(field, "in", tuple(draw(st.lists(LITERALS, min_size=1, max_size=3))))
    if operator == "=":
        return Test(field, "=", (draw(LITERALS),))
    return Test(field, operator, (draw(NUMBERS | DAYS),))  # type: ignore[arg-type]


RULES = st.recursive(
    one_test(),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts)))
    ),
    max_leaves=6,
)
HELD = (
    WORDS
    | st.integers(-60, 60)
    | st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 2))
    | st.booleans()
    | st.none()
    | DAYS.map(date.isoformat)
    | DAYS.map(lambda day: f"{day}T12:00:00Z")
    | st.lists(WORDS, max_size=3)
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["projects", "since", "tags", "on"]), HELD)


@given(RULES)
def test_a_rule_written_out_is_read_into_the_same_tree(rule: Rule) -> None:
    assert parse_rule(write_rule(rule)) == rule


@given(st.text(max_size=60) | st.text(alphabet="planvue =<>()'\"0123,andortis", max_size=60))
@example('plan = "\\')
def test_any_text_is_a_rule_or_refused_with_a_place_inside_it(text: str) -> None:
    place = None
    try:
        rule = parse_rule(text)
    except RuleError as error:
        place = error.at
    if place is not None:
        assert 0 <= place <= len(text)
        return
    assert parse_rule(write_rule(rule)) == rule
    assert list(fields_in(rule))


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=st.lists(RULES, min_size=1, max_size=6),
    accounts=st.lists(
        st.tuples(
            st.sampled_from(["", "team", "Team", "50"]),
            st.none() | st.decimals(0, 100, places=2),
            st.sampled_from(["", "good", "poor"]),
            st.booleans(),
            ATTRIBUTES,
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_the_database_and_python_agree(rules: list[Rule], accounts: list[Any]) -> None:
    csm, _ = User.objects.get_or_create(email="team@example.com", defaults={"name": "Jo"})
    Account.objects.all().delete()
    Account.objects.bulk_create(
        Account(
            external_id=f"TEAM{number}", name=f"Straße {number}", plan=plan, value=value, health=health,
            csm=csm if looked_after else None, attributes=attributes,
        )
        for number, (plan, value, health, looked_after, attributes) in enumerate(accounts)
    )  # fmt: skip
    stored = list(Account.objects.select_related("csm"))
    for rule in rules:
        found = set(Account.objects.filter(condition(rule)).values_list("pk", flat=True))
        assert found == {account.pk for account in stored if holds(rule, facts_of(account))}, write_rule(rule)


@pytest.mark.django_db
def test_what_a_rule_names_and_holds_never_becomes_sql() -> None:
    Account.objects.create(
        external_id="a", name="x'); DROP TABLE audience_account; --", attributes={"a": "%s"}
    )
    rule = Test("name", "=", ("x'); DROP TABLE audience_account; --",))
    assert Account.objects.filter(condition(rule)).count() == 1
    assert Account.objects.filter(condition(parse_rule('a = "%s" and a contains "%"'))).count() == 1
