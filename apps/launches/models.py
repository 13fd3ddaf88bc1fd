"""Launches and the records of a plan that say who and what they are for."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import Team, User
from apps.audience.models import RuleField
from apps.core.fields import BodyField, LineField, ZoneField
from apps.core.models import Stamped, Versioned

FUZZY_DAY = RegexValidator(
    r"^(\d{4}(-H[12]|-Q[1-4]|-(0[1-9]|1[0-2]))?)?$",
    "Write 2026, 2026-H1, 2026-Q1 or 2026-03.",
    code="fuzzy_day",
)


class Launch(Versioned):
    """One launch: what is launched, for whom, when, and in what state the work on it is.

    `launch_day` is a date in `zone`. While only a half-year, quarter or month is known it stays empty and
    `launch_day_fuzzy` holds what was written ("2026-Q1"). `rollout_start` is the first day of rollout Week 1.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"
        ARCHIVED = "archived", "Archived"

    name = LineField(max_length=300)
    slug = models.SlugField(max_length=80, unique=True)
    summary = BodyField(blank=True)
    launch_type = LineField(blank=True)
    target_audience = LineField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    state_before_archive = models.CharField(max_length=10, choices=State.choices, blank=True)
    tier = models.PositiveSmallIntegerField(null=True, blank=True)
    restricted = models.BooleanField(default=False, help_text="Only members and administrators see it.")
    self_approval = models.BooleanField(
        default=False, help_text="People may approve their own work in this launch."
    )
    zone = ZoneField()
    launch_day = models.DateField(null=True, blank=True)
    launch_time = models.TimeField(null=True, blank=True)
    launch_day_fuzzy = models.CharField(max_length=10, blank=True, validators=[FUZZY_DAY])
    rollout_start = models.DateField(null=True, blank=True)
    holidays = models.JSONField(default=list, blank=True, help_text="ISO dates nobody works on.")
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_launches"
    )
    owner_name = LineField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(launch_day=None) | Q(launch_day_fuzzy=""), name="launch_day_exact_or_fuzzy"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "active", "paused", "completed", "cancelled", "archived"]),
                name="launch_state_known",
            ),
        ]
        indexes = [models.Index(fields=["state", "launch_day"], name="launch_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def launch_day_precision(self) -> str:
        """day, month, quarter, half-year, year or unknown."""
        if self.launch_day:
            return "day"
        if "Q" in self.launch_day_fuzzy:
            return "quarter"
        if "H" in self.launch_day_fuzzy:
            return "half-year"
        return {0: "unknown", 4: "year"}.get(len(self.launch_day_fuzzy), "month")

    @property
    def is_open(self) -> bool:
        """Whether work may still go on, and things may still be sent."""
        return self.state in {self.State.DRAFT, self.State.ACTIVE, self.State.PAUSED}


class Member(Versioned):
    """A person's part in one launch. Contributors work on what belongs to their team."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        EDITOR = "editor", "Editor"
        CONTRIBUTOR = "contributor", "Contributor"
        VIEWER = "viewer", "Viewer"

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.CONTRIBUTOR)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["launch_id", "role", "id"]
        constraints = [models.UniqueConstraint(fields=["launch", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display().lower()}"


class LaunchRecord(Versioned):
    """What all parts of a plan have in common; every small kind in every app builds on it.

    `group` is the heading it stands under where a section has several ("Adoption metrics").
    `owner_name` keeps the name a plan gives until a person of the portal is chosen as `owner`.
    """

    kind: ClassVar[str]

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField(default=0, editable=False)
    title = LineField()
    text = BodyField(blank=True)
    group = LineField(max_length=300, blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owner_name = LineField(max_length=200, blank=True)

    class Meta:
        abstract = True
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["launch", "position"], name="%(class)s_place")]

    def __str__(self) -> str:
        return self.title


class OverviewFact(LaunchRecord):
    """A labelled line of the overview that is no column of the launch: label in `title`, value in `text`."""

    kind = "overview"
    key = LineField(max_length=60, blank=True)


class Phase(LaunchRecord):
    """A stage of who gets the thing: `audience` in words, `rule` as accounts. When it runs is its placement."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        ACTIVE = "active", "Active"
        HELD = "held", "On hold"
        FINISHED = "finished", "Finished"

    kind = "phase"
    audience = BodyField(blank=True)
    rule = RuleField(help_text="Which accounts these are, for example: projects < 50")
    goal = BodyField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(LaunchRecord.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["launch"], condition=Q(state="active"), name="one_active_phase_per_launch"
            )
        ]


class Segment(LaunchRecord):
    """A part of the audience, its pain and what the launch offers it. `rule` says who belongs to it."""

    class Group(models.TextChoices):
        PRIMARY = "primary", "Primary"
        SECONDARY = "secondary", "Secondary"
        OTHER = "", "Not said"

    kind = "segment"
    rank = models.CharField(max_length=10, choices=Group.choices, default=Group.OTHER, blank=True)
    role = LineField(blank=True)
    pain_point = BodyField(blank=True)
    value_proposition = BodyField(blank=True)
    rule = RuleField(help_text="For example: plan = team and projects < 50")


class KeyMessage(LaunchRecord):
    """Something the launch wants remembered; `title` is the sentence, rank 1 the primary one."""

    kind = "key_message"
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    label = LineField(max_length=120, blank=True)


class Channel(LaunchRecord):
    """A way to reach people. A channel out of service keeps its items but they say so."""

    class Kind(models.TextChoices):
        BLOG = "blog", "Blog"
        EMAIL = "email", "E-mail"
        IN_APP = "in_app", "In-app"
        DOCS = "docs", "Documentation"
        OUTREACH = "outreach", "Customer outreach"
        SOCIAL = "social", "Social media"
        PRESS = "press", "Press"
        EVENT = "event", "Event"
        VIDEO = "video", "Video"
        WEB = "web", "Website"
        COMMUNITY = "community", "Community"
        PAID = "paid", "Paid media"
        SALES = "sales", "Sales"
        INTERNAL = "internal", "Internal"
        OTHER = "other", "Other"

    kind = "channel"
    channel_kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.OTHER)
    in_service = models.BooleanField(default=True)


class Mitigation(LaunchRecord):
    """A risk and what is done about it, with the message prepared for the day it happens."""

    kind = "mitigation"
    likelihood = LineField(max_length=60, blank=True)
    impact = LineField(max_length=60, blank=True)
    prepared_message = BodyField(blank=True)
    message_approved = models.BooleanField(default=False)


class Comment(Stamped):
    """What somebody said about a record, which it names by kind and id as placements do.

    It stays when its author is gone, under their name. Removing it leaves the audit log's event.
    """

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="comments")
    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    author_label = LineField(max_length=254)
    text = BodyField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["launch", "kind", "record_id"], name="comment_by_record")]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return self.text[:80]


class Watch(Stamped):
    """Somebody wants to hear what happens to a record, which it names by kind and id as comments do."""

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="watches")
    kind = models.CharField(max_length=32)
    record_id = models.BigIntegerField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watches")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["kind", "record_id", "user"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.kind} {self.record_id}"


class Gate(Versioned):
    """Something that has to hold before a phase starts, and who said that it does.

    `check` names what the portal itself can look at (`launches.gates`); empty: a person looks. `evidence` keeps
    what was there when it was signed off: [{"holds", "words"}].
    """

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="gates")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="gates")
    title = LineField(max_length=300)
    text = BodyField(blank=True)
    check_name = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    signed_by_label = LineField(max_length=254, blank=True, editable=False)
    note = BodyField(blank=True, editable=False)
    evidence = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        ordering = ["phase__position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["phase", "title"], name="gate_once_per_phase"),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by_label="") | Q(signed_at__isnull=False),
                name="gate_signed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.title
