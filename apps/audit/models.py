"""The event log's one table."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One change: who, what, when, why. Append-only; a database trigger refuses update and delete.

    Knows objects by type and id and people by id and label only, so that it outlives both. Events about
    contacts name the fields that changed, never their values, and their number, never their name (`audit_label`).
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=254)
    verb = models.CharField(max_length=64, db_index=True)
    launch_id = models.BigIntegerField(null=True)
    object_type = models.CharField(max_length=64)
    object_id = models.BigIntegerField(null=True)
    object_label = models.CharField(max_length=500, blank=True)
    changes = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["launch_id", "-id"], name="event_by_launch"),
            models.Index(fields=["object_type", "object_id", "-id"], name="event_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.object_label}"
