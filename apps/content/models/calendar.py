"""What the calendar keeps for the people who look at it: saved views, and what a change of many items replaced."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse

from apps.accounts.models import User
from apps.core.fields import LineField
from apps.core.models import Stamped, Versioned
from apps.launches.models import Launch
from apps.schedule.models import Move


class SavedView(Versioned):
    """A view of a calendar with its filter under a name. Without a launch it is one of all launches.

    `query` is the canonical address of the view (`selectors.shown.Shown.address`). What is shared is seen by
    everybody who may see its launch; only its owner changes it.
    """

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = LineField(max_length=80)
    launch = models.ForeignKey(
        Launch, null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    query = models.CharField(max_length=1000, blank=True)
    shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "owner", "launch", Lower("name"), name="saved_view_name_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Where the view is seen: the timeline has an address of its own."""
        if self.launch is None:
            base = reverse("portal:calendar")
        elif "timeline" in QueryDict(self.query).getlist("view"):
            base = reverse("launches:timeline", args=[self.launch.slug])
        else:
            base = reverse("content:calendar", args=[self.launch.slug])
        return f"{base}?{self.query}"


class BulkChange(Stamped):
    """One change of many items: what it set, and what each item held before, so that it can be taken back.

    `before` maps an item's id to the values it had; `after` to the versions it was left with, so that undoing
    touches only what nobody has changed since. `move` is what it did to their times, and to those of others.
    """

    launch = models.ForeignKey(Launch, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    change = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    move = models.ForeignKey(Move, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["launch", "-id"], name="bulk_change_by_launch")]

    def __str__(self) -> str:
        return f"{len(self.before)} items"
