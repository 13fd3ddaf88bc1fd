"""Office-hours series. Occurrences, hosts and sign-ups build on this."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.fields import LineField
from apps.launches.models import LaunchRecord


class OfficeHoursSeries(LaunchRecord):
    """Regular sessions where customers ask. In a plan it stands among the enablement resources."""

    class Cadence(models.TextChoices):
        WEEKLY = "weekly", "Weekly"
        BIWEEKLY = "biweekly", "Every two weeks"
        MONTHLY = "monthly", "Monthly"
        UNKNOWN = "", "Not said"

    kind = "office_hours"
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.UNKNOWN, blank=True)
    local_start = models.TimeField(null=True, blank=True, help_text="Wall time in the launch's zone.")
    length_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(24 * 60)]
    )
    seats = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(100_000)])
    place = LineField(max_length=500, blank=True, help_text="A room or a meeting link.")
