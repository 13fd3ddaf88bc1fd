"""Who hosts, when hosts are away, and swaps between them."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import BigIntegerField, F, Func, Q, Value

from apps.accounts.models import User
from apps.core.fields import LineField
from apps.core.models import Stamped
from apps.meetings.models.series import Occurrence


class Hosting(models.Model):
    """One host of one session. `during` is the session's half-open time, kept beside it for the constraint."""

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="hostings")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="hostings")
    during = DateTimeRangeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["occurrence", "user"], name="hosting_once"),
            # The person as a range of one number: so GiST can compare it without btree_gist.
            ExclusionConstraint(
                name="host_not_twice_at_once",
                expressions=[
                    (
                        Func(
                            F("user"),
                            F("user"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.occurrence_id}"


class Absence(Stamped):
    """A host is out of office from the start of a day to the end of another, on their own clock."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    starts_on = models.DateField()
    ends_on = models.DateField()
    note = LineField(max_length=200, blank=True)

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_after_start")
        ]
        indexes = [models.Index(fields=["user", "ends_on"], name="absence_by_person")]

    def __str__(self) -> str:
        return f"{self.user}: {self.starts_on} to {self.ends_on}"


class Swap(Stamped):
    """One host asks another to take a session, or to exchange it for one of theirs."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="swaps")
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    exchange = models.ForeignKey(
        Occurrence, null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="Theirs, which who asks takes instead.",
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["occurrence", "asked_by", "asked"], condition=Q(state="asked"), name="swap_asked_once"
            ),
            models.CheckConstraint(condition=~Q(asked_by=F("asked")), name="swap_between_two"),
        ]

    def __str__(self) -> str:
        return f"{self.asked_by} asks {self.asked}"
