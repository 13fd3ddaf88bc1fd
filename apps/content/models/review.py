"""Who has to agree to an item before it goes out, and who agreed to what."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import Team, User
from apps.content.models.item import CalendarItem
from apps.core.fields import BodyField, LineField
from apps.core.models import Stamped, Versioned
from apps.launches.models import Channel

MOST_STEPS = 10


class ApprovalRule(Versioned):
    """Whose approval everything on a channel needs: the steps below it, one after the other if `in_order`."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="approval_rule")
    in_order = models.BooleanField(default=False, help_text="A step is asked when the one before agreed.")

    def __str__(self) -> str:
        return f"Approval of {self.channel}"


class ApprovalStep(models.Model):
    """One step of a rule: a person, or so many people of a team."""

    rule = models.ForeignKey(ApprovalRule, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    needed = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="How many of the team have to agree.",
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, team__isnull=False) | Q(user__isnull=False, team=None),
                name="approval_step_names_one",
            ),
            models.CheckConstraint(condition=Q(needed__gte=1), name="approval_step_needs_some"),
        ]

    def __str__(self) -> str:
        if self.user is not None:
            return str(self.user)
        return f"{self.needed} of {self.team}" if self.needed > 1 else str(self.team)


class Reviewer(models.Model):
    """Somebody who is asked about one item, whatever its channel's rule says."""

    item = models.ForeignKey(CalendarItem, on_delete=models.CASCADE, related_name="reviewers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="reviewer_once")]

    def __str__(self) -> str:
        return str(self.user)


class Approval(Stamped):
    """What somebody decided about exactly this content; their last word on it counts.

    It stays, under their name, when they are gone.
    """

    class Decision(models.TextChoices):
        APPROVED = "approved", "Approved"
        CHANGES = "changes", "Asked for changes"

    item = models.ForeignKey(CalendarItem, on_delete=models.CASCADE, related_name="approvals")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    user_label = LineField(max_length=254)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    content_hash = models.CharField(max_length=64)
    note = BodyField(blank=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.user_label}: {self.get_decision_display()}"
