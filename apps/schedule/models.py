"""Placements: when each dated thing of a launch is due, and how that hangs on its anchors."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Team, User
from apps.core.fields import BodyField, LineField
from apps.core.models import Versioned
from apps.launches.models import Launch, Phase

# Offsets beyond ten years are typing errors.
TEN_YEARS_IN_DAYS = 3660


class Placement(Versioned):
    """When one dated thing happens: an anchor with an offset and a precision, or pinned dates.

    `offset` and `end_offset` count `unit`s from the anchor, both ends included: weeks from launch day are
    ISO weeks with Week 0 holding launch day; weeks, days and months from the rollout's start count from 1.
    `starts_on`/`ends_on` (dates in the launch's zone) and `starts_at`/`ends_at` (instants, only with a time
    of day) are computed from these by `schedule.spans.span_of` and stored as an index for queries only.
    `fixed_at` is a pin laid on top of all that, for as long as something waits to go out at that minute: taken
    off, the place beneath counts again.
    `title`, `team` and `owner` are copied from the thing, so that a calendar is one query.
    """

    class Anchor(models.TextChoices):
        LAUNCH_DAY = "launch_day", "Launch day"
        ROLLOUT_START = "rollout_start", "Start of the rollout"
        PHASE = "phase", "Start of a phase"
        PLACEMENT = "placement", "Another item"
        PINNED = "pinned", "A date"
        NONE = "none", "No date"

    class Unit(models.TextChoices):
        MINUTE = "minute", "minutes"
        HOUR = "hour", "hours"
        DAY = "day", "days"
        BUSINESS_DAY = "business_day", "business days"
        WEEK = "week", "weeks"
        MONTH = "month", "months"
        QUARTER = "quarter", "quarters"

    class Precision(models.TextChoices):
        MINUTE = "minute", "to the minute"
        DAY = "day", "a day"
        WEEK = "week", "a week"
        MONTH = "month", "a month"
        QUARTER = "quarter", "a quarter"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    class Standing(models.TextChoices):
        """What the clock says; see `schedule.standing`."""

        UNDATED = "undated", "No date"
        UPCOMING = "upcoming", "Planned"
        DUE = "due", "Due"
        LATE = "late", "Late"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    class Landing(models.TextChoices):
        KEEP = "keep", "stay on it"
        BEFORE = "before", "go to the working day before"
        AFTER = "after", "go to the working day after"

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="placements")
    kind = models.CharField(max_length=30, help_text="Key of the kind of record this places.")
    record_id = models.BigIntegerField(help_text="Id of that record in its own table.")
    phase = models.OneToOneField(
        Phase, null=True, blank=True, on_delete=models.CASCADE, related_name="placement"
    )
    title = LineField()
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    anchor = models.CharField(max_length=14, choices=Anchor.choices, default=Anchor.NONE)
    anchor_phase = models.ForeignKey(
        Phase, null=True, blank=True, on_delete=models.SET_NULL, related_name="anchored"
    )
    anchor_placement = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="followers"
    )
    unit = models.CharField(max_length=12, choices=Unit.choices, blank=True)
    offset = models.IntegerField(
        null=True,
        blank=True,
        validators=[
            MinValueValidator(-TEN_YEARS_IN_DAYS * 1440),
            MaxValueValidator(TEN_YEARS_IN_DAYS * 1440),
        ],
    )
    end_offset = models.IntegerField(null=True, blank=True)
    open_ended = models.BooleanField(default=False)
    pinned_start = models.DateField(null=True, blank=True)
    pinned_end = models.DateField(null=True, blank=True)
    local_time = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="Where a time names a zone of its own.")
    precision = models.CharField(max_length=8, choices=Precision.choices, blank=True)
    fuzzy = models.CharField(max_length=24, blank=True, help_text="2024-Q1, 2024-Q1/2024-Q2, --01-20.")
    landing = models.CharField(max_length=8, choices=Landing.choices, default=Landing.KEEP)
    wording = LineField(blank=True, help_text="How the plan says it.")
    fixed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The whole minute something is scheduled for. While set, it decides the dates.",
    )

    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    blocked_by = BodyField(blank=True, help_text="What it waits for, in words. Empty: nothing.")
    done_at = models.DateTimeField(null=True, blank=True)

    starts_on = models.DateField(null=True, blank=True, editable=False)
    ends_on = models.DateField(null=True, blank=True, editable=False)
    starts_at = models.DateTimeField(null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    standing = models.CharField(
        max_length=10,
        choices=Standing.choices,
        default=Standing.UNDATED,
        editable=False,
        help_text="As the clock last announced it; pages compute it anew.",
    )

    class Meta:
        ordering = ["starts_on", "starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "record_id"], name="one_placement_per_thing"),
            models.CheckConstraint(
                condition=Q(end_offset=None) | Q(end_offset__gte=F("offset")),
                name="placement_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(pinned_end=None) | Q(pinned_end__gte=F("pinned_start")),
                name="placement_pin_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(anchor="pinned") | Q(pinned_start__isnull=False) | ~Q(fuzzy=""),
                name="placement_pin_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(anchor__in=["launch_day", "rollout_start"])
                | Q(
                    offset__isnull=False,
                    unit__in=["minute", "hour", "day", "business_day", "week", "month", "quarter"],
                ),
                name="placement_offset_has_unit",
            ),
            models.CheckConstraint(
                condition=~Q(anchor_placement=F("id")), name="placement_not_its_own_anchor"
            ),
        ]
        indexes = [
            models.Index(fields=["launch", "starts_on"], name="placement_by_launch"),
            models.Index(
                fields=["starts_on", "ends_on"], condition=Q(state="planned"), name="placement_open_by_day"
            ),
            models.Index(
                fields=["owner", "starts_on"], condition=Q(state="planned"), name="placement_open_by_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_fixed(self) -> bool:
        """Done, cancelled and pinned things never move with an anchor."""
        return (
            self.state != self.State.PLANNED
            or self.fixed_at is not None
            or self.anchor in {self.Anchor.PINNED, self.Anchor.NONE}
        )
