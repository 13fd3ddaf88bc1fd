"""A rule as a tree, and as text again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

# What every account has a column for; any other name is one of its attributes.
FIELDS = ("id", "name", "plan", "value", "health", "csm")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
# Words of the language itself: a text that is one of them is written in quotes.
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "set", "missing", "contains", "true", "false"})
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]*")

Literal_: TypeAlias = "str | Decimal | bool | date"
Operator: TypeAlias = Literal["=", "<", "<=", ">", ">=", "in", "contains", "set"]


@dataclass(frozen=True)
class Test:
    """One question of one field. `values` are its literals: one, for `in` at least one, for `set` none."""

    # Keeps pytest from taking it for a test case.
    __test__ = False

    field: str
    operator: Operator
    values: tuple[Literal_, ...] = ()


@dataclass(frozen=True)
class Not:
    rule: Rule


@dataclass(frozen=True)
class All:
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Any:
    rules: tuple[Rule, ...]


Rule: TypeAlias = "Test | Not | All | Any"


def fields_in(rule: Rule) -> Iterator[str]:
    """The fields a rule asks for, in the order of its text, repeated as often as it does."""
    if isinstance(rule, Test):
        yield rule.field
    elif isinstance(rule, Not):
        yield from fields_in(rule.rule)
    else:
        for part in rule.rules:
            yield from fields_in(part)


def write_rule(rule: Rule) -> str:
    """The rule in its usual form: `parse_rule` reads it into the same tree."""
    return _write(rule, 0)


def _write(rule: Rule, inside: int) -> str:
    if isinstance(rule, Test):
        return _test(rule, negated=False)
    if isinstance(rule, Not):
        if isinstance(rule.rule, Test) and rule.rule.operator in {"=", "in", "contains", "set"}:
            return _test(rule.rule, negated=True)
        return f"not {_write(rule.rule, 3)}"
    word, level = (" or ", 1) if isinstance(rule, Any) else (" and ", 2)
    # One level further inside, so that the same word within itself keeps its brackets and the tree its shape.
    text = word.join(_write(part, level + 1) for part in rule.rules)
    return f"({text})" if inside > level else text


def _test(test: Test, *, negated: bool) -> str:
    if test.operator == "set":
        return f"{test.field} is {'missing' if negated else 'set'}"
    if test.operator == "in":
        values = ", ".join(map(_value, test.values))
        return f"{test.field} {'not ' if negated else ''}in ({values})"
    if test.operator == "contains":
        return f"{test.field} {'not ' if negated else ''}contains {_value(test.values[0])}"
    operator = "!=" if negated else test.operator
    return f"{test.field} {operator} {_value(test.values[0])}"


def _value(value: Literal_) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if _BARE.fullmatch(value) and value.lower() not in KEYWORDS:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
