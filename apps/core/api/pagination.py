"""Lists in pages by cursor: a page costs the same however far one has read, and nothing is skipped or
repeated when rows are added meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import F, Model, Q, QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.core.api import query

DEFAULT_LIMIT = 50
MOST = 200
_BIGGEST = 2**63 - 1


class CursorPages(BasePagination):
    """`?limit=` rows (1 to 200, else 50) by `?ordering=` (a name, `-` before it for descending), then by id.

    The view names what may be ordered by in `ordering_fields` ({name: column}) and its default in
    `default_ordering`. Rows without a value come last either way. `next` is the address of the next page.
    """

    def paginate_queryset(  # type: ignore[override]  # our views list querysets only
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any] | None:
        self.request = request
        limit = query.number(request, "limit", least=1, most=MOST, default=DEFAULT_LIMIT) or DEFAULT_LIMIT
        fields: Mapping[str, str] = getattr(view, "ordering_fields", {"id": "pk"})
        ordering = str(request.query_params.get("ordering") or getattr(view, "default_ordering", "id"))
        name, descending = ordering.removeprefix("-"), ordering.startswith("-")
        if name not in fields:
            raise ParseError(f"Order by one of: {', '.join(sorted(fields))}.", code="ordering")
        column = fields[name]
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(_after(cursor, queryset.model, ordering, column, descending))
        order = F(column).desc(nulls_last=True) if descending else F(column).asc(nulls_last=True)
        rows = list(queryset.order_by(order, "pk")[: limit + 1])
        self.next_cursor = None
        if len(rows) > limit:
            rows = rows[:limit]
            self.next_cursor = _encode([ordering, _plain(_value(rows[-1], column)), rows[-1].pk])
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        following = None
        if self.next_cursor:
            following = replace_query_param(self.request.build_absolute_uri(), "cursor", self.next_cursor)
        return Response({"results": data, "next": following})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "The address of the next page; null on the last one.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names: Sequence[str] = sorted(getattr(view, "ordering_fields", {"id": "pk"}))
        default = getattr(view, "default_ordering", "id")
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where to go on: take the whole address from `next`.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "How many rows a page holds.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
            },
            {
                "name": "ordering",
                "in": "query",
                "required": False,
                "description": "What to order by; a dash before it turns it round.",
                "schema": {
                    "type": "string",
                    "enum": [*names, *(f"-{name}" for name in names)],
                    "default": default,
                },
            },
        ]


def _value(row: Any, column: str) -> Any:
    for part in column.split("__"):
        row = getattr(row, part, None)
    return row


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _encode(parts: list[Any]) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(cursor: str, model: type[Model], ordering: str, column: str, descending: bool) -> Q:
    """The rows behind a cursor. Raises `ParseError` for one that this list did not give out."""
    refusal = ParseError("This cursor is not one of this list. Start again without it.", code="cursor")
    try:
        text = base64.b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii"), b"-_", validate=True)
        stored_ordering, value, pk = json.loads(text)
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise refusal from error
    if stored_ordering != ordering or not isinstance(pk, int) or isinstance(pk, bool) or abs(pk) > _BIGGEST:
        raise refusal
    if value is None:
        return Q(**{f"{column}__isnull": True, "pk__gt": pk})
    try:
        value = _field(model, column).to_python(value)
    except (ValidationError, ValueError, TypeError, OverflowError, FieldDoesNotExist) as error:
        raise refusal from error
    if isinstance(value, str) and "\x00" in value:
        raise refusal
    beyond = Q(**{f"{column}__{'lt' if descending else 'gt'}": value})
    if column != "pk":
        beyond |= Q(**{f"{column}__isnull": True}) | Q(**{column: value, "pk__gt": pk})
    return beyond


def _field(model: type[Model], column: str) -> Any:
    field: Any = None
    for part in column.split("__"):
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        model = field.related_model or model
    return field
