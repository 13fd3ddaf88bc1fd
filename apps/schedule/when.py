"""Times as plans say them: the value, its grammar and its wording, for the plan reader and for forms."""

from apps.schedule.when_grammar import find_whens, parse_when
from apps.schedule.when_value import When, format_when

__all__ = ["When", "find_whens", "format_when", "parse_when"]
