"""What clashes in a launch, and the days nothing should go out on, as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.fields import STRICT_FIELDS, refuse_unknown
from apps.core.api.views import ApiView, Creating, Listing, Removing, Retrieving
from apps.core.errors import NotFound
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug, visible_launches
from apps.schedule import clashes
from apps.schedule.models import Freeze
from apps.schedule.services import freezing


class ClashSerializer(serializers.Serializer[Any]):
    """Two things in each other's way, or one in a bad place. `week` is a Monday."""

    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    title = serializers.CharField()
    words = serializers.CharField()
    placements = serializers.ListField(child=serializers.IntegerField())
    day = serializers.DateField(allow_null=True)
    week = serializers.DateField(allow_null=True)


class ClashListSerializer(serializers.Serializer[Any]):
    """Every clash of a launch, the nearest first."""

    results = ClashSerializer(many=True)


class ClashesView(ApiView):
    """What clashes in a launch now."""

    @extend_schema(responses=ClashListSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """All clashes of the launch, the nearest first."""
        launch = launch_by_slug(self.actor, slug)
        found = clashes.clashes_of(self.actor, launch)
        return Response(ClashListSerializer({"results": found}).data)


class FreezeSerializer(serializers.ModelSerializer[Freeze]):
    """Days on which nothing should go out, both included; `launch` null: in all launches."""

    serializer_field_mapping = STRICT_FIELDS
    launch = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        model = Freeze
        fields = ["id", "version", "launch", "title", "starts_on", "ends_on"]
        read_only_fields = ["id", "version", "launch"]

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ends_on"] < attrs["starts_on"]:
            raise serializers.ValidationError({"ends_on": ["It ends before it starts."]})
        return attrs


class FreezesView(Listing, Retrieving, Creating, Removing):
    """Freezes of all launches. They are added and removed, never changed; administrators do."""

    serializer_class = FreezeSerializer
    queryset = Freeze.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"starts_on": "starts_on"}
    default_ordering = "starts_on"
    launch: Launch | None = None

    def get_queryset(self) -> QuerySet[Any]:
        seen = visible_launches(self.actor).values("pk")
        return Freeze.objects.filter(Q(launch=None) | Q(launch__in=seen)).select_related("launch")

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such freeze, or its launch is not shared with you.")
        return found

    def guard(self, obj: Any | None) -> None:
        launch = self.launch if obj is None else obj.launch
        if launch is None:
            policies.require("schedule.freeze_all", self.actor)
        else:
            policies.require("schedule.freeze", self.actor, launch)

    def create_from(self, values: dict[str, Any]) -> Freeze:
        return freezing.add_freeze(actor=self.actor, launch=self.launch, **values)

    def remove(self, obj: Any, version: int | None) -> None:
        freezing.remove_freeze(actor=self.actor, freeze=obj, version=version)


class LaunchFreezesView(FreezesView):
    """The freezes that hold in one launch: its own and those of all. Its editors add and remove its own."""

    @cached_property
    def launch(self) -> Launch:  # type: ignore[override]  # the general view has none
        return launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return Freeze.objects.filter(Q(launch=None) | Q(launch=self.launch)).select_related("launch")
