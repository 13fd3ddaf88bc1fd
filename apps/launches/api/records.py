"""Plan records of every kind: one set of endpoints, from which those with an address of their own derive."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer
from apps.core.api.views import Changing, Creating, Listing, Removing, Retrieving
from apps.launches import kinds, policies, selectors
from apps.launches.api.serializers import record_serializer
from apps.launches.kinds import Kind
from apps.launches.models import Launch, LaunchRecord
from apps.launches.services import records


class RecordFilter(django_filters.FilterSet):
    """What every list of records can be narrowed by."""

    owner = django_filters.NumberFilter(field_name="owner_id", min_value=1, max_value=2**31 - 1)
    group = django_filters.CharFilter(field_name="group", max_length=300)
    q = django_filters.CharFilter(method="search", max_length=200, label="Words in title or text")
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(title__icontains=value) | Q(text__icontains=value))


class MoveRecordSerializer(StrictSerializer):
    """Where a record goes among those of its kind."""

    position = serializers.IntegerField(
        min_value=0, max_value=100_000, help_text="From 0; beyond the end is the end."
    )


class RecordsView(Listing, Retrieving, Creating, Changing, Removing):
    """Records of one kind in one launch. Subclasses with an address of their own set `kind_key`."""

    kind_key: ClassVar[str] = ""
    filterset_class = RecordFilter
    queryset = LaunchRecord.__subclasses__()[0]._default_manager.none()
    ordering_fields: ClassVar[dict[str, str]] = {
        "position": "position",
        "title": "title",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    default_ordering = "position"

    @cached_property
    def launch(self) -> Launch:
        return selectors.launch_by_slug(self.actor, self.kwargs["slug"])

    @cached_property
    def kind(self) -> Kind:
        return kinds.get(self.kind_key or self.kwargs["kind"])

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return kinds.get(self.kind_key or "channel").model._default_manager.none()
        return selectors.query(self.launch, self.kind)

    def get_object(self) -> Any:
        launch = self.launch
        return selectors.record(launch, self.kind, self.kwargs["pk"])

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        if getattr(self, "swagger_fake_view", False):
            return record_serializer(self.kind_key or "channel")
        return record_serializer(self.kind.key)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["launch"] = self.launch
        return context

    def etag(self, obj: Any) -> str:
        facets = kinds.facets(self.kind).values()
        return conditional.tag(
            obj.version, obj.position, *(part for facet in facets if (part := facet.tag(obj)))
        )

    def loaded(self, rows: list[Any]) -> list[Any]:
        return selectors.prefetched(self.launch, self.kind, rows)

    def guard(self, obj: Any | None) -> None:
        if obj is None:
            policies.require("launches.contribute", self.actor, self.launch)
        else:
            policies.require("records.work", self.actor, obj)

    def create_from(self, values: dict[str, Any]) -> Any:
        made = records.add_record(actor=self.actor, launch=self.launch, kind=self.kind, values=values)
        return selectors.record(self.launch, self.kind, made.pk)

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Any:
        changed = records.change_record(actor=self.actor, record=obj, values=values, version=version)
        return selectors.record(self.launch, self.kind, changed.pk)

    def remove(self, obj: Any, version: int | None) -> None:
        records.remove_record(actor=self.actor, record=obj, version=version)

    @extend_schema(request=MoveRecordSerializer)
    def move(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put a record at another place among those of its kind."""
        record = self.get_object()
        self.guard(record)
        body = MoveRecordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        records.reorder_record(actor=self.actor, record=record, to=body.validated_data["position"])
        return self.answer(self.get_object())


def _each_kind() -> dict[str, type[serializers.Serializer[Any]]]:
    return {kind.key: record_serializer(kind.key) for kind in kinds.all_kinds()}


_RECORD = PolymorphicProxySerializer(
    component_name="Record",
    serializers=_each_kind,  # type: ignore[arg-type]  # a callable waits for the registry
    resource_type_field_name="kind",
    many=False,
)
_RECORDS = PolymorphicProxySerializer(
    component_name="Record",
    serializers=_each_kind,  # type: ignore[arg-type]  # a callable waits for the registry
    resource_type_field_name="kind",
    many=True,
)
_INPUT = PolymorphicProxySerializer(
    component_name="RecordInput",
    serializers=_each_kind,  # type: ignore[arg-type]  # a callable waits for the registry
    resource_type_field_name=None,
    many=False,
)
_KIND = OpenApiParameter(
    "kind", str, OpenApiParameter.PATH, description="The kind's key, like `key_message`."
)


@extend_schema_view(
    list=extend_schema(parameters=[_KIND], responses=_RECORDS),
    create=extend_schema(parameters=[_KIND], request=_INPUT, responses={201: _RECORD}),
    retrieve=extend_schema(parameters=[_KIND], responses=_RECORD),
    partial_update=extend_schema(parameters=[_KIND], request=_INPUT, responses=_RECORD),
    destroy=extend_schema(parameters=[_KIND]),
)
class AnyRecordsView(RecordsView):
    """Records of the kind that the address names."""

    @extend_schema(parameters=[_KIND], request=MoveRecordSerializer, responses=_RECORD)
    def move(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put a record at another place among those of its kind."""
        return super().move(request, *args, **kwargs)


class SegmentsView(RecordsView):
    """The launch's segments."""

    kind_key = "segment"
