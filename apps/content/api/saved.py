"""Saved views of calendars as endpoints."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from apps.content.models import SavedView
from apps.content.selectors import saved as selectors
from apps.content.services import saved as services
from apps.core.api.fields import STRICT_FIELDS, TextField, refuse_unknown
from apps.core.api.views import Changing, Creating, Listing, Removing, Retrieving
from apps.core.errors import NotAllowed
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches


class _VisibleLaunch(serializers.SlugRelatedField[Launch]):
    """A launch by its slug, if the actor may see it."""

    def get_queryset(self) -> QuerySet[Launch]:
        actor = getattr(self.context.get("view"), "actor", None)
        return Launch.objects.none() if actor is None else visible_launches(actor)


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    """A view of a calendar under a name. `query` is an address's query; what no view knows is left out.

    `launch` is null for the calendar of all launches, and stays what it is once saved.
    """

    serializer_field_mapping = STRICT_FIELDS
    launch = _VisibleLaunch(slug_field="slug", required=False, allow_null=True)
    owner = serializers.PrimaryKeyRelatedField[Any](read_only=True)
    query = TextField(max_length=1000, allow_blank=True, required=False)

    class Meta:
        model = SavedView
        fields = ["id", "version", "name", "launch", "query", "shared", "owner", "created_at", "updated_at"]
        read_only_fields = ["id", "version", "owner", "created_at", "updated_at"]

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)

    def validate_launch(self, value: Launch | None) -> Launch | None:
        if self.instance is not None and self.instance.launch != value:
            raise serializers.ValidationError("A saved view stays with its launch: save another one.")
        return value


class SavedViewFilter(django_filters.FilterSet):
    """What the list of saved views can be narrowed by."""

    launch = django_filters.CharFilter(field_name="launch__slug", max_length=80)
    shared = django_filters.BooleanFilter(field_name="shared")


class SavedViewsView(Listing, Retrieving, Creating, Changing, Removing):
    """One's own saved views, and those shared in launches one may see."""

    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilter
    queryset = SavedView.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"name": "name", "created_at": "created_at"}
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.visible_views(self.actor)

    def get_object(self) -> SavedView:
        return selectors.view(self.actor, self.kwargs["pk"])

    def guard(self, obj: Any | None) -> None:
        if obj is not None and obj.owner_id != getattr(self.actor.user, "pk", None):
            raise NotAllowed("Only whoever saved this view may change it.")

    def create_from(self, values: dict[str, Any]) -> SavedView:
        return services.save_view(
            actor=self.actor,
            name=values["name"],
            launch=values.get("launch"),
            query=values.get("query", ""),
            shared=values.get("shared", False),
        )

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> SavedView:
        values.pop("launch", None)
        return services.change_view(actor=self.actor, view=obj, version=version, **values)

    def remove(self, obj: Any, version: int | None) -> None:
        services.remove_view(actor=self.actor, view=obj, version=version)
