"""How a launch reaches people step by step, and how it is taken back."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.fields import LineField
from apps.launches.models import LaunchRecord, Phase
from apps.metrics.models import Target


class RolloutStep(LaunchRecord):
    """One rung of a ladder: the percent of a phase's audience that gets the thing, or, in a plan that has a
    ladder but no phases, of everybody."""

    kind = "rollout_step"
    phase = models.ForeignKey(Phase, null=True, blank=True, on_delete=models.CASCADE, related_name="steps")
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        validators=[
            MinValueValidator(Decimal(0), "A percent is at least 0."),
            MaxValueValidator(Decimal(100), "A percent is at most 100."),
        ],
    )
    scope = LineField(
        max_length=300, blank=True, help_text="Percent of what: organizations, users, regions..."
    )
    reached_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(LaunchRecord.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="rollout_step_percent_0_to_100"
            )
        ]


class RollbackCriterion(LaunchRecord):
    """What makes the company take the launch back."""

    class Criterion(models.TextChoices):
        EVENT = "event", "Event: one confirmed report trips it"
        THRESHOLD = "threshold", "Threshold"
        DEADLINE = "deadline", "Deadline: armed some days after exposure"
        RELATIVE = "relative", "Relative to the baseline"

    kind = "rollback_criterion"
    criterion_kind = models.CharField(max_length=10, choices=Criterion.choices, default=Criterion.EVENT)
    targets = models.ManyToManyField(Target, blank=True, related_name="criteria")


class RollbackStep(LaunchRecord):
    """A step of taking it back, with its deadline in minutes from the trigger (null: none stated)."""

    kind = "rollback_step"
    deadline_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(60 * 24 * 365, "At most a year.")]
    )
