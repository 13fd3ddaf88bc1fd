"""What is mailed about sessions: rows made in the transaction that gives cause, sent when due."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.fields import LineField
from apps.core.models import Stamped
from apps.delivery.models import Mailing
from apps.meetings.models.bookings import Booking
from apps.meetings.models.series import Occurrence


class LetterRound(Stamped):
    """The letters of one run; delivery's mailing for them."""

    mailing = models.OneToOneField(Mailing, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"Letters {self.pk}"


class Letter(Stamped):
    """One mail to an attendee (`booking`) or a host (`user`) about a session. Never two of one `key`.

    `sequence` is the version of the session's schedule it was made for. Due at an instant; what it says is
    written when it is sent.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", "Confirm your sign-up"
        BOOKED = "booked", "Your seat"
        WAITING = "waiting", "You are on the waitlist"
        OFFER = "offer", "A seat for you"
        OFFER_OVER = "offer_over", "The offer ended"
        CHANGED = "changed", "The session changed"
        CANCELLED = "cancelled", "The session is cancelled"
        WITHDRAWN = "withdrawn", "You are not coming any more"
        REMINDER = "reminder", "Reminder"
        THANKS = "thanks", "Thank you for coming"
        MISSED = "missed", "We missed you"
        HOSTING = "hosting", "You host a session"
        NOT_HOSTING = "not_hosting", "You do not host it any more"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Given to delivery"
        SKIPPED = "skipped", "Not sent"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="letters")
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.CASCADE, related_name="letters"
    )
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120, unique=True)
    sequence = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    settled_at = models.DateTimeField(null=True, editable=False)
    reason = LineField(max_length=200, blank=True, editable=False, help_text="Why it was not sent.")
    round = models.ForeignKey(
        LetterRound, null=True, on_delete=models.SET_NULL, related_name="letters", editable=False
    )

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(booking=None, user__isnull=False) | Q(booking__isnull=False, user=None),
                name="letter_to_one",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | (~Q(state="waiting") & Q(settled_at__isnull=False)),
                name="letter_settled_when",
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="letter_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.key})"
