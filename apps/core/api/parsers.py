"""JSON in, strictly: what PostgreSQL, Python or the next reader cannot hold is refused here, by name."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from apps.core.characters import CONTROL

DEEPEST = 50


class StrictJSONParser(JSONParser):
    """RFC 8259 JSON in UTF-8, at most 50 levels deep, without NaN, infinities, control characters that are not
    text, lone surrogates or the same name twice in one object."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            data = json.loads(
                stream.read().decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_without_repeats,
            )
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8: byte {error.start} does not fit.") from error
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {str(error)[:200]}") from error
        except RecursionError as error:
            raise ParseError(f"The body is nested deeper than {DEEPEST} levels.") from error
        for text in _texts(data):
            check_text(text, "The body")
        return data


def check_text(text: str, where: str) -> None:
    """Refuse text that no database column, no UTF-8 file or no plan can hold."""
    if "\x00" in text:
        raise ParseError(f"{where} holds a null character.", code="null_character")
    if found := CONTROL.search(text):
        raise ParseError(
            f"{where} holds the control character U+{ord(found[0]):04X}.", code="control_character"
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ParseError(f"{where} holds half of a surrogate pair.", code="surrogate") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number JSON knows")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _texts(data: Any) -> Iterator[str]:
    """Every string in a parsed body, names included; without recursion, so depth costs nothing."""
    waiting = [(data, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise ParseError(f"The body is nested deeper than {DEEPEST} levels.")
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            waiting.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)
