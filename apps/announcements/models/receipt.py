"""What the customers' users did with announcements."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.announcements.models.announcement import Announcement

# Ids that a customer's product chose for its accounts and users.
IDENTITY_LENGTH = 200


class Receipt(models.Model):
    """What one user of a customer's account did with an announcement. Merged, never counted up.

    Instants. `shown_count` is what the product counted itself, so that a repeated report changes nothing.
    """

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="receipts")
    account = models.CharField(max_length=IDENTITY_LENGTH)
    user = models.CharField(max_length=IDENTITY_LENGTH)
    first_seen_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)
    shown_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            # In this order the feed finds all of one user's with one index scan.
            models.UniqueConstraint(fields=["account", "user", "announcement"], name="receipt_once"),
            models.CheckConstraint(
                condition=Q(first_seen_at=None, last_seen_at=None)
                | Q(first_seen_at__isnull=False, last_seen_at__gte=F("first_seen_at")),
                name="receipt_seen_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}/{self.user}"
