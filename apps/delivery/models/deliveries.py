"""The rows that are the queue: one message to one recipient each. Times of leases are by the database's clock."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.fields import LINE
from apps.delivery.models.limits import ADDRESS_LENGTH
from apps.delivery.models.mailings import Mailing

IN_HAND = ("ready", "leased", "attempting")


class Delivery(models.Model):
    """One message to one recipient of a mailing, from the snapshot until its end.

    `lease` stays when the row leaves a worker's hands, so that a late answer of the relay still lands.
    `message_id` follows from the mailing's key and the recipient (and `round`, which grows when a person has it
    sent again), so that it can be looked up at the relay.
    """

    class State(models.TextChoices):
        READY = "ready", "Ready"
        LEASED = "leased", "Taken by a worker"
        ATTEMPTING = "attempting", "Sending"
        ACCEPTED = "accepted", "Accepted"
        UNCERTAIN = "uncertain", "Uncertain"
        SUPPRESSED = "suppressed", "Suppressed"
        FAILED = "failed", "Failed"
        DEAD = "dead", "Given up"
        CANCELLED = "cancelled", "Cancelled"

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    recipient_kind = models.CharField(max_length=20)
    recipient_id = models.BigIntegerField()
    name = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=200, blank=True, help_text="The account's name, for people.")
    sender = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="The CSM in whose name it goes out.",
    )
    from_address = models.CharField(max_length=ADDRESS_LENGTH, blank=True)
    address = models.CharField(max_length=ADDRESS_LENGTH, help_text="Normalised.")
    domain = models.CharField(max_length=ADDRESS_LENGTH)
    zone = models.CharField(max_length=64)
    language = models.CharField(max_length=20, blank=True)
    context = models.JSONField(default=dict, help_text="What the source froze for rendering.")

    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempt_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200)
    provider_id = models.CharField(max_length=200, blank=True)
    reply = models.CharField(max_length=LINE, blank=True, help_text="The relay's last answer.")
    reason = models.CharField(max_length=LINE, blank=True, help_text="Why it is as it is, in a sentence.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "recipient_kind", "recipient_id"], name="delivery_once_per_recipient"
            ),
            models.UniqueConstraint(
                fields=["mailing", "address"], condition=~Q(address=""), name="delivery_once_per_address"
            ),
            models.UniqueConstraint(fields=["message_id"], name="delivery_message_id_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "ready",
                        "leased",
                        "attempting",
                        "accepted",
                        "uncertain",
                        "suppressed",
                        "failed",
                        "dead",
                        "cancelled",
                    ]
                ),
                name="delivery_state_known",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["leased", "attempting"]) & Q(lease__isnull=False, lease_until__isnull=False)
                )
                | (~Q(state__in=["leased", "attempting"]) & Q(lease_until=None)),
                name="delivery_in_hand_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["attempting", "uncertain"])
                | Q(attempts__gt=0, attempt_at__isnull=False),
                name="delivery_attempt_is_noted",
            ),
        ]
        indexes = [
            # By mailing, so that a paused one's ready rows stand in no other's way.
            models.Index(
                fields=["mailing", "not_before", "id"], condition=Q(state="ready"), name="delivery_to_claim"
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(lease_until__isnull=False),
                name="delivery_in_hand",
            ),
            models.Index(
                fields=["mailing", "id"],
                condition=Q(state__in=["uncertain", "failed", "dead"]),
                name="delivery_to_look_at",
            ),
            models.Index(
                fields=["provider_id"], condition=~Q(provider_id=""), name="delivery_by_provider_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_kind} {self.recipient_id} of mailing {self.mailing_id}"


class Duplicate(models.Model):
    """A recipient who gets no mail of their own, since their address came before: with the row of `first`."""

    mailing = models.ForeignKey(Mailing, on_delete=models.PROTECT, related_name="+", db_index=False)
    recipient_kind = models.CharField(max_length=20)
    recipient_id = models.BigIntegerField()
    name = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=200, blank=True)
    first = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="duplicates")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing", "recipient_kind", "recipient_id"], name="duplicate_once_per_recipient"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_kind} {self.recipient_id} of mailing {self.mailing_id}"
