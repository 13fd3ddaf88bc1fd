"""A launch's plan as a document: its source, what of it became which record, its versions and its history."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.fields import LineField
from apps.core.models import Stamped, Versioned
from apps.launches.models import Launch, LaunchRecord


class PlanDocument(Versioned):
    """The document a launch was made from, exactly as it was given, and the answers that read it.

    Exporting changes only what differs from `source`. `layout` is the writer's map of it (see
    `apps.plans.writing`); `notes` are the blocks that stayed prose, for the Plan page:
    `[{"line", "last", "text", "section"}]`. `coverage` counts its blocks as the preview showed them.
    """

    launch = models.OneToOneField(Launch, on_delete=models.CASCADE, related_name="document")
    source = models.TextField()
    file_name = LineField(max_length=200, blank=True)
    language = models.CharField(max_length=12, default="en")
    layout = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    coverage = models.JSONField(default=dict)
    answers = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"Plan of {self.launch}"


class PlanLink(models.Model):
    """Which record a fact of the document became, with its fields right after that.

    Only a field that differs from `fields` today was changed by people, and only that is written anew on
    export. A fact may be part of the launch itself (`kind` "launch").
    """

    document = models.ForeignKey(PlanDocument, on_delete=models.CASCADE, related_name="links")
    key = models.CharField(max_length=80, help_text="The fact's key in the document's layout.")
    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    title = models.TextField(blank=True)
    fields = models.JSONField(default=dict)
    answered = models.JSONField(
        default=list, help_text="Fields the document left open and somebody answered."
    )

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["document", "key"], name="plan_fact_once")]
        indexes = [models.Index(fields=["document", "kind", "object_id"], name="plan_link_by_record")]

    def __str__(self) -> str:
        return f"{self.key} -> {self.kind} {self.object_id}"


class HistoryEntry(LaunchRecord):
    """A line of the document's history. `date` is as precise as it was written ("2024-01-15", "2024-Q1")."""

    kind = "history"
    date = LineField(max_length=60, blank=True)
    label = LineField(max_length=60, blank=True, help_text="For example: v1.2")
    author = LineField(max_length=200, blank=True)


class PlanVersion(models.Model):
    """The whole launch as it stood when somebody saved it. Never changed afterwards.

    `snapshot` holds the launch's own fields and every record with its columns (see
    `apps.plans.services.snapshots`); `document` is the exported text of that moment.
    """

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="plan_versions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_label = models.CharField(max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)
    summary = LineField()
    snapshot = models.JSONField()
    document = models.TextField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["launch", "number"], name="plan_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="plan_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class ImportDraft(Stamped):
    """A document between pasting it and making a launch of it, for the person who pasted it.

    `options` holds what the preview's form says: name, launch_day, rollout_start (ISO dates or ""), and for
    a new edition of a live launch's plan the fingerprint of the difference shown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    into = models.ForeignKey(Launch, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.TextField()
    file_name = LineField(max_length=200, blank=True)
    answers = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name or str(self.pk)


class LaunchTemplate(Versioned):
    """A launch without its people and its past: what one may start the next launch from.

    `document` is what `plans.templating.document` describes and checks; its times count from launch day or
    from what they hang on, its owners are roles. Everybody signed in may read it.
    """

    name = LineField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    summary = LineField(max_length=1000, blank=True)
    tier = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: for launches of any.")
    document = models.JSONField()
    made_from = models.ForeignKey(Launch, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ["tier", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(tier=None) | Q(tier__gte=1), name="template_tier_from_one")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_built_in(self) -> bool:
        """Whether it comes with the portal: such a one has no row, and nobody changes it."""
        return self.pk is None
