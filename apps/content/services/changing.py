"""What follows when somebody changes an item, whichever way: page, API, import, bulk."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.content.fingerprint import COVERED_FIELDS
from apps.content.linked import linked_to
from apps.content.models import CalendarItem
from apps.content.models.item import message_hash
from apps.content.reviewing import Review, review_of, reviews_of
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import policies
from apps.launches.models import Channel
from apps.launches.services import records

Status = CalendarItem.Status
# Where an item may go only with the approval its channel or reviewers demand.
_BEYOND_REVIEW = frozenset({Status.APPROVED, Status.SCHEDULED, Status.PUBLISHED})


def before_save(actor: Actor, record: CalendarItem, changes: dict[str, list[Any]]) -> None:
    """Hold the rules of items (see `kinds.Kind.before_save`).

    A status that an announcement or a campaign decides is not set by hand, except to cancel it or open it
    again; beyond review wants the approvals. Another content asks for approval again, the content that was
    agreed to does not.
    """
    if "key_message" in changes:
        record.key_message_hash = message_hash(record.key_message) if record.key_message else ""
    if actor.is_system:
        return
    covered = COVERED_FIELDS & changes.keys()
    if covered and isinstance(actor.user, User):
        record.authors = actor.added_to(record.authors)
    if record._state.adding:
        require_approval(record, record.status)
    elif "status" in changes:
        old, new = changes["status"]
        require_free(record, old=old, new=new)
        if "channel" in changes:
            # Leaving a channel in the same step is no way round its rule.
            require_approval(_on_channel(record, changes["channel"][0]), new)
        review = require_approval(record, new)
        if review is not None and review.is_complete:
            begin_anew(record)
        if new == Status.IN_REVIEW and old in {Status.IDEA, Status.DRAFTING}:
            follow_content(record, changes)  # nobody is asked for what they agreed to already
    elif covered:
        if "channel" in changes and record.status == Status.PUBLISHED and not linked_to([record]):
            require_approval(record, record.status)
        follow_content(record, changes)


def before_add(actor: Actor, items: Sequence[CalendarItem]) -> None:
    """Hold the rule of a channel for many new items at once: none of them was approved by anybody yet.

    The first plan of a launch brings channels that have no rules, so what was done before is done.
    """
    advanced = [] if actor.is_system else [item for item in items if item.status in _BEYOND_REVIEW]
    for item, review in zip(advanced, reviews_of(advanced), strict=True):
        if review.demanded and not review.is_complete:
            raise Invalid(
                f"“{item.title[:80]}” cannot come in as {item.get_status_display().lower()}: “{item.channel}” "
                f"wants approval first. Missing: {_missing(review)}. Leave it open until it is approved.",
                code="not_approved",
                field="status",
            )


def follow_content(item: CalendarItem, changes: dict[str, list[Any]]) -> None:
    """Another text or set of files: what was agreed to differs from it, or is it again. Sets the status only."""
    if item.status not in {Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED}:
        return
    review = review_of(item)
    if item.status == Status.IN_REVIEW:
        new = Status.APPROVED if review.is_complete else Status.IN_REVIEW
    else:
        new = Status.IN_REVIEW if review.demanded and not review.is_complete else Status(item.status)
    if new == item.status or linked_to([item]):
        return
    old, _ = changes.get("status", [item.status, new])
    changes["status"] = [old, new]
    item.status = new
    if new == Status.APPROVED:
        begin_anew(item)


def begin_anew(item: CalendarItem) -> None:
    """Everybody agreed to what was written: whose work it is begins with the next change."""
    item.authors, item.submitted_by = [], None


def require_free(item: CalendarItem, *, old: str, new: str) -> None:
    """Raise unless people decide this item's status themselves."""
    if new == Status.CANCELLED or old == Status.CANCELLED:
        return
    linked = linked_to([item]).get(item.pk)
    if linked is not None:
        raise Invalid(
            f"Its status follows the {linked.kind} “{linked.title[:80]}”, which is {linked.state}: "
            "change it there.",
            code="linked",
            field="status",
        )


def require_approval(item: CalendarItem, status: str) -> Review | None:
    """Raise if this status wants approvals that are not there for what the item says now.

    Returns the review of a status beyond it.
    """
    if status not in _BEYOND_REVIEW:
        return None
    review = review_of(item)
    if review.demanded and not review.is_complete:
        raise Invalid(
            f"This needs approval first. Missing: {_missing(review)}.", code="not_approved", field="status"
        )
    return review


def confirm_message(*, actor: Actor, item: CalendarItem) -> CalendarItem:
    """Say that the item still fits its key message, which says something else now than when it was chosen."""
    policies.require("records.work", actor, item)
    with transaction.atomic():
        item = records.lock(item)
        if item.key_message is None or not item.message_changed:
            return item
        item.key_message_hash = message_hash(item.key_message)
        item.version += 1
        item.save()
        audit.record(
            actor=actor,
            verb=f"{item.kind}.message_confirmed",
            obj=item,
            launch_id=item.launch_id,
            changes={"key_message": [None, item.key_message.title]},
        )
    return item


def _missing(review: Review) -> str:
    return ", ".join(step.label for step in review.steps if not step.is_done)


def _on_channel(item: CalendarItem, channel: Channel | None) -> CalendarItem:
    """The item as it would be on another channel; not to be saved."""
    twin = copy(item)
    twin.channel = channel
    return twin
