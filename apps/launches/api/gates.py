"""Gates of phases as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.core.api.fields import STRICT_FIELDS, StrictSerializer, TextField, refuse_unknown
from apps.core.api.views import Changing, Creating, Listing, Removing, Retrieving
from apps.core.errors import NotFound
from apps.launches import gates as checks
from apps.launches import policies, selectors
from apps.launches.models import Gate, Launch, Phase
from apps.launches.services import gates


class EvidenceSerializer(serializers.Serializer[Any]):
    """One thing that speaks for or against a gate."""

    holds = serializers.BooleanField()
    words = serializers.CharField()


class GateSerializer(serializers.ModelSerializer[Gate]):
    """Something that has to hold before a phase starts. `evidence` is what was there when it was signed off."""

    serializer_field_mapping = STRICT_FIELDS
    phase = serializers.PrimaryKeyRelatedField(queryset=Phase.objects.all())
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    evidence = EvidenceSerializer(many=True, read_only=True)

    class Meta:
        model = Gate
        fields = [
            "id", "version", "phase", "title", "text", "check_name", "owner", "signed_at", "signed_by",
            "signed_by_label", "note", "evidence", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "version", "signed_at", "signed_by", "signed_by_label", "note", "created_at", "updated_at",
        ]  # fmt: skip
        validators: ClassVar[list[Any]] = []

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


class GateNoteSerializer(StrictSerializer):
    """A word on a sign-off; needed where the evidence speaks against it."""

    note = TextField(max_length=gates.LONGEST_NOTE, required=False, allow_blank=True, default="")


class GatesView(Listing, Retrieving, Creating, Changing, Removing):
    """The gates of a launch's phases."""

    serializer_class = GateSerializer
    queryset = Gate.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {"id": "pk"}

    @cached_property
    def launch(self) -> Launch:
        return selectors.launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Gate.objects.none()
        return Gate.objects.filter(launch=self.launch).select_related("phase", "owner")

    def get_object(self) -> Any:
        found = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound("There is no such gate in this launch.")
        found.launch = found.phase.launch = self.launch
        return found

    def guard(self, obj: Any | None) -> None:
        policies.require("launches.edit", self.actor, self.launch)

    def create_from(self, values: dict[str, Any]) -> Any:
        return gates.add_gate(actor=self.actor, launch=self.launch, values=values)

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Any:
        return gates.change_gate(actor=self.actor, gate=obj, values=values, version=version)

    def remove(self, obj: Any, version: int | None) -> None:
        gates.remove_gate(actor=self.actor, gate=obj, version=version)

    def _note(self, request: Request) -> str:
        body = GateNoteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return str(body.validated_data["note"])

    @extend_schema(request=GateNoteSerializer, responses=GateSerializer)
    def sign(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that it holds. 400 (`evidence_against`) if the evidence speaks against it and no note says why."""
        gate = self.get_object()
        note = self._note(request)
        gates.sign_gate(actor=self.actor, gate=gate, note=note, version=self.version(gate))
        return self.answer(self.get_object())

    @extend_schema(request=GateNoteSerializer, responses=GateSerializer)
    def reopen(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a sign-off back."""
        gate = self.get_object()
        note = self._note(request)
        gates.reopen_gate(actor=self.actor, gate=gate, note=note, version=self.version(gate))
        return self.answer(self.get_object())

    @extend_schema(responses=EvidenceSerializer(many=True))
    def evidence(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What speaks for or against it at this moment."""
        gate = self.get_object()
        now = next(each for each in checks.gates_of(self.launch)[gate.phase_id] if each.gate.pk == gate.pk)
        return Response(EvidenceSerializer(now.evidence, many=True).data)
