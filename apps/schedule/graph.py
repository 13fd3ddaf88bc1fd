"""What hangs on what, as a directed graph of ids: ways through it, and an order. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

Edge = tuple[int, int]


def way(edges: Iterable[Edge], start: int, goal: int) -> list[int]:
    """The shortest way along edges from one node to another, both included; empty if there is none."""
    following: dict[int, list[int]] = defaultdict(list)
    for tail, head in edges:
        following[tail].append(head)
    came_from: dict[int, int | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if node == goal:
            found: list[int] = []
            step: int | None = node
            while step is not None:
                found.append(step)
                step = came_from[step]
            return found[::-1]
        for head in following[node]:
            if head not in came_from:
                came_from[head] = node
                queue.append(head)
    return []


def in_order(nodes: Sequence[int], edges: Iterable[Edge]) -> list[int]:
    """The nodes, each behind all that lead to it, else as they stood (Kahn's algorithm).

    What lies on a circle, which nothing in the portal can make, comes last as it stood.
    """
    following: dict[int, list[int]] = defaultdict(list)
    missing: dict[int, int] = defaultdict(int)
    for tail, head in edges:
        following[tail].append(head)
        missing[head] += 1
    ready = deque(node for node in nodes if not missing[node])
    ordered: list[int] = []
    while ready:
        node = ready.popleft()
        ordered.append(node)
        for head in following[node]:
            missing[head] -= 1
            if not missing[head]:
                ready.append(head)
    if len(ordered) < len(nodes):
        placed = set(ordered)
        ordered += [node for node in nodes if node not in placed]
    return ordered


def reached(edges: Iterable[Edge], *starts: int) -> set[int]:
    """All that can be reached along edges, where it starts included."""
    following: dict[int, list[int]] = defaultdict(list)
    for tail, head in edges:
        following[tail].append(head)
    found, queue = set(starts), list(starts)
    while queue:
        for head in following[queue.pop()]:
            if head not in found:
                found.add(head)
                queue.append(head)
    return found
