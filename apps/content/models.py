"""The content calendar's items."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Team
from apps.launches.models import Channel, LaunchRecord


class CalendarItem(LaunchRecord):
    """A piece of work or a message with a time. When it happens is its placement (app `schedule`)."""

    class Status(models.TextChoices):
        IDEA = "idea", "Idea"
        DRAFTING = "drafting", "Drafting"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "Published"
        CANCELLED = "cancelled", "Cancelled"

    kind = "calendar_entry"
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="items"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.IDEA)
    parts = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="The pieces of work the plan names in this one line.",
    )

    @property
    def placement_state(self) -> str:
        """What its status says of its placement (a value of `schedule.Placement.State`)."""
        return {"published": "done", "cancelled": "cancelled"}.get(self.status, "planned")

    @property
    def offers_split(self) -> bool:
        return len(self.parts) > 1 and self.status not in {self.Status.PUBLISHED, self.Status.CANCELLED}
