"""The API of the suppression list."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer, TextField
from apps.core.api.views import Creating, Listing, Retrieving
from apps.core.errors import NotFound
from apps.delivery import policies, selectors
from apps.delivery.models import ADDRESS_LENGTH, TOPIC_LENGTH, Suppression
from apps.delivery.services import suppression


class SuppressionSerializer(StrictSerializer):
    """An address or domain that gets no mail: of one topic, or with an empty one none at all."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(choices=Suppression.Kind.choices, default=Suppression.Kind.ADDRESS)
    value = TextField(max_length=ADDRESS_LENGTH + 1)
    topic = TextField(max_length=TOPIC_LENGTH, default="", allow_blank=True)
    reason = serializers.ChoiceField(choices=Suppression.Reason.choices, default=Suppression.Reason.MANUAL)
    note = TextField(max_length=500, default="", allow_blank=True)
    created_at = serializers.DateTimeField(read_only=True)


class LiftSerializer(StrictSerializer):
    """Why mail may come again."""

    reason = TextField(max_length=500, default="", allow_blank=True)


class SuppressionFilter(django_filters.FilterSet):
    """What the list can be narrowed by. `value` is an address or domain as it is kept, in small letters."""

    value = django_filters.CharFilter(method="by_value", max_length=ADDRESS_LENGTH)
    kind = django_filters.ChoiceFilter(choices=Suppression.Kind.choices)
    topic = django_filters.CharFilter(max_length=TOPIC_LENGTH)
    reason = django_filters.ChoiceFilter(choices=Suppression.Reason.choices)

    def by_value(self, rows: QuerySet[Suppression], _: str, value: str) -> QuerySet[Suppression]:
        return rows.filter(value=value.strip().lower())


class SuppressionsView(Listing, Retrieving, Creating):
    """Who gets no mail. Entries never change: they are made and lifted."""

    serializer_class = SuppressionSerializer
    filterset_class = SuppressionFilter
    queryset = Suppression.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"id": "pk", "value": "value"}
    default_ordering = "-id"

    def etag(self, obj: Any) -> str:
        return conditional.tag(1)

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.suppressions(self.actor)

    def get_object(self) -> Suppression:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if not isinstance(found, Suppression):
            raise NotFound("There is no such entry.")
        return found

    def guard(self, obj: Any | None) -> None:
        policies.require_suppressions(self.actor)

    def create_from(self, values: dict[str, Any]) -> Suppression:
        return suppression.add(actor=self.actor, **values)

    @extend_schema(request=LiftSerializer, responses={204: None})
    def lift(self, request: Request, pk: int) -> Response:
        """Let mail through again."""
        self.guard(None)
        found = self.get_object()
        body = LiftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        suppression.lift(actor=self.actor, suppression=found, reason=body.validated_data["reason"])
        return Response(status=status.HTTP_204_NO_CONTENT)
