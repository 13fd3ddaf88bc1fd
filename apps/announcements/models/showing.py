"""When announcements were to be seen, and by whom."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.announcements.models.announcement import Announcement


class Showing(models.Model):
    """From when until when an announcement was in the feed, and the targeting it had: that stays as it is while
    it shows. `until_at` null: it shows now. Instants by the database's clock.

    With `only_exposed` the rollout decided too; its steps and holds of that time are in the audit log.
    """

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="showings")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    audience_rule = models.TextField(blank=True)
    only_exposed = models.BooleanField()
    surfaces = ArrayField(models.CharField(max_length=60))
    content_hash = models.CharField(max_length=64, help_text="What was shown, as it was approved.")

    class Meta:
        ordering = ["-from_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["announcement"], condition=Q(until_at=None), name="showing_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="showing_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.announcement_id} from {self.from_at}"
