"""What support promises for a launch: plan, coverage, monitoring, escalation, feedback."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Team
from apps.core.fields import LineField
from apps.launches.models import LaunchRecord


class SupportEntry(LaunchRecord):
    """A line of the support plan; with `coverage` ("24/7") and `period` ("launch week") it is on-call."""

    kind = "support"
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    coverage = LineField(max_length=200, blank=True, help_text="For example: 24/7, weekdays 9-18")
    period = LineField(max_length=200, blank=True, help_text="For example: launch week, first 30 days")


class MonitoringEntry(LaunchRecord):
    """What is watched, where feedback goes, and who is told when it is bad."""

    class Type(models.TextChoices):
        ALERT = "alert", "Alert"
        DASHBOARD = "dashboard", "Dashboard"
        FEEDBACK_ROUTE = "feedback_route", "Feedback route"
        ESCALATION = "escalation", "Escalation"

    kind = "monitoring"
    monitoring_type = models.CharField(max_length=14, choices=Type.choices, default=Type.ALERT)
    destination = LineField(
        max_length=300, blank=True, help_text="Where it goes: a channel, a queue, a person."
    )
