"""From draft to approved: somebody asks, somebody else agrees to exactly this text."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.announcements import policies
from apps.announcements.models import Announcement
from apps.announcements.services.storing import lock, require_state, save, tell_item
from apps.announcements.services.writing import back_to_draft
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches.models import Member

State = Announcement.State


def submit(*, actor: Actor, announcement: Announcement, version: int | None = None) -> Announcement:
    """Ask for approval. Those who may approve find it in their inbox."""
    policies.require("announcements.edit", actor, announcement)
    with transaction.atomic():
        announcement = lock(announcement, version)
        require_state(announcement, State.DRAFT, to="submitted for review")
        _complete(announcement)
        announcement.state = State.IN_REVIEW
        announcement.submitted_by = actor.user if isinstance(actor.user, User) else None
        save(announcement, actor=actor, verb="submitted", changes={"state": [State.DRAFT, State.IN_REVIEW]})
        tell_item(announcement, CalendarItem.Status.IN_REVIEW)
        notify(
            users=_approvers(announcement),
            kind="approval",
            title=f"For your approval: {announcement.title}"[:500],
            body=announcement.launch.name,
            url=address(announcement),
            source=f"announcement:{announcement.pk}:submitted:{announcement.version}",
            launch_id=announcement.launch_id,
        )
    return announcement


def approve(*, actor: Actor, announcement: Announcement, version: int | None = None) -> Announcement:
    """Approve what it says now. An editor may do so without being asked; nobody may approve their own work
    unless the launch's owner allows it."""
    policies.require("announcements.approve", actor, announcement)
    with transaction.atomic():
        announcement = lock(announcement, version)
        # Who wrote it may have changed since it was first read.
        policies.require("announcements.approve", actor, announcement)
        require_state(announcement, State.DRAFT, State.IN_REVIEW, to="approved")
        _complete(announcement)
        old, announcement.state = announcement.state, State.APPROVED
        announcement.approved_hash = announcement.content_hash
        announcement.approved_by = actor.user if isinstance(actor.user, User) else None
        announcement.approved_at = now()
        changes: dict[str, list[Any]] = {
            "state": [old, State.APPROVED],
            "approved_hash": [None, announcement.approved_hash],
        }
        save(announcement, actor=actor, verb="approved", changes=changes)
        tell_item(announcement, CalendarItem.Status.APPROVED)
        _tell_author(announcement, actor, "approved", f"Approved: {announcement.title}")
    return announcement


def send_back(
    *, actor: Actor, announcement: Announcement, reason: str = "", version: int | None = None
) -> Announcement:
    """Return it to draft, with a word why. Whoever may edit it may take their own submission back."""
    policies.require("announcements.edit", actor, announcement)
    if "\x00" in reason or len(reason) > 2000:
        raise Invalid("Give a reason of at most 2,000 characters.", field="reason")
    with transaction.atomic():
        announcement = lock(announcement, version)
        require_state(announcement, State.IN_REVIEW, State.APPROVED, to="sent back")
        changes = {"state": [announcement.state, State.DRAFT]}
        _tell_author(announcement, actor, "returned", f"Sent back: {announcement.title}", reason)
        back_to_draft(announcement)
        save(announcement, actor=actor, verb="returned", changes=changes, reason=reason)
        tell_item(announcement, CalendarItem.Status.DRAFTING)
    return announcement


def address(announcement: Announcement) -> str:
    """Where a notification leads."""
    return f"/launches/{announcement.launch.slug}/announcements/{announcement.pk}/"


def _complete(announcement: Announcement) -> None:
    if not announcement.body.strip():
        raise Invalid("Write what the announcement says before it is approved.", field="body")


def _approvers(announcement: Announcement) -> list[User]:
    """Owners and editors of the launch, without those whose own work it is."""
    people = User.objects.filter(
        is_active=True,
        memberships__launch=announcement.launch_id,
        memberships__role__in=[Member.Role.OWNER, Member.Role.EDITOR],
    ).exclude(role=User.Role.VIEWER)
    if not announcement.launch.self_approval:
        mine = [pk for pk in (*announcement.authors, announcement.submitted_by_id) if pk]
        people = people.exclude(pk__in=mine)
    return list(people.distinct())


def _tell_author(announcement: Announcement, actor: Actor, kind: str, title: str, body: str = "") -> None:
    people = User.objects.filter(
        Q(pk=announcement.submitted_by_id) | Q(pk=announcement.written_by_id), is_active=True
    )
    notify(
        users=[person for person in people if actor.user is None or person.pk != actor.user.pk],
        kind=f"announcement_{kind}",
        title=title[:500],
        body=body or announcement.launch.name,
        url=address(announcement),
        source=f"announcement:{announcement.pk}:{kind}:{announcement.version}",
        launch_id=announcement.launch_id,
    )
