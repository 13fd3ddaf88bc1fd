"""A segment rule in a form: its field, and one more condition from what somebody chose."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any as Anything

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.audience.models import validate_rule
from apps.audience.rules import All, Any, Not, Rule, RuleError, Test, parse_rule, write_rule
from apps.audience.rules.tree import NAME, Literal_

# What the form offers, in words, with the operator and whether it is negated.
OPERATORS = (
    ("is", "is"),
    ("is-not", "is not"),
    ("in", "is one of"),
    ("not-in", "is none of"),
    ("lt", "below"),
    ("le", "at most"),
    ("gt", "above"),
    ("ge", "at least"),
    ("contains", "contains"),
    ("not-contains", "does not contain"),
    ("set", "is known"),
    ("missing", "is not known"),
)


class RuleWidget(forms.Textarea):
    """The rule as text; below it the page fetches what helps to write it and shows whom it finds."""

    def __init__(self) -> None:
        super().__init__({"rows": 3, "class": "input code", "spellcheck": "false"})

    def render(
        self, name: str, value: Anything, attrs: Anything = None, renderer: Anything = None
    ) -> SafeString:
        text = super().render(name, value, attrs, renderer)
        place = str((attrs or {}).get("id") or f"id_{name}")
        return format_html(
            '{}<div class="rule-helper" id="{}-helper" hx-post="{}" hx-trigger="load" hx-include="#{}"'
            ' hx-vals=\'{{"rule_id": "{}", "rule_name": "{}"}}\' hx-target="this" hx-swap="innerHTML"></div>',
            text, place, reverse("audience:reach"), place, place, name,
        )  # fmt: skip


class RuleFormField(forms.CharField):
    """A segment rule. Refuses what cannot be read, saying where it goes wrong."""

    widget = RuleWidget

    def __init__(self, **kwargs: Anything) -> None:
        kwargs.setdefault("max_length", 2000)
        kwargs.setdefault("help_text", "For example: plan in (team, business) and projects < 50")
        super().__init__(**kwargs)
        self.validators.append(validate_rule)


_ORDER = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def addition(rule: str, *, field: str, operator: str, value: str, either: bool = False) -> str:
    """The rule with one more condition, joined by "and", or by "or" with `either`.

    What is chosen wrong is written as it was typed, so that the rule's own message says what is wrong with it.
    """
    condition = _condition(field.strip().lower(), operator, value.strip())
    if not rule.strip():
        return condition
    try:
        old, new = parse_rule(rule), parse_rule(condition)
    except RuleError:
        return f"{rule.strip()} {'or' if either else 'and'} {condition}"
    kind = Any if either else All
    parts = old.rules if isinstance(old, kind) else (old,)
    return write_rule(kind((*parts, new)))


def _condition(field: str, operator: str, value: str) -> str:
    if not NAME.fullmatch(field):
        return f"{field} = {value}".strip()
    found: Rule
    if operator in {"set", "missing"}:
        found = Test(field, "set")
        return write_rule(Not(found) if operator == "missing" else found)
    if operator in _ORDER:
        return f"{field} {_ORDER[operator]} {value}".strip()
    if not value:
        return f"{field} ="
    if operator in {"in", "not-in"}:
        values = tuple(_value(part.strip()) for part in value.split(",") if part.strip())
        found = Test(field, "in", values) if values else Test(field, "set")
    elif operator in {"contains", "not-contains"}:
        found = Test(field, "contains", (value,))
    else:
        found = Test(field, "=", (_value(value),))
    return write_rule(Not(found) if operator in {"is-not", "not-in", "not-contains"} else found)


def _value(text: str) -> Literal_:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return "".join(character for character in text if character.isprintable())
