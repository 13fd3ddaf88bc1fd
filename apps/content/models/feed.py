"""Calendars that other programs subscribe to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.models import Team, User
from apps.content.models.calendar import SavedView
from apps.core.fields import LineField
from apps.core.models import Stamped
from apps.launches.models import Launch


class Feed(Stamped):
    """An iCalendar address of one person. Whoever has it sees what that person may see at that moment.

    Only a hash of the address's secret is stored, so it is shown once; `prefix` tells addresses apart.
    """

    class Scope(models.TextChoices):
        MINE = "mine", "My own work"
        TEAM = "team", "A team's work"
        LAUNCH = "launch", "A launch"
        VIEW = "view", "A saved view"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="feeds")
    name = LineField(max_length=120)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.MINE)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    launch = models.ForeignKey(Launch, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    view = models.ForeignKey(SavedView, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    prefix = models.CharField(max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="mine", team=None, launch=None, view=None)
                | Q(scope="team", team__isnull=False, launch=None, view=None)
                | Q(scope="launch", team=None, launch__isnull=False, view=None)
                | Q(scope="view", team=None, launch=None, view__isnull=False),
                name="feed_names_its_scope",
            )
        ]

    def __str__(self) -> str:
        return self.name
