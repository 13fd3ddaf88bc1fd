"""A series as drafted and published, and the sessions that were published."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.db import models
from django.db.models import Deferrable, F, Q

from apps.core.fields import BodyField, LineField, ZoneField
from apps.core.models import Versioned
from apps.launches.models import Launch
from apps.meetings.planning import Plan


def new_slug() -> str:
    """Cannot be guessed, so that a public page is found only by who was given its address."""
    return secrets.token_urlsafe(12)


class Series(Versioned):
    """Regular sessions, or a single one, of what an app above keeps as record `record_id` of a `kind`.

    `draft` is what people work on and nobody else sees; `published` is what counts, from which sessions are made
    up to the local day `made_until`. One that `continues` another is its "this and following": it is published
    together with it. `sequence` grows with each publishing (RFC 5545 SEQUENCE of the whole series).
    """

    class Kind(models.TextChoices):
        OFFICE_HOURS = "office_hours", "Office hours"
        TRAINING = "training", "Training"
        EDUCATION = "education", "Webinar"

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="series")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    record_id = models.BigIntegerField()
    title = LineField(max_length=200, help_text="As published, before that as drafted; for lists.")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.CharField(max_length=24, unique=True, default=new_slug, editable=False)
    draft = models.JSONField()
    published = models.JSONField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    made_until = models.DateField(null=True, blank=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    continues = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="continued_by", editable=False
    )

    class Meta:
        ordering = ["title", "id"]
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["office_hours", "training", "education"]), name="series_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(published__isnull=True, published_at=None, made_until=None)
                | Q(published__isnull=False, published_at__isnull=False, made_until__isnull=False),
                name="series_published_whole",
            ),
            models.CheckConstraint(condition=~Q(continues=F("id")), name="series_continues_another"),
        ]
        indexes = [
            models.Index(fields=["launch", "kind"], name="series_by_launch"),
            models.Index(fields=["made_until"], condition=Q(published__isnull=False), name="series_to_make"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def plan(self) -> Plan:
        """What people work on."""
        return Plan.of(self.draft)

    @property
    def published_plan(self) -> Plan | None:
        return Plan.of(self.published) if self.published is not None else None

    @property
    def is_changed(self) -> bool:
        """Whether something waits to be published."""
        return bool(self.draft != self.published)

    @property
    def is_public(self) -> bool:
        return self.published is not None and bool(self.published.get("public"))


class Occurrence(Versioned):
    """One session that was published. The wall time the rule wrote, in the series' zone, is its identity.

    `starts_at` and `ends_at` are instants. `sequence` grows with each change of time, place or cancellation, and is
    the version of the schedule that reminders are unique by. `taken` counts seats that are booked or offered.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        CANCELLED = "cancelled", "Cancelled"
        HELD = "held", "Held"

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="occurrences")
    local_start = models.CharField(max_length=16, help_text="2026-12-01T15:00, without a zone.")
    zone = ZoneField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    title = LineField(max_length=200)
    place = LineField(max_length=500, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    taken = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reason = LineField(max_length=300, blank=True, help_text="Why it was cancelled, as attendees read it.")
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    held_at = models.DateTimeField(null=True, blank=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    notes = BodyField(blank=True)
    recording_url = models.URLField(max_length=500, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="occurrence_takes_time"),
            models.CheckConstraint(
                condition=Q(seats=None) | Q(taken__lte=F("seats")), name="occurrence_not_oversold"
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at=None)),
                name="occurrence_cancelled_when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled", "held"]), name="occurrence_state_known"
            ),
            # Checked at the end, as a whole series may move by one place.
            models.UniqueConstraint(
                fields=["series", "local_start"], name="occurrence_once", deferrable=Deferrable.DEFERRED
            ),
        ]
        indexes = [models.Index(fields=["starts_at"], name="occurrence_by_time")]

    def __str__(self) -> str:
        return f"{self.title}, {self.local_start}"

    @property
    def launch(self) -> Launch:
        return self.series.launch

    @property
    def at(self) -> datetime:
        """The wall time the rule wrote, without a zone."""
        return datetime.fromisoformat(self.local_start)

    @property
    def seats_left(self) -> int | None:
        return None if self.seats is None else max(self.seats - self.taken, 0)

    @property
    def is_full(self) -> bool:
        return self.seats is not None and self.taken >= self.seats
