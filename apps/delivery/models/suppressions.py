"""Who gets no mail."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.fields import LineField
from apps.core.models import Stamped
from apps.delivery.models.limits import ADDRESS_LENGTH, TOPIC_LENGTH


class Suppression(Stamped):
    """An address or a whole domain that gets no mail: of one topic, or (an empty topic) none at all."""

    class Kind(models.TextChoices):
        ADDRESS = "address", "Address"
        DOMAIN = "domain", "Domain"

    class Reason(models.TextChoices):
        UNSUBSCRIBE = "unsubscribe", "Unsubscribed"
        BOUNCE = "bounce", "Does not exist"
        COMPLAINT = "complaint", "Complained"
        MANUAL = "manual", "Entered by hand"

    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.ADDRESS)
    value = models.CharField(max_length=ADDRESS_LENGTH, help_text="Normalised address or domain.")
    topic = models.CharField(max_length=TOPIC_LENGTH, blank=True)
    reason = models.CharField(max_length=11, choices=Reason.choices)
    note = LineField(blank=True)

    class Meta:
        ordering = ["value", "topic"]
        constraints = [
            # The value first: the fence looks for it, also where the planner knows nothing of the table yet.
            models.UniqueConstraint(fields=["value", "kind", "topic"], name="suppression_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["address", "domain"]), name="suppression_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=["unsubscribe", "bounce", "complaint", "manual"]),
                name="suppression_reason_known",
            ),
        ]

    def __str__(self) -> str:
        # No address: this text goes into the audit log.
        return f"{self.get_kind_display()} {self.pk}"
