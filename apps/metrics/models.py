"""Metrics, what they aim at, and what was measured."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.fields import BodyField, LineField
from apps.core.models import Stamped
from apps.launches.models import LaunchRecord, Phase, Segment


class Metric(LaunchRecord):
    """Something measured. `measure` is its one name across the plan; `title` what its row is called.

    `listed` ones are the KPI rows of the plan; the others are known only from the targets of phases,
    segments and rollback criteria. One metric has many targets.
    """

    kind = "kpi"
    measure = LineField(max_length=300, blank=True)
    unit = LineField(max_length=40, blank=True)
    baseline = LineField(max_length=200, blank=True, help_text="For example: 42% in 2025-Q4")
    listed = models.BooleanField(default=True)

    class Meta(LaunchRecord.Meta):
        indexes = [
            *LaunchRecord.Meta.indexes,
            models.Index(fields=["launch", "measure"], name="metric_by_measure"),
        ]


class Target(Stamped):
    """One aim of a metric: comparator, value, unit, relation, window, scope; null for what was not said.

    Belongs to a KPI row, a phase, a segment, or (app `rollouts`) a rollback criterion.
    """

    class Comparator(models.TextChoices):
        LT = "lt", "below"
        LE = "le", "at most"
        EQ = "eq", "exactly"
        GE = "ge", "at least"
        GT = "gt", "above"

    class Relation(models.TextChoices):
        ABSOLUTE = "absolute", "absolute"
        INCREASE = "increase", "increase from the baseline"
        DECREASE = "decrease", "decrease from the baseline"

    class Kind(models.TextChoices):
        TARGET = "target", "Target"
        STRETCH = "stretch", "Stretch"
        ALERT = "alert", "Alert"
        ROLLBACK = "rollback", "Rollback"
        BASELINE = "baseline", "Baseline"

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="targets")
    phase = models.ForeignKey(Phase, null=True, blank=True, on_delete=models.CASCADE, related_name="targets")
    segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.CASCADE, related_name="targets"
    )
    kpi = models.ForeignKey(
        Metric, null=True, blank=True, on_delete=models.CASCADE, related_name="own_targets"
    )
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.TARGET)
    name = LineField(max_length=300, blank=True, help_text="The metric as this target words it.")
    comparator = models.CharField(max_length=2, choices=Comparator.choices, blank=True)
    value = models.DecimalField(max_digits=24, decimal_places=8, null=True, blank=True)
    unit = LineField(max_length=40, blank=True)
    relation = models.CharField(max_length=8, choices=Relation.choices, default=Relation.ABSOLUTE)
    window_days = models.PositiveIntegerField(null=True, blank=True)
    percentile = models.PositiveSmallIntegerField(null=True, blank=True)
    armed_after_days = models.PositiveIntegerField(null=True, blank=True)
    text = BodyField(blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(phase=None, segment=None) | Q(phase=None, kpi=None) | Q(segment=None, kpi=None),
                name="target_has_one_place",
            ),
            models.CheckConstraint(
                condition=Q(percentile=None) | Q(percentile__gte=1, percentile__lte=100),
                name="target_percentile_1_to_100",
            ),
            models.CheckConstraint(
                condition=Q(value=None) | ~Q(comparator=""), name="target_value_has_comparator"
            ),
        ]

    def __str__(self) -> str:
        return self.text or self.name


class Measurement(Stamped):
    """What a metric was at an instant, over a window, from a source."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="measurements")
    value = models.DecimalField(max_digits=24, decimal_places=8)
    sample_size = models.PositiveBigIntegerField(null=True, blank=True)
    window_days = models.PositiveIntegerField(null=True, blank=True)
    observed_at = models.DateTimeField()
    source = LineField(max_length=120, blank=True)

    class Meta:
        ordering = ["-observed_at", "-id"]
        indexes = [models.Index(fields=["metric", "-observed_at"], name="measurement_latest")]

    def __str__(self) -> str:
        return f"{self.metric}: {self.value.normalize():f}"
