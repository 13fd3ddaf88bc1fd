"""Campaigns of customer success: a mail in the CSM's name, follow-ups for the CSM, or both."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.audience.models import RuleField
from apps.core.fields import BodyField, LineField
from apps.core.models import Stamped, Versioned
from apps.delivery.models import Mailing
from apps.launches.models import Launch
from apps.schedule.models import Placement
from apps.work.models import FollowUp


class Campaign(Versioned):
    """What is said to which accounts, and what their CSMs do afterwards.

    `rule` says which accounts (empty: all), `roles` which of their contacts (empty: all who may be written to).
    `subject` and `body` are templates (`wording`); the body is Markdown. The mailing below carries its state,
    times and rates. `second_to` makes it a second mail: only to who got the first and did not answer, to each
    `wait_days` after theirs.
    """

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="campaigns")
    mailing = models.OneToOneField(
        Mailing, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    placement = models.OneToOneField(
        Placement,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        help_text="Its own place on the calendar, or that of the calendar item it is.",
    )
    title = LineField(max_length=200)
    goal = BodyField(blank=True)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    rule = RuleField(help_text="Which accounts, for example: value >= 50000")
    roles = ArrayField(LineField(max_length=120), default=list, blank=True, size=20)
    sends_mail = models.BooleanField(default=True)
    subject = LineField(max_length=500, blank=True)
    body = BodyField(blank=True)
    second_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="seconds"
    )
    wait_days = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    track_links = models.BooleanField(default=False, help_text="Count who follows links.")

    makes_follow_ups = models.BooleanField(default=False)
    follow_up_kind = models.CharField(
        max_length=10, choices=FollowUp.Kind.choices, default=FollowUp.Kind.CALL, blank=True
    )
    follow_up_title = LineField(max_length=200, blank=True)
    follow_up_script = BodyField(blank=True)
    follow_up_days = models.PositiveSmallIntegerField(default=3, validators=[MaxValueValidator(365)])

    follow_ups_made_at = models.DateTimeField(null=True, editable=False)

    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    written_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    authors = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        editable=False,
        help_text="Ids of everybody who worked on what is not approved yet.",
    )
    submitted_at = models.DateTimeField(null=True, editable=False)
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    capped = models.PositiveIntegerField(
        default=0, editable=False, help_text="Contacts left out, since they had enough mail lately."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sends_mail=True) | Q(makes_follow_ups=True), name="campaign_does_something"
            ),
        ]
        indexes = [models.Index(fields=["launch", "id"], name="campaign_by_launch")]

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> str:
        """The mailing's, with the step before approval told apart: draft, in_review, approved, ..."""
        state = self.mailing.state if self.mailing is not None else Mailing.State.DRAFT
        if state == Mailing.State.DRAFT and self.submitted_at is not None:
            return "in_review"
        return str(state)

    @property
    def item_id(self) -> int | None:
        """Id of the calendar item whose placement it shares."""
        shared = self.placement is not None and self.placement.kind == "calendar_entry"
        return self.placement.record_id if shared and self.placement else None

    @property
    def has_begun(self) -> bool:
        """Whether anybody was collected for it, whatever became of it since."""
        mailing = self.mailing
        if mailing is None:
            return False
        begun = {Mailing.State.SNAPSHOTTING, Mailing.State.RUNNING, Mailing.State.FINISHED}
        return mailing.snapshot_at is not None or mailing.state in begun or mailing.paused_from in begun

    @property
    def may_be_edited(self) -> bool:
        """What recipients are collected for, or what is over, stays as it was approved."""
        return self.state in {"draft", "in_review", "approved", "scheduled"}


class TestSend(Stamped):
    """One copy to oneself, as a chosen contact would get it. What it says is frozen here."""

    __test__ = False

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tests")
    mailing = models.OneToOneField(Mailing, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    sender = models.CharField(
        max_length=400, blank=True, help_text="From, with its name; empty: the portal's."
    )
    reply_to = models.CharField(max_length=400, blank=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()

    def __str__(self) -> str:
        return self.subject
