"""What an attribute of an account or user may be called and hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from apps.audience.rules.tree import FIELDS
from apps.core.characters import CONTROL

MOST = 100
LONGEST_TEXT = 500
MOST_IN_A_LIST = 100
# Beyond this a number is no longer the same in every program that reads it (RFC 8259, section 6).
LARGEST = 10**15
NAME = re.compile(r"[a-z_][a-z0-9_]{0,59}")


def clean_attributes(value: Any) -> None:
    """Raise `ValidationError` for what rules could not ask for, naming the attribute."""
    if not isinstance(value, Mapping):
        raise ValidationError("Attributes are names and values: {“projects”: 12}.", code="attributes")
    if len(value) > MOST:
        raise ValidationError(f"At most {MOST} attributes.", code="attributes")
    for name, held in value.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValidationError(
                f"“{str(name)[:60]}” is no name of an attribute: small letters, digits and _, at most 60.",
                code="attribute_name",
            )
        if name in FIELDS:
            raise ValidationError(
                f"“{name}” is a field of every account and cannot be an attribute.", code="attribute_name"
            )
        wrong = _wrong(held)
        if wrong:
            raise ValidationError(f"{name}: {wrong}", code="attribute_value")


def _wrong(held: Any) -> str:
    """Why a value cannot be held; empty if it can."""
    if held is None or isinstance(held, bool):
        return ""
    if isinstance(held, int | float):
        if isinstance(held, float) and not math.isfinite(held):
            return "a number has to be finite."
        return "" if abs(held) < LARGEST else "a number has at most 15 digits."
    if isinstance(held, str):
        if len(held) > LONGEST_TEXT:
            return f"a text has at most {LONGEST_TEXT} characters."
        return "control characters are not allowed." if CONTROL.search(held) else ""
    if isinstance(held, list):
        if len(held) > MOST_IN_A_LIST:
            return f"a list has at most {MOST_IN_A_LIST} values."
        if not all(isinstance(each, str) for each in held):
            return "a list holds texts only."
        return next(filter(None, map(_wrong, held)), "")
    return "a value is a text, a number, true, false or a list of texts."
