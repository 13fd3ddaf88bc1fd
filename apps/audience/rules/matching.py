"""Asking a rule of one account in Python, as the feed does. The same answers as `sql.condition`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any as Anything

from apps.audience.rules.tree import All, Any, Literal_, Not, Rule, Test

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def holds(rule: Rule, facts: Mapping[str, Anything]) -> bool:
    """Whether a rule holds for `facts`: the fields and attributes of one account, names in small letters.

    Values are what JSON has: texts, numbers, truth values, lists of these; None and "" count as not known.
    """
    if isinstance(rule, Test):
        return _test(rule, facts.get(rule.field))
    if isinstance(rule, Not):
        return not holds(rule.rule, facts)
    if isinstance(rule, All):
        return all(holds(part, facts) for part in rule.rules)
    assert isinstance(rule, Any)
    return any(holds(part, facts) for part in rule.rules)


def _test(test: Test, known: Anything) -> bool:
    if known is None or known == "" or known == []:
        return False
    if test.operator == "set":
        return True
    if test.operator in {"=", "in"}:
        return any(_equal(known, value) for value in test.values)
    if test.operator == "contains":
        wanted = test.values[0]
        assert isinstance(wanted, str)
        if isinstance(known, list):
            return any(_equal(each, wanted) for each in known)
        return isinstance(known, str) and fold(wanted) in fold(known)
    return _ordered(test.operator, known, test.values[0])


def _equal(known: Anything, value: Literal_) -> bool:
    if isinstance(value, bool) or isinstance(known, bool):
        return known is value
    if isinstance(value, Decimal):
        return isinstance(known, int | float | Decimal) and _number(known) == value
    if isinstance(value, date):
        return _day(known) == value.isoformat()
    return isinstance(known, str) and fold(known) == fold(value)


def _ordered(operator: str, known: Anything, value: Literal_) -> bool:
    left: Anything
    right: Anything
    if isinstance(value, date):
        left, right = _day(known), value.isoformat()
    elif isinstance(known, int | float | Decimal) and not isinstance(known, bool):
        left, right = _number(known), value
    else:
        return False
    if left is None:
        return False
    return bool(
        left < right if operator == "<"
        else left <= right if operator == "<="
        else left > right if operator == ">"
        else left >= right
    )  # fmt: skip


def _number(value: float | Decimal) -> Decimal:
    # By its shortest form, as the database stores what JSON says.
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _day(value: Anything) -> str | None:
    """The day an ISO date or date-time begins with."""
    return value[:10] if isinstance(value, str) and _DAY.match(value) else None


def fold(text: str) -> str:
    """Letters A to Z small, nothing else: the same in every database, whatever its collation."""
    return text.translate(_UPPER)
