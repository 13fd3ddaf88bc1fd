"""How long moving a launch day, and one item that others wait for, takes: `python -m benchmarks.moving`.

One launch of 10,000 dated items of every sort, a tenth of them done, pinned or hanging on another item. Preview
and apply are the services that page and API call, one after the other, on the embedded database. To reach: 1 s
for both together, the clashes that the preview names included.

Then one item of the same launch, at the head of a chain of 1,000 dependencies, so far that it pushes all of them.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from benchmarks.installation import installation

DAY = date(2030, 3, 5)


@dataclass(frozen=True)
class Move:
    """Seconds of the best round; `moved` of `items` moved in it."""

    items: int
    moved: int
    preview: float
    apply: float
    what: str = "the launch day of {items:,} items"

    def row(self) -> str:
        """One row of a Markdown table: what, figures, what to reach."""
        return (
            f"| moving {self.what.format(items=self.items)} ({self.moved:,} move) | "
            f"{self.preview + self.apply:.2f} s: preview {self.preview:.2f} s, apply {self.apply:.2f} s "
            f"| 1 s, preview included |"
        )


CHAIN = 1_000


def measure(items: int = 10_000, rounds: int = 5) -> list[Move]:
    """Move forth and back a few times; the best round counts."""
    with installation():
        launch = fill(items)
        return [_measure(launch, rounds), _measure_one(launch, rounds)]


def _measure(launch: Any, rounds: int) -> Move:
    from django.db import connection

    from apps.core.actors import SYSTEM
    from apps.launches.models import Launch
    from apps.schedule.clashes import caused_by
    from apps.schedule.services.moving import apply_move, preview_move

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    found: list[Move] = []
    for number in range(rounds):
        to = DAY + timedelta(days=30 if number % 2 == 0 else 0)
        asked: dict[str, Any] = {"actor": SYSTEM, "anchor": "launch_day", "to": to}
        start = time.perf_counter()
        shown = preview_move(launch=Launch.objects.get(pk=launch.pk), **asked)
        caused_by(SYSTEM, shown)
        between = time.perf_counter()
        apply_move(launch=Launch.objects.get(pk=launch.pk), fingerprint=shown.fingerprint, **asked)
        end = time.perf_counter()
        found.append(Move(len(shown.rows), len(shown.moving), between - start, end - between))
    return min(found, key=lambda move: move.preview + move.apply)


def _measure_one(launch: Any, rounds: int) -> Move:
    """Forth, pushing the chain, and undone again, so that each round finds the same."""
    from apps.core.actors import SYSTEM
    from apps.launches.models import Launch
    from apps.schedule.clashes import caused_by
    from apps.schedule.models import Dependency, Placement
    from apps.schedule.services.moving import apply_move, preview_move, undo_move

    free = Placement.objects.filter(launch=launch, state="planned", anchor="launch_day").order_by(
        "starts_on", "pk"
    )
    chain = list(free.filter(unit="day")[:CHAIN])
    Dependency.objects.bulk_create(
        Dependency(launch=launch, before=before, after=after) for before, after in itertools.pairwise(chain)
    )
    found: list[Move] = []
    for _ in range(rounds):
        day = Placement.objects.get(pk=chain[0].pk).starts_on
        assert day is not None
        asked: dict[str, Any] = {"actor": SYSTEM, "anchor": "placement", "pk": chain[0].pk}
        asked["to"] = day + timedelta(days=60)
        start = time.perf_counter()
        shown = preview_move(launch=Launch.objects.get(pk=launch.pk), **asked)
        caused_by(SYSTEM, shown)
        between = time.perf_counter()
        done = apply_move(launch=Launch.objects.get(pk=launch.pk), fingerprint=shown.fingerprint, **asked)
        end = time.perf_counter()
        what = f"one of {launch.placements.count():,} items, before a chain of {len(chain):,} dependencies"
        found.append(Move(len(shown.rows), len(shown.moving), between - start, end - between, what))
        assert done.move is not None
        undo_move(actor=SYSTEM, move=done.move)
    return min(found, key=lambda move: move.preview + move.apply)


def fill(items: int) -> Any:
    """A launch with this many items in its calendar."""
    from apps.core.actors import SYSTEM
    from apps.launches import kinds
    from apps.launches.services.launch import create_launch
    from apps.launches.services.records import add_records
    from apps.schedule.models import Placement

    chance = random.Random(1)
    launch = create_launch(
        actor=SYSTEM, name="Large", launch_day=DAY, rollout_start=DAY, zone="Europe/Berlin"
    )
    made = add_records(
        actor=SYSTEM,
        launch=launch,
        kind=kinds.get("calendar_entry"),
        rows=[{"title": f"Item {number}", "when": _when(number, chance)} for number in range(items)],
    )
    placements = list(Placement.objects.filter(launch=launch).order_by("pk"))
    assert len(placements) == len(made) == items
    done = [placement.pk for placement in placements[::30]]
    Placement.objects.filter(pk__in=done).update(state="done")
    for number in range(20, items, 30):
        placements[number].anchor = "placement"
        placements[number].anchor_placement = placements[number - 1]
        placements[number].unit, placements[number].offset, placements[number].end_offset = "day", 2, None
    Placement.objects.bulk_update(
        placements[20::30], ["anchor", "anchor_placement", "unit", "offset", "end_offset"], batch_size=500
    )
    return launch


def _when(number: int, chance: random.Random) -> dict[str, Any]:
    if number % 30 == 10:
        return {"date": str(DAY + timedelta(days=chance.randrange(-60, 60))), "text": "pinned"}
    unit = ("day", "week", "business_day", "day", "week", "month")[number % 6]
    when: dict[str, Any] = {
        "anchor": "launch_day",
        "unit": unit,
        "offset": chance.randrange(-12, 12),
        "text": "",
    }
    if number % 5 == 0:
        when["time"] = "15:00:00"
    if number % 7 == 0:
        when["anchor"] = "rollout_start"
    return when


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for move in measure(options.items, options.rounds):
        print(move.row())


if __name__ == "__main__":
    main()
