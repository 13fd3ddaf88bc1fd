"""Calendar feeds as endpoints."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from apps.accounts.models import Team
from apps.content.models import Feed, SavedView
from apps.content.services import feeds
from apps.core.api import conditional
from apps.core.api.fields import STRICT_FIELDS, refuse_unknown
from apps.core.api.views import Creating, Listing, Removing, Retrieving
from apps.core.errors import NotFound
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches


class CalendarFeedSerializer(serializers.ModelSerializer[Feed]):
    """A calendar feed. `address` is in the answer that makes it and in no other."""

    serializer_field_mapping = STRICT_FIELDS
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True
    )
    launch = serializers.SlugRelatedField(
        slug_field="slug", queryset=Launch.objects.all(), required=False, allow_null=True
    )
    view = serializers.PrimaryKeyRelatedField(
        queryset=SavedView.objects.all(), required=False, allow_null=True
    )
    address = serializers.SerializerMethodField()

    class Meta:
        model = Feed
        fields = [
            "id", "name", "scope", "team", "launch", "view", "prefix", "address", "last_used_at", "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "prefix", "last_used_at", "created_at"]
        validators: ClassVar[list[Any]] = []

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        actor = getattr(self.context.get("view"), "actor", None)
        launch: Any = fields["launch"]
        if actor is not None and launch.queryset is not None:
            launch.queryset = visible_launches(actor)
        return fields

    def get_address(self, feed: Feed) -> str | None:
        secret = feed.__dict__.get("secret")
        return feeds.address_of(secret) if secret else None

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class FeedsView(Listing, Retrieving, Creating, Removing):
    """One's own calendar feeds."""

    serializer_class = CalendarFeedSerializer
    queryset = Feed.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"id": "pk", "name": "name"}

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False) or self.actor.user is None:
            return Feed.objects.none()
        return Feed.objects.filter(owner=self.actor.user.pk).select_related("team", "launch", "view")

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such feed.")
        return found

    def etag(self, obj: Any) -> str:
        return conditional.tag(1)

    def version(self, obj: Any) -> int | None:
        return conditional.expected_version(self.request, 1)

    def create_from(self, values: dict[str, Any]) -> Any:
        feed, secret = feeds.create_feed(actor=self.actor, **values)
        feed.__dict__["secret"] = secret
        return feed

    def remove(self, obj: Any, version: int | None) -> None:
        feeds.revoke_feed(actor=self.actor, pk=obj.pk)
