"""Launches as a whole: list, make, change, and move from state to state."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import Changing, Creating, Listing, Retrieving
from apps.launches import policies, selectors
from apps.launches.api.serializers import LaunchSerializer
from apps.launches.models import Launch
from apps.launches.services import launch as service


class LaunchFilter(django_filters.FilterSet):
    """What the list of launches can be narrowed by."""

    state = django_filters.MultipleChoiceFilter(choices=Launch.State.choices)
    restricted = django_filters.BooleanFilter()
    owner = django_filters.NumberFilter(field_name="owner_id", min_value=1, max_value=2**31 - 1)
    launch_day_from = django_filters.DateFilter(field_name="launch_day", lookup_expr="gte")
    launch_day_to = django_filters.DateFilter(field_name="launch_day", lookup_expr="lte")
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    q = django_filters.CharFilter(method="search", max_length=200, label="Words in name or summary")

    def search(self, queryset: QuerySet[Launch], name: str, value: str) -> QuerySet[Launch]:
        return queryset.filter(Q(name__icontains=value) | Q(summary__icontains=value))


class LaunchesView(Listing, Retrieving, Creating, Changing):
    """Launches one may see."""

    serializer_class = LaunchSerializer
    filterset_class = LaunchFilter
    queryset = Launch.objects.none()
    lookup_field = "slug"
    ordering_fields: ClassVar[dict[str, str]] = {
        "created_at": "created_at",
        "updated_at": "updated_at",
        "launch_day": "launch_day",
        "name": "name",
    }
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.visible_launches(self.actor)

    def get_object(self) -> Any:
        return selectors.launch_by_slug(self.actor, self.kwargs["slug"])

    def guard(self, obj: Any | None) -> None:
        if obj is None:
            policies.require("launches.create", self.actor)
        else:
            policies.require("launches.edit", self.actor, obj)

    def create_from(self, values: dict[str, Any]) -> Launch:
        return service.create_launch(actor=self.actor, **values)

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Launch:
        return service.change_launch(actor=self.actor, launch=obj, values=values, version=version)

    def _become(self, state: str) -> Response:
        launch = self.get_object()
        changed = service.set_state(actor=self.actor, launch=launch, to=state, version=self.version(launch))
        return self.answer(changed)

    @extend_schema(request=None)
    def activate(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start, resume or reopen the launch."""
        return self._become(Launch.State.ACTIVE)

    @extend_schema(request=None)
    def pause(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hold the launch: nothing is sent until it is active again."""
        return self._become(Launch.State.PAUSED)

    @extend_schema(request=None)
    def complete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The launch is done."""
        return self._become(Launch.State.COMPLETED)

    @extend_schema(request=None)
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Call the launch off: everything unsent is stopped."""
        return self._become(Launch.State.CANCELLED)

    @extend_schema(request=None)
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A cancelled launch becomes a draft again."""
        return self._become(Launch.State.DRAFT)

    @extend_schema(request=None)
    def archive(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put the launch away: everything unsent is stopped."""
        return self._become(Launch.State.ARCHIVED)

    @extend_schema(request=None)
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Bring an archived launch back to the state it had."""
        launch = self.get_object()
        return self.answer(service.restore(actor=self.actor, launch=launch, version=self.version(launch)))


LAUNCH_ACTIONS: tuple[str, ...] = ("activate", "pause", "complete", "cancel", "reopen", "archive", "restore")
