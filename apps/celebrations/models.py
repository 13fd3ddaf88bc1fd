"""Recognition of people, and stories of customers who succeeded."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Team
from apps.core.fields import LineField
from apps.launches.models import LaunchRecord


class Recognition(LaunchRecord):
    """Thanks to a team or to people, for what."""

    kind = "recognition"
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


class SuccessStory(LaunchRecord):
    """A story of the launch's success, with whom it is told."""

    class StoryKind(models.TextChoices):
        CASE_STUDY = "case_study", "Case study"
        TESTIMONIAL = "testimonial", "Testimonial"
        USAGE = "usage", "Usage figures"
        COMMUNITY = "community", "Community"
        OTHER = "other", "Other"

    kind = "story"
    story_kind = models.CharField(max_length=12, choices=StoryKind.choices, default=StoryKind.OTHER)
    account = LineField(max_length=200, blank=True)
