"""A rule from a plan's own words about who something is for: "Organizations with <50 projects"."""

from __future__ import annotations

import re
from decimal import Decimal

from apps.audience.rules.tree import All, Operator, Rule, Test, write_rule

_AMOUNT = (
    r"(?P<sign><=|>=|<|>|≤|≥|fewer than|less than|under|below|up to|at most|no more than|more than|over|above"
    r"|at least)\s*(?P<number>\d[\d,]*(?:\.\d+)?)(?P<plus>\+)?"
)
_ENDS = r"(?=[,.;)\n]|$| and | or | per )"
_WITH = re.compile(
    rf"\b(?:with|having|of)\s+{_AMOUNT}\s+(?P<thing>[A-Za-z][A-Za-z ]{{1,40}}?)\b{_ENDS}", re.IGNORECASE
)
_PLUS = re.compile(r"\b(?:with|having)\s+(?P<number>\d[\d,]*)\+\s+(?P<thing>[A-Za-z]{2,40})\b", re.IGNORECASE)
_PLANS = re.compile(
    r"\b(?:on|of)\s+(?:the\s+)?(?P<names>[A-Z][A-Za-z]+(?:(?:\s*,\s*|\s+and\s+|\s+or\s+|\s*/\s*)[A-Z][A-Za-z]+)*)\s+plans?\b"
)
_SIGNS: dict[str, Operator] = {
    "<": "<", "fewer than": "<", "less than": "<", "under": "<", "below": "<",
    "<=": "<=", "≤": "<=", "up to": "<=", "at most": "<=", "no more than": "<=",
    ">": ">", "more than": ">", "over": ">", "above": ">",
    ">=": ">=", "≥": ">=", "at least": ">=",
}  # fmt: skip


def propose_rule(text: str) -> str:
    """The rule that a text says outright, or an empty text: to be offered, never to be taken unasked."""
    tests: list[Rule] = []
    for match in _WITH.finditer(text):
        tests.append(Test(_name(match["thing"]), _SIGNS[match["sign"].lower()], (_number(match["number"]),)))
    for match in _PLUS.finditer(text):
        tests.append(Test(_name(match["thing"]), ">=", (_number(match["number"]),)))
    for match in _PLANS.finditer(text):
        names = tuple(
            name.lower() for name in re.split(r"\s*,\s*|\s+and\s+|\s+or\s+|\s*/\s*", match["names"])
        )
        tests.append(Test("plan", "in", names) if len(names) > 1 else Test("plan", "=", names))
    if not tests:
        return ""
    return write_rule(tests[0] if len(tests) == 1 else All(tuple(tests)))


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _name(thing: str) -> str:
    """What is counted as the name of an attribute: "active projects" is active_projects."""
    return re.sub(r"[^a-z0-9]+", "_", thing.strip().lower()).strip("_")[:60]
