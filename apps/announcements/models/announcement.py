"""In-app announcements."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Team, User
from apps.audience.models import RuleField
from apps.core.fields import LINE, BodyField, LineField, ZoneField
from apps.core.models import Versioned
from apps.launches.models import Launch
from apps.schedule.models import Placement

MOST_SURFACES = 20
MOST_SHOWS = 1000
MOST_HOURS = 24 * 365

SURFACE = RegexValidator(
    r"\A[a-z0-9][a-z0-9_./-]{0,59}\Z",
    "A surface is a short name such as settings or home/banner: small letters, digits, - _ . and /.",
    code="surface",
)


LANGUAGE = RegexValidator(
    r"\A[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\Z",
    "A language is a tag such as en, pt-BR or zh-Hant.",
    code="language",
)


class Announcement(Versioned):
    """A message shown inside the product to whom it is for, from `starts_at` until `ends_at` (instants).

    Times count from when it is scheduled; before that they are what somebody last had in mind. `zone` is how
    people think of them. `content_hash` stands for all that an approval covers, `approved_hash` for what was
    approved: states from approved on need them equal, so an edit falls back to draft. The text is in one
    language; others stand in rows of their own (`Translation`) with this one as fallback.
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

    class Form(models.TextChoices):
        """How a product's page shows it."""

        BANNER = "banner", "Banner across the page"
        MODAL = "modal", "Dialog in front of the page"
        TOAST = "toast", "Note in the corner"
        LIST = "list", "Entry in the list of news"

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
    audience_rule = RuleField(
        help_text="Which accounts see it, as a rule such as: plan = team and projects < 50. Empty: all."
    )
    only_exposed = models.BooleanField(
        default=False, help_text="Only for accounts that the launch's rollout has reached."
    )
    teams = models.ManyToManyField(
        Team, blank=True, related_name="+", help_text="Colleagues whose inbox gets it."
    )
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    form = models.CharField(max_length=8, choices=Form.choices, default=Form.BANNER)
    language = models.CharField(
        max_length=12,
        default="en",
        validators=[LANGUAGE],
        help_text="Of its own text; others are translations.",
    )
    most_shows = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SHOWS)],
        help_text="How often one user sees it at most. Null: until dismissed.",
    )
    hours_between = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)],
        help_text="Hours that pass at least before the same user sees it again.",
    )

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
    authors = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        help_text="Ids of everybody who worked on what is not approved yet.",
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
                condition=Q(form__in=["banner", "modal", "toast", "list"]), name="announcement_form_known"
            ),
            models.CheckConstraint(
                condition=(Q(most_shows=None) | Q(most_shows__range=(1, MOST_SHOWS)))
                & (Q(hours_between=None) | Q(hours_between__range=(1, MOST_HOURS))),
                name="announcement_caps_in_range",
            ),
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
