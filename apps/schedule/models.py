"""Placements: when each dated thing of a launch is due, how that hangs together, and how it was moved."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Team, User
from apps.core.fields import BodyField, LineField
from apps.core.models import Stamped, Versioned
from apps.delivery.models import Mailing
from apps.launches import kinds
from apps.launches.models import Launch, Phase

# Offsets beyond ten years are typing errors.
TEN_YEARS_IN_DAYS = 3660
# A pause between two things that is longer than a year is a date of its own.
MOST_LAG = 365


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

    @property
    def moves_by_hand(self) -> bool:
        """Whether another day can be asked for: not of what is over or goes out at its minute, nor of what is
        no record of the plan (an announcement, a campaign), which has its time on its own page."""
        return self.state == self.State.PLANNED and self.fixed_at is None and kinds.is_known(self.kind)


class Dependency(Versioned):
    """Finish to start: `after` may not start before `before` has ended, plus `lag` days.

    Ends are counted to the end of their day unless both things have a time of day; a lag of -1 lets `after`
    start on the day `before` ends. Both belong to the same launch, and no chain of dependencies and anchors
    leads back to where it began: `services.linking` sees to both, under the launch's lock.
    """

    class OnMove(models.TextChoices):
        PUSH = "push", "push it later"
        REFUSE = "refuse", "refuse the move"

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="dependencies")
    before = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="leads_to")
    after = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="waits_on")
    lag = models.SmallIntegerField(
        default=0, validators=[MinValueValidator(-MOST_LAG), MaxValueValidator(MOST_LAG)]
    )
    on_move = models.CharField(max_length=6, choices=OnMove.choices, default=OnMove.PUSH)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["before", "after"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="dependency_not_on_itself"),
            models.CheckConstraint(
                condition=Q(lag__gte=-MOST_LAG, lag__lte=MOST_LAG), name="dependency_lag_in_range"
            ),
            models.CheckConstraint(condition=Q(on_move__in=["push", "refuse"]), name="dependency_mode_known"),
        ]

    def __str__(self) -> str:
        return f"{self.after.title} after {self.before.title}"


class Move(Stamped):
    """A move that was applied, with what it takes to undo it as one step.

    `anchors` maps the launch's dates that changed to [old, new]. `rows` says of each placement that changed
    its id, the version the move gave it, and the values of `fields` before and after:
    `{"fields": [...], "rows": [[id, version, [before], [after]], ...]}`; dates as ISO 8601.
    """

    class Kind(models.TextChoices):
        LAUNCH_DAY = "launch_day", "Launch day"
        ROLLOUT_START = "rollout_start", "Start of the rollout"
        PHASE = "phase", "A phase"
        PLACEMENT = "placement", "One item"
        ITEMS = "items", "Several items"

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="moves")
    anchor = models.CharField(max_length=14, choices=Kind.choices)
    placement = models.ForeignKey(
        Placement, null=True, blank=True, on_delete=models.SET_NULL, related_name="moves"
    )
    words = LineField(help_text="What moved, from when to when.")
    reason = LineField(max_length=2000, blank=True)
    anchors = models.JSONField(default=dict)
    rows = models.JSONField(default=dict)
    moved = models.PositiveIntegerField(default=0, help_text="How many things moved.")
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by_label = LineField(max_length=254)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_label = LineField(max_length=254, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["launch", "-created_at"], name="move_by_launch")]

    def __str__(self) -> str:
        return self.words


class Freeze(Versioned):
    """Days on which nothing should go out: of one launch, or (`launch` empty) of all. Both ends included."""

    launch = models.ForeignKey(
        Launch, null=True, blank=True, on_delete=models.CASCADE, related_name="freezes"
    )
    title = LineField(max_length=200)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="freeze_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.title


class Round(Stamped):
    """What one run sent together: the source's id of one mailing, to everybody who is to get a mail of it."""

    class Kind(models.TextChoices):
        REMINDERS = "reminders", "Reminders"
        DIGESTS = "digests", "Weekly digests"

    kind = models.CharField(max_length=9, choices=Kind.choices)
    mailing = models.OneToOneField(Mailing, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Notice(Stamped):
    """Something one person is to be told once, at an instant: a row that is polled, never a timer.

    `zone` is the person's, by which `due_at` was computed. `reason` says in a sentence why it was skipped.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Skipped"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    due_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    reason = LineField(blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    round = models.ForeignKey(
        Round, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="If mailed."
    )

    class Meta:
        abstract = True


class Reminder(Notice):
    """Tells the owner of a thing that it comes up, or that it is late.

    `day` and `moment` are the schedule it is for: the thing's first day and instant for `ahead`, its last for
    `late`. A thing that moves is another schedule, hence another reminder; one that moves back is the first again.
    """

    class Kind(models.TextChoices):
        AHEAD = "ahead", "Comes up"
        LATE = "late", "Late"

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    day = models.DateField()
    moment = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["placement", "user", "kind", "day", "moment"],
                nulls_distinct=False,
                name="reminder_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=["ahead", "late"]), name="reminder_kind_known"),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | Q(state__in=["sent", "skipped"], settled_at__isnull=False),
                name="reminder_settled_when_over",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "user"], condition=Q(state="waiting"), name="reminder_due"),
            models.Index(fields=["user"], name="reminder_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of placement {self.placement_id}"


class Digest(Notice):
    """A person's week in one message. `week` is the Monday of its ISO week."""

    week = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "week"], name="digest_once_a_week"),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | Q(state__in=["sent", "skipped"], settled_at__isnull=False),
                name="digest_settled_when_over",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="digest_due")]

    def __str__(self) -> str:
        return f"Week of {self.week}"
