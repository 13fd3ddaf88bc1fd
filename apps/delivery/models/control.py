"""What holds all workers together: shared rates, and which life of the database this is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.fields import LineField
from apps.delivery.models.limits import ADDRESS_LENGTH


class Bucket(models.Model):
    """A token bucket that all workers share: `tokens` filled up at `rate` a second since `filled_at`."""

    class Kind(models.TextChoices):
        MAILING = "mailing", "Mailing"
        SENDER = "sender", "From address"
        DOMAIN = "domain", "Recipients' domain"

    kind = models.CharField(max_length=7, choices=Kind.choices)
    name = models.CharField(max_length=ADDRESS_LENGTH)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="bucket_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Epoch(models.Model):
    """The one row that says which life of the database this is; see `services.epochs`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveIntegerField(default=1)
    cluster = models.CharField(max_length=60, blank=True, help_text="Identity and timeline of the server.")
    reason = LineField(blank=True)
    since = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="epoch_only_row")]

    def __str__(self) -> str:
        return str(self.number)
