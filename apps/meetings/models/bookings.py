"""Who comes to a session: sign-ups, the waitlist, what people ask beforehand."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.fields import LineField, ZoneField
from apps.core.models import Stamped
from apps.meetings.models.series import Occurrence


class Booking(Stamped):
    """One person and one session. Who signed up by the public page confirms by mail before a seat is taken.

    The waitlist is in the order of `queued_at` (the database's clock; then ids). An offered seat is kept until
    `offered_until`. `sender` is a keyed hash of the network address that signed up, for limits.
    """

    class State(models.TextChoices):
        PENDING = "pending", "To be confirmed"
        BOOKED = "booked", "Booked"
        WAITING = "waiting", "On the waitlist"
        OFFERED = "offered", "Offered a seat"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    HOLDING = ("booked", "offered")
    ACTIVE = ("pending", "booked", "waiting", "offered")

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="bookings")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    name = LineField(max_length=120)
    email = models.CharField(max_length=254, help_text="As `delivery.addresses.normalise` writes it.")
    company = LineField(max_length=200, blank=True)
    zone = ZoneField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    offered_until = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    attended = models.BooleanField(null=True, blank=True, help_text="Not known until somebody said so.")
    moved_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    sender = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["occurrence", "email"],
                condition=Q(state__in=["pending", "booked", "waiting", "offered"]),
                name="booking_once_per_address",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", offered_until__isnull=False)
                | (~Q(state="offered") & Q(offered_until=None)),
                name="booking_offered_until",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["waiting", "offered"]) | Q(queued_at__isnull=False),
                name="booking_waits_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "booked", "waiting", "offered", "cancelled", "expired"]),
                name="booking_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["occurrence", "state"], name="booking_by_session"),
            models.Index(fields=["offered_until"], condition=Q(state="offered"), name="booking_offered"),
            models.Index(fields=["queued_at", "id"], condition=Q(state="waiting"), name="booking_waiting"),
            models.Index(fields=["sender", "created_at"], name="booking_by_sender"),
            models.Index(fields=["email", "created_at"], name="booking_by_address"),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}"

    @property
    def audit_label(self) -> str:
        """No name: not all who read the log may see who comes."""
        return f"Booking {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE


class Question(Stamped):
    """What somebody wants to ask at a session. `votes_count` is kept with its votes."""

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="questions")
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions"
    )
    text = models.TextField(max_length=1000)
    votes_count = models.PositiveIntegerField(default=0, editable=False)
    answered = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False, help_text="Other attendees do not see it.")

    class Meta:
        ordering = ["answered", "-votes_count", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class Vote(models.Model):
    """One attendee wants this question answered, too."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="votes")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "booking"], name="vote_once")]

    def __str__(self) -> str:
        return f"Vote of {self.booking_id}"
