"""Making a launch of a plan that was read: every fact becomes a record, in one transaction."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from apps.announcements.services.writing import draft_from_plan
from apps.audit import services as audit
from apps.content.models import CalendarItem
from apps.content.services import remember_parts
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import kinds, policies
from apps.launches.models import Channel, Launch, LaunchRecord, Phase
from apps.launches.services import launch as launches
from apps.launches.services import records
from apps.outreach.services import planning
from apps.plans.mapping import overview
from apps.plans.mapping.directory import Directory
from apps.plans.mapping.inward import kind_of, values_of
from apps.plans.models import PlanDocument
from apps.plans.reading import Record
from apps.plans.services.documents import QuestionsOpen, ReadPlan
from apps.plans.services.linking import store_document

# Metrics come first, so that a target elsewhere finds the row that measures the same; phases before their
# steps, channels before the entries that name them.
ORDER = (
    "kpi", "phase", "rollout_step", "key_message", "channel", "calendar_entry", "segment", "training",
    "education", "enablement", "office_hours", "support", "monitoring", "routine", "rollback_criterion",
    "rollback_step", "mitigation", "review", "recognition", "story", "improvement", "history", "overview",
)  # fmt: skip


@dataclass
class Applied:
    """What an import made: the launch, and how many records of each reader kind; `made` maps the index of
    a fact in the reading to its record."""

    launch: Launch
    counts: dict[str, int] = field(default_factory=dict)
    made: dict[int, LaunchRecord] = field(default_factory=dict)


def apply_plan(
    *,
    actor: Actor,
    plan: ReadPlan,
    launch: Launch | None = None,
    name: str | None = None,
    launch_day: date | None = None,
    rollout_start: date | None = None,
    zone: str | None = None,
    leave_open: bool = False,
) -> Applied:
    """Make a launch of a plan, or fill an empty one.

    `launch_day` and `rollout_start` (dates in the launch's zone) go before what the document says. Open
    questions raise `QuestionsOpen` unless `leave_open`, which leaves what they ask about empty. All in one
    transaction with one audit event; adds no history entry. Raises `NotAllowed`, `Invalid`.
    """
    reading = plan.reading
    open_questions = [
        question
        for question in reading.questions
        if not overview.settled_by_date(question, launch_day=launch_day, rollout_start=rollout_start)
    ]
    if open_questions and not leave_open:
        raise QuestionsOpen(open_questions)
    directory = Directory()
    facts = overview.launch_facts(
        reading, directory, name=name, launch_day=launch_day, rollout_start=rollout_start
    )
    with transaction.atomic():
        if launch is None:
            values = dict(facts.values)
            if zone:
                values["zone"] = zone
            launch = launches.create_launch(actor=actor, **values)
        else:
            policies.require("launches.edit", actor, launch)
            launch = launches.lock_launch(launch)
            if not is_empty(launch):
                raise Invalid(
                    "This launch has a plan already: bring the document in as a new edition of it.",
                    code="not_empty",
                )
            launch = launches.change_launch(actor=actor, launch=launch, values=facts.values_for(launch))
        applied = Applied(launch)
        add_facts(actor, applied, reading.records, facts.on_launch, directory)
        document = store_document(launch=launch, plan=plan, made=applied.made, on_launch=facts.on_launch)
        applied.counts = {key: count for key, count in reading.counts.items() if count}
        draft_announcement(actor, applied)
        draft_campaigns(applied)
        audit.record(
            actor=actor,
            verb="plan.imported",
            obj=document,
            launch_id=launch.pk,
            changes={name: [None, count] for name, count in applied.counts.items()},
        )
    return applied


def is_empty(launch: Launch) -> bool:
    """Whether a launch has neither a document nor any record yet."""
    return not PlanDocument.objects.filter(launch=launch).exists() and not any(
        kind.model._default_manager.filter(launch=launch, **kind.where).exists() for kind in kinds.all_kinds()
    )


def add_facts(
    actor: Actor,
    applied: Applied,
    facts: Sequence[Record],
    on_launch: Container[int],
    directory: Directory,
    only: set[int] | None = None,
) -> None:
    """Add the records of facts, kind by kind; those told on the launch itself and notes are passed over.

    `only` narrows it to some indexes. `applied.made` may hold parents that exist already.
    """
    launch = applied.launch
    by_kind: dict[str, list[int]] = {key: [] for key in ORDER}
    for index, fact in enumerate(facts):
        if fact.typed and index not in on_launch and (only is None or index in only):
            by_kind[kind_of(fact.kind, fact.fields).key].append(index)
    for key, indexes in by_kind.items():
        if not indexes:
            continue
        kind = kinds.get(key)
        if key == "calendar_entry":
            directory.add_channels(Channel.objects.filter(launch=launch))
        rows = []
        for index in indexes:
            fact = facts[index]
            if key == "overview":
                rows.append(overview.fact_values(fact))
                continue
            values = values_of(kind, fact.title, fact.group, fact.fields, directory)
            if key == "rollout_step":
                values["phase"] = _phase_of(fact, applied)
            rows.append(values)
        for index, record in zip(
            indexes, records.add_records(actor=actor, launch=launch, kind=kind, rows=rows), strict=True
        ):
            applied.made[index] = record
        if key == "calendar_entry":
            _remember_parts(indexes, facts, applied)


def _phase_of(fact: Record, applied: Applied) -> Phase | None:
    """The phase a step belongs to; None in a plan that has a ladder but no phases."""
    parent = applied.made.get(fact.parent) if fact.parent is not None else None
    return parent if isinstance(parent, Phase) else None


def _remember_parts(indexes: Sequence[int], facts: Sequence[Record], applied: Applied) -> None:
    several: list[tuple[CalendarItem, list[str]]] = []
    for index in indexes:
        item, parts = applied.made[index], facts[index].fields.get("parts") or []
        if isinstance(item, CalendarItem) and len(parts) > 1:
            several.append((item, [str(part)[:500] for part in parts]))
    remember_parts(several)


def draft_announcement(actor: Actor, applied: Applied) -> None:
    """The plan's in-app announcement, if it has one, as a draft that shares its calendar entry's time."""
    items = [record for record in applied.made.values() if isinstance(record, CalendarItem)]
    channels = [record for record in applied.made.values() if isinstance(record, Channel)]
    in_app = {channel.pk for channel in channels if channel.channel_kind == Channel.Kind.IN_APP}
    entry = next((item for item in items if item.channel_id in in_app), None) or next(
        (item for item in items if "in-app" in item.title.lower() or "in app" in item.title.lower()), None
    )
    if (entry is None and not in_app) or (entry and entry.status == CalendarItem.Status.PUBLISHED):
        return
    channel = next((channel for channel in channels if channel.pk in in_app), None)
    draft_from_plan(actor=actor, launch=applied.launch, item=entry, channel=channel)


def draft_campaigns(applied: Applied) -> None:
    """Each channel that is customer outreach, as a draft campaign."""
    for record in applied.made.values():
        if isinstance(record, Channel) and record.channel_kind == Channel.Kind.OUTREACH:
            planning.draft_from_plan(launch=applied.launch, channel=record)
