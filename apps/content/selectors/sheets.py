"""The filtered calendar as a table of text: one row per piece of work, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from apps.content.selectors.entries import Entry, entries
from apps.core.actors import Actor
from apps.schedule.standing import PlacementNow

ROWS_AT_ONCE = 500
COLUMNS = (
    "launch", "title", "kind", "status", "standing", "when", "days_to_launch", "starts_on", "ends_on",
    "starts_at", "ends_at", "zone", "channel", "channel_kind", "team", "owner", "blocked_by", "done_at", "address",
)  # fmt: skip
# What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Echo:
    """A file that gives back what is written to it, as Django's documentation streams CSV."""

    def write(self, value: str) -> str:
        return value


def safe(text: str) -> str:
    """A cell no spreadsheet calculates: text that begins like a formula gets an apostrophe before it."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def lines(queryset: QuerySet[PlacementNow], actor: Actor, *, bom: bool = False) -> Iterator[str]:
    """The table, line by line, heading first. Two queries for each 500 rows; memory does not grow."""
    writer = csv.writer(_Echo())
    if bom:
        yield "\ufeff"
    yield writer.writerow(COLUMNS)
    rows = queryset.iterator(chunk_size=ROWS_AT_ONCE)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        for entry in entries(batch, actor):
            yield writer.writerow(_cells(entry))


def download(
    queryset: QuerySet[PlacementNow], actor: Actor, *, name: str, bom: bool = False
) -> StreamingHttpResponse:
    """The table as a file that is sent while it is read."""
    return StreamingHttpResponse(
        lines(queryset, actor, bom=bom),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _cells(entry: Entry) -> Sequence[Any]:
    placement, item = entry.placement, entry.item
    launch = placement.launch
    days = (
        (placement.starts_on - launch.launch_day).days if placement.starts_on and launch.launch_day else None
    )
    texts = {
        "launch": launch.name,
        "title": placement.title,
        "when": placement.wording,
        "channel": entry.channel_label,
        "team": placement.team.name if placement.team else "",
        "owner": str(placement.owner) if placement.owner else (item.owner_name if item else ""),
        "blocked_by": placement.blocked_by,
    }
    values: dict[str, Any] = {
        **{name: safe(text) for name, text in texts.items()},
        "kind": placement.kind,
        "status": item.status if item else placement.state,
        "standing": entry.standing,
        "days_to_launch": days,
        "starts_on": placement.starts_on,
        "ends_on": placement.ends_on,
        "starts_at": _instant(placement.starts_at),
        "ends_at": _instant(placement.ends_at),
        "zone": placement.time_zone or launch.zone,
        "channel_kind": item.channel.channel_kind if item and item.channel else "",
        "done_at": _instant(placement.done_at),
        "address": f"{settings.PUBLIC_URL.rstrip('/')}{entry.url}",
    }
    return ["" if values[name] is None else values[name] for name in COLUMNS]


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else ""
