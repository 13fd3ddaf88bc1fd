"""What is improved after a launch."""

from __future__ import annotations

from django.db import models

from apps.launches.models import LaunchRecord


class ImprovementActivity(LaunchRecord):
    """Research, an experiment, an iteration or an idea that follows a launch."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"

    kind = "improvement"
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
