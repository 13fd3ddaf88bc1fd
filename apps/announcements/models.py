"""In-app announcements and what the customers' users did with them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Team, User
from apps.core.fields import LINE, BodyField, LineField, ZoneField
from apps.core.models import Versioned
from apps.launches.models import Launch
from apps.schedule.models import Placement

MOST_SURFACES = 20
# Ids that a customer's product chose for its accounts and users.
IDENTITY_LENGTH = 200

SURFACE = RegexValidator(
    r"\A[a-z0-9][a-z0-9_./-]{0,59}\Z",
    "A surface is a short name such as settings or home/banner: small letters, digits, - _ . and /.",
    code="surface",
)


class Announcement(Versioned):
    """A message shown inside the product to whom it is for, from `starts_at` until `ends_at` (instants).

    Times count from when it is scheduled; before that they are what somebody last had in mind. `zone` is how
    people think of them. `content_hash` stands for all that an approval covers, `approved_hash` for what was
    approved: states from approved on need them equal, so an edit falls back to draft. The text is in one
    language; others would stand in rows of their own with this one as fallback.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        LIVE = "live", "Live"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.IntegerChoices):
        """What the feed shows first."""

        LOW = 1, "Low"
        NORMAL = 2, "Normal"
        HIGH = 3, "High"

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="announcements")
    placement = models.OneToOneField(
        Placement,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="announcement",
        help_text="Its place on the calendar: its own, or that of the calendar item it belongs to.",
    )
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    title = LineField(max_length=200)
    body = BodyField(blank=True, help_text="Markdown.")
    html = models.TextField(blank=True, editable=False, help_text="The body as the feed gives it, sanitised.")
    action_label = LineField(max_length=60, blank=True)
    action_url = models.CharField(
        max_length=LINE,
        blank=True,
        validators=[URLValidator(schemes=["https"], message="Write an https:// address.")],
    )
    surfaces = ArrayField(
        models.CharField(max_length=60, validators=[SURFACE]),
        size=MOST_SURFACES,
        default=list,
        blank=True,
        help_text="Where in the product it may show. Empty: anywhere.",
    )
    audience = LineField(max_length=2000, blank=True, help_text="Which users it is for, in words.")
    audience_rule = LineField(max_length=2000, blank=True, help_text="The same as a rule, for targeting.")
    teams = models.ManyToManyField(
        Team, blank=True, related_name="+", help_text="Colleagues whose inbox gets it."
    )
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    content_hash = models.CharField(max_length=64, editable=False)
    approved_hash = models.CharField(max_length=64, blank=True, editable=False)
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    written_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        help_text="Who last changed what an approval covers.",
    )
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    starts_at = models.DateTimeField(null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    zone = ZoneField()
    went_live_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="By the database's clock."
    )
    followed_up_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When the calendar and the inboxes learned that it is live.",
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "draft",
                        "in_review",
                        "approved",
                        "scheduled",
                        "live",
                        "paused",
                        "finished",
                        "cancelled",
                    ]
                ),
                name="announcement_state_known",
            ),
            models.CheckConstraint(condition=Q(priority__range=(1, 3)), name="announcement_priority_known"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at__isnull=False, ends_at__gt=F("starts_at")),
                name="announcement_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "scheduled", "live", "paused"])
                | Q(approved_hash=F("content_hash"), approved_at__isnull=False),
                name="announcement_approved_as_it_is",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["scheduled", "live", "paused", "finished"])
                | Q(starts_at__isnull=False),
                name="announcement_scheduled_has_start",
            ),
            models.CheckConstraint(
                condition=~Q(state="live") | Q(went_live_at__isnull=False), name="announcement_live_since"
            ),
            models.CheckConstraint(
                condition=Q(went_live_at=None) | Q(went_live_at__gte=F("starts_at")),
                name="announcement_never_early",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["finished", "cancelled"], ended_at__isnull=False)
                | (~Q(state__in=["finished", "cancelled"]) & Q(ended_at=None)),
                name="announcement_ended_when_over",
            ),
            models.CheckConstraint(
                condition=Q(action_url="", action_label="")
                | (Q(action_url__startswith="https://") & ~Q(action_label="")),
                name="announcement_action_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["launch", "state"], name="announcement_by_launch"),
            models.Index(fields=["starts_at"], condition=Q(state="scheduled"), name="announcement_to_start"),
            models.Index(
                fields=["ends_at"],
                condition=Q(state__in=["scheduled", "live", "paused"], ends_at__isnull=False),
                name="announcement_to_end",
            ),
            models.Index(
                fields=["starts_at", "ends_at"], condition=Q(state="live"), name="announcement_live"
            ),
            models.Index(
                fields=["id"],
                condition=Q(went_live_at__isnull=False, followed_up_at=None),
                name="announcement_to_follow_up",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def missed(self) -> bool:
        """Whether its window passed while nothing ran, so that it was never shown."""
        return self.state == self.State.FINISHED and self.went_live_at is None

    @property
    def gave_up(self) -> bool:
        """Whether nothing comes of it any more, so that its calendar item may have another announcement."""
        return self.state == self.State.CANCELLED or self.missed

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.FINISHED, self.State.CANCELLED}

    @property
    def may_be_edited(self) -> bool:
        """What people may be looking at right now is paused before it is edited."""
        return not self.is_over and self.state != self.State.LIVE

    @property
    def item_id(self) -> int | None:
        """Id of the calendar item whose placement it shares."""
        shared = self.placement is not None and self.placement.kind == "calendar_entry"
        return self.placement.record_id if shared and self.placement else None

    @property
    def shares_calendar_item(self) -> bool:
        return self.item_id is not None


class Receipt(models.Model):
    """What one user of a customer's account did with an announcement. Merged, never counted up.

    Instants. `shown_count` is what the product counted itself, so that a repeated report changes nothing.
    """

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="receipts")
    account = models.CharField(max_length=IDENTITY_LENGTH)
    user = models.CharField(max_length=IDENTITY_LENGTH)
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)
    shown_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # In this order the feed finds all of one user's with one index scan.
            models.UniqueConstraint(fields=["account", "user", "announcement"], name="receipt_once"),
            models.CheckConstraint(
                condition=Q(first_seen_at=None, last_seen_at=None)
                | Q(first_seen_at__isnull=False, last_seen_at__gte=F("first_seen_at")),
                name="receipt_seen_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}/{self.user}"
