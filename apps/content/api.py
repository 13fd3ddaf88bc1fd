"""The content calendar's items as endpoints."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.content import services
from apps.content.models import CalendarItem
from apps.core.api.fields import StrictSerializer, TextField
from apps.launches.api.records import RecordFilter, RecordsView
from apps.launches.api.serializers import record_serializer


class ItemFilter(RecordFilter):
    """What the calendar can be narrowed by."""

    status = django_filters.MultipleChoiceFilter(choices=CalendarItem.Status.choices)
    channel = django_filters.NumberFilter(field_name="channel_id", min_value=1, max_value=2**31 - 1)
    team = django_filters.CharFilter(field_name="team__slug", max_length=60)


class SplitSerializer(StrictSerializer):
    """The pieces of work to make; those the plan names when left out."""

    titles = serializers.ListField(
        child=TextField(max_length=500), min_length=2, max_length=20, required=False
    )


class ItemsView(RecordsView):
    """The items of the launch's content calendar."""

    kind_key = "calendar_entry"
    filterset_class = ItemFilter

    @extend_schema(request=SplitSerializer, responses=record_serializer("calendar_entry")(many=True))
    def split(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make one item for each piece of work that this one names; the first keeps its identity."""
        item = self.get_object()
        self.guard(item)
        body = SplitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = services.split_item(
            actor=self.actor,
            item=item,
            titles=body.validated_data.get("titles"),
            version=self.version(item),
        )
        return Response(self.read_serializer(self.loaded(list(made)), many=True).data)
