"""Writing many placements in one statement, and keeping what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from django.db import connection

from apps.schedule.services.moving.previewing import Row

DATES = ("starts_on", "ends_on", "starts_at", "ends_at", "landing")
PLACES = (
    "anchor", "unit", "offset", "end_offset", "open_ended", "pinned_start", "pinned_end", "local_time",
    "time_zone", "anchor_phase_id", "anchor_placement_id", "precision", "fuzzy", "wording",
)  # fmt: skip
_TYPES = {
    "starts_on": "date",
    "ends_on": "date",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "offset": "integer",
    "end_offset": "integer",
    "open_ended": "boolean",
    "pinned_start": "date",
    "pinned_end": "date",
    "local_time": "time",
    "anchor_phase_id": "bigint",
    "anchor_placement_id": "bigint",
}


def write(rows: Sequence[Row], landing: str) -> None:
    """Store where many rows are now, and how the places said anew say it. Two statements at most (a CASE per
    row, as bulk_update writes it, takes seconds at 10,000)."""
    if not rows:
        return
    store(
        [row.placement.pk for row in rows],
        dict(zip(DATES, zip(*(_dates_after(row, landing) for row in rows), strict=True), strict=True)),
        count=True,
    )
    said = [row for row in rows if row.said is not None]
    if said:
        columns = zip(*(_place_after(row) for row in said), strict=True)
        store([row.placement.pk for row in said], dict(zip(PLACES, columns, strict=True)), count=False)


def store(ids: Sequence[int], columns: Mapping[str, Sequence[Any]], *, count: bool) -> None:
    """Set columns of many placements in one statement; with `count` that is a new version of each."""
    names = list(columns)
    arrays = ", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in names)
    sets = ", ".join(f'"{name}" = n."{name}"' for name in names)
    if count:
        sets += ", version = p.version + 1"
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE schedule_placement AS p SET {sets}, updated_at = now() "  # noqa: S608  # names of columns
            f"FROM unnest(%s::bigint[], {arrays}) AS n(id, {listed}) WHERE p.id = n.id",
            [list(ids), *(list(columns[name]) for name in names)],
        )


def remembered(rows: Sequence[Row], landing: str) -> dict[str, Any]:
    """What `Move.rows` keeps: `dates` [id, version after, before, after] and `places` [id, before, after]."""
    return {
        "dates": [
            [
                row.placement.pk,
                row.placement.version + 1,
                plain(_dates_before(row)),
                plain(_dates_after(row, landing)),
            ]
            for row in rows
        ],
        "places": [
            [row.placement.pk, plain(_place_before(row)), plain(_place_after(row))]
            for row in rows
            if row.said is not None
        ],
    }


def _dates_before(row: Row) -> tuple[Any, ...]:
    return (*row.old, row.placement.landing)


def _dates_after(row: Row, landing: str) -> tuple[Any, ...]:
    if row.said is not None:
        return (*row.new, row.said.place.landing)
    return (*row.new, row.placement.landing if landing == "keep" else landing)


def _place_before(row: Row) -> tuple[Any, ...]:
    item, place = row.placement, row.placement.place
    return (*_columns(place), item.precision, item.fuzzy, item.wording)


def _place_after(row: Row) -> tuple[Any, ...]:
    assert row.said is not None  # only such rows get here
    return (*_columns(row.said.place), row.said.precision, "", row.said.wording)


def _columns(place: Any) -> tuple[Any, ...]:
    return tuple(getattr(place, name) for name in PLACES[:11])


def plain(values: Sequence[Any]) -> list[Any]:
    """Values as JSON keeps them."""
    return [value.isoformat() if isinstance(value, date | datetime | time) else value for value in values]


def same(stored: Sequence[Any], kept: Sequence[Any]) -> bool:
    """Whether two rows of plain values say the same; instants may be written with another offset."""
    return all(
        one == other or (isinstance(one, str) and isinstance(other, str) and _instant(one) == _instant(other))
        for one, other in zip(stored, kept, strict=True)
    )


def _instant(text: str) -> Any:
    try:
        return datetime.fromisoformat(text) if "T" in text else text
    except ValueError:
        return text
