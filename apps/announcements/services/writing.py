"""Writing announcements: making one by hand or from a plan, and changing what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Team, User
from apps.announcements import policies
from apps.announcements.content import COVERED, FREE, fingerprint
from apps.announcements.models import Announcement
from apps.announcements.selectors import holding_places
from apps.announcements.services import translating
from apps.announcements.services.storing import (
    lock,
    move_out,
    release_place,
    save,
    tell_item,
)
from apps.audit import services as audit
from apps.content.models import CalendarItem
from apps.content.services.places import place_of
from apps.core import markdown
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches import policies as launch_policies
from apps.launches.models import Channel, KeyMessage, Launch
from apps.schedule.models import Placement
from apps.schedule.services import placing
from apps.schedule.services.pinning import place_undated

State = Announcement.State
FIELDS = frozenset({*COVERED, *FREE, "owner", "team", "zone", "teams", "translations"})
MOST_TEAMS = 200


def create_announcement(
    *, actor: Actor, launch: Launch, values: Mapping[str, Any], item: CalendarItem | None = None
) -> Announcement:
    """Make a draft. `values` holds fields of the announcement, `teams` (a list of `Team`) and `translations` (a
    list of mappings with language, title, body, action_label).

    With an `item`, which the actor may work on, it shares the item's placement, else it gets one of its own
    without dates. Raises `Invalid` with the field's name, `NotAllowed`, `NotFound`.
    """
    policies.require("announcements.create", actor, launch)
    _known(values)
    if item is not None and item.launch_id != launch.pk:
        raise Invalid("The calendar item belongs to another launch.", field="item")
    if item is not None:
        # From here on the item's status follows from the announcement, so this is work on it.
        launch_policies.require("records.work", actor, item)
    person = actor.user if isinstance(actor.user, User) else None
    announcement = Announcement(
        launch=launch, owner=person, written_by=person, authors=actor.added_to(), zone=launch.zone
    )
    _assign(announcement, values)
    policies.require("announcements.give", actor, announcement)
    with transaction.atomic():
        _check(announcement)
        teams = _teams(values)
        others = translating.read(announcement, values.get("translations") or ())
        announcement.content_hash = fingerprint(announcement, [team.pk for team in teams], others)
        announcement.html = markdown.render(announcement.body)
        announcement.save()
        announcement.teams.set(teams)
        translating.store(announcement, others)
        announcement.placement = _placement_for(announcement, item, actor)
        announcement.save(update_fields=["placement"])
        audit.record(
            actor=actor,
            verb="announcement.created",
            obj=announcement,
            launch_id=launch.pk,
            changes={name: [None, value] for name, value in values.items() if value not in (None, "", [])},
        )
    return announcement


def change(
    *, actor: Actor, announcement: Announcement, values: Mapping[str, Any], version: int | None = None
) -> Announcement:
    """Change fields. If what an approval covers changes, it falls back to draft and leaves the schedule.

    What is live right now is paused first. Raises `Conflict` for a stale version, `Invalid`, `NotAllowed`.
    """
    policies.require("announcements.edit", actor, announcement)
    _known(values)
    with transaction.atomic():
        announcement = lock(announcement, version)
        if not announcement.may_be_edited:
            hint = " Pause it first." if announcement.state == State.LIVE else ""
            raise Invalid(
                f"An announcement that is {announcement.get_state_display().lower()} cannot be edited.{hint}",
                code="transition",
                field="state",
            )
        changes = _assign(announcement, values)
        if {"owner", "team"} & set(changes):
            policies.require("announcements.give", actor, announcement)
        _check(announcement)
        teams = list(announcement.teams.all())
        if "teams" in values:
            wanted = _teams(values)
            if {team.pk for team in wanted} != {team.pk for team in teams}:
                changes["teams"] = [sorted(map(str, teams)), sorted(map(str, wanted))]
                announcement.teams.set(wanted)
                teams = wanted
        others, told = translating.replace(announcement, values.get("translations"))
        changes.update(told)
        if not changes:
            return announcement
        fresh = fingerprint(announcement, [team.pk for team in teams], others)
        if fresh != announcement.content_hash:
            announcement.content_hash = fresh
            announcement.html = markdown.render(announcement.body)
            announcement.written_by = actor.user if isinstance(actor.user, User) else None
            approved = announcement.approved_at is not None
            announcement.authors = actor.added_to(() if approved else announcement.authors)
            if announcement.state != State.DRAFT:
                changes["state"] = [announcement.state, State.DRAFT]
                back_to_draft(announcement)
        save(announcement, actor=actor, verb="changed", changes=changes)
        _refresh_placement(announcement)
        if "state" in changes:
            tell_item(announcement, CalendarItem.Status.DRAFTING)
    return announcement


def back_to_draft(announcement: Announcement) -> None:
    """Withdraw approval and schedule from a locked announcement; its own times stay as a proposal."""
    release_place(announcement)
    announcement.state = State.DRAFT
    announcement.approved_hash = ""
    announcement.approved_by = None
    announcement.approved_at = None
    announcement.submitted_by = None
    announcement.went_live_at = None
    announcement.followed_up_at = None


def draft_from_plan(
    *, actor: Actor, launch: Launch, item: CalendarItem | None = None, channel: Channel | None = None
) -> Announcement:
    """The plan's in-app announcement as a draft that shares its calendar item's placement.

    Asked again for the same item (or, without one, the same launch) it answers the one that is there, unless
    nothing comes of that any more. The text is the plan's own: the launch's name and its primary message; the
    channel's words say for whom.
    """
    existing = holding_places().filter(launch=launch)
    if item is not None:
        placement = placing.find(item)
        existing = existing.filter(placement=placement) if placement else existing.none()
    if found := existing.select_related("launch").first():
        return found
    message = KeyMessage.objects.filter(launch=launch).order_by("rank", "position", "id").first()
    taken = holding_places().filter(launch=launch, title=launch.name[:200]).exists()
    source = item or channel
    values: dict[str, Any] = {
        "title": (source.title if taken and source else launch.name)[:200],
        "body": message.title.strip('"“”„«» ') if message else "",
        "audience": (channel.text if channel and channel.text else launch.target_audience)[:2000],
        "team": getattr(source, "team", None),
    }
    if source and source.owner:
        values["owner"] = source.owner
    return create_announcement(actor=actor, launch=launch, values=values, item=item)


def _known(values: Mapping[str, Any]) -> None:
    if unknown := set(values) - FIELDS:
        name = sorted(unknown)[0]
        raise Invalid(f"An announcement has no field “{name[:60]}”.", code="unknown_field", field=name[:60])


def _assign(announcement: Announcement, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for name, new in values.items():
        if name in {"teams", "translations"}:
            continue
        old = getattr(announcement, name)
        if old != new:
            changes[name] = [old, new]
            setattr(announcement, name, new)
    return changes


def _check(announcement: Announcement) -> None:
    if isinstance(announcement.surfaces, list | tuple):
        announcement.surfaces = list(dict.fromkeys(announcement.surfaces))
    try:
        announcement.clean_fields(exclude=["launch", "placement", "content_hash"])
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    if bool(announcement.action_url) != bool(announcement.action_label):
        missing = "action_label" if announcement.action_url else "action_url"
        raise Invalid(
            "A call to action needs both a label and an https:// address, or neither.", field=missing
        )
    if announcement.action_url and not announcement.action_url.startswith("https://"):
        raise Invalid("The address must begin with https:// in small letters.", field="action_url")


def _teams(values: Mapping[str, Any]) -> list[Team]:
    teams: Sequence[Any] = values.get("teams") or []
    if len(teams) > MOST_TEAMS or not all(isinstance(team, Team) for team in teams):
        raise Invalid("Choose the teams from those that exist.", field="teams")
    return list(teams)


def _placement_for(announcement: Announcement, item: CalendarItem | None, actor: Actor) -> Placement:
    if item is None:
        return place_undated(
            launch=announcement.launch,
            kind="announcement",
            record_id=announcement.pk,
            title=announcement.title,
            owner=announcement.owner,
            team=announcement.team,
        )
    # Locked, so that of two who take the same item one is told that it is taken.
    placement = place_of(item)
    before = Announcement.objects.select_for_update(of=("self",), no_key=True).select_related("launch")
    if (former := before.filter(placement=placement).first()) is not None:
        if not former.gave_up:
            raise Invalid("This calendar item has an announcement already.", code="taken", field="item")
        move_out(former)
        announcement.placement = placement
        # A missed one left its minute behind.
        release_place(announcement)
    return placement


def _refresh_placement(announcement: Announcement) -> None:
    """Its own placement carries its title, owner and team; a shared one carries the calendar item's."""
    if announcement.placement_id is not None:
        Placement.objects.filter(pk=announcement.placement_id, kind="announcement").update(
            title=announcement.title,
            owner=announcement.owner,
            team=announcement.team,
            updated_at=now(),
        )
