"""Query parameters that are not filters: read strictly, refused by name."""

from __future__ import annotations

from rest_framework.exceptions import ParseError
from rest_framework.request import Request


def number(request: Request, name: str, *, least: int, most: int, default: int | None = None) -> int | None:
    """The whole number given as `name`, from `least` to `most`; `default` when left out. Raises `ParseError`."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
        raise ParseError(f"{name} is a number from {least} to {most}.", code=name)
    return int(text)


def flag(request: Request, name: str) -> bool:
    """Whether `name` is `true` or `1`; `false`, `0` and left out are no. Raises `ParseError`."""
    text = request.query_params.get(name, "false").lower()
    if text not in ("true", "1", "false", "0"):
        raise ParseError(f"{name} is true or false.", code=name)
    return text in ("true", "1")
