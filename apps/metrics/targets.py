"""Targets as plans say them: the value, its grammar and its wording, for the plan reader and for forms."""

from apps.metrics.target_grammar import parse_targets
from apps.metrics.target_names import measure_key
from apps.metrics.target_value import TargetSpec, decimal_text, format_target, formula

__all__ = ["TargetSpec", "decimal_text", "format_target", "formula", "measure_key", "parse_targets"]
