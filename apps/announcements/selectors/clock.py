"""The clock that decides what is live."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The instant by the clock that decides what is live. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]
