"""What people say about the records of a plan."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.core.fields import validate_characters
from apps.launches import policies
from apps.launches.models import Comment, LaunchRecord, Watch
from apps.launches.services.records import lock
from apps.launches.watching import mentioned, watchers_of

LONGEST = 10_000


def add_comment(*, actor: Actor, record: LaunchRecord, text: str) -> Comment:
    """Say something about a record; whom it names (@name), its owner, who spoke before and who watches it are
    told in their inboxes.

    `text` is Markdown of at most 10,000 characters. Raises `Invalid`, `NotAllowed`, `NotFound`.
    """
    policies.require("records.comment", actor, record)
    text = _clean(text)
    with transaction.atomic():
        record = lock(record)
        comment = Comment.objects.create(
            launch=record.launch,
            kind=record.kind,
            record_id=record.pk,
            author=actor.user if isinstance(actor.user, User) else None,
            author_label=actor.label[:254],
            text=text,
        )
        audit.record(
            actor=actor,
            verb=f"{record.kind}.commented",
            obj=record,
            launch_id=record.launch_id,
            changes={"comment": [None, text]},
        )
        named = [person for person in mentioned(text, record.launch) if person.pk != comment.author_id]
        told: dict[str, Any] = {"body": text[:500], "url": _address(record), "launch_id": record.launch_id}
        # One line each: whoever is named hears that, by a source of the same name as for all others.
        notify(
            users=named,
            kind="mention",
            title=f"{actor.label} named you on “{record.title[:200]}”",
            source=f"comment:{comment.pk}",
            **told,
        )
        notify(
            users=_concerned(actor, record, comment),
            kind="comment",
            title=f"{actor.label} on “{record.title[:200]}”",
            source=f"comment:{comment.pk}",
            **told,
        )
    return comment


def watch(*, actor: Actor, record: LaunchRecord, on: bool = True) -> bool:
    """Hear what happens to a record in one's inbox, or not any more. For people who may see it."""
    policies.require("launches.see", actor, record.launch)
    user = actor.user
    if not isinstance(user, User):
        raise NotAllowed("Only people watch things.")
    if on:
        Watch.objects.get_or_create(
            kind=record.kind, record_id=record.pk, user=user, defaults={"launch": record.launch}
        )
    else:
        Watch.objects.filter(kind=record.kind, record_id=record.pk, user=user).delete()
    return on


def remove_comment(*, actor: Actor, record: LaunchRecord, pk: int) -> None:
    """Take back a comment: one's own, or any as the launch's editor. Raises `NotAllowed`, `NotFound`."""
    with transaction.atomic():
        record = lock(record)
        comment = Comment.objects.filter(
            launch=record.launch_id, kind=record.kind, record_id=record.pk, pk=pk
        ).first()
        if comment is None:
            raise NotFound("This comment is not there any more.")
        comment.launch = record.launch
        policies.require("comments.remove", actor, comment)
        audit.record(
            actor=actor,
            verb=f"{record.kind}.comment_removed",
            obj=record,
            launch_id=record.launch_id,
            changes={"comment": [comment.text, None]},
        )
        comment.delete()


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("Say something first.", field="text", code="empty")
    if len(text) > LONGEST:
        raise Invalid(f"A comment has at most {LONGEST:,} characters; this has {len(text):,}.", field="text")
    validate_characters(text)
    return text


def _address(record: LaunchRecord) -> str:
    return f"{reverse('launches:record', args=[record.launch.slug, record.kind, record.pk])}#comments"


def _concerned(actor: Actor, record: LaunchRecord, comment: Comment) -> list[User]:
    """The record's owner, who spoke before and who watches it, if they may see it; never the speaker."""
    earlier = Comment.objects.filter(launch=record.launch_id, kind=record.kind, record_id=record.pk)
    ids = {record.owner_id, *earlier.exclude(pk=comment.pk).values_list("author", flat=True)}
    ids |= {person.pk for person in watchers_of(record)}
    ids -= {None, comment.author_id}
    people = User.objects.filter(pk__in=[pk for pk in ids if pk], is_active=True)
    return [person for person in people if policies.can_see_launch(person, record.launch)]
