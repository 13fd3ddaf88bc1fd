"""What is due, late, done or blocked, and what it hangs on, as endpoints."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer, TextField
from apps.core.api.views import Listing, Retrieving
from apps.core.errors import NotFound
from apps.schedule import selectors
from apps.schedule.models import Move, Placement
from apps.schedule.services import placing
from apps.schedule.services.hanging import UNITS, hang


class PlacementSerializer(serializers.Serializer[Any]):
    """A dated thing: what it is, when it is due, how it stands now. Dates are the launch's, instants UTC."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    launch = serializers.CharField(source="launch.slug")
    kind = serializers.CharField(help_text="The kind of record, like calendar_entry.")
    record_id = serializers.IntegerField()
    title = serializers.CharField()
    team = serializers.CharField(source="team.slug", allow_null=True)
    owner = serializers.IntegerField(source="owner_id", allow_null=True)
    wording = serializers.CharField(help_text="How the plan says when.")
    anchor = serializers.ChoiceField(choices=Placement.Anchor.choices)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=Placement.State.choices)
    standing = serializers.ChoiceField(choices=Placement.Standing.choices, source="now_standing")
    blocked_by = serializers.CharField(help_text="What it waits for. Empty: nothing.")
    done_at = serializers.DateTimeField(allow_null=True)


class DoneSerializer(StrictSerializer):
    """Whether it is done (the default) or open again."""

    done = serializers.BooleanField(default=True)


class BlockSerializer(StrictSerializer):
    """What it waits for; an empty reason says: nothing any more."""

    reason = TextField(max_length=100_000, allow_blank=True)


class HangSerializer(StrictSerializer):
    """What its time counts from: `offset` units from the first day of it, to `end_offset` (included)."""

    anchor = serializers.ChoiceField(choices=Move.Kind.choices)
    to = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Id of the phase or the placement it hangs on.",
    )
    offset = serializers.IntegerField(min_value=-5_270_400, max_value=5_270_400)
    end_offset = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=-5_270_400, max_value=5_270_400
    )
    unit = serializers.ChoiceField(choices=list(UNITS), default="day")


class PlacementFilter(django_filters.FilterSet):
    """What the list of dated things can be narrowed by."""

    launch = django_filters.CharFilter(field_name="launch__slug", max_length=80)
    kind = django_filters.CharFilter(field_name="kind", max_length=30)
    team = django_filters.CharFilter(field_name="team__slug", max_length=60)
    owner = django_filters.NumberFilter(field_name="owner_id", min_value=1, max_value=2**31 - 1)
    standing = django_filters.MultipleChoiceFilter(
        field_name="now_standing", choices=Placement.Standing.choices
    )
    blocked = django_filters.BooleanFilter(method="only_blocked")
    starts_from = django_filters.DateFilter(field_name="starts_on", lookup_expr="gte")
    starts_to = django_filters.DateFilter(field_name="starts_on", lookup_expr="lte")

    def only_blocked(self, queryset: QuerySet[Placement], name: str, value: bool) -> QuerySet[Placement]:
        return queryset.exclude(blocked_by="") if value else queryset.filter(blocked_by="")


class PlacementsView(Listing, Retrieving):
    """Dated work of open launches one may see, with how it stands right now."""

    serializer_class = PlacementSerializer
    filterset_class = PlacementFilter
    queryset = Placement.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {
        "starts_on": "starts_on",
        "title": "title",
        "updated_at": "updated_at",
    }
    default_ordering = "starts_on"

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.visible_placements(self.actor)

    def get_object(self) -> Any:
        found = selectors.placement(self.actor, self.kwargs["pk"])
        if found is None:
            raise NotFound("There is no such dated thing, or it is not shared with you.")
        return found

    def etag(self, obj: Any) -> str:
        return conditional.tag(obj.version, obj.now_standing)

    @extend_schema(request=DoneSerializer, responses=PlacementSerializer)
    def done(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that it is done, or open again."""
        placement = self.get_object()
        body = DoneSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        placing.finish(
            actor=self.actor,
            placement=placement,
            done=body.validated_data["done"],
            version=self.version(placement),
        )
        return self.answer(self.get_object())

    @extend_schema(request=BlockSerializer, responses=PlacementSerializer)
    def block(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say what it waits for."""
        placement = self.get_object()
        body = BlockSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        placing.block(
            actor=self.actor,
            placement=placement,
            reason=body.validated_data["reason"],
            version=self.version(placement),
        )
        return self.answer(self.get_object())

    @extend_schema(request=HangSerializer, responses=PlacementSerializer)
    def hang(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let its time count from launch day, the rollout, a phase or another dated thing of its launch."""
        placement = self.get_object()
        body = HangSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        hang(actor=self.actor, placement=placement, version=self.version(placement), **body.validated_data)
        return self.answer(self.get_object())
