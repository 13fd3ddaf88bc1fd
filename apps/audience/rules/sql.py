"""Rules as SQL: a condition on `audience.Account` that answers as `matching.holds` does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any as Anything

from django.db.models import BooleanField, Case, CharField, DecimalField, F, Func, JSONField, Q, Value, When
from django.db.models.expressions import Combinable, Expression
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

from apps.audience.rules.matching import fold
from apps.audience.rules.tree import All, Any, Literal_, Not, Rule, Test

_TEXT_COLUMNS = {"id": "external_id", "name": "name", "plan": "plan", "health": "health", "csm": "csm__email"}
_COMPARE = {"<": LessThan, "<=": LessThanOrEqual, ">": GreaterThan, ">=": GreaterThanOrEqual}


def condition(rule: Rule) -> Q:
    """The accounts a rule holds for, for `Account.objects.filter()`. Parameters travel apart from the SQL."""
    if isinstance(rule, Test):
        return Q(_test(rule))
    if isinstance(rule, Not):
        return ~condition(rule.rule)
    parts = [condition(part) for part in rule.rules]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined & part if isinstance(rule, All) else joined | part
    assert isinstance(rule, All | Any)
    return joined


def _test(test: Test) -> Expression:
    if test.operator == "set":
        return _surely(Exact(_known(test.field), Value(True)))
    if test.operator == "contains":
        wanted = test.values[0]
        assert isinstance(wanted, str)
        within = _Contains(_text(test.field), Value(fold(wanted)))
        if test.field in _TEXT_COLUMNS or test.field == "value":
            return _surely(within)
        return Case(
            When(Q(_typed(test.field, "array")), then=_Holds(_attribute(test.field), Value(fold(wanted)))),
            default=_surely(within),
            output_field=BooleanField(),
        )
    tests = [_compare(test.field, test.operator, value) for value in test.values]
    if len(tests) == 1:
        return tests[0]
    either = Q(tests[0])
    for each in tests[1:]:
        either |= Q(each)
    return Case(When(either, then=Value(True)), default=Value(False), output_field=BooleanField())


def _compare(field: str, operator: str, value: Literal_) -> Expression:
    left: Anything
    right: Anything
    if isinstance(value, bool):
        left, right = _boolean(field), Value(value)
    elif isinstance(value, Decimal):
        left, right = _number(field), Value(value, output_field=DecimalField())
    elif isinstance(value, date):
        left, right = _day(field), Value(value.isoformat())
    else:
        left, right = _text(field), Value(fold(value))
    lookup: Anything = Exact if operator in {"=", "in"} else _COMPARE[operator]
    return _surely(lookup(left, right))


def _surely(test: Anything) -> Coalesce:
    """Unknown is false: what is not there passes no test."""
    return Coalesce(test, Value(False), output_field=BooleanField())


# What a field says, each as one type and NULL where it says another.


def _attribute(field: str) -> Func:
    return Func(
        F("attributes"),
        Value(field),
        template="(%(expressions)s)",
        arg_joiner=" -> ",
        output_field=JSONField(),
    )


def _typed(field: str, kind: str) -> Anything:
    return Exact(Func(_attribute(field), function="jsonb_typeof", output_field=CharField()), Value(kind))


def _said(field: str) -> Func:
    return Func(
        F("attributes"),
        Value(field),
        template="(%(expressions)s)",
        arg_joiner=" ->> ",
        output_field=CharField(),
    )


def _guarded(field: str, kind: str, then: Anything, output: Anything) -> Case:
    # CASE, not AND: a cast of what is no number must never be tried.
    return Case(When(Q(_typed(field, kind)), then=then), default=None, output_field=output)


def _number(field: str) -> Combinable:
    if field == "value":
        return F("value")
    if field in _TEXT_COLUMNS:
        return Value(None, output_field=DecimalField())
    number = Func(_said(field), template="(%(expressions)s)::numeric", output_field=DecimalField())
    return _guarded(field, "number", number, DecimalField())


def _boolean(field: str) -> Combinable:
    if field == "value" or field in _TEXT_COLUMNS:
        return Value(None, output_field=BooleanField())
    truth = Func(_said(field), template="(%(expressions)s)::boolean", output_field=BooleanField())
    return _guarded(field, "boolean", truth, BooleanField())


def _plain(field: str) -> Combinable:
    if field == "value":
        return Value(None, output_field=CharField())
    if field in _TEXT_COLUMNS:
        column = F(_TEXT_COLUMNS[field])
        return Case(When(Exact(column, Value("")), then=None), default=column, output_field=CharField())
    # An empty text says nothing.
    return Func(
        _guarded(field, "string", _said(field), CharField()),
        Value(""),
        function="NULLIF",
        output_field=CharField(),
    )


def _text(field: str) -> Func:
    return Func(
        _plain(field),
        template="translate(%(expressions)s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')",
        output_field=CharField(),
    )


def _day(field: str) -> Func:
    """The day an ISO date begins with, compared as text byte by byte: sorted texts are sorted days."""
    return Func(
        _plain(field),
        template="""substring(%(expressions)s from '^[0-9]{4}-[0-9]{2}-[0-9]{2}') COLLATE "C\"""",
        output_field=CharField(),
    )


def _known(field: str) -> Expression:
    """Whether anything is said: not missing, null, an empty text or an empty list."""
    if field == "value":
        return Case(When(value=None, then=Value(False)), default=Value(True), output_field=BooleanField())
    if field in _TEXT_COLUMNS:
        empty = Q(**{_TEXT_COLUMNS[field]: ""}) | Q(**{_TEXT_COLUMNS[field]: None})
        return Case(When(empty, then=Value(False)), default=Value(True), output_field=BooleanField())
    return _surely(
        Func(
            _attribute(field),
            template="(%(expressions)s) NOT IN ('null'::jsonb, '\"\"'::jsonb, '[]'::jsonb)",
            output_field=BooleanField(),
        )
    )


class _Contains(Func):
    """Whether the first text holds the second."""

    template = "strpos(%(expressions)s) > 0"
    output_field = BooleanField()


class _Holds(Func):
    """Whether a list of JSON has the text among its elements, A to Z in either case."""

    template = "EXISTS (SELECT 1 FROM jsonb_array_elements(%(expressions)s)"
    arg_joiner = (
        ") element WHERE jsonb_typeof(element) = 'string' AND "
        "translate(element #>> '{}', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = "
    )
    output_field = BooleanField()
