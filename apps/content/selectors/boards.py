"""The calendar as a board: calendar items by their status, all other work by how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import Concat, RowNumber

from apps.content.models import CalendarItem
from apps.content.selectors.entries import Entry, entries
from apps.content.selectors.groups import NOTHING, grouped
from apps.core.actors import Actor
from apps.core.states import look
from apps.schedule.standing import PlacementNow

CARDS_PER_COLUMN = 20
# Groups beyond this are in the list; a board of fifty lanes is none.
LANES_SHOWN = 12
# Columns that take a card: what dropping it there sets.
STATUSES = ("idea", "drafting", "in_review", "approved", "scheduled", "published", "cancelled")
STANDINGS = ("late", "due", "upcoming", "done", "undated", "cancelled")
_CLOSED = ("cancelled",)


@dataclass
class Column:
    """One state: `drop` is the status (or `done`/`open`) that a card dropped here gets, if any."""

    key: str
    drop: str = ""
    entries: list[Entry] = field(default_factory=list)
    total: int = 0

    @property
    def name(self) -> str:
        return look(self.key).word

    @property
    def icon(self) -> str:
        return look(self.key).icon

    @property
    def tone(self) -> str:
        return look(self.key).tone

    @property
    def more(self) -> int:
        return self.total - len(self.entries)


@dataclass
class Lane:
    """The columns of one group (a single lane without a name where nothing is grouped)."""

    name: str
    items: list[Column]
    others: list[Column]

    @property
    def total(self) -> int:
        return sum(column.total for column in (*self.items, *self.others))

    @property
    def has_items(self) -> bool:
        return any(column.total for column in self.items)

    @property
    def has_others(self) -> bool:
        return any(column.total for column in self.others)


@dataclass(frozen=True)
class Board:
    """Lanes of columns; `more` counts the work in lanes there was no room for."""

    lanes: list[Lane]
    more: int


def board(
    queryset: QuerySet[PlacementNow], actor: Actor, *, group: str = "none", closed: bool = False
) -> Board:
    """At most twenty cards of each column of each lane. Two queries. `closed` shows what is cancelled too."""
    lanes: dict[str, Lane] = {}
    more = 0
    for entry in entries(_first_of_each_column(queryset, group), actor):
        name = getattr(entry.placement, "group_name", "") or NOTHING.get(group, "")
        total = int(getattr(entry.placement, "column_total", 0))
        first = getattr(entry.placement, "column_rank", 1) == 1
        if name not in lanes:
            if len(lanes) == LANES_SHOWN:
                more += total if first else 0
                continue
            lanes[name] = _lane(name, closed)
        lane = lanes[name]
        key = str(getattr(entry.placement, "column", "")).removeprefix("~")
        columns = lane.items if entry.item is not None else lane.others
        for column in columns:
            if column.key == key:
                column.total = total
                column.entries.append(entry)
    return Board(list(lanes.values()), more)


def _lane(name: str, closed: bool) -> Lane:
    statuses = [status for status in STATUSES if closed or status not in _CLOSED]
    standings = [standing for standing in STANDINGS if closed or standing not in _CLOSED]
    drops = {"done": "done", "upcoming": "open", "due": "open"}
    return Lane(
        name,
        [Column(status, drop=status) for status in statuses],
        [Column(standing, drop=drops.get(standing, "")) for standing in standings],
    )


def _first_of_each_column(queryset: QuerySet[PlacementNow], group: str) -> list[Any]:
    status = CalendarItem.objects.filter(pk=OuterRef("record_id")).values("status")
    found = grouped(queryset, group).annotate(
        column=Case(
            When(Q(kind=CalendarItem.kind), then=Subquery(status)),
            # A standing is no status, though both call something cancelled.
            default=Concat(Value("~"), F("now_standing")),
            output_field=CharField(),
        )
    )
    parts = ["group_name", "column"] if group in NOTHING else ["column"]
    ranked = found.annotate(
        column_rank=Window(RowNumber(), partition_by=parts, order_by=["starts_on", "starts_at", "id"]),
        column_total=Window(Count("pk"), partition_by=parts),
    )
    return list(ranked.filter(column_rank__lte=CARDS_PER_COLUMN))
