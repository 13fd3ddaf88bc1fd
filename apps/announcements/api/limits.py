"""What holds for everything the installation announces, as an endpoint."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.announcements.models import FeedLimits
from apps.announcements.selectors.keys import feed_limits
from apps.announcements.services.limits import set_limits
from apps.core.api.fields import StrictSerializer
from apps.core.api.views import Changing, Retrieving


class FeedLimitsSerializer(StrictSerializer):
    """How many announcements one user has at once in a surface; null: as many as there are."""

    most_at_once = serializers.IntegerField(min_value=1, max_value=50, allow_null=True)
    version = serializers.IntegerField(read_only=True)


class FeedLimitsView(Retrieving, Changing):
    """The limits of the feed. Everybody signed in sees them; administrators with the scope `admin` change them."""

    serializer_class = FeedLimitsSerializer
    queryset = FeedLimits.objects.none()
    write_scope = "admin"

    def get_object(self) -> FeedLimits:
        return feed_limits()

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> FeedLimits:
        return set_limits(
            actor=self.actor, most_at_once=values.get("most_at_once", obj.most_at_once), version=version
        )
