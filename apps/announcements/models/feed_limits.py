"""What holds for everything the installation announces."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.models import Versioned


class FeedLimits(Versioned):
    """One row, or none while nobody set anything.

    `most_at_once` is how many announcements one user has at once in one surface; entries of the list wait until
    somebody opens it and do not count.
    """

    only = models.BooleanField(default=True, unique=True, editable=False)
    most_at_once = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="feed_limits_one_row"),
            models.CheckConstraint(
                condition=Q(most_at_once=None) | Q(most_at_once__range=(1, 50)), name="feed_limits_in_range"
            ),
        ]

    def __str__(self) -> str:
        return "Feed limits"
