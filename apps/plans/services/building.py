"""The records of a launch made of a template's document, in a number of statements that does not grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from apps.accounts.models import Team, User
from apps.content.models import ApprovalRule, ApprovalStep, CalendarItem, ItemLink, Reviewer
from apps.content.models.item import message_hash
from apps.content.models.material import ChecklistEntry
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.launches.models import Gate, Launch, LaunchRecord
from apps.launches.services.records import add_records
from apps.plans.templating.dates import Dated, place_of, when_of
from apps.plans.templating.document import Document
from apps.plans.templating.parts import Entry
from apps.schedule.models import Dependency
from apps.schedule.services.hanging_many import Hung, hang_many
from apps.schedule.services.placing import find


class Builder:
    """Fills a new launch. Its caller holds the transaction, checked permission and writes the audit event."""

    def __init__(
        self,
        actor: Actor,
        launch: Launch,
        document: Document,
        people: Mapping[str, User],
        teams: Mapping[str, Team],
    ) -> None:
        self.actor, self.launch, self.document = actor, launch, document
        self.people, self.teams = people, teams
        self.labels = {role.key: role.label for role in document.roles}
        self.made: dict[int, LaunchRecord] = {}

    def build(self, dates: Mapping[int, Dated]) -> None:
        """Everything of the document; `dates` says where each record with a time falls."""
        by_kind: dict[str, list[int]] = {}
        for index, entry in enumerate(self.document.records):
            by_kind.setdefault(entry.kind, []).append(index)
        for kind in self._in_order(by_kind):
            indexes = by_kind[kind.key]
            rows = [self._values(kind, self.document.records[index], dates.get(index)) for index in indexes]
            records = add_records(actor=self.actor, launch=self.launch, kind=kind, rows=rows)
            self.made.update(zip(indexes, records, strict=True))
        self._hang(dates)
        self._material()
        self._gates()
        self._approvals()
        self._waits()

    def _in_order(self, by_kind: Mapping[str, Any]) -> list[Kind]:
        """Kinds so that what others name comes first."""
        done: list[Kind] = []
        left = [kind for kind in kinds.all_kinds() if kind.key in by_kind]
        # Targets name metrics, so that these come before everything else.
        left.sort(key=lambda kind: kind.key != "kpi")
        while left:
            ready = next(
                (kind for kind in left if not self._named(kind) & {each.key for each in left} - {kind.key}),
                left[0],
            )
            left.remove(ready)
            done.append(ready)
        return done

    def _named(self, kind: Kind) -> set[str]:
        related: list[Any] = [
            kind.model._meta.get_field(name).related_model
            for name in kind.fields
            if kind.model._meta.get_field(name).is_relation
        ]
        return {model.kind for model in related if issubclass(model, LaunchRecord)}

    def _values(self, kind: Kind, entry: Entry, dated: Dated | None) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in entry.fields.items():
            if isinstance(value, Mapping) and kind.model._meta.get_field(name).is_relation:
                value = self.teams.get(value["team"]) if "team" in value else self.made.get(value["record"])
            values[name] = value
        values.update(entry.facets)
        values["owner"] = self.people.get(entry.owner)
        if values["owner"] is None and entry.owner:
            values["owner_name"] = self.labels[entry.owner]
        if entry.when is not None and dated is not None and not self._is_hung(entry, dated):
            when = when_of(entry.when)
            if when.offset is not None or when.time is not None:
                values["when"] = when.to_json()
        return values

    def _is_hung(self, entry: Entry, dated: Dated) -> bool:
        """Whether its place is one that a written time has no words for."""
        return entry.when is not None and (entry.when.on is not None or dated.landing != "keep")

    def _hang(self, dates: Mapping[int, Dated]) -> None:
        hung = []
        for index, dated in dates.items():
            entry = self.document.records[index]
            if entry.when is None or not self._is_hung(entry, dated):
                continue
            leader = None if entry.when.on is None else self.made[entry.when.on]
            if leader is not None and leader.kind != "phase" and find(leader) is None:
                continue  # it has no time here, so nothing follows from it
            place = place_of(
                entry.when, is_phase=leader is not None and leader.kind == "phase", landing=dated.landing
            )
            hung.append(
                Hung(
                    self.made[index],
                    _without_ids(place),
                    dated.span,
                    entry.when.precision,
                    entry.when.wording,
                    leader,
                )
            )
        hang_many(launch=self.launch, hung=hung)

    def _material(self) -> None:
        """Checklists, links, reviewers; and what a key message said when its item was made."""
        entries, links, reviewers, items = [], [], [], []
        for index, record in self.made.items():
            if not isinstance(record, CalendarItem):
                continue
            entry = self.document.records[index]
            for position, text in enumerate(entry.checklist):
                entries.append(ChecklistEntry(item=record, position=position, text=text))
            for link in entry.links:
                links.append(
                    ItemLink(
                        item=record, kind=ItemLink.Kind.DOCUMENT, title=link.get("title", ""), url=link["url"]
                    )
                )
            for person in {self.people[key].pk for key in entry.reviewers if key in self.people}:
                reviewers.append(Reviewer(item=record, user_id=person))
            if record.key_message is not None or entry.parts:
                record.key_message_hash = message_hash(record.key_message) if record.key_message else ""
                record.parts = list(entry.parts)
                items.append(record)
        _create(ChecklistEntry, entries)
        _create(ItemLink, links)
        Reviewer.objects.bulk_create(reviewers)
        CalendarItem.objects.bulk_update(items, ["key_message_hash", "parts"], batch_size=500)

    def _gates(self) -> None:
        _create(
            Gate,
            [
                Gate(
                    launch=self.launch,
                    phase_id=self.made[gate.phase].pk,
                    title=gate.title,
                    text=gate.text,
                    check_name=gate.check,
                    owner=self.people.get(gate.owner),
                )
                for gate in self.document.gates
            ],
        )

    def _approvals(self) -> None:
        rules, steps = [], []
        for wanted in self.document.approvals:
            rule = ApprovalRule(channel_id=self.made[wanted.channel].pk, in_order=wanted.in_order)
            own: list[ApprovalStep] = []
            for step in wanted.steps:
                person, team = self.people.get(step.get("role", "")), self.teams.get(step.get("team", ""))
                if person is None and team is None:
                    continue
                needed = step.get("needed", 1) if team is not None else 1
                own.append(ApprovalStep(rule=rule, position=len(own), user=person, team=team, needed=needed))
            if own:
                rules.append(rule)
                steps += own
        ApprovalRule.objects.bulk_create(rules)
        ApprovalStep.objects.bulk_create(steps)

    def _waits(self) -> None:
        made = []
        for wait in self.document.waits:
            before, after = find(self.made[wait.before]), find(self.made[wait.after])
            if before is not None and after is not None:
                made.append(
                    Dependency(
                        launch=self.launch, before=before, after=after, lag=wait.lag, on_move=wait.on_move
                    )
                )
        Dependency.objects.bulk_create(made)


def _without_ids(place: Any) -> Any:
    """The place without the indexes that stood for ids."""
    return place._replace(anchor_phase_id=None, anchor_placement_id=None)


def _create(model: type[models.Model], rows: list[Any]) -> None:
    """New rows in one statement, each checked first: a document may come from elsewhere."""
    relations = [each.name for each in model._meta.fields if each.is_relation]
    for row in rows:
        try:
            row.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            raise Invalid.from_validation(error) from error
    model._default_manager.bulk_create(rows)
