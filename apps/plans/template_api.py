"""Templates as endpoints: the list, one, making one of a launch, putting it away, starting a launch."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.core.api import query
from apps.core.api.fields import StrictSerializer, TextField, ZoneField
from apps.core.api.views import Creating, Removing, Retrieving
from apps.core.errors import Invalid
from apps.launches import policies
from apps.launches.selectors import launch_by_slug
from apps.plans.models import LaunchTemplate
from apps.plans.selectors.templates import template_by_slug, templates
from apps.plans.services import starting
from apps.plans.services import templates as service
from apps.plans.templating.document import read
from apps.schedule.services.moving.previewing import LANDINGS

MOST_PEOPLE = 60


class RoleSerializer(serializers.Serializer[Any]):
    """A role of a template. `key` is what `people` of a start names; `team` a slug, empty for none."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name in the API, not the serializer's own
    role = serializers.CharField()
    team = serializers.CharField()


class TemplateSerializer(StrictSerializer):
    """A template. `built_in` ones come with the portal and are not changed."""

    launch = serializers.SlugField(max_length=80, write_only=True, help_text="The launch to make it of.")
    slug = serializers.CharField(read_only=True)
    name = TextField(max_length=200)
    summary = TextField(max_length=1000, required=False, allow_blank=True)
    tier = serializers.IntegerField(min_value=1, max_value=9, required=False, allow_null=True)
    built_in = serializers.BooleanField(source="is_built_in", read_only=True)
    archived = serializers.BooleanField(read_only=True)
    made_by = serializers.CharField(read_only=True, allow_null=True)
    counts = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    version = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_counts(self, template: LaunchTemplate) -> dict[str, int]:
        """Records by kind."""
        return read(template.document).counts()

    @extend_schema_field(RoleSerializer(many=True))
    def get_roles(self, template: LaunchTemplate) -> list[dict[str, str]]:
        roles = read(template.document).roles
        return [
            {"key": each.key, "label": each.label, "role": each.role, "team": each.team} for each in roles
        ]

    def get_notes(self, template: LaunchTemplate) -> list[str]:
        """What became something else when the template was made."""
        return list(read(template.document).notes)


class StartLaunchSerializer(StrictSerializer):
    """A launch to start. `people` maps keys of the template's roles to ids of people."""

    name = TextField(max_length=300)
    launch_day = serializers.DateField()
    zone = ZoneField(required=False)
    owner = serializers.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        allow_null=True,
        help_text="A person's id; you if left out.",
    )
    people = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=2**31 - 1), required=False
    )
    landing = serializers.ChoiceField(
        choices=LANDINGS, default="keep", help_text="What single days do that fall on a weekend or holiday."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Answer what it would make, and make nothing."
    )
    fingerprint = TextField(
        max_length=64,
        required=False,
        help_text="Of the dry run that was looked at: answers 409 if it changed.",
    )


class StartedRecordSerializer(serializers.Serializer[Any]):
    """Where a record falls. `off_day`: on a weekend or holiday, before `landing`."""

    kind = serializers.CharField()
    title = serializers.CharField()
    starts_on = serializers.DateField(source="dated.span.starts_on", allow_null=True)
    ends_on = serializers.DateField(source="dated.span.ends_on", allow_null=True)
    off_day = serializers.BooleanField(source="dated.off_day")


class StartedLaunchSerializer(serializers.Serializer[Any]):
    """What starting makes; of a dry run `launch` is null and `records` holds the dates."""

    launch = serializers.CharField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    left_open = serializers.ListField(child=serializers.CharField())
    first = serializers.DateField(allow_null=True)
    last = serializers.DateField(allow_null=True)
    records = StartedRecordSerializer(many=True)
    fingerprint = serializers.CharField(allow_null=True)


class TemplatesView(Retrieving, Creating, Removing):
    """Templates launches start from: those that come with the portal and those people saved."""

    serializer_class = TemplateSerializer
    queryset = LaunchTemplate.objects.none()
    lookup_field = "slug"

    def get_object(self) -> LaunchTemplate:
        return template_by_slug(self.actor, self.kwargs["slug"])

    @extend_schema(
        parameters=[
            OpenApiParameter("tier", int, description="Only of this tier, and saved ones for any."),
            OpenApiParameter("q", str, description="Words in name or summary."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All of them, by tier and name; at most 200 saved ones."""
        tier = query.number(request, "tier", least=1, most=9)
        found = templates(request.query_params.get("q", "")[:200], tier)
        return Response(self.pruned(list(self.read_serializer(found, many=True).data)))

    def guard(self, obj: Any | None) -> None:
        if obj is None:
            policies.require("launches.create", self.actor)
        else:
            service.require_change(self.actor, obj)

    def create_from(self, values: dict[str, Any]) -> LaunchTemplate:
        launch = launch_by_slug(self.actor, values.pop("launch"))
        return service.make_template(actor=self.actor, launch=launch, **values)

    def remove(self, obj: LaunchTemplate, version: int | None) -> None:
        """Put away: launches that were started from it stay as they are."""
        service.change_template(actor=self.actor, template=obj, values={"archived": True}, version=version)

    @extend_schema(
        request=StartLaunchSerializer,
        responses={
            201: StartedLaunchSerializer,
            200: OpenApiResponse(StartedLaunchSerializer, "Of a dry run."),
        },
    )
    def start(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a launch, everything relative to its launch day."""
        policies.require("launches.create", self.actor)
        template = self.get_object()
        body = StartLaunchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        begin = _start(given)
        if given["dry_run"]:
            preview = starting.preview_start(actor=self.actor, template=template, start=begin)
            answer = {
                "launch": None,
                "counts": preview.counts,
                "left_open": preview.left_open,
                "first": preview.first,
                "last": preview.last,
                "records": preview.lines,
                "fingerprint": preview.fingerprint,
            }
            return Response(StartedLaunchSerializer(answer).data)
        made = starting.start_from_template(
            actor=self.actor, template=template, start=begin, fingerprint=given.get("fingerprint", "")
        )
        answer = {
            "launch": made.launch.slug,
            "counts": made.counts,
            "left_open": made.left_open,
            "first": made.first,
            "last": made.last,
            "records": [],
            "fingerprint": None,
        }
        headers = {"Location": f"/api/v1/launches/{made.launch.slug}/"}
        return Response(StartedLaunchSerializer(answer).data, status=status.HTTP_201_CREATED, headers=headers)


def _start(given: dict[str, Any]) -> starting.Start:
    """The people who are named, found in one query. Raises `Invalid` for an id that is nobody's."""
    people: dict[str, int] = given.get("people", {})
    if len(people) > MOST_PEOPLE:
        raise Invalid(f"Name at most {MOST_PEOPLE} people.", field="people")
    owner = given.get("owner")
    wanted = {*people.values(), *([owner] if owner else [])}
    found = User.objects.in_bulk(wanted)
    for field, pks in (("people", list(people.values())), ("owner", [owner] if owner else [])):
        missing = [pk for pk in pks if pk not in found]
        if missing:
            raise Invalid(f"There is no person {missing[0]}.", field=field)
    return starting.Start(
        name=given["name"],
        launch_day=given["launch_day"],
        zone=given.get("zone", ""),
        owner=found[owner] if owner else None,
        people={key: found[pk] for key, pk in people.items()},
        landing=given["landing"],
    )
