"""What waits for what in a launch, as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers

from apps.core.api.fields import STRICT_FIELDS, refuse_unknown
from apps.core.api.views import Changing, Creating, Listing, Removing, Retrieving
from apps.core.errors import NotFound
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug
from apps.schedule.models import MOST_LAG, Dependency
from apps.schedule.services import linking

BIGGEST = 2**63 - 1


class DependencySerializer(serializers.ModelSerializer[Dependency]):
    """`after` may not start before `before` has ended, plus `lag` days: ids of placements of the launch."""

    serializer_field_mapping = STRICT_FIELDS
    before = serializers.IntegerField(source="before_id", min_value=1, max_value=BIGGEST)
    after = serializers.IntegerField(source="after_id", min_value=1, max_value=BIGGEST)
    lag = serializers.IntegerField(required=False, min_value=-MOST_LAG, max_value=MOST_LAG)

    class Meta:
        model = Dependency
        fields = ["id", "version", "before", "after", "lag", "on_move"]
        read_only_fields = ["id", "version"]
        validators: ClassVar[list[Any]] = []

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None and {"before_id", "after_id"} & set(attrs):
            name = "before" if "before_id" in attrs else "after"
            raise serializers.ValidationError({name: ["What is linked stays: remove it and add another."]})
        return attrs


class DependencyFilter(django_filters.FilterSet):
    """Those of one thing."""

    before = django_filters.NumberFilter(field_name="before_id", min_value=1, max_value=2**31 - 1)
    after = django_filters.NumberFilter(field_name="after_id", min_value=1, max_value=2**31 - 1)


class DependenciesView(Listing, Retrieving, Creating, Changing, Removing):
    """The dependencies of a launch."""

    serializer_class = DependencySerializer
    filterset_class = DependencyFilter
    queryset = Dependency.objects.none()

    @cached_property
    def launch(self) -> Launch:
        return launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return Dependency.objects.filter(launch=self.launch).select_related("after")

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such dependency in this launch.")
        found.launch = found.after.launch = self.launch
        return found

    def guard(self, obj: Any | None) -> None:
        if obj is None:
            policies.require("launches.contribute", self.actor, self.launch)
        else:
            policies.require("schedule.link", self.actor, obj.after)

    def create_from(self, values: dict[str, Any]) -> Dependency:
        return linking.add_dependency(
            actor=self.actor,
            launch=self.launch,
            before=values["before_id"],
            after=values["after_id"],
            lag=values.get("lag", 0),
            on_move=values.get("on_move", Dependency.OnMove.PUSH),
        )

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Dependency:
        return linking.change_dependency(
            actor=self.actor,
            dependency=obj,
            lag=values.get("lag"),
            on_move=values.get("on_move"),
            version=version,
        )

    def remove(self, obj: Any, version: int | None) -> None:
        linking.remove_dependency(actor=self.actor, dependency=obj, version=version)
