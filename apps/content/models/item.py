"""The content calendar's items."""

from __future__ import annotations

import hashlib

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import Team
from apps.core.fields import BodyField
from apps.launches.models import Channel, KeyMessage, LaunchRecord, Phase, Segment


class CalendarItem(LaunchRecord):
    """A piece of work or a message with a time. When it happens is its placement (app `schedule`).

    `text` is the brief: what it is for, as the plan says it. `body` is what goes out.
    """

    class Status(models.TextChoices):
        IDEA = "idea", "Idea"
        DRAFTING = "drafting", "Drafting"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "Published"
        CANCELLED = "cancelled", "Cancelled"

    class Format(models.TextChoices):
        ARTICLE = "article", "Article"
        POST = "post", "Social post"
        MAIL = "mail", "Mail"
        ANNOUNCEMENT = "announcement", "Announcement"
        PAGE = "page", "Web page"
        DOCUMENTATION = "documentation", "Documentation"
        RELEASE_NOTES = "release_notes", "Release notes"
        PRESS_RELEASE = "press_release", "Press release"
        VIDEO = "video", "Video"
        WEBINAR = "webinar", "Webinar"
        CASE_STUDY = "case_study", "Case study"
        TEMPLATE = "template", "Template"
        ADVERTISEMENT = "advertisement", "Advertisement"
        EVENT = "event", "Event"
        TASK = "task", "Task"
        OTHER = "", "Not said"

    kind = "calendar_entry"
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="items"
    )
    format = models.CharField(max_length=16, choices=Format.choices, default=Format.OTHER, blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.IDEA)
    body = BodyField(blank=True, help_text="What goes out, as Markdown.")
    key_message = models.ForeignKey(
        KeyMessage, null=True, blank=True, on_delete=models.SET_NULL, related_name="items"
    )
    key_message_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="What the key message said when it was chosen."
    )
    segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.SET_NULL, related_name="items"
    )
    announces = models.ForeignKey(
        Phase,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="announced_by",
        help_text="The phase that has to have begun before this goes out.",
    )
    parts = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="The pieces of work the plan names in this one line.",
    )
    authors = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        help_text="Ids of everybody who worked on what is not approved yet.",
    )
    submitted_by = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Id of who asked for approval."
    )

    @property
    def placement_state(self) -> str:
        """What its status says of its placement (a value of `schedule.Placement.State`)."""
        return {"published": "done", "cancelled": "cancelled"}.get(self.status, "planned")

    @property
    def is_closed(self) -> bool:
        return self.status in {self.Status.PUBLISHED, self.Status.CANCELLED}

    @property
    def offers_split(self) -> bool:
        return len(self.parts) > 1 and not self.is_closed

    @property
    def message_changed(self) -> bool:
        """Whether the key message says something else now than when it was chosen for this item."""
        return self.key_message is not None and message_hash(self.key_message) != self.key_message_hash


def message_hash(message: KeyMessage) -> str:
    """SHA-256 of what a key message says, as 64 hex digits."""
    return hashlib.sha256(f"{message.title}\n{message.text}".encode()).hexdigest()
