"""What every stored row shares."""

from __future__ import annotations

from django.db import models


class Stamped(models.Model):
    """Knows when it was made and last changed (instants)."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Versioned(Stamped):
    """Carries an integer that grows with each change, for optimistic locking (ETag, stale forms)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class Heartbeat(models.Model):
    """When a part of the running system last showed itself: one row per worker process, beat and round trip."""

    class Kind(models.TextChoices):
        WORKER = "worker", "Worker process"
        BEAT = "beat", "Beat process"
        ROUND_TRIP = "round_trip", "A task went from beat through a queue to a worker"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=200, help_text="A process's host and id, or a queue's name.")
    queues = models.JSONField(default=list, help_text="The queues a worker process takes work from.")
    at = models.DateTimeField(help_text="By the database's clock.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class IdempotentAnswer(models.Model):
    """The answer to a POST with an idempotency key, kept for 24 hours (see `core.api.idempotency`)."""

    actor = models.CharField(max_length=40, help_text="Kind and id of who asked.")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="idempotent_answer_once")]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"
