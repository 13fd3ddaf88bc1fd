"""Pieces of work for one person: to call somebody, to meet, to check in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.audience.models import Account, Contact
from apps.core.fields import BodyField, LineField
from apps.core.models import Versioned
from apps.launches.models import Launch


class FollowUp(Versioned):
    """One thing for one person to do by a day, with what to say, and afterwards what came of it.

    `due_on` is a day on its owner's calendar. `source` says what made it, so that the same cause never makes
    it twice. `follows` is the one whose next step this is. Who is nobody's is everybody's who works with
    customers, until somebody takes it.
    """

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        MEETING = "meeting", "Meeting"
        CHECK_IN = "check_in", "Check-in"
        EMAIL = "email", "E-mail"
        OTHER = "other", "Other"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    class Outcome(models.TextChoices):
        REACHED = "reached", "Reached"
        NO_ANSWER = "no_answer", "No answer"
        AGREED = "agreed", "Agreed"
        DECLINED = "declined", "Declined"
        NOT_NEEDED = "not_needed", "Not needed"
        NONE = "", "Not said"

    launch = models.ForeignKey(
        Launch, null=True, blank=True, on_delete=models.CASCADE, related_name="follow_ups"
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="follow_ups"
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="follow_ups"
    )
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="follow_ups"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CALL)
    title = LineField()
    script = BodyField(blank=True, help_text="What to say or ask, in Markdown.")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.NONE, blank=True)
    notes = BodyField(blank=True)
    follows = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="next_step", editable=False
    )
    source = LineField(max_length=200, blank=True, editable=False)
    made_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    escalated_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="follow_up_closed_when_over",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "cancelled"]), name="follow_up_state_known"
            ),
            models.UniqueConstraint(
                fields=["source"], condition=~Q(source=""), name="follow_up_once_per_source"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(state="open"), name="follow_up_open"),
            models.Index(
                fields=["due_on"], condition=Q(state="open", escalated_at=None), name="follow_up_overdue"
            ),
            models.Index(fields=["launch", "state"], name="follow_up_by_launch"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_label(self) -> str:
        """No title: people write whom to call into it, and not all who read the log may see contacts."""
        return f"Follow-up {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
