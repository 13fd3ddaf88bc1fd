"""What pages and lists of the API cost as data grow: `python -m benchmarks.pages`.

The same pages for the same person at 100 launches and 1,000 calendar items, and at 1,000 and 10,000, in one
process with production settings: middleware, templates and database included, the network left out. Launches
hold ten items each, the one whose pages are measured thirty, and four records of every other kind, as a real
plan does. Items wait for one another in chains of five, and of what is behind today a third is late: the critical
path and delays are part of what is measured. To reach: p95 below 100 ms, and a page with a tenth of the data costs
at least 0.8 of that. `--sizes 2:20 4:40 --rounds 2` only tries whether it runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from benchmarks.installation import at_share, installation

SIZES = ((100, 1_000), (1_000, 10_000))
HELD = 30
CHAIN = 5
PAGES = (
    "/",
    "/launches/",
    "/launches/?view=board",
    "/launches/?view=timeline",
    "/calendar/",
    "/calendar/?view=month",
    "/calendar/?view=week",
    "/calendar/?view=board",
    "/inbox/",
    "/palette/?q=item",
    "/launches/{slug}/",
    "/launches/{slug}/plan/",
    "/launches/{slug}/calendar/?view=weeks",
    "/launches/{slug}/calendar/?view=list",
    "/launches/{slug}/calendar/?view=month",
    "/launches/{slug}/calendar/?view=week",
    "/launches/{slug}/calendar/?view=board",
    "/launches/{slug}/calendar/actuals/",
    "/launches/{slug}/timeline/",
    "/launches/{slug}/timeline/?by=team&show=late",
    "/launches/{slug}/clashes/",
    "/launches/{slug}/phases/",
    "/launches/{slug}/metrics/",
    "/launches/{slug}/audit/",
    "/launches/{slug}/team/",
    "/api/v1/launches/",
    "/api/v1/launches/{slug}/",
    "/api/v1/launches/{slug}/items/",
    "/api/v1/placements/?standing=late&standing=due",
    "/api/v1/events/?limit=50",
)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of this process's processor time (both p95), and queries."""

    clock: float
    processor: float
    queries: int


@dataclass(frozen=True)
class Page:
    """One address at a tenth of the data and at all of it."""

    path: str
    small: Cost
    large: Cost

    def row(self) -> str:
        """One row of a Markdown table: what, figures, what to reach."""
        return (
            f"| `{self.path}` | p95 {self.large.clock * 1000:.0f} ms ({self.large.processor * 1000:.0f} ms of "
            f"processor time), {self.large.queries} queries; with a tenth of the data "
            f"{self.small.clock * 1000:.0f} ms ({self.small.clock / self.large.clock:.2f}; processor "
            f"{self.small.processor / self.large.processor:.2f}), {self.small.queries} queries "
            f"| 100 ms; at least 0.8 |"
        )


def measure(
    rounds: int = 60, paths: Sequence[str] = PAGES, sizes: Sequence[tuple[int, int]] = SIZES
) -> list[Page]:
    """Fill to the first size (launches, items) and measure, then to the second."""
    with installation():
        return _measure(rounds, paths, sizes)


def _measure(rounds: int, paths: Sequence[str], sizes: Sequence[tuple[int, int]]) -> list[Page]:
    from django.db import connection
    from django.test import Client

    slug, person = begin()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    found: list[dict[str, Cost]] = []
    for launches, items in sizes:
        grow(launches, items)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        figures: dict[str, Cost] = {}
        for path in paths:
            address = path.replace("{slug}", slug)
            for _ in range(3):
                answer = client.get(address)
                assert answer.status_code == 200, (address, answer.status_code)
            asked: list[str] = []

            def count(execute: Any, sql: str, *rest: Any, asked: list[str] = asked) -> Any:
                asked.append(sql)
                return execute(sql, *rest)

            with connection.execute_wrapper(count):
                client.get(address)
            times, processor = [], []
            for _ in range(rounds):
                start, worked = time.perf_counter(), time.process_time()
                client.get(address)
                times.append(time.perf_counter() - start)
                processor.append(time.process_time() - worked)
            figures[path] = Cost(at_share(times, 0.95), at_share(processor, 0.95), len(asked))
        found.append(figures)
    small, large = found
    return [Page(path, small[path], large[path]) for path in paths]


def begin() -> tuple[str, Any]:
    """The launch whose pages are measured, and the person who looks: its owner, with work of their own."""
    from apps.accounts.models import Team, User
    from apps.core.actors import SYSTEM
    from apps.launches import kinds
    from apps.launches.services.launch import create_launch, set_state
    from apps.launches.services.records import add_records

    person = User.objects.create_user("ada@example.com", "long-enough-word", name="Ada")
    team = Team.objects.create(slug="marketing", name="Marketing")
    person.teams.add(team)
    launch = create_launch(
        actor=SYSTEM, name="Measured", launch_day=date.today(), rollout_start=date.today(), owner=person
    )
    set_state(actor=SYSTEM, launch=launch, to="active")
    for kind in kinds.all_kinds():
        if kind.key not in {"calendar_entry", "rollout_step", "history"}:
            rows = [{"title": f"{kind.label} {number}", **_dated(kind.key, number)} for number in range(4)]
            add_records(actor=SYSTEM, launch=launch, kind=kind, rows=rows)
    _items(launch, HELD, team=team, owner=person)
    return launch.slug, person


def grow(launches: int, items: int) -> None:
    """Add launches, and items to each of the new ones, until there are this many of both."""
    from apps.accounts.models import Team, User
    from apps.content.models import CalendarItem
    from apps.core.actors import SYSTEM
    from apps.launches.models import Launch
    from apps.launches.services.launch import create_launch, set_state

    person, team = User.objects.get(email="ada@example.com"), Team.objects.get(slug="marketing")
    missing = launches - Launch.objects.count()
    left = items - CalendarItem.objects.count()
    for number in range(missing):
        day = date.today() + timedelta(days=number % 200 - 100)
        launch = create_launch(
            actor=SYSTEM, name=f"Launch {launches}-{number}", launch_day=day, rollout_start=day,
            owner=person if number % 10 == 0 else None,
        )  # fmt: skip
        set_state(actor=SYSTEM, launch=launch, to="active")
        share = left // (missing - number)
        left -= share
        _items(launch, share, team=team, owner=None)


def _items(launch: Any, count: int, **values: Any) -> None:
    from apps.core.actors import SYSTEM
    from apps.launches import kinds
    from apps.launches.services.records import add_records

    rows = [
        {"title": f"Item {number}", **_dated("calendar_entry", number), **values} for number in range(count)
    ]
    add_records(actor=SYSTEM, launch=launch, kind=kinds.get("calendar_entry"), rows=rows)
    _linked(launch)


def _linked(launch: Any) -> None:
    """Chains of items, and two of three behind today done: the third is late and delays what waits for it."""
    from apps.content.models import CalendarItem
    from apps.schedule.models import Dependency, Placement

    found = list(Placement.objects.filter(launch=launch, kind="calendar_entry").order_by("starts_on", "pk"))
    Dependency.objects.bulk_create(
        Dependency(launch=launch, before=before, after=after)
        for number, (before, after) in enumerate(pairwise(found), start=1)
        if number % CHAIN
    )
    today = date.today()
    over = [
        each for number, each in enumerate(found) if each.starts_on and each.starts_on < today and number % 3
    ]
    Placement.objects.filter(pk__in=[each.pk for each in over]).update(state="done")
    CalendarItem.objects.filter(pk__in=[each.record_id for each in over]).update(status="published")


def _dated(kind: str, number: int) -> dict[str, Any]:
    from apps.launches import kinds

    if "when" not in kinds.facets(kinds.get(kind)):
        return {}
    # Seven shares nothing with sixty, so that few items too are spread over the days before and after.
    return {"when": {"anchor": "launch_day", "unit": "day", "offset": number * 7 % 60 - 30, "text": ""}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="addresses to measure instead of all, with {slug}")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument(
        "--sizes", nargs=2, type=_size, default=SIZES, metavar="LAUNCHES:ITEMS", help="fill to these instead"
    )
    options = parser.parse_args()
    for page in measure(options.rounds, options.paths or PAGES, options.sizes):
        print(page.row())


def _size(text: str) -> tuple[int, int]:
    launches, _, items = text.partition(":")
    return int(launches), int(items)


if __name__ == "__main__":
    main()
