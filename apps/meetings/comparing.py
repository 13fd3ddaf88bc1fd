"""What publishing a draft would do: to which sessions, to whom, and what speaks against it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from apps.meetings.models import Occurrence, Series
from apps.meetings.planning import Plan, Planned

# Dates named in one warning; of more only the number is said.
NAMED = 4


@dataclass(frozen=True)
class Warning:  # what the page calls it
    """What a person must have read before publishing. `code` is stable, `dates` are local days."""

    code: str
    words: str
    dates: tuple[date, ...] = ()


@dataclass
class Step:
    """One session that would be new, different, or cancelled. `fields`: time, place, title, seats, hosts, series.

    `kind` is `added`, `cancelled`, `reinstated`, `moved`, `changed`, or "" where nothing is different.
    """

    series: Series
    plan: Plan
    planned: Planned | None
    occurrence: Occurrence | None
    hosts: tuple[int, ...] = ()
    hosts_before: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    people: int = 0
    kind: str = ""

    def __post_init__(self) -> None:
        # Once and for all: publishing changes the session it looks at.
        self.kind = self._kind()

    def _kind(self) -> str:
        if self.occurrence is None:
            return "added" if self.planned is not None and not self.planned.cancelled else ""
        off = self.planned is None or self.planned.cancelled
        was_off = self.occurrence.state == Occurrence.State.CANCELLED
        if off:
            return "" if was_off else "cancelled"
        if was_off:
            return "reinstated"
        if "time" in self.fields:
            return "moved"
        return "changed" if self.fields else ""

    @property
    def reason(self) -> str:
        return self.planned.change.reason if self.planned is not None else ""

    @property
    def concerns_attendees(self) -> bool:
        return self.kind in {"cancelled", "reinstated", "moved"} or bool(
            {"place", "title"} & set(self.fields)
        )

    def facts(self) -> tuple[object, ...]:
        """What makes two steps the same, for the fingerprint."""
        return (
            self.series.pk, self.kind, self.occurrence.pk if self.occurrence else None,
            self.occurrence.version if self.occurrence else None,
            self.planned.starts if self.planned else None, self.planned.ends if self.planned else None,
            self.planned.place if self.planned else None, self.hosts, self.fields,
        )  # fmt: skip


@dataclass
class Preview:
    """Everything publishing would do. `refusals` forbid it, `warnings` must be read."""

    steps: list[Step]
    warnings: list[Warning]
    refusals: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Stands for exactly this difference and these warnings."""
        facts = repr(([step.facts() for step in self.steps], self.warnings, self.refusals))
        return hashlib.sha256(facts.encode()).hexdigest()[:32]

    @property
    def people(self) -> int:
        """How many seats and places on waitlists are concerned."""
        return sum(step.people for step in self.steps if step.concerns_attendees)

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.steps)


def different(plan: Plan, planned: Planned, occurrence: Occurrence) -> tuple[str, ...]:
    """In what a published session would differ, hosts left out."""
    pairs = (
        ("time", (planned.starts, planned.ends), (occurrence.starts_at, occurrence.ends_at)),
        ("place", planned.place, occurrence.place),
        ("title", plan.title, occurrence.title),
        ("seats", plan.seats, occurrence.seats),
    )
    return tuple(name for name, new, old in pairs if new != old)


def warnings_of(
    steps: Sequence[Step],
    missing: dict[datetime, int],
    unfit: dict[datetime, dict[int, str]],
    names: dict[int, str],
) -> list[Warning]:
    """What people should know before they publish, one line for each kind of trouble."""
    found: dict[tuple[str, str], list[date]] = defaultdict(list)
    for step in steps:
        planned = step.planned
        if step.kind == "cancelled" and step.people:
            found[
                ("booked_cancelled", _people(step.people, "loses", "lose") + " a seat or a place in line")
            ].append(step.occurrence.at.date() if step.occurrence else date.min)
        if planned is None or planned.cancelled:
            continue
        day = (planned.change.moved_to or planned.at).date()
        if step.kind == "moved" and step.people:
            words = _people(step.people, "has", "have") + " signed up for another time"
            found[("booked_moved", words)].append(day)
        if planned.on_holiday:
            found[("holiday", "A session is on a holiday")].append(day)
        if planned.skipped_hour:
            found[
                ("skipped_hour", "Clocks skip this hour: the session begins when they have gone on")
            ].append(day)
        if planned.at in missing:
            word = "No host" if not step.hosts else "Too few hosts"
            found[("no_host", word)].append(day)
        for person, why in unfit.get(planned.at, {}).items():
            if person in (planned.change.hosts or step.plan.hosts):
                words = "is out of office" if why == "away" else "hosts something else at that time"
                # In a rotation somebody else takes the turn; that is worth no warning unless nobody does.
                if step.plan.rotation == "fixed" or planned.change.hosts is not None or planned.at in missing:
                    found[(why, f"{names.get(person, 'A host')} {words}")].append(day)
    return [
        Warning(code, f"{words}: {_dates(days)}.", tuple(days))
        for (code, words), days in sorted(found.items())
    ]


def _people(count: int, one: str, many: str) -> str:
    return f"1 person {one}" if count == 1 else f"{count} people {many}"


def _dates(days: Sequence[date]) -> str:
    named = [f"{day.day} {day:%B %Y}" for day in days[:NAMED]]
    if len(days) > NAMED:
        named.append(f"{len(days) - NAMED} more")
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]
