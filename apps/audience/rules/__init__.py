"""Segment rules: a small language over what is known of an account, held as text.

`plan in (team, business) and projects < 50 and value >= 50000`. A rule is read into a tree (`parse_rule`), asked
of one account in Python (`holds`), or compiled to SQL for all of them (`condition`); a property test holds the
two equal. Logic is two-valued: a test of something that is not known does not hold, and `not`, `!=`, `not in`
and `not contains` are the exact opposite of what they negate, so they hold for it.
"""

from apps.audience.rules.grammar import RuleError, parse_rule
from apps.audience.rules.matching import holds
from apps.audience.rules.sql import condition
from apps.audience.rules.tree import FIELDS, All, Any, Not, Rule, Test, fields_in, write_rule

__all__ = [
    "FIELDS",
    "All",
    "Any",
    "Not",
    "Rule",
    "RuleError",
    "Test",
    "condition",
    "fields_in",
    "holds",
    "parse_rule",
    "write_rule",
]
