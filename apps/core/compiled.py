"""Queries that are asked so often that writing their SQL anew each time would cost more than answering them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, CharField, Func, QuerySet, Value
from psycopg._queries import PostgresQuery


class _Given:
    """Stands for a parameter in SQL that is written once. No value equals it."""

    def __init__(self, name: str) -> None:
        self.name = name


# What a parameter may be: its field and what the server is told of its type.
_KINDS: dict[Any, tuple[Callable[[], Any], str]] = {
    str: (CharField, ""),
    bool: (BooleanField, "::boolean"),
    list[str]: (lambda: ArrayField(CharField()), "::varchar[]"),
    list[int]: (lambda: ArrayField(BigIntegerField()), "::bigint[]"),
}


class _Placeholder(Value):
    """A parameter that keeps its stand-in instead of preparing it for the database."""

    cast = ""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return f"%s{self.cast}", (self.value,)


def given(name: str, kind: Any) -> Any:
    """A parameter that each asking gives its own value: `Q(account=given("account", str))`."""
    field, cast = _KINDS[kind]
    placeholder = _Placeholder(_Given(name), output_field=field())
    placeholder.cast = cast
    return placeholder


class AnyOf(Func):
    """Whether the first is among the elements of the second, an array."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class _Prepared(psycopg.Cursor[Any]):
    """Has the server keep each statement's plan as long as the connection lives: planning took most of the time."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> _Prepared:
        # Django turns preparing off for its own cursors, which write values into the statement.
        self.connection.prepare_threshold = 0
        try:
            super().execute(query, params, prepare=True)
        finally:
            self.connection.prepare_threshold = None
        # What Django logs as the query; the driver notes it for its other cursors only.
        self._query = PostgresQuery(self._tx)
        self._query.query = str(query).encode()
        return self


def prepared() -> Any:
    """A cursor whose statements the server plans once per connection. Counted and wrapped like Django's own."""
    connection.ensure_connection()
    return connection._prepare_cursor(_Prepared(connection.connection))  # type: ignore[attr-defined]


class Compiled:
    """A queryset of value lists whose SQL is written once per process and planned once per connection.

    `given` marks what changes from asking to asking. Values come as the driver gives them: cast JSON to text.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._sql = ""
        self._params: tuple[Any, ...] = ()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows for these parameters. One query. Raises `KeyError` for one that is missing."""
        if not self._sql:
            self._params, self._sql = self._write()
        params = [values[each.name] if isinstance(each, _Given) else each for each in self._params]
        with prepared() as cursor:
            cursor.execute(self._sql, params)
            return list(cursor.fetchall())

    def _write(self) -> tuple[tuple[Any, ...], str]:
        sql, params = self._build().query.sql_with_params()
        return tuple(params), sql
