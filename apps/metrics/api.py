"""Metrics and what was measured, as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from apps.core.api.fields import STRICT_FIELDS, refuse_unknown
from apps.core.api.views import Creating, Listing
from apps.core.errors import NotFound
from apps.launches import policies
from apps.launches.api.records import RecordsView
from apps.launches.selectors import launch_by_slug
from apps.metrics import services
from apps.metrics.models import Measurement, Metric


class MetricsView(RecordsView):
    """The metrics a launch lists; their measurements lie below each."""

    kind_key = "kpi"


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    """What a metric was at an instant. `value` is a decimal, as text in answers."""

    serializer_field_mapping = STRICT_FIELDS
    value = serializers.DecimalField(max_digits=23, decimal_places=8)
    observed_at = serializers.DateTimeField(required=False, help_text="Now when left out.")
    sample_size = serializers.IntegerField(min_value=0, max_value=2**53, required=False, allow_null=True)
    window_days = serializers.IntegerField(min_value=0, max_value=3660, required=False, allow_null=True)

    class Meta:
        model = Measurement
        fields = ["id", "value", "observed_at", "sample_size", "window_days", "source", "created_at"]
        read_only_fields = ["id", "created_at"]

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class MeasurementsView(Listing, Creating):
    """What was measured of a metric, newest first. Measurements are added, never changed."""

    serializer_class = MeasurementSerializer
    queryset = Measurement.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"observed_at": "observed_at"}
    default_ordering = "-observed_at"

    @cached_property
    def metric(self) -> Metric:
        launch = launch_by_slug(self.actor, self.kwargs["slug"])
        found = Metric.objects.filter(launch=launch, pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such metric in this launch.")
        found.launch = launch
        return found

    def get_queryset(self) -> QuerySet[Any]:
        return Measurement.objects.filter(metric=self.metric)

    def guard(self, obj: Any | None) -> None:
        policies.require("launches.contribute", self.actor, self.metric.launch)

    def create_from(self, values: dict[str, Any]) -> Measurement:
        return services.measure(actor=self.actor, metric=self.metric, **values)

    def etag(self, obj: Any) -> str:
        return '"1"'

    def location(self, obj: Any) -> str:
        """Measurements have no address of their own."""
        return self.request.path
