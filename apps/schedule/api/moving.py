"""Moving what a launch's dates hang on, and undoing that, as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer, TextField
from apps.core.api.views import ApiView, Listing, Retrieving
from apps.core.errors import NotFound
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug
from apps.schedule import clashes
from apps.schedule.api.clashes import ClashSerializer
from apps.schedule.models import Move
from apps.schedule.services import moving
from apps.schedule.spans import Span


class MoveSerializer(StrictSerializer):
    """Which anchor moves where. `apply` wants the `fingerprint` of the preview that is to be applied."""

    anchor = serializers.ChoiceField(choices=Move.Kind.choices)
    id = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Of the phase, or the placement, that moves."
    )
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
    cause = serializers.CharField(help_text="Why it moves along; empty where its anchor moves.")
    wording = serializers.SerializerMethodField(help_text="How its time is said from then on.")
    off_day = serializers.BooleanField(help_text="Whether it lands on a weekend or holiday.")

    def get_wording(self, row: moving.Row) -> str:
        return row.said.wording if row.said is not None else row.placement.wording


class RefusalSerializer(serializers.Serializer[Any]):
    """Why the move cannot be applied: a dependency that it would break."""

    dependency = serializers.IntegerField(source="wait.pk")
    before = serializers.IntegerField(source="wait.before")
    after = serializers.IntegerField(source="wait.after")
    days = serializers.IntegerField()
    words = serializers.CharField()


class MovePreviewSerializer(serializers.Serializer[Any]):
    """Everything the move does or did."""

    anchor = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
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
    refusals = RefusalSerializer(many=True)
    clashes = ClashSerializer(many=True, help_text="Clashes it would bring. Empty once applied.")
    move = serializers.IntegerField(allow_null=True, help_text="What undoes it, once applied.")


class MoveLaunchView(ApiView):
    """Moving launch day, the start of the rollout, a phase or one dated thing: the full difference first."""

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
            "pk": values["id"],
            "to": values["to"],
            "landing": values["landing"],
        }
        more: dict[str, Any] = {"move": None, "clashes": []}
        if values["apply"]:
            done = moving.apply_move(
                **asked, fingerprint=values["fingerprint"], reason=values.get("reason", "")
            )
            shown: moving.MovePreview = done
            more["move"] = done.move.pk if done.move else None
        else:
            shown = moving.preview_move(**asked)
            more["clashes"] = clashes.caused_by(self.actor, shown)
        answer = {**vars(shown), "id": shown.pk, "moving": shown.moving, "staying": shown.staying, **more}
        return Response(MovePreviewSerializer({**answer, "applied": values["apply"]}).data)


class MoveDoneSerializer(serializers.ModelSerializer[Move]):
    """A move that was applied. `anchors` are the launch's dates it changed: [old, new]."""

    at = serializers.DateTimeField(source="created_at", read_only=True)
    placement = serializers.PrimaryKeyRelatedField[Any](read_only=True)
    made_by = serializers.PrimaryKeyRelatedField[Any](read_only=True)
    anchors = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(allow_null=True, allow_blank=True))
    )

    class Meta:
        model = Move
        fields = [
            "id", "anchor", "placement", "words", "reason", "anchors", "moved", "made_by", "made_by_label",
            "at", "undone_at", "undone_by_label",
        ]  # fmt: skip
        read_only_fields = fields


class MovesView(Listing, Retrieving):
    """The moves of a launch, the latest first, and taking one back."""

    serializer_class = MoveDoneSerializer
    queryset = Move.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"at": "created_at"}
    default_ordering = "-at"

    @cached_property
    def launch(self) -> Launch:
        return launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return Move.objects.filter(launch=self.launch).defer("rows")

    def get_object(self) -> Any:
        found = self.get_queryset().select_related("placement").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such move in this launch.")
        found.launch = self.launch
        return found

    def etag(self, obj: Any) -> str:
        return conditional.tag(1 if obj.undone_at is None else 2)

    @extend_schema(request=None, responses=MoveDoneSerializer)
    def undo(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put everything back as it was before. 409 naming what changed since, if anything did."""
        moving.undo_move(actor=self.actor, move=self.get_object())
        return self.answer(self.get_object())
