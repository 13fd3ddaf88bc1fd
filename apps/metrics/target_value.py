"""What a plan aims at: one metric with comparator, value, unit, relation, window and scope."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Comparator = Literal["lt", "le", "eq", "ge", "gt"]
Relation = Literal["absolute", "increase", "decrease"]
Kind = Literal["target", "alert", "rollback", "stretch", "baseline"]

SYMBOLS: dict[str, str] = {"lt": "<", "le": "≤", "eq": "=", "ge": "≥", "gt": ">"}
_WORDS = {"lt": "less than", "le": "at most", "eq": "exactly", "ge": "at least", "gt": "more than"}
# Seen from the other side of the baseline: "at least 60% less" is "at most 0.4 of it".
_TURNED = {"lt": "gt", "le": "ge", "eq": "eq", "ge": "le", "gt": "lt"}
_UNIT_WORDS = {"d": "days", "bd": "business days", "week": "weeks", "month": "months"}


@dataclass(frozen=True)
class TargetSpec:
    """One aim as it was written; None for what was not said. Without a value it is a metric to watch.

    `value` counts in `unit`: "%", "pp", "s", "ms", "min", "h", "d", "bd", "week", "month", "x", "points",
    "/5", a currency code, or None for a bare count. `relation` other than "absolute" is against the
    baseline. `window_days` is the time it may take, `armed_after_days` the time before it counts at all,
    `percentile` the share of cases for which it holds.
    """

    metric: str = ""
    comparator: Comparator | None = None
    value: Decimal | None = None
    unit: str | None = None
    relation: Relation = "absolute"
    window_days: int | None = None
    percentile: int | None = None
    armed_after_days: int | None = None
    text: str = ""
    kind: Kind = "target"

    @property
    def stretch(self) -> bool:
        return self.kind == "stretch"

    def to_json(self) -> dict[str, Any]:
        """The value as decimal text without an exponent, None for what was not said."""
        return {
            "metric": self.metric,
            "comparator": self.comparator,
            "value": None if self.value is None else decimal_text(self.value),
            "unit": self.unit,
            "relation": self.relation,
            "window_days": self.window_days,
            "percentile": self.percentile,
            "armed_after_days": self.armed_after_days,
            "text": self.text,
            "kind": self.kind,
        }


def decimal_text(value: Decimal) -> str:
    """ "10000", "99.9", never "1E+4"; trailing zeros behind the point go."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(value: Decimal, unit: str | None) -> str:
    number = decimal_text(value)
    if unit is None:
        return number
    if unit in {"%", "x"} or unit.startswith("/"):
        return f"{number}{unit}"
    return f"{number} {_UNIT_WORDS.get(unit, unit)}"


def format_target(spec: TargetSpec) -> str:
    """A target in words that `parse_targets` reads back as the same target."""
    if spec.value is None:
        return spec.metric
    words: list[str] = []
    if spec.kind != "target":
        words.append(spec.kind)
    words.append(f"{SYMBOLS[spec.comparator or 'ge']} {_amount(spec.value, spec.unit)}")
    if spec.relation != "absolute":
        words.append(spec.relation)
    if spec.percentile is not None:
        words.append(f"for {spec.percentile}% of users")
    if spec.window_days is not None:
        words.append(f"within {spec.window_days} days")
    if spec.armed_after_days is not None:
        words.append(f"after {spec.armed_after_days} days")
    return f"{spec.metric}: {' '.join(words)}" if spec.metric else " ".join(words)


def formula(spec: TargetSpec) -> str:
    """What the number means against the baseline: ">200% increase" is "more than 3 x baseline"."""
    if spec.value is None or spec.comparator is None:
        return ""
    if spec.relation == "absolute":
        return f"{_WORDS[spec.comparator]} {_amount(spec.value, spec.unit)}"
    rising = spec.relation == "increase"
    comparator = spec.comparator if rising else _TURNED[spec.comparator]
    if spec.unit == "%":
        share = Decimal(1) + (spec.value if rising else -spec.value) / Decimal(100)
        return f"{_WORDS[comparator]} {decimal_text(share)} x baseline"
    if spec.unit == "x":
        factor = spec.value if rising else (Decimal(1) / spec.value if spec.value else Decimal(0))
        return f"{_WORDS[comparator]} {decimal_text(round(factor, 4))} x baseline"
    return f"{_WORDS[comparator]} baseline {'+' if rising else '-'} {_amount(spec.value, spec.unit)}"
