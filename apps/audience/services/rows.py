"""One row about an account, contact or product user, from a CSV or the API: checked, and what is wrong told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.audience.attributes import clean_attributes
from apps.audience.models import IDENTITY_LENGTH, Account
from apps.core.characters import CONTROL
from apps.core.fields import validate_zone

_ZERO = Decimal(0)
_LARGEST = Decimal(10) ** 12


class Wrong(ValueError):
    """What one value cannot be, in a sentence."""


class Unsaid(ValueError):
    """A value is blank, and neither of what it could mean is safe to take."""


@dataclass
class Row:
    """`values` are what was given and is right; `errors` what is not, by field. Fields not given stay.

    `unsaid` are fields given blank that nobody may guess: they stay as well, but a new thing needs them.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    unsaid: list[str] = field(default_factory=list)


def text(longest: int, *, needed: bool = False) -> Callable[[Any], str]:
    def clean(value: Any) -> str:
        if value is None:
            value = ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise Wrong("Write a text.")
        cleaned = " ".join(str(value).split())
        if needed and not cleaned:
            raise Wrong("This is needed.")
        if len(cleaned) > longest:
            raise Wrong(f"At most {longest} characters.")
        if CONTROL.search(cleaned):
            raise Wrong("Control characters are not allowed.")
        return cleaned

    return clean


def money(value: Any) -> Decimal | None:
    """A worth a year: 50000, "50000.00", or nothing. No signs of thousands, which countries write differently."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Wrong("Write a number.")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise Wrong(f"“{str(value)[:40]}” is not a number; write it as 50000 or 50000.00.") from None
    if not amount.is_finite() or not _ZERO <= amount < _LARGEST:
        raise Wrong("From 0 to below 1,000,000,000,000.")
    return amount.quantize(Decimal("0.01"))


def health(value: Any) -> str:
    cleaned = text(20)(value).casefold()
    if cleaned not in Account.Health.values:
        raise Wrong(f"“{cleaned}” is not a health: good, fair, poor or nothing.")
    return cleaned


def address(*, needed: bool) -> Callable[[Any], str]:
    def clean(value: Any) -> str:
        cleaned = text(254, needed=needed)(value).lower()
        if cleaned:
            try:
                validate_email(cleaned)
            except ValidationError:
                raise Wrong(f"“{cleaned[:80]}” is not an e-mail address.") from None
        return cleaned

    return clean


def zone(value: Any) -> str:
    cleaned = text(64)(value)
    if cleaned:
        try:
            validate_zone(cleaned)
        except ValidationError as error:
            raise Wrong(error.messages[0]) from None
    return cleaned


def truth(value: Any) -> bool:
    """Blank is no answer: some systems write nothing for "no", others for "not asked"."""
    if isinstance(value, bool):
        return value
    word = text(10)(value).casefold()
    if not word:
        raise Unsaid
    if word in {"true", "yes", "1"}:
        return True
    if word in {"false", "no", "0"}:
        return False
    raise Wrong(f"“{word}” is neither true nor false.")


def attributes(value: Any) -> dict[str, Any]:
    try:
        clean_attributes(value)
    except ValidationError as error:
        raise Wrong(error.messages[0]) from None
    return dict(value)


def guessed(value: str) -> Any:
    """What a cell of a CSV holds as an attribute: a number, true, false, nothing, or the text itself.

    An id with leading zeros ("007") and a long row of digits stay texts, since a number would lose them.
    """
    cleaned = " ".join(value.split())
    if cleaned == "":
        return None
    if cleaned.casefold() in {"true", "false"}:
        return cleaned.casefold() == "true"
    digits = cleaned.removeprefix("-")
    whole, point, part = digits.partition(".")
    if whole.isascii() and whole.isdigit() and len(digits) <= 15 and (whole == "0" or whole[0] != "0"):
        if not point:
            return int(cleaned)
        if part.isascii() and part.isdigit():
            return float(cleaned)
    return cleaned


ACCOUNT: dict[str, Callable[[Any], Any]] = {
    "external_id": text(IDENTITY_LENGTH, needed=True),
    "name": text(300, needed=True),
    "plan": text(60),
    "value": money,
    "health": health,
    "csm": address(needed=False),
    "attributes": attributes,
}
CONTACT: dict[str, Callable[[Any], Any]] = {
    "account": text(IDENTITY_LENGTH, needed=True),
    "email": address(needed=True),
    "name": text(200),
    "role": text(120),
    "zone": zone,
    "language": text(12),
    "is_active": truth,
}
USER: dict[str, Callable[[Any], Any]] = {
    "account": text(IDENTITY_LENGTH, needed=True),
    "external_id": text(IDENTITY_LENGTH, needed=True),
    "name": text(200),
    "email": address(needed=False),
    "attributes": attributes,
}


def read(given: Mapping[str, Any], fields: Mapping[str, Callable[[Any], Any]]) -> Row:
    """Check what was given of a row. Unknown names are errors: a misspelt field must not vanish."""
    row = Row()
    for name, value in given.items():
        clean = fields.get(name)
        if clean is None:
            row.errors.setdefault(str(name)[:60], []).append(f"There is no such field: {', '.join(fields)}.")
            continue
        try:
            row.values[name] = clean(value)
        except Unsaid:
            row.unsaid.append(name)
        except Wrong as error:
            row.errors.setdefault(name, []).append(str(error))
    return row
