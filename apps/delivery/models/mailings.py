"""One message to many recipients."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.core.fields import LINE, LineField, ZoneField
from apps.core.models import Versioned
from apps.delivery.models.limits import TOPIC_LENGTH


class Mailing(Versioned):
    """One message to many recipients. Knows its maker only by the name and id of a registered source.

    `starts_at` is an instant; quiet hours are local times of day of each recipient, from `quiet_from` until
    `quiet_until` (across midnight if the end is earlier). `rate` is in messages a second. `error_share` is the
    share of the latest results (0 to 1) from which on it pauses itself. `epoch` is the one of the installation
    when a person last let it run: where they differ, nothing is sent.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        SNAPSHOTTING = "snapshotting", "Collecting recipients"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"

    title = LineField(max_length=200)
    source = models.CharField(max_length=60, help_text="Name under which its maker registered.")
    source_id = models.BigIntegerField(help_text="Whatever the source made it for.")
    topic = models.CharField(max_length=TOPIC_LENGTH, help_text="What recipients may unsubscribe from.")
    launch_id = models.BigIntegerField(null=True, blank=True, help_text="For the audit log only.")
    key = models.CharField(max_length=16, unique=True, editable=False, help_text="Random; in Message-IDs.")

    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT, editable=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    zone = ZoneField(help_text="For recipients whose own zone is not known.")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    rate = models.FloatField(null=True, blank=True, validators=[MinValueValidator(0.01)])
    error_share = models.FloatField(
        null=True, blank=True, default=0.3, validators=[MinValueValidator(0.01), MaxValueValidator(1)]
    )
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    epoch = models.PositiveIntegerField(default=0, editable=False)

    cursor = models.CharField(
        max_length=LINE, blank=True, editable=False, help_text="Up to where the snapshot got."
    )
    recipients = models.PositiveIntegerField(default=0, editable=False, help_text="Rows of the snapshot.")
    duplicates = models.PositiveIntegerField(
        default=0, editable=False, help_text="Recipients whose address, or who themselves, came before."
    )
    snapshot_at = models.DateTimeField(null=True, blank=True, editable=False)
    resumed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_from = models.CharField(max_length=12, blank=True, editable=False)
    pause_reason = LineField(blank=True, editable=False)
    problem = LineField(blank=True, editable=False, help_text="Why nothing goes out just now.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="mailing_once_per_source"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "draft",
                        "approved",
                        "scheduled",
                        "snapshotting",
                        "running",
                        "paused",
                        "finished",
                        "cancelled",
                    ]
                ),
                name="mailing_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(approved_at__isnull=False),
                name="mailing_approved_before_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "approved", "cancelled"]) | Q(starts_at__isnull=False),
                name="mailing_scheduled_has_start",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["running", "finished"]) | Q(snapshot_at__isnull=False),
                name="mailing_runs_on_a_snapshot",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="mailing_quiet_hours_whole",
            ),
            models.CheckConstraint(condition=Q(rate=None) | Q(rate__gt=0), name="mailing_rate_positive"),
            models.CheckConstraint(
                condition=Q(error_share=None) | Q(error_share__gt=0, error_share__lte=1),
                name="mailing_error_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=(Q(state="paused") & Q(paused_from__in=["scheduled", "snapshotting", "running"]))
                | (~Q(state="paused") & Q(paused_from="")),
                name="mailing_paused_from_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["finished", "cancelled"], ended_at__isnull=False)
                | (~Q(state__in=["finished", "cancelled"]) & Q(ended_at=None)),
                name="mailing_ended_when_over",
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at"],
                condition=Q(state__in=["scheduled", "snapshotting", "running"]),
                name="mailing_to_work_on",
            ),
        ]

    def __str__(self) -> str:
        return self.title
