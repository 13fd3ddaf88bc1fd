"""What happened to messages, by our own workers, providers and recipients."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.fields import LINE
from apps.delivery.models.deliveries import Delivery
from apps.delivery.models.limits import ADDRESS_LENGTH

# What recipients and their mail servers had to say.
RESPONSES = ["replied", "clicked", "bounced", "complained", "unsubscribed"]


class DeliveryEvent(models.Model):
    """What happened to a delivery. Append-only: a database trigger refuses update and delete.

    `provider_event` is the provider's id of the event (or a hash of its payload), so that a webhook that comes
    twice is stored once.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", "Accepted by the relay"
        DEFERRED = "deferred", "To be tried again"
        FAILED = "failed", "Refused"
        DEAD = "dead", "Given up"
        UNCERTAIN = "uncertain", "Nobody knows whether it went out"
        SUPPRESSED = "suppressed", "Suppressed"
        CANCELLED = "cancelled", "Cancelled"
        DECIDED = "decided", "Decided by a person"
        REQUEUED = "requeued", "Put back into the queue"
        DELIVERED = "delivered", "Delivered"
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Reported as unwanted"
        OPENED = "opened", "Opened"
        CLICKED = "clicked", "Clicked"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        REPLIED = "replied", "Answered"
        DELAYED = "delayed", "Delayed on its way"
        AUTOREPLIED = "autoreplied", "Answered by a machine"

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="events", db_index=False)
    mailing_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField(help_text="When it happened, by the database's or the provider's clock.")
    attempt = models.PositiveSmallIntegerField(default=0)
    detail = models.CharField(max_length=LINE, blank=True)
    provider_event = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider_event"],
                condition=~Q(provider_event=""),
                name="delivery_event_once_per_provider_event",
            ),
        ]
        indexes = [
            models.Index(fields=["delivery", "id"], name="delivery_event_timeline"),
            models.Index(fields=["mailing_id", "-id"], name="delivery_event_latest"),
            # For figures that a page asks for every other second; the many that say nothing of people stay out.
            models.Index(
                fields=["mailing_id", "kind", "delivery"],
                condition=Q(kind__in=RESPONSES),
                name="delivery_event_responses",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}"


class WaitingReport(models.Model):
    """What a provider said of a message whose own answer to us is not recorded yet; matched by its id within a day.

    Holds the fields of `reports.Report`.
    """

    key = models.CharField(max_length=200, unique=True)
    provider_id = models.CharField(max_length=200, db_index=True)
    kind = models.CharField(max_length=12)
    at = models.DateTimeField(null=True)
    address = models.CharField(max_length=ADDRESS_LENGTH, blank=True)
    detail = models.CharField(max_length=LINE, blank=True)
    stops = models.CharField(max_length=12, blank=True)
    received_at = models.DateTimeField(db_index=True, help_text="By the database's clock.")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Click(models.Model):
    """How often one recipient followed one link of their mail. Machines that look at links count as well."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="clicks", db_index=False)
    link = models.CharField(max_length=64, help_text="SHA-256 of the address.")
    url = models.TextField()
    count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "link"], name="click_once_per_link")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.link[:8]}"
