"""A record's conversation as pages show it."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.actors import Actor
from apps.launches import policies, selectors
from apps.launches.forms.records import CommentForm
from apps.launches.models import Comment, LaunchRecord


@dataclass(frozen=True)
class Said:
    """A comment and whether the actor may take it back."""

    comment: Comment
    may_remove: bool


@dataclass(frozen=True)
class Thread:
    """Everything said about a record, oldest first; `form` is None for who may only read."""

    comments: list[Said]
    form: CommentForm | None


def thread_of(actor: Actor, record: LaunchRecord, form: CommentForm | None = None) -> Thread:
    """One query."""
    said = []
    for comment in selectors.comments_of(record):
        comment.launch = record.launch
        said.append(Said(comment, policies.can_remove_comment(actor, comment)))
    may_speak = policies.can_comment(actor, record)
    return Thread(said, (form or CommentForm()) if may_speak else None)
