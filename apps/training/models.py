"""What makes people able to use the launch."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Team
from apps.launches.models import LaunchRecord


class ResourceType(models.TextChoices):
    """What a piece of education or enablement is."""

    GUIDE = "guide", "Guide"
    VIDEO = "video", "Video"
    DOCUMENTATION = "documentation", "Documentation"
    WEBINAR = "webinar", "Webinar"
    TEMPLATE = "template", "Template"
    TROUBLESHOOTING = "troubleshooting", "Troubleshooting"
    OTHER = "other", "Other"


class Training(LaunchRecord):
    """An internal training for a team."""

    kind = "training"
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


class EducationItem(LaunchRecord):
    """Something that teaches customers."""

    kind = "education"
    resource_type = models.CharField(max_length=16, choices=ResourceType.choices, default=ResourceType.OTHER)
    url = models.URLField(blank=True, max_length=500)


class EnablementResource(LaunchRecord):
    """A resource that helps customers or colleagues succeed."""

    kind = "enablement"
    resource_type = models.CharField(max_length=16, choices=ResourceType.choices, default=ResourceType.OTHER)
    url = models.URLField(blank=True, max_length=500)
