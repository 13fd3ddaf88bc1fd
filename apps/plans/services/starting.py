"""Starting a launch from a template: shown first, then made in one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Team, User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid
from apps.core.fields import validate_zone
from apps.launches import kinds, policies
from apps.launches.models import Launch, Member
from apps.launches.services import launch as launches
from apps.plans.models import LaunchTemplate
from apps.plans.services.building import Builder
from apps.plans.templating.dates import Dated, dates_of, ends_of
from apps.plans.templating.document import OWNER, Document, read
from apps.plans.templating.parts import Role
from apps.schedule.services.moving.previewing import LANDINGS
from apps.schedule.spans import Anchors

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 1, 1)
# Somebody with two parts has the one that may do more.
_STRENGTH = (Member.Role.OWNER, Member.Role.EDITOR, Member.Role.CONTRIBUTOR, Member.Role.VIEWER)


@dataclass(frozen=True)
class Start:
    """What a launch is started with. `launch_day` is a date in `zone`; `people` maps role keys to persons."""

    name: str
    launch_day: date
    zone: str = ""
    owner: User | None = None
    people: Mapping[str, User] = field(default_factory=dict)
    landing: str = "keep"


@dataclass(frozen=True)
class Line:
    """One dated record of a preview."""

    kind: str
    title: str
    dated: Dated
    role: str


@dataclass(frozen=True)
class StartPreview:
    """What starting would make. `fingerprint` stands for exactly this; starting may want it back."""

    template: LaunchTemplate
    start: Start
    document: Document
    counts: dict[str, int]
    lines: list[Line]
    rollout_start: date | None
    first: date | None
    last: date | None
    fingerprint: str
    left_open: list[str]

    @property
    def off_days(self) -> list[Line]:
        return [line for line in self.lines if line.dated.off_day]

    @property
    def undated(self) -> int:
        """Records that have a time which gives no date here."""
        return sum(line.dated.span.starts_on is None for line in self.lines)


@dataclass(frozen=True)
class Started:
    """The launch, how many records of each kind it has, and what of the template could not be filled."""

    launch: Launch
    counts: dict[str, int]
    left_open: list[str]
    first: date | None = None
    last: date | None = None


def preview_start(*, actor: Actor, template: LaunchTemplate, start: Start) -> StartPreview:
    """What starting from a template would make: counts, dates, days off, roles nobody fills. Changes nothing.

    Raises `NotAllowed`, `Invalid` naming what is wrong.
    """
    policies.require("launches.create", actor)
    document = read(template.document)
    zone = _check(document, start)
    anchors = _anchors(document, start, zone)
    dated = dates_of(document, anchors, landing=start.landing)
    labels = {role.key: role.label for role in document.roles}
    lines = [
        Line(entry.kind, entry.title, dated[index], labels.get(entry.owner, ""))
        for index, entry in enumerate(document.records)
        if index in dated
    ]
    lines.sort(key=lambda line: (line.dated.span.starts_on or date.max, line.dated.index))
    first, last = ends_of([each.span for each in dated.values()])
    teams = {team.slug: team for team in Team.objects.all()}
    left_open = _left_open(document, start, teams)
    said = [start.name, str(start.launch_day), zone, start.landing, str(getattr(start.owner, "pk", ""))]
    said += sorted(f"{key}={person.pk}" for key, person in start.people.items())
    told = json.dumps([said, left_open, template.document], sort_keys=True, default=str)
    return StartPreview(
        template=template,
        start=start,
        document=document,
        counts=document.counts(),
        lines=lines,
        rollout_start=anchors.rollout_start,
        first=first,
        last=last,
        fingerprint=hashlib.sha256(told.encode()).hexdigest()[:32],
        left_open=left_open,
    )


def start_from_template(
    *, actor: Actor, template: LaunchTemplate, start: Start, fingerprint: str = ""
) -> Started:
    """Make a launch of a template: a draft, everything relative to its launch day, nothing published.

    One transaction, one audit event beside those of making a launch, a number of statements that does not grow
    with the records. A `fingerprint` of another preview raises `Conflict`; else `NotAllowed`, `Invalid`.
    """
    preview = preview_start(actor=actor, template=template, start=start)
    if fingerprint and fingerprint != preview.fingerprint:
        raise Conflict("The template or what you chose changed since you looked: look at it again.")
    document = preview.document
    with transaction.atomic():
        launch = _make_launch(actor, preview)
        teams = {team.slug: team for team in Team.objects.all()}
        people = {**start.people}
        if launch.owner is not None:
            people[OWNER] = launch.owner
        _add_members(launch, document.roles, people, teams)
        actor.memo.pop("roles", None)
        builder = Builder(actor, launch, document, people, teams)
        builder.build({line.dated.index: line.dated for line in preview.lines})
        audit.record(
            actor=actor,
            verb="template.started",
            obj=launch,
            launch_id=launch.pk,
            changes={
                "template": [None, template.name],
                **{kinds.get(key).counts_key: [None, count] for key, count in preview.counts.items()},
            },
        )
    return Started(launch, preview.counts, preview.left_open, preview.first, preview.last)


def _check(document: Document, start: Start) -> str:
    """The zone to use; raises `Invalid` for what cannot be started with."""
    if not start.name.strip():
        raise Invalid("The launch needs a name.", field="name")
    if not FIRST_DAY <= start.launch_day <= LAST_DAY:
        raise Invalid(f"{start.launch_day} is too far away to be a launch's date.", field="launch_day")
    if start.landing not in LANDINGS:
        raise Invalid("Choose what happens on days nobody works: keep, before or after.", field="landing")
    zone = start.zone or str(document.launch.get("zone") or "UTC")
    try:
        validate_zone(zone)
    except ValidationError as error:
        raise Invalid(error.messages[0], field="zone") from error
    for key, person in start.people.items():
        if document.role(key) is None:
            raise Invalid(f"This template has no role “{key[:60]}”.", field="people")
        if not person.is_active:
            raise Invalid(f"{person}'s account is not active.", field="people")
    if start.owner is not None and not start.owner.is_active:
        raise Invalid("The owner's account is not active.", field="owner")
    return zone


def _anchors(document: Document, start: Start, zone: str) -> Anchors:
    after = document.launch.get("rollout_after")
    at = str(document.launch.get("launch_time") or "")
    return Anchors(
        launch_day=start.launch_day,
        rollout_start=None if after is None else start.launch_day + timedelta(days=int(after)),
        zone=zone,
        launch_time=time.fromisoformat(at) if at else None,
        holidays=frozenset(date.fromisoformat(day) for day in document.launch.get("holidays", [])),
    )


def _make_launch(actor: Actor, preview: StartPreview) -> Launch:
    document, start = preview.document, preview.start
    anchors = _anchors(document, start, start.zone or str(document.launch.get("zone") or "UTC"))
    return launches.create_launch(
        actor=actor,
        name=start.name.strip(),
        summary=document.launch.get("summary", ""),
        launch_type=document.launch.get("launch_type", ""),
        target_audience=document.launch.get("target_audience", ""),
        tier=preview.template.tier,
        zone=anchors.zone,
        launch_day=start.launch_day,
        rollout_start=anchors.rollout_start,
        launch_time=anchors.launch_time,
        holidays=sorted(day.isoformat() for day in anchors.holidays),
        owner=start.owner,
    )


def _team_of(role: Role, person: User, teams: Mapping[str, Team]) -> Team | None:
    return teams.get(role.team) or (person.teams.first() if role.role == Member.Role.CONTRIBUTOR else None)


def _add_members(
    launch: Launch, roles: Sequence[Role], people: Mapping[str, User], teams: Mapping[str, Team]
) -> None:
    """Everybody who was chosen, with the strongest of their parts. Part of making the launch, so its event says
    it too; who may make a launch may say who is in it."""
    there = set(Member.objects.filter(launch=launch).values_list("user_id", flat=True))
    wanted: dict[int, Member] = {}
    for role in sorted(roles, key=lambda role: _STRENGTH.index(Member.Role(role.role))):
        person = people.get(role.key)
        if person is None or person.pk in there or person.pk in wanted:
            continue
        team = _team_of(role, person, teams)
        part = role.role
        if part == Member.Role.CONTRIBUTOR and team is None:
            part = Member.Role.VIEWER  # contributors work for a team, and this one is gone
        wanted[person.pk] = Member(launch=launch, user=person, role=part, team=team)
    Member.objects.bulk_create(wanted.values())


def _left_open(document: Document, start: Start, teams: Mapping[str, Team]) -> list[str]:
    """What of the template cannot be filled, in sentences."""
    told = []
    for role in document.roles:
        if role.key == OWNER or role.key in start.people:
            continue
        owned = sum(entry.owner == role.key for entry in document.records)
        owned += sum(gate.owner == role.key for gate in document.gates)
        told.append(
            f"Nobody is chosen for {role.label}: {owned} thing{'' if owned == 1 else 's'} without an owner."
        )
    asked = {str(step["team"]) for rule in document.approvals for step in rule.steps if "team" in step}
    gone = sorted(asked - teams.keys())
    told += [f"There is no team “{slug}” any more: its approval is not asked for." for slug in gone]
    unasked = sum(
        "role" in step and step["role"] != OWNER and step["role"] not in start.people
        for rule in document.approvals
        for step in rule.steps
    )
    if unasked:
        told.append(
            f"{unasked} approval{'s are' if unasked > 1 else ' is'} not asked for, as nobody is chosen: set them "
            "among the channels."
        )
    reviewed = sum(
        any(key != OWNER and key not in start.people for key in entry.reviewers) for entry in document.records
    )
    if reviewed:
        told.append(
            f"{reviewed} item{'s lose reviewers' if reviewed > 1 else ' loses a reviewer'}, as nobody is chosen for "
            "their part: name others on the items."
        )
    return told
