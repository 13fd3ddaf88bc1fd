"""How launches, members and plan records look as JSON. A kind's description makes its serializer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar

from django.db import models
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.models import Team, User
from apps.core.api.fields import STRICT_FIELDS, refuse_unknown
from apps.launches import kinds
from apps.launches.kinds import Facet, Kind
from apps.launches.models import Launch, LaunchRecord, Member

_ALWAYS_READ = ("id", "kind", "version", "position", "created_at", "updated_at", "owner_label")
_NEVER_SHOWN = frozenset({"launch", "listed"})


class FacetField(serializers.Field):  # type: ignore[type-arg]
    """A facet of a record: text as a person writes it or JSON in, JSON out."""

    facet: ClassVar[Facet]
    kind: ClassVar[Kind]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, **kwargs})

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> Any:
        return self.facet.value(value)

    def to_internal_value(self, data: Any) -> Any:
        return self.facet.accept(data, self.kind)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        # An empty text or null takes the facet away; that is for the facet to say.
        is_empty, value = super().validate_empty_values(data)
        return (is_empty, self.facet.accept(None, self.kind)) if data is None else (is_empty, value)


class ConsequenceField(serializers.Field):  # type: ignore[type-arg]
    """What follows from a facet, for reading only (the computed dates of a "when")."""

    facet: ClassVar[Facet]
    schema: ClassVar[Mapping[str, Any]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "read_only": True})

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> Any:
        return self.facet.consequence(value)


class _FacetSchema(OpenApiSerializerFieldExtension):
    target_class = FacetField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        facet: Facet = self.target.facet
        return dict(facet.accepted_schema if direction == "request" else facet.json_schema)


class _ConsequenceSchema(OpenApiSerializerFieldExtension):
    target_class = ConsequenceField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return dict(self.target.schema)


@extend_schema_field({"type": "number"})
class NumberField(serializers.DecimalField):
    """An exact number that travels as a JSON number, as the plan reader gives percents."""

    def to_representation(self, value: Any) -> Any:
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)


class RecordSerializer(serializers.ModelSerializer[Any]):
    """A plan record: its kind's own fields and facets, and what every record has.

    `owner` is a person's id, `owner_name` the name a plan gives until a person is chosen, `owner_label` what
    to show of both. `position` counts from 0 and is changed by the `move` action. Relations to other records
    take only records of the same launch.
    """

    serializer_related_field = serializers.PrimaryKeyRelatedField
    serializer_field_mapping = {**STRICT_FIELDS, models.DecimalField: NumberField}
    record_kind: ClassVar[Kind]
    owner_label = serializers.SerializerMethodField()

    def get_owner_label(self, record: LaunchRecord) -> str:
        return str(record.owner) if record.owner else record.owner_name

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        launch = self.context.get("launch")
        for field in fields.values():
            queryset = getattr(field, "queryset", None)
            if queryset is None:
                continue
            if issubclass(queryset.model, LaunchRecord):
                field.queryset = queryset.filter(launch=launch) if launch else queryset.none()
            elif queryset.model is User:
                field.queryset = queryset.filter(is_active=True)
        return fields

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)


@cache
def record_serializer(key: str) -> type[RecordSerializer]:
    """The serializer of a kind of record, by the kind's key."""
    kind = kinds.get(key)
    name = "".join(part.title() for part in key.split("_"))
    editable = list(dict.fromkeys([*kind.fields, "text", "group", "owner", "owner_name"]))
    shown = [
        field.name
        for field in kind.model._meta.concrete_fields
        if field.name not in {*_ALWAYS_READ, *editable, *_NEVER_SHOWN}
    ]
    body: dict[str, Any] = {
        "record_kind": kind,
        "__doc__": f"{kind.label}. {kind.model.__doc__ or ''}".strip(),
    }
    body["kind"] = _constant(name, key)
    for facet in kinds.facets(kind).values():
        body[facet.name] = type(
            f"{name}{facet.name.title()}Field", (FacetField,), {"facet": facet, "kind": kind}
        )(help_text=facet.help_text)
        if facet.consequence_schema:
            body[facet.consequence_name] = type(
                f"{name}{facet.consequence_name.title()}Field",
                (ConsequenceField,),
                {"facet": facet, "schema": facet.consequence_schema},
            )()
    if "team" in editable:
        body["team"] = serializers.SlugRelatedField(
            slug_field="slug",
            queryset=Team.objects.all(),
            allow_null=True,
            required=False,
            help_text="A team's slug.",
        )
    facets = [name for name in body if name in kinds.facets(kind) or isinstance(body[name], ConsequenceField)]
    body["Meta"] = type(
        "Meta",
        (),
        {
            "model": kind.model,
            "fields": [
                *("id", "kind", "version", "position"),
                *editable,
                *("owner_label", *facets, *shown),
                *("created_at", "updated_at"),
            ],
            "read_only_fields": ["id", "version", "position", "created_at", "updated_at", *shown],
            "ref_name": f"{name}Record",
        },
    )
    return type(f"{name}RecordSerializer", (RecordSerializer,), body)


def _constant(name: str, key: str) -> serializers.Field:  # type: ignore[type-arg]
    field = extend_schema_field({"type": "string", "const": key})(
        type(f"{name}KindField", (serializers.ReadOnlyField,), {})
    )
    made: serializers.Field = field()  # type: ignore[type-arg]
    return made


class LaunchSerializer(serializers.ModelSerializer[Launch]):
    """A launch. `launch_day` and `rollout_start` are dates in `zone`; once set they are moved, not changed.

    While only a half-year, quarter or month is known, `launch_day` is null and `launch_day_fuzzy` holds it ("2026-Q1").
    """

    serializer_field_mapping = STRICT_FIELDS
    owner_label = serializers.SerializerMethodField()
    slug = serializers.SlugField(
        max_length=80, required=False, help_text="The launch's address; made from the name when left out."
    )
    launch_day_precision = serializers.CharField(read_only=True)
    holidays = serializers.ListField(
        child=serializers.DateField(), required=False, max_length=1000, help_text="Dates nobody works on."
    )
    tier = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )

    class Meta:
        model = Launch
        fields = [
            "id", "slug", "version", "name", "summary", "launch_type", "target_audience", "state", "tier",
            "restricted", "self_approval", "zone", "launch_day", "launch_time", "launch_day_fuzzy",
            "launch_day_precision", "rollout_start", "holidays", "owner", "owner_name", "owner_label",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "version", "state", "created_at", "updated_at"]

    def get_owner_label(self, launch: Launch) -> str:
        return str(launch.owner) if launch.owner else launch.owner_name

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        values = super().to_internal_value(data)
        if "holidays" in values:
            values["holidays"] = sorted({day.isoformat() for day in values["holidays"]})
        return values


class MemberSerializer(serializers.ModelSerializer[Member]):
    """A person's part in a launch. A contributor works for a `team` (its slug)."""

    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    user_name = serializers.CharField(source="user.name", read_only=True)
    role = serializers.ChoiceField(choices=Member.Role.choices)
    team = serializers.SlugRelatedField(
        slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Member
        fields = ["id", "version", "user", "user_name", "role", "team", "created_at", "updated_at"]
        read_only_fields = ["id", "version", "created_at", "updated_at"]
        validators: ClassVar[list[Any]] = []

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(self, data)
        return super().to_internal_value(data)
