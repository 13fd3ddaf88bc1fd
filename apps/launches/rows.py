"""How a plan record of any kind reads on a page: its facts in order, and what the actor may do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from apps.core.actors import Actor
from apps.launches import kinds, policies
from apps.launches.kinds import Kind, Section
from apps.launches.models import Launch, LaunchRecord

# Shown elsewhere in a row than among its facts.
_ELSEWHERE = {"title", "text", "owner", "group", "topics", "in_service", "message_approved", "body"}
_CHIPS = {"status", "percent", "rank"}
_SHORT = 40


@dataclass(frozen=True)
class Fact:
    """A labelled value of a record; `brief` ones stand in its summary line."""

    name: str
    label: str
    value: str
    brief: bool = False


@dataclass(frozen=True)
class Row:
    """One record as a page shows it."""

    record: LaunchRecord
    kind: Kind
    facts: list[Fact]
    lines: list[str]
    may_edit: bool
    when: str = ""
    comments: int = 0

    @cached_property
    def dom_id(self) -> str:
        """The id of its element, by which lists, forms and links find it."""
        return f"{self.kind.key}-{self.record.pk}"

    @property
    def chips(self) -> list[Fact]:
        """Facts that stand beside the title, unless it says them already."""
        return [
            fact
            for fact in self.facts
            if fact.name in _CHIPS
            and fact.value not in self.record.title
            and fact.value.casefold() != self.record.group.casefold()
        ]

    @property
    def line(self) -> list[Fact]:
        """Short facts of the summary, which read well in one line without their labels."""
        return [fact for fact in self._others if fact.brief and len(fact.value) <= _SHORT]

    @property
    def more(self) -> list[Fact]:
        """Everything else, with its labels."""
        return [fact for fact in self._others if not (fact.brief and len(fact.value) <= _SHORT)]

    @cached_property
    def _others(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.name not in _CHIPS]

    @property
    def owner_label(self) -> str:
        return str(self.record.owner) if self.record.owner else self.record.owner_name


@dataclass
class Group:
    """Rows under one heading of a kind's list."""

    heading: str
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class KindList:
    """Every record of one kind in a launch, under its headings."""

    kind: Kind
    launch: Launch
    groups: list[Group]
    may_add: bool
    count: int
    hidden: int = 0

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]


@dataclass(frozen=True)
class SectionView:
    """One section of the plan with its kinds and the notes that stand in it."""

    section: Section
    lists: list[KindList]
    notes: list[Any] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(each.count for each in self.lists)


def row_of(actor: Actor, record: LaunchRecord, *, comments: int = 0, grouped: bool = False) -> Row:
    """Needs the record's relations and facets loaded; then no query of its own.

    `comments` were made on it; `grouped` below its parent, whose name it then does not repeat.
    """
    kind = kinds.of(record)
    facts = []
    for name in kind.fields:
        if name in _ELSEWHERE or (grouped and name == kind.parent):
            continue
        value = _words(record, name)
        if value:
            facts.append(Fact(name, _label(kind, name), value, brief=name in kind.summary))
    lines = []
    when = ""
    for facet in kinds.facets(kind).values():
        written = facet.written(record)
        if facet.multiline:
            lines += [line for line in written.splitlines() if line.strip()]
        elif facet.name == "when":
            when = written
        elif written:
            facts.append(Fact(facet.name, facet.label, written))
    may_edit = policies.can_work_on_record(actor, record)
    return Row(record, kind, facts, lines, may_edit, when, comments)


def list_of(
    actor: Actor,
    launch: Launch,
    kind: Kind,
    records: Sequence[LaunchRecord],
    *,
    comments: Mapping[tuple[str, int], int],
    most: int | None = None,
) -> KindList:
    """Records of a kind in their order, a heading wherever the group changes (or the record they hang on).

    Only the first `most` become rows; the others are counted as hidden. `comments` counts what was said, by
    kind and id.
    """
    groups: list[Group] = []
    for record in records[:most]:
        heading = str(getattr(record, kind.parent)) if kind.parent else record.group
        heading = heading[:1].upper() + heading[1:]
        if not groups or groups[-1].heading != heading:
            groups.append(Group(heading))
        said = comments.get((kind.key, record.pk), 0)
        groups[-1].rows.append(row_of(actor, record, comments=said, grouped=True))
    shown = sum(len(group.rows) for group in groups)
    may_add = bool(policies.can_contribute(actor, launch))
    return KindList(kind, launch, groups, may_add, len(records), len(records) - shown)


def _label(kind: Kind, name: str) -> str:
    return kind.labels.get(name, name.replace("_", " ").capitalize())


def _words(record: LaunchRecord, name: str) -> str:
    display = getattr(record, f"get_{name}_display", None)
    value = display() if display else getattr(record, name)
    if value is None or value == "" or value == []:
        return ""
    if name == "percent" and isinstance(value, Decimal):
        return f"{value.normalize():f}%"
    if name.endswith("_minutes"):
        return duration(int(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def duration(minutes: int) -> str:
    """Minutes as a person says them: 15 min, 2 h, 3 days."""
    if minutes >= 2880 and minutes % 1440 == 0:
        return f"{minutes // 1440} days"
    if minutes >= 60 and minutes % 60 == 0:
        return f"{minutes // 60} h"
    return f"{minutes} min"
