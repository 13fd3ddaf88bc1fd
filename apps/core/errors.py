"""The errors services raise; pages and the API turn each into one clear message and status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError


class DomainError(Exception):
    """Something that was asked for cannot be done; `message` says what and where, in a sentence.

    `code` is stable and meant for programs (RFC 9457 `code`), `field` names the input at fault,
    `errors` maps field names to lists of messages where there is more than one.
    """

    status = 400
    default_code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        errors: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.errors: dict[str, list[str]] = dict(errors or ({field: [message]} if field else {}))


class Invalid(DomainError):
    """The input is not acceptable. 422 on pages (htmx swaps it), 400 in the API (DRF's convention)."""

    status = 422
    default_code = "invalid"

    @classmethod
    def from_validation(cls, error: ValidationError) -> Invalid:
        """Django's error with every message kept, fields included."""
        if hasattr(error, "error_dict"):
            errors = {name: list(messages) for name, messages in error.message_dict.items()}
            first, messages = next(iter(errors.items()))
            prefix = "" if first == "__all__" else f"{first.replace('_', ' ')}: "
            return cls(f"{prefix}{messages[0]}", errors=errors)
        return cls(" ".join(error.messages))


class NotAllowed(DomainError):
    """Allowed to see, not to do."""

    status = 403
    default_code = "not_allowed"


class NotFound(DomainError):
    """Not there, or not there for this actor: the two are not told apart."""

    status = 404
    default_code = "not_found"


class Conflict(DomainError):
    """Somebody else changed it meanwhile. `current` holds what is stored now, `version` its version."""

    status = 409
    default_code = "conflict"

    def __init__(
        self,
        message: str,
        *,
        current: Mapping[str, Any] | None = None,
        version: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, **kwargs)
        self.current: dict[str, Any] = dict(current or {})
        self.version = version
