"""Reading, applying and exporting plans, and a launch's versions, as endpoints."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import query
from apps.core.api.fields import STRICT_FIELDS, StrictSerializer, TextField, ZoneField
from apps.core.api.views import ApiView, Creating, Listing, Retrieving, plain_text
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug
from apps.plans.models import PlanVersion
from apps.plans.reading import report
from apps.plans.services import export as exporting
from apps.plans.services import restoring, versions
from apps.plans.services.apply import apply_plan, is_empty
from apps.plans.services.documents import QuestionsOpen, ReadPlan, read
from apps.plans.services.editions import apply_edition, difference, reread
from apps.plans.services.settling import fingerprint


class DocumentSerializer(StrictSerializer):
    """A plan and what is known beside it."""

    document = TextField(
        trim_whitespace=False, allow_blank=True, help_text="The Markdown document, at most 1 MiB."
    )
    answers = serializers.DictField(
        child=TextField(max_length=500),
        required=False,
        help_text="Question id to answer, for what the plan leaves open.",
    )
    accept_proposals = serializers.BooleanField(
        default=False,
        help_text="Answer every other question as proposed, and leave open what has no proposal.",
    )
    launch_day = serializers.DateField(required=False, allow_null=True)
    rollout_start = serializers.DateField(required=False, allow_null=True)
    into = serializers.SlugField(
        max_length=80,
        required=False,
        help_text="Bring the plan into this launch: as a new edition if it has one.",
    )

    def plan(self) -> ReadPlan:
        """The document as read. Raises `PlanRefused`."""
        given = self.validated_data
        return read(
            given["document"],
            answers=given.get("answers"),
            accept_proposals=given["accept_proposals"],
            launch_day=given.get("launch_day"),
            rollout_start=given.get("rollout_start"),
        )


class ApplySerializer(DocumentSerializer):
    """A plan to make a launch of."""

    name = TextField(max_length=300, required=False, help_text="Instead of the plan's own.")
    zone = ZoneField(required=False)
    fingerprint = TextField(
        max_length=64,
        required=False,
        help_text="Of the difference that was shown: answers 409 if the launch changed since.",
    )


class QuestionSerializer(serializers.Serializer[Any]):
    """Something the plan leaves open."""

    id = serializers.CharField()
    kind = serializers.CharField()
    line = serializers.IntegerField()
    text = serializers.CharField()
    proposed = serializers.CharField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())


class FactSerializer(serializers.Serializer[Any]):
    """A fact of the plan. `lines` count from 1, both ends included."""

    kind = serializers.CharField()
    key = serializers.CharField()
    title = serializers.CharField()
    group = serializers.CharField()
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]  # as `fields`
    lines = serializers.ListField(child=serializers.IntegerField())
    spans = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    fields = serializers.DictField()  # type: ignore[assignment]  # the plan format's name, not the serializer's


class ReadingSerializer(serializers.Serializer[Any]):
    """A plan as read, in the shape of `import_plan --dry-run --json`."""

    name = serializers.CharField()
    language = serializers.CharField()
    launch_day = serializers.CharField(allow_null=True)
    launch_day_precision = serializers.CharField(allow_null=True)
    rollout_start = serializers.CharField(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    coverage = serializers.DictField(child=serializers.IntegerField())
    questions = QuestionSerializer(many=True)
    records = FactSerializer(many=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """A fact that changes. `text` says it in a sentence."""

    what = serializers.ChoiceField(choices=["added", "removed", "changed"])
    kind = serializers.CharField()
    title = serializers.CharField()
    field = serializers.CharField()
    text = serializers.CharField()


class KeptSerializer(serializers.Serializer[Any]):
    """What stays although the document says otherwise, and why."""

    title = serializers.CharField()
    reason = serializers.CharField()


class ReadAnswerSerializer(ReadingSerializer):
    """With `into`, also what the document would change in that launch."""

    changes = ChangeSerializer(many=True, required=False)
    kept = KeptSerializer(many=True, required=False)
    fingerprint = serializers.CharField(required=False)


class AppliedSerializer(serializers.Serializer[Any]):
    """What was made: the launch's slug, and records by kind or, for a new edition, what changed."""

    launch = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField(), required=False)
    changes = ChangeSerializer(many=True, required=False)
    kept = KeptSerializer(many=True, required=False)


class ReadPlanView(ApiView):
    """What a document says, without saving anything."""

    write_scope = "read"

    @extend_schema(request=DocumentSerializer, responses=ReadAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Read a plan: its records, questions and coverage; with `into` also what it would change there."""
        body = DocumentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        slug = body.validated_data.get("into")
        launch = launch_by_slug(self.actor, slug) if slug else None
        plan = body.plan()
        answer = report(plan.reading)
        if launch is not None and not is_empty(launch):
            answer |= difference(launch=launch, plan=reread(launch, plan)).to_json()
        return Response(answer)


class ApplyPlanView(ApiView):
    """Making a launch of a document."""

    @extend_schema(
        request=ApplySerializer,
        responses={
            201: AppliedSerializer,
            200: OpenApiResponse(AppliedSerializer, description="A new edition of a plan that was there."),
        },
    )
    def post(self, request: Request) -> Response:
        """Make a launch of a plan, or bring it into one. Open questions answer 400 and save nothing."""
        body = ApplySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        launch = launch_by_slug(self.actor, given["into"]) if given.get("into") else None
        policies.require("launches.edit" if launch else "launches.create", self.actor, launch)
        plan = body.plan()
        if launch is not None and not is_empty(launch):
            return self._edition(launch, plan, given)
        made = apply_plan(
            actor=self.actor,
            plan=plan,
            launch=launch,
            name=given.get("name"),
            launch_day=given.get("launch_day"),
            rollout_start=given.get("rollout_start"),
            zone=given.get("zone"),
            leave_open=given["accept_proposals"],
        )
        slug = made.launch.slug
        return Response(
            {"launch": slug, "counts": made.counts},
            status=status.HTTP_201_CREATED,
            headers={"Location": f"/api/v1/launches/{slug}/"},
        )

    def _edition(self, launch: Launch, plan: ReadPlan, given: dict[str, Any]) -> Response:
        plan = reread(launch, plan, accept_proposals=given["accept_proposals"])
        if plan.open and not given["accept_proposals"]:
            raise QuestionsOpen(plan.open)
        done = apply_edition(
            actor=self.actor, launch=launch, plan=plan, fingerprint=given.get("fingerprint")
        ).to_json()
        return Response({"launch": launch.slug, "changes": done["changes"], "kept": done["kept"]})


class PlanDocumentView(ApiView):
    """A launch as its Markdown document."""

    @extend_schema(
        operation_id="launches_plan_document",
        parameters=[
            OpenApiParameter("live", bool, description="With dates, done marks and actual figures beside it.")
        ],
        responses={(200, "text/markdown"): OpenApiTypes.STR},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Export the plan."""
        launch = launch_by_slug(self.actor, slug)
        live = query.flag(request, "live")
        return plain_text(
            exporting.export_plan(launch, live=live),
            content_type="text/markdown; charset=utf-8",
            filename=f"{launch.slug}.md",
        )


class VersionSerializer(serializers.ModelSerializer[PlanVersion]):
    """A saved version. `label` names it in the document's history."""

    serializer_field_mapping = STRICT_FIELDS
    author = serializers.CharField(source="author_label", read_only=True)
    label = TextField(  # type: ignore[assignment]  # a name in the API, not the serializer's own
        max_length=60, required=False, write_only=True
    )

    class Meta:
        model = PlanVersion
        fields = ["number", "summary", "label", "author", "created_at"]
        read_only_fields = ["number", "author", "created_at"]


class ComparisonSerializer(serializers.Serializer[Any]):
    """What changed from one version to another, or to now. `fingerprint` stands for the launch as it is now."""

    changes = ChangeSerializer(many=True)
    fingerprint = serializers.CharField()


class RestoreSerializer(StrictSerializer):
    """Going back to a version."""

    fingerprint = TextField(
        max_length=64,
        required=False,
        help_text="Of the comparison that was looked at: answers 409 if the launch changed since.",
    )


class VersionsView(Listing, Retrieving, Creating):
    """The saved versions of a launch, newest first."""

    serializer_class = VersionSerializer
    queryset = PlanVersion.objects.none()
    lookup_field = "number"
    ordering_fields: ClassVar[dict[str, str]] = {"number": "number"}
    default_ordering = "-number"

    @cached_property
    def launch(self) -> Launch:
        return launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return PlanVersion.objects.filter(launch=self.launch).defer("snapshot", "document")

    def get_object(self) -> PlanVersion:
        return versions.version(self.launch, self.kwargs["number"])

    def guard(self, obj: Any | None) -> None:
        policies.require("launches.edit", self.actor, self.launch)

    def create_from(self, values: dict[str, Any]) -> PlanVersion:
        return versions.save_version(actor=self.actor, launch=self.launch, **values)

    def etag(self, obj: Any) -> str:
        return f'"{obj.number}"'

    @extend_schema(
        parameters=[
            OpenApiParameter("to", int, description="The version to compare with; now when left out.")
        ],
        responses=ComparisonSerializer,
    )
    def compare(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What changed since this version, as facts."""
        before = versions.stored(self.get_object())
        wanted = query.number(request, "to", least=1, most=2**31 - 1)
        if wanted is None:
            after = versions.now_of(self.launch)
        else:
            after = versions.stored(versions.version(self.launch, wanted))
        changes = versions.compare(before, after)
        answer = {"changes": changes, "fingerprint": fingerprint(self.launch)}
        return Response(ComparisonSerializer(answer).data)

    @extend_schema(request=RestoreSerializer, responses={201: VersionSerializer})
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Go back to this version; answers the new version that says so."""
        body = RestoreSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = restoring.restore(
            actor=self.actor,
            launch=self.launch,
            version=self.get_object(),
            fingerprint=body.validated_data.get("fingerprint"),
        )
        return Response(VersionSerializer(made).data, status=status.HTTP_201_CREATED)
