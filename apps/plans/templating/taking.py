"""Reading a launch into a document: everything worth keeping, nothing of what happened.

For a template nothing of who it was either; for a copy whoever was asked for approval is asked again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from apps.accounts.models import Team, User
from apps.content.models import ApprovalRule, ApprovalStep, CalendarItem, ItemLink, Reviewer
from apps.content.models.material import ChecklistEntry
from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.launches.models import Gate, Launch, LaunchRecord
from apps.launches.selectors import records as records_of
from apps.launches.services.records import SHARED_FIELDS
from apps.plans.templating.dates import offset_of
from apps.plans.templating.document import BEGINS_ANEW, LEFT_OUT, PAST_KINDS, Document
from apps.plans.templating.parts import Entry, GateEntry, Offset, Rule, Wait
from apps.plans.templating.roles import Persons, Roles
from apps.schedule.models import Dependency, Placement

# What others name comes first: a metric, a phase, a channel, a message.
_FIRST = ("kpi", "phase", "channel", "key_message", "segment")


def document_of(launch: Launch) -> Document:
    """A launch as a template holds it. The queries of its kinds and a dozen more, however many records."""
    return _document(launch, Roles.of(launch), LEFT_OUT, keeps_days=True)


def copy_of(launch: Launch) -> tuple[Document, dict[str, User]]:
    """A launch as a copy of it is built, not to be stored: nobody owns anything, dates that were pinned are gone.

    The second says who the keys of those asked for approval are, of people who may still sign in. One query more
    than `document_of`.
    """
    persons = Persons.of(launch)
    document = _document(launch, persons, BEGINS_ANEW, keeps_days=False)
    return document, persons.people()


def _document(launch: Launch, roles: Roles, left_out: Collection[str], *, keeps_days: bool) -> Document:
    order = [kinds.get(key) for key in _FIRST]
    order += [kind for kind in kinds.all_kinds() if kind.key not in {*_FIRST, *PAST_KINDS}]
    off = _called_off(launch)
    found = [
        (kind, record)
        for kind in order
        for record in records_of(launch, kind, limit=None)
        if (kind.key, record.pk) not in off
    ]
    indexes = {(kind.key, record.pk): index for index, (kind, record) in enumerate(found)}
    notes: list[str] = []
    places = _places(launch, indexes, notes, keeps_days=keeps_days)
    material = _Material(launch, roles)
    entries = [
        Entry(
            kind=kind.key,
            fields=_fields(kind, record, indexes, left_out),
            facets=_facets(kind, record),
            owner=roles.owner_of(record),
            when=places.get(index),
            **material.of(record),
        )
        for index, (kind, record) in enumerate(found)
    ]
    gates = [
        GateEntry(
            phase=indexes["phase", gate.phase_id],
            title=gate.title,
            text=gate.text,
            check=gate.check_name,
            owner=roles.owner_of_gate(gate),
        )
        for gate in Gate.objects.filter(launch=launch).order_by("phase__position", "pk")
    ]
    approvals = _approvals(launch, indexes, roles)
    waits = _waits(launch, indexes, places, off, notes)
    if off:
        them = f"{len(off)} things that were" if len(off) > 1 else "1 thing that was"
        notes.append(f"{them} called off {'are' if len(off) > 1 else 'is'} left out.")
    if roles.forgotten:
        notes.append(
            f"{roles.forgotten} thing{'s belong' if roles.forgotten > 1 else ' belongs'} to a person without a "
            "part in the launch: nobody owns "
            f"{'them' if roles.forgotten > 1 else 'it'} in the template."
        )
    used = _used(entries, gates, approvals)
    return Document(
        launch=_launch(launch),
        roles=[role for role in roles.found.values() if role.key in used or role.key == "owner"],
        records=entries,
        gates=gates,
        approvals=approvals,
        waits=waits,
        notes=notes[:200],
    )


def _launch(launch: Launch) -> dict[str, Any]:
    values: dict[str, Any] = {
        "summary": launch.summary,
        "launch_type": launch.launch_type,
        "target_audience": launch.target_audience,
        "zone": launch.zone,
        "launch_time": launch.launch_time.isoformat() if launch.launch_time else "",
        # Days nobody works on are the company's calendar, not this launch's past.
        "holidays": list(launch.holidays),
    }
    if launch.rollout_start is not None:
        base = launch.launch_day or launch.rollout_start
        values["rollout_after"] = (launch.rollout_start - base).days
    return values


def _called_off(launch: Launch) -> set[tuple[str, int]]:
    """What would come back to life without its state, as (kind, id); announcements and campaigns never come along.
    One query."""
    own = {kind.key for kind in kinds.all_kinds()} - PAST_KINDS
    cancelled = Placement.objects.filter(launch=launch, state=Placement.State.CANCELLED, kind__in=own)
    return set(cancelled.values_list("kind", "record_id"))


def _places(
    launch: Launch, indexes: dict[tuple[str, int], int], notes: list[str], *, keeps_days: bool
) -> dict[int, Offset]:
    """The offset of each record that has a time, by its index; without `keeps_days` what is pinned has none.
    One query."""
    stored = list(
        Placement.objects.filter(launch=launch).select_related("anchor_phase__placement").order_by("pk")
    )
    by_placement = {
        placement.pk: indexes[placement.kind, placement.record_id]
        for placement in stored
        if (placement.kind, placement.record_id) in indexes
    }
    found: dict[int, Offset] = {}
    for placement in stored:
        index = by_placement.get(placement.pk)
        if index is None:
            continue
        if placement.anchor == Placement.Anchor.PINNED and not keeps_days:
            found[index] = Offset("none")
            continue
        relative = offset_of(placement, launch.launch_day, launch.rollout_start, by_placement)
        found[index] = relative.offset
        if relative.note:
            notes.append(relative.note)
    return found


def _fields(
    kind: Kind, record: LaunchRecord, indexes: dict[tuple[str, int], int], left_out: Collection[str]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in dict.fromkeys((*kind.fields, *SHARED_FIELDS)):
        if name in left_out:
            continue
        value = getattr(record, name)
        if isinstance(value, LaunchRecord):
            index = indexes.get((value.kind, value.pk))
            value = None if index is None else {"record": index}
        elif isinstance(value, Team):
            value = {"team": value.slug}
        elif isinstance(value, date | time | datetime):
            value = value.isoformat()
        elif isinstance(value, Decimal):
            value = str(value)
        if value not in (None, ""):
            values[name] = value
    return values


def _facets(kind: Kind, record: LaunchRecord) -> dict[str, Any]:
    found = {}
    for facet in kinds.facets(kind).values():
        value = None if facet.name == "when" else facet.value(record)
        if value:
            found[facet.name] = value
    return found


class _Material:
    """What is kept with calendar items, of a whole launch. Three queries."""

    def __init__(self, launch: Launch, roles: Roles) -> None:
        self.checklists: dict[int, list[str]] = {}
        for item, text in (
            ChecklistEntry.objects.filter(item__launch=launch)
            .order_by("item_id", "position", "pk")
            .values_list("item_id", "text")
        ):
            self.checklists.setdefault(item, []).append(text)
        self.links: dict[int, list[dict[str, str]]] = {}
        documents = ItemLink.objects.filter(item__launch=launch, kind=ItemLink.Kind.DOCUMENT)
        for item, title, url in documents.order_by("item_id", "pk").values_list("item_id", "title", "url"):
            self.links.setdefault(item, []).append({"title": title, "url": url})
        self.reviewers: dict[int, list[str]] = {}
        for item, user in (
            Reviewer.objects.filter(item__launch=launch).order_by("pk").values_list("item_id", "user_id")
        ):
            key = roles.of_person(user)
            if key and key not in self.reviewers.setdefault(item, []):
                self.reviewers[item].append(key)

    def of(self, record: LaunchRecord) -> dict[str, Any]:
        if not isinstance(record, CalendarItem):
            return {}
        return {
            "checklist": self.checklists.get(record.pk, []),
            "links": self.links.get(record.pk, []),
            "reviewers": self.reviewers.get(record.pk, []),
            "parts": list(record.parts),
        }


def _approvals(launch: Launch, indexes: dict[tuple[str, int], int], roles: Roles) -> list[Rule]:
    """Whose approval channels want: people as roles, teams as teams. Two queries."""
    steps = Prefetch("steps", ApprovalStep.objects.order_by("position", "pk"))
    found = []
    for rule in ApprovalRule.objects.filter(channel__launch=launch).order_by("pk").prefetch_related(steps):
        told: list[dict[str, Any]] = []
        for step in rule.steps.all():
            if step.user_id is not None:
                key = roles.of_person(step.user_id)
                told += [{"role": key}] if key and {"role": key} not in told else []
            else:
                told.append({"team": roles.teams[step.team_id or 0].slug, "needed": step.needed})
        found.append(Rule(channel=indexes["channel", rule.channel_id], in_order=rule.in_order, steps=told))
    return found


def _waits(
    launch: Launch,
    indexes: dict[tuple[str, int], int],
    places: dict[int, Offset],
    off: set[tuple[str, int]],
    notes: list[str],
) -> list[Wait]:
    """What waits for what, where a template holds both; what was called off holds nobody up. One query."""
    found, lost = [], 0
    ends = ("before__kind", "before__record_id", "after__kind", "after__record_id", "lag", "on_move")
    rows = Dependency.objects.filter(launch=launch).order_by("pk").values_list(*ends)
    for before_kind, before_id, after_kind, after_id, lag, on_move in rows:
        if off & {(before_kind, before_id), (after_kind, after_id)}:
            continue
        before, after = indexes.get((before_kind, before_id)), indexes.get((after_kind, after_id))
        if before is None or after is None or not {before, after} <= places.keys():
            lost += 1
            continue
        found.append(Wait(before, after, lag, on_move))
    if lost:
        notes.append(
            f"{lost} thing{'s wait' if lost > 1 else ' waits'} for an announcement or campaign, or the other way "
            "round: templates do not keep these, so nothing waits there."
        )
    return found


def _used(entries: Sequence[Entry], gates: Sequence[GateEntry], approvals: Sequence[Rule]) -> set[str]:
    keys = {entry.owner for entry in entries} | {gate.owner for gate in gates}
    keys |= {key for entry in entries for key in entry.reviewers}
    return keys | {str(step["role"]) for rule in approvals for step in rule.steps if "role" in step}
