"""The critical path method over dependencies and anchors: slack in days, and what a delay brings. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.schedule.graph import in_order


@dataclass(frozen=True)
class Task:
    """An open dated thing, first and last day included. `fixed`: nothing moves it (pinned, scheduled)."""

    pk: int
    start: date
    end: date
    fixed: bool = False


@dataclass(frozen=True)
class Link:
    """`after` hangs on `before`: by a dependency it starts `lag` whole days behind the day `before` ends;
    hung (`hung`) it starts when `before` starts, some fixed time apart."""

    before: int
    after: int
    lag: int = 0
    hung: bool = False


def slack(
    tasks: Iterable[Task], links: Iterable[Link], *, launch_day: date | None, today: date
) -> dict[int, int]:
    """How many days each linked task can slip before something else has to give way, by id.

    What is planned to be over by launch day has until launch day; what comes later until the last linked
    task ends. What should have ended already ends today at the earliest, so its slack is smaller, and below
    zero where it delays something. Tasks without links have no entry.
    """
    by_pk, links = _known(tasks, links)
    last = max((task.end for task in by_pk.values()), default=today)
    following: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        following[link.before].append(link)
    found: dict[int, int] = {}
    order = in_order(list(by_pk), [(link.before, link.after) for link in links])
    for pk in reversed(order):
        task = by_pk[pk]
        until = launch_day if launch_day is not None and task.end <= launch_day else last
        room = [(until - task.end).days]
        for link in following[pk]:
            after = by_pk[link.after]
            beyond = 0 if after.fixed else found.get(after.pk, 0)
            room.append(beyond if link.hung else (after.start - task.end).days - 1 - link.lag + beyond)
        found[pk] = min(room)
    return {pk: room - max(0, (today - by_pk[pk].end).days) for pk, room in found.items()}


@dataclass(frozen=True)
class Linked:
    """The linked tasks in an order in which each stands behind what leads to it, for asking many times."""

    tasks: Mapping[int, Task]
    leading: Mapping[int, Sequence[Link]]
    order: Sequence[int]


def linked(tasks: Iterable[Task], links: Iterable[Link]) -> Linked:
    """Prepare `delays_in`."""
    by_pk, links = _known(tasks, links)
    leading: dict[int, list[Link]] = {pk: [] for pk in by_pk}
    for link in links:
        leading[link.after].append(link)
    return Linked(by_pk, leading, in_order(list(by_pk), [(link.before, link.after) for link in links]))


def delays(tasks: Iterable[Task], links: Iterable[Link], ends: Mapping[int, date]) -> dict[int, int]:
    """By how many days tasks start later when some end on other days than planned; only those that do.

    A broken dependency that was there before delays nothing; what is fixed is named too, since it would
    have to give way.
    """
    return delays_in(linked(tasks, links), ends)


def delays_in(those: Linked, ends: Mapping[int, date]) -> dict[int, int]:
    """As `delays`, of tasks whose order is known already."""
    found: dict[int, int] = {}
    for pk in those.order:
        task = those.tasks[pk]
        late = 0
        for link in those.leading[pk]:
            before = those.tasks[link.before]
            if link.hung:
                late = max(late, found.get(before.pk, 0))
                continue
            planned = _earliest(before.end, link.lag)
            ended = ends.get(before.pk, before.end + timedelta(days=found.get(before.pk, 0)))
            late = max(late, (_earliest(ended, link.lag) - max(task.start, planned)).days)
        if late > 0:
            found[pk] = late
    return found


def path_of(critical: set[int], links: Sequence[Link]) -> set[tuple[int, int]]:
    """The links between critical tasks."""
    return {(link.before, link.after) for link in links if {link.before, link.after} <= critical}


def _earliest(end: date, lag: int) -> date:
    return end + timedelta(days=1 + lag)


def _known(tasks: Iterable[Task], links: Iterable[Link]) -> tuple[dict[int, Task], list[Link]]:
    every = {task.pk: task for task in tasks}
    kept = [link for link in links if link.before in every and link.after in every]
    linked = {pk for link in kept for pk in (link.before, link.after)}
    return {pk: task for pk, task in every.items() if pk in linked}, kept
