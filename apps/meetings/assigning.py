"""Who hosts which session: fixed hosts, or a rotation that is fair, minds absences and stays put. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.meetings.planning import Plan, Planned

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Engagements:
    """What is known of people's time: instants in UTC, ends excluded.

    `busy` is what they host elsewhere, `away` when they are out of office.
    """

    busy: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    away: Mapping[int, Sequence[Span]] = field(default_factory=dict)

    def is_busy(self, person: int, span: Span) -> bool:
        return _touches(self.busy.get(person, ()), span)

    def is_away(self, person: int, span: Span) -> bool:
        return _touches(self.away.get(person, ()), span)


@dataclass(frozen=True)
class Roster:
    """Hosts of each session by its local start, and why someone who was to host does not (`away` or `busy`)."""

    hosts: dict[datetime, tuple[int, ...]]
    missing: dict[datetime, int]
    unfit: dict[datetime, dict[int, str]]


def assign(
    plan: Plan,
    planned: Sequence[Planned],
    *,
    present: Mapping[datetime, Sequence[int]],
    engagements: Engagements,
    counts: Mapping[int, int] | None = None,
) -> Roster:
    """Hosts for each session that is not cancelled.

    Fixed hosts come to every session, but to those they cannot. Of a rotation who hosts one already (`present`)
    keeps it while they can; a free place goes to who has hosted least (`counts`: before these), then to who comes
    next after the last one. `most_per_week` counts ISO weeks in the plan's zone and what people host elsewhere.
    Hosts named for a single session host that one, whatever else they do: that is for people to see and decide.
    """
    held = Counter({person: (counts or {}).get(person, 0) for person in plan.hosts})
    zone = ZoneInfo(plan.zone)
    weeks: dict[tuple[int, int, int], int] = defaultdict(int)
    for person in plan.hosts:
        for start, _ in engagements.busy.get(person, ()):
            weeks[(person, *_week(start, zone))] += 1
    roster = Roster({}, {}, {})
    taken: dict[int, list[Span]] = defaultdict(list)
    last = -1
    for session in planned:
        if session.cancelled:
            continue
        span = (session.starts, session.ends)
        week = _week(session.starts, zone)
        unfit: dict[int, str] = {}

        def fits(person: int, span: Span = span, unfit: dict[int, str] = unfit) -> bool:
            if engagements.is_away(person, span):
                unfit[person] = "away"
            elif engagements.is_busy(person, span) or _touches(taken[person], span):
                unfit[person] = "busy"
            return person not in unfit

        if session.change.hosts is not None:
            chosen = [person for person in session.change.hosts if fits(person)]
            wanted = len(session.change.hosts)
        elif plan.rotation == "fixed":
            chosen = [person for person in plan.hosts if fits(person)]
            wanted = len(plan.hosts)
        else:
            wanted = min(plan.per_session, len(plan.hosts))
            most = plan.most_per_week
            before = [person for person in present.get(session.at, ()) if person in plan.hosts]
            chosen = [person for person in before if fits(person)][:wanted]
            order = [*range(last + 1, len(plan.hosts)), *range(last + 1)]
            free = [
                plan.hosts[place]
                for place in sorted(order, key=lambda place: held[plan.hosts[place]])
                if plan.hosts[place] not in chosen
                and (most is None or weeks[(plan.hosts[place], *week)] < most)
                and fits(plan.hosts[place])
            ]
            chosen += free[: wanted - len(chosen)]
            if chosen:
                last = plan.hosts.index(chosen[-1])
        for person in chosen:
            held[person] += 1
            weeks[(person, *week)] += 1
            taken[person].append(span)
        roster.hosts[session.at] = tuple(chosen)
        if len(chosen) < max(wanted, 1):
            roster.missing[session.at] = max(wanted, 1) - len(chosen)
        if unfit:
            roster.unfit[session.at] = unfit
    return roster


def _week(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    year, week, _ = at.astimezone(zone).isocalendar()
    return year, week


def _touches(spans: Sequence[Span], span: Span) -> bool:
    return any(start < span[1] and span[0] < end for start, end in spans)
