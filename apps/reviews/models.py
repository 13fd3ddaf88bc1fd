"""Reviews after the launch, and the routines that go on."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from apps.launches.models import LaunchRecord

MAX_TOPICS = 100


def validate_topics(value: Any) -> None:
    """A list of {"title", "text"} with text of sensible length."""
    if not isinstance(value, list) or len(value) > MAX_TOPICS:
        raise ValidationError(f"Topics are a list of at most {MAX_TOPICS}.")
    for topic in value:
        if (
            not isinstance(topic, dict)
            or set(topic) - {"title", "text"}
            or not str(topic.get("title", "")).strip()
        ):
            raise ValidationError("Each topic has a title and may have a text.")
        if any("\x00" in str(part) or len(str(part)) > 20_000 for part in topic.values()):
            raise ValidationError("A topic's text holds at most 20,000 characters and no null bytes.")


class Review(LaunchRecord):
    """A look back at a set time, topic by topic."""

    kind = "review"
    topics = models.JSONField(default=list, blank=True, validators=[validate_topics])


class Routine(LaunchRecord):
    """Something done again and again after the launch."""

    class Cadence(models.TextChoices):
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"
        BIWEEKLY = "biweekly", "Every two weeks"
        MONTHLY = "monthly", "Monthly"
        QUARTERLY = "quarterly", "Quarterly"
        YEARLY = "yearly", "Yearly"
        CONTINUOUS = "continuous", "Continuously"
        UNKNOWN = "", "Not said"

    kind = "routine"
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.UNKNOWN, blank=True)
