"""For which accounts an announcement is meant: facts about one account, and whether a rule holds for them."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Subquery, TextField
from django.db.models.functions import Cast, JSONArray

from apps.accounts.models import User
from apps.audience.attributes import LARGEST, LONGEST_TEXT, MOST, clean_attributes
from apps.audience.models import Account
from apps.audience.rules import FIELDS, Rule, RuleError, holds, parse_rule
from apps.audience.selectors import facts_of
from apps.core.characters import CONTROL
from apps.core.errors import Invalid

# Of everything a product says about one account and user in one request.
MOST_BYTES = 8 * 1024
logger = logging.getLogger(__name__)


def stored_facts(account: Any) -> Subquery:
    """A column: what is stored of the account with this id, as `facts_about` reads it; null if there is none."""
    said = Cast(JSONArray(*_FIELDS, "attributes", "csm__email"), TextField())
    return Subquery(Account.objects.filter(external_id=account).order_by().values_list(said))


_FIELDS = ("external_id", "name", "plan", "value", "health")


def facts_about(account: str, stored: str | None, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What rules may ask about an account: what is `stored`, and over it what its product says now.

    An account that is not stored has its id and what is said. Nothing said changes whose facts these are.
    """
    facts: dict[str, Any] = {}
    if stored is not None:
        # Numbers as the database holds them: through a float 0.1 would be another one.
        *fields, attributes, csm = json.loads(stored, parse_float=Decimal)
        row = Account(**dict(zip(_FIELDS, fields, strict=True)), attributes=attributes)
        row.csm = User(email=csm) if csm else None
        facts = facts_of(row)
    return {**facts, **(said or {}), "id": account}


def fits(rule: str, facts: Mapping[str, Any]) -> bool:
    """Whether an account with these facts belongs to a rule's audience; an empty rule means everybody.

    Never by error: a rule that cannot be read or asked fits nobody.
    """
    if not rule.strip():
        return True
    parsed = _parsed(rule)
    if parsed is None:
        return False
    try:
        return holds(parsed, facts)
    except (ArithmeticError, TypeError, ValueError):
        logger.exception("a rule could not be asked: %s", rule[:200])
        return False


@functools.lru_cache(maxsize=1024)
def _parsed(rule: str) -> Rule | None:
    """The tree of a rule. Kept, since the feed asks the same few rules again and again."""
    try:
        return parse_rule(rule)
    except RuleError:
        return None


def check_attributes(said: Any) -> dict[str, Any]:
    """What a product says about an account: its attributes, and of its fields all but the id.

    Raises `Invalid` with the field `attributes`.
    """
    if not isinstance(said, Mapping) or len(said) > MOST:
        raise Invalid(
            f"Attributes are at most {MOST} names and values: {{“projects”: 12}}.", field="attributes"
        )
    try:
        clean_attributes({name: value for name, value in said.items() if name not in FIELDS})
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="attributes") from error
    for name in FIELDS:
        if name in said and not _fits_field(name, said[name]):
            raise Invalid(f"{name}: this cannot be said of an account.", field="attributes")
    return dict(said)


def _fits_field(name: str, value: Any) -> bool:
    if name == "id":
        return False
    if name == "value":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return value is None or (number and 0 <= value < LARGEST)
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and not CONTROL.search(value)
