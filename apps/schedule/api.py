"""Moving a launch's anchors, and what is due, late, done or blocked, as endpoints."""

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
from apps.core.api.views import ApiView, Listing, Retrieving
from apps.core.errors import NotFound
from apps.launches.selectors import launch_by_slug
from apps.schedule import selectors
from apps.schedule.models import Placement
from apps.schedule.services import moving, placing
from apps.schedule.spans import Span


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


class MoveSerializer(StrictSerializer):
    """Which anchor moves where. `apply` wants the `fingerprint` of the preview that is to be applied."""

    anchor = serializers.ChoiceField(choices=["launch_day", "rollout_start"])
    to = serializers.DateField(help_text="A date in the launch's zone.")
    landing = serializers.ChoiceField(
        choices=list(moving.LANDINGS),
        default="keep",
        help_text="What single days do that would fall on a weekend or holiday.",
    )
    apply = serializers.BooleanField(default=False)
    fingerprint = TextField(max_length=64, required=False)
    reason = TextField(max_length=2000, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["apply"] and not attrs.get("fingerprint"):
            raise serializers.ValidationError(
                {"fingerprint": ["Ask for the preview first and send its fingerprint along."]}
            )
        return attrs


class SpanSerializer(serializers.Serializer[Span]):
    """First and last day, and instants where a time of day is known."""

    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)


class MoveRowSerializer(serializers.Serializer[Any]):
    """One dated thing in a move. `reason` says why it stays; empty when it moves."""

    placement = serializers.IntegerField(source="placement.pk")
    kind = serializers.CharField(source="placement.kind")
    record_id = serializers.IntegerField(source="placement.record_id")
    title = serializers.CharField(source="placement.title")
    old = SpanSerializer()
    new = SpanSerializer()
    moves = serializers.BooleanField()
    reason = serializers.CharField()
    off_day = serializers.BooleanField(help_text="Whether it lands on a weekend or holiday.")


class MovePreviewSerializer(serializers.Serializer[Any]):
    """Everything the move does or did."""

    anchor = serializers.CharField()
    old = serializers.DateField(allow_null=True)
    to = serializers.DateField()
    landing = serializers.CharField()
    applied = serializers.BooleanField()
    fingerprint = serializers.CharField(help_text="Stands for exactly this preview.")
    anchors = serializers.DictField(
        child=serializers.ListField(child=serializers.DateField(allow_null=True)),
        help_text="Each date of the launch that changes: [old, new].",
    )
    moving = MoveRowSerializer(many=True)
    staying = MoveRowSerializer(many=True)


class MoveLaunchView(ApiView):
    """Moving launch day or the start of the rollout: the full difference first, then exactly that."""

    @extend_schema(request=MoveSerializer, responses=MovePreviewSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Preview a move, or apply the previewed one. 409 if anything changed since the preview."""
        launch = launch_by_slug(self.actor, slug)
        body = MoveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        asked: dict[str, Any] = {
            "actor": self.actor,
            "launch": launch,
            "anchor": values["anchor"],
            "to": values["to"],
            "landing": values["landing"],
        }
        if values["apply"]:
            shown = moving.apply_move(
                **asked, fingerprint=values["fingerprint"], reason=values.get("reason", "")
            )
        else:
            shown = moving.preview_move(**asked)
        answer = MovePreviewSerializer({**vars(shown), "moving": shown.moving, "staying": shown.staying,
                                        "applied": values["apply"]})  # fmt: skip
        return Response(answer.data)


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
