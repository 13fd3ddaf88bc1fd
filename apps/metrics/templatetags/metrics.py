"""How metrics show: their newest value, their goal, their course. `{% load metrics %}`."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from apps.core import charts
from apps.core.dates import day_words
from apps.metrics.models import Measurement, Target
from apps.metrics.selectors import MetricAtAGlance
from apps.metrics.target_value import TargetSpec, formula

register = template.Library()

_TONES = {"pass": "ok", "fail": "warn", "no_data": "on"}
_STATES = {"pass": "met", "fail": "missed", "no_data": "no_data"}


@register.filter
def unit_of(each: MetricAtAGlance) -> str:
    """What a metric counts in: its own unit, else its main target's when both count the same way."""
    target = each.main_target
    unit = each.metric.unit or ((target.unit or "") if target and target.relation == "absolute" else "")
    return unit if unit in {"", "%", "x"} or unit.startswith("/") else f" {unit}"


@register.filter
def latest_value(each: MetricAtAGlance) -> str:
    """The newest reading with its unit."""
    return f"{charts.figure(each.latest.value)}{unit_of(each)}" if each.latest else "no reading"


@register.filter
def goal_words(each: MetricAtAGlance) -> str:
    """What the metric aims at, in few words."""
    target = each.main_target
    if target is None or target.value is None:
        return "no goal set"
    return f"goal {short_target(target)}"


@register.filter
def short_target(target: Target) -> str:
    """A target as sign and number: "≥ 60%", "+25% in 90 d"."""
    if target.value is None:
        return target.text or target.name
    unit = target.unit or ""
    unit = unit if unit in {"", "%", "x"} or unit.startswith("/") else f" {unit}"
    sign = {"lt": "<", "le": "≤", "eq": "=", "ge": "≥", "gt": ">"}.get(target.comparator or "", "")
    if target.relation == "increase":
        sign = "+" if target.comparator in {None, "ge"} else f"{sign} +"
    elif target.relation == "decrease":
        sign = "−" if target.comparator in {None, "ge"} else f"{sign} −"
    gap = " " if sign and sign[-1] not in "+−" else ""
    words = f"{sign}{gap}{charts.figure(target.value)}{unit}"
    return f"{words} in {target.window_days} d" if target.window_days else words


@register.filter
def formula_of(target: Target) -> str:
    """What a relative target means against the baseline."""
    if target.relation == "absolute" or target.value is None:
        return ""
    return formula(
        TargetSpec(
            comparator=target.comparator,  # type: ignore[arg-type]
            value=target.value,
            unit=target.unit,
            relation=target.relation,  # type: ignore[arg-type]
        )
    )


@register.filter
def figure(value: Decimal) -> str:
    """A number as people read it."""
    return charts.figure(value)


@register.filter
def verdict_state(each: MetricAtAGlance) -> str:
    """The metric's state as the pages name it: met, missed or no_data."""
    return _STATES[each.verdict]


@register.simple_tag
def sparkline(each: MetricAtAGlance) -> SafeString:
    """The metric's last readings as small as a word."""
    return charts.sparkline(_points(each), each.metric.title, tone=_TONES[each.verdict], unit=unit_of(each))


@register.simple_tag
def metric_chart(each: MetricAtAGlance) -> SafeString:
    """The metric's last readings with axis, goal and table."""
    return charts.line(
        _points(each), each.metric.title, unit=unit_of(each), goal=_goal(each), tone=_TONES[each.verdict]
    )


def _points(each: MetricAtAGlance) -> list[charts.Point]:
    return [charts.Point(_when(measurement), measurement.value) for measurement in each.measurements]


def _when(measurement: Measurement) -> str:
    return day_words(measurement.observed_at.date(), this_year=measurement.observed_at.year, weekday=False)


def _goal(each: MetricAtAGlance) -> Decimal | None:
    target = each.main_target
    return target.value if target and target.relation == "absolute" else None
