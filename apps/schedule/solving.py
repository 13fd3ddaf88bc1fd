"""Where everything of a launch lies after a move: anchors, dependencies and landing worked out. Pure.

Things are settled in an order in which each comes behind what it hangs on and what it waits for. A thing goes
where its anchor puts it; where it would start before something it waits for has ended, and did not before, it
is pushed later, or the move is refused.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from apps.schedule.graph import Edge, in_order
from apps.schedule.shifting import shifted
from apps.schedule.spans import Anchors, Place, Span, span_of

PLANNED = "planned"


class Item(NamedTuple):
    """The columns of a placement that a move reads and shows. Ten thousand whole rows would take too long."""

    pk: int
    version: int
    kind: str
    record_id: int
    title: str
    wording: str
    state: str
    precision: str
    fuzzy: str
    owner_id: int | None
    team_id: int | None
    phase_id: int | None
    starts_on: date | None
    ends_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    anchor: str
    unit: str
    offset: int | None
    end_offset: int | None
    open_ended: bool
    pinned_start: date | None
    pinned_end: date | None
    local_time: time | None
    time_zone: str
    landing: str
    anchor_phase_id: int | None
    anchor_placement_id: int | None
    fixed_at: datetime | None

    @property
    def span(self) -> Span:
        return Span(self.starts_on, self.ends_on, self.starts_at, self.ends_at)

    @property
    def place(self) -> Place:
        return Place._make(self[_FIRST_OF_PLACE:])

    @property
    def is_open(self) -> bool:
        return self.state == PLANNED


# The last columns are those of a place, in its order.
_FIRST_OF_PLACE = Item._fields.index("anchor")


class Wait(NamedTuple):
    """A dependency: `after` may not start before `before` has ended, plus `lag` days."""

    pk: int
    version: int
    before: int
    after: int
    lag: int
    on_move: str


class Refusal(NamedTuple):
    """Why a move cannot be: the dependency it would break, and what stands against pushing (`why`)."""

    wait: Wait
    before: str
    after: str
    days: int
    why: str

    @property
    def words(self) -> str:
        """A sentence that names both things."""
        count = f"{self.days} day{'' if self.days == 1 else 's'}"
        return (
            f"“{self.after[:80]}” would start {count} too early behind “{self.before[:80]}”, and {self.why}."
        )


@dataclass
class Solution:
    """Spans by id; `places` of what has to be said anew; `pushed_by` names what pushed each thing."""

    spans: dict[int, Span] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    pushed_by: dict[int, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)


def edges(items: Sequence[Item], waits: Iterable[Wait]) -> list[Edge]:
    """What leads to what: anchors and dependencies, between things of these items."""
    of_phase = {item.phase_id: item.pk for item in items if item.phase_id}
    known = {item.pk for item in items}
    found: list[Edge] = []
    for item in items:
        if item.anchor == "phase" and item.anchor_phase_id in of_phase:
            found.append((of_phase[item.anchor_phase_id], item.pk))
        elif item.anchor == "placement" and item.anchor_placement_id in known:
            found.append((item.anchor_placement_id or 0, item.pk))
    found += [(wait.before, wait.after) for wait in waits if wait.before in known and wait.after in known]
    return found


def shortfall(before: Span, after: Span, lag: int) -> int:
    """How many days too early `after` starts; 0 where it does not, or where an end or start is not known."""
    if after.starts_on is None or before.ends_on is None:
        return 0
    if before.ends_at is not None and after.starts_at is not None:
        late = before.ends_at + timedelta(days=lag) - after.starts_at
        return max(0, math.ceil(late / timedelta(days=1)))
    return max(0, (before.ends_on - after.starts_on).days + 1 + lag)


def solve(
    items: Sequence[Item],
    anchors: Anchors,
    *,
    landing: str = "keep",
    waits: Sequence[Wait] = (),
    targets: Mapping[int, date] | None = None,
) -> Solution:
    """Settle all items. With `targets` (new first days by id) only those move of themselves, and the others only
    as far as they hang on them or are pushed; without, everything is computed from the anchors."""
    return _Solver(items, anchors, landing, waits, targets).run()


class _Solver:
    def __init__(
        self,
        items: Sequence[Item],
        anchors: Anchors,
        landing: str,
        waits: Sequence[Wait],
        targets: Mapping[int, date] | None,
    ) -> None:
        self.items = {item.pk: item for item in items}
        self.landing = landing
        self.targets = targets
        self.phase_days: dict[int, date | None] = {}
        self.item_days: dict[int, date | None] = {}
        self.anchors = replace(anchors, phases=self.phase_days, placements=self.item_days)
        self.leading: dict[int, list[Wait]] = defaultdict(list)
        for wait in waits:
            if wait.before in self.items and wait.after in self.items:
                self.leading[wait.after].append(wait)
        self.order = in_order(list(self.items), edges(items, waits))
        self.phase_places = {item.phase_id: item.pk for item in items if item.phase_id}
        self.found = Solution()
        self.computed: dict[Place, Span] = {}

    def run(self) -> Solution:
        for pk in self.order:
            item = self.items[pk]
            span = self._settle(item)
            self.found.spans[pk] = span
            self.item_days[pk] = span.starts_on
            if item.phase_id:
                self.phase_days[item.phase_id] = span.starts_on
        return self.found

    def _settle(self, item: Item) -> Span:
        if not item.is_open:
            return item.span
        place = item.place
        span = self._place(item, place)
        if item.pk in self.leading:
            span = self._behind(item, span)
        return span

    def _place(self, item: Item, place: Place) -> Span:
        """Where its anchor, or the move itself, puts it."""
        if self.targets is not None and item.pk in self.targets:
            moved = shifted(place, self.anchors, self.targets[item.pk])
            if moved is None:
                return item.span
            moved = moved._replace(landing=self.landing)
            self.found.places[item.pk] = moved
            self.found.touched.add(item.pk)
            return span_of(moved, self.anchors)
        if self.targets is not None:
            leader = self._anchored_on(item)
            if leader is None or leader not in self.found.touched:
                return item.span
            self.found.touched.add(item.pk)
        span = self._computed(place)
        if self.landing == "keep" or span == item.span:
            # Where nothing moves by itself, weekends are what they were.
            return span
        return self._computed(place._replace(landing=self.landing))

    def _computed(self, place: Place) -> Span:
        """`span_of`, once for all that count from the launch's own dates in the same way: of ten thousand
        things few say a time that no other says."""
        if place.anchor in {"phase", "placement"}:
            return span_of(place, self.anchors)
        if place not in self.computed:
            self.computed[place] = span_of(place, self.anchors)
        return self.computed[place]

    def _anchored_on(self, item: Item) -> int | None:
        if item.anchor == "phase":
            return self.phase_places.get(item.anchor_phase_id or 0)
        return item.anchor_placement_id if item.anchor == "placement" else None

    def _behind(self, item: Item, span: Span) -> Span:
        """Behind everything it waits for, as far as the move made that worse."""
        for wait in self.leading[item.pk]:
            before = self.items[wait.before]
            if not before.is_open:
                continue
            short = shortfall(self.found.spans[wait.before], span, wait.lag)
            if short <= shortfall(before.span, item.span, wait.lag):
                continue
            why = self._stands_against(item, wait)
            pushed = None if why else self._push(item, span, short)
            if pushed is None:
                why = why or "no date can be said for it that is late enough"
                self.found.refusals.append(Refusal(wait, before.title, item.title, short, why))
                continue
            span = pushed
            self.found.pushed_by[item.pk] = wait.before
            self.found.touched.add(item.pk)
        return span

    def _stands_against(self, item: Item, wait: Wait) -> str:
        if self.targets is not None and item.pk in self.targets:
            return "that has to end first"
        if item.fixed_at is not None:
            return "it is scheduled for its minute"
        if item.anchor == "pinned":
            return "it is pinned to its date"
        return "its dependency refuses to be moved" if wait.on_move == "refuse" else ""

    def _push(self, item: Item, span: Span, short: int) -> Span | None:
        assert span.starts_on is not None  # what has no start is never too early
        place = self.found.places.get(item.pk, item.place)
        # A week stays a week: it goes on by whole weeks.
        days = math.ceil(short / 7) * 7 if place.unit == "week" else short
        landing = item.landing if self.landing == "keep" else self.landing
        try:
            moved = shifted(place, self.anchors, span.starts_on + timedelta(days=days))
        except OverflowError:
            return None
        if moved is None:
            return None
        # Back from a weekend it would be too early again.
        moved = moved._replace(landing="after" if landing == "before" else landing)
        self.found.places[item.pk] = moved
        return span_of(moved, self.anchors)
