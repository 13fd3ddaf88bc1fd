"""Announcements as endpoints: for colleagues and their tools, and the feed for the product's users."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.authentication import TokenAuthentication
from apps.accounts.models import Team, User
from apps.announcements import policies, selectors
from apps.announcements.models import IDENTITY_LENGTH, MOST_SURFACES, SURFACE, Announcement
from apps.announcements.services import approving, receipts, running, writing
from apps.announcements.windows import instant_of
from apps.content.models import CalendarItem
from apps.core.api import conditional
from apps.core.api.fields import StrictSerializer, TextField, ZoneField
from apps.core.api.views import ApiView, Changing, Creating, Listing, Retrieving
from apps.core.errors import Invalid
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug

ACTIONS: tuple[str, ...] = ("submit", "approve", "send_back", "schedule", "pause", "resume", "cancel")


class AnnouncementSerializer(StrictSerializer):
    """An announcement. What is not listed as writable follows from what was done with it."""

    id = serializers.IntegerField(read_only=True)
    launch = serializers.SlugField(source="launch.slug", read_only=True)
    title = TextField(max_length=200)
    body = TextField(
        max_length=100_000, required=False, allow_blank=True, trim_whitespace=False, help_text="Markdown."
    )
    html = serializers.CharField(read_only=True, help_text="The body as the feed gives it, sanitised.")
    action_label = TextField(max_length=60, required=False, allow_blank=True)
    action_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    surfaces = serializers.ListField(
        child=TextField(validators=[SURFACE]),
        max_length=MOST_SURFACES,
        required=False,
        help_text="Where in the product it may show. Empty: anywhere.",
    )
    audience = TextField(max_length=2000, required=False, allow_blank=True)
    audience_rule = TextField(max_length=2000, required=False, allow_blank=True)
    priority = serializers.ChoiceField(choices=Announcement.Priority.choices, required=False)
    teams = serializers.SlugRelatedField[Team](
        slug_field="slug",
        many=True,
        required=False,
        queryset=Team.objects.all(),
        help_text="Teams whose people get it in their inbox when it goes live.",
    )
    owner = serializers.PrimaryKeyRelatedField[User](
        required=False, allow_null=True, queryset=User.objects.filter(is_active=True)
    )
    team = serializers.SlugRelatedField[Team](
        slug_field="slug", required=False, allow_null=True, queryset=Team.objects.all()
    )
    item = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**63 - 1,
        source="item_id",
        help_text="The calendar item whose place on the calendar it shares. Set when it is made.",
    )
    placement = serializers.IntegerField(source="placement_id", read_only=True, allow_null=True)
    state = serializers.ChoiceField(choices=Announcement.State.choices, read_only=True)
    starts_at = serializers.DateTimeField(read_only=True, allow_null=True)
    ends_at = serializers.DateTimeField(read_only=True, allow_null=True)
    zone = serializers.CharField(read_only=True)
    went_live_at = serializers.DateTimeField(read_only=True, allow_null=True)
    ended_at = serializers.DateTimeField(read_only=True, allow_null=True)
    missed = serializers.BooleanField(read_only=True)
    approved_by = serializers.CharField(read_only=True, allow_null=True)
    approved_at = serializers.DateTimeField(read_only=True, allow_null=True)
    version = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


@extend_schema_field(OpenApiTypes.DATETIME)
class TimeField(serializers.Field):  # type: ignore[type-arg]
    """A date and time (ISO 8601). Without an offset it is a wall time in the request's `zone`."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return datetime.fromisoformat(data)
        except (TypeError, ValueError):
            raise serializers.ValidationError(
                "Write a time as 2026-03-04T15:00 (in `zone`) or with its offset, 2026-03-04T15:00:00Z."
            ) from None

    def to_representation(self, value: Any) -> Any:
        return value


class ScheduleSerializer(StrictSerializer):
    """When it shows. Without `starts_at` it goes live at once; without `ends_at` until it is stopped."""

    starts_at = TimeField(required=False, allow_null=True)
    ends_at = TimeField(required=False, allow_null=True)
    zone = ZoneField(required=False, help_text="IANA name; the launch's zone when left out.")


class ReasonSerializer(StrictSerializer):
    """Why, for those who wonder later."""

    reason = TextField(max_length=2000, required=False, allow_blank=True)


class AnnouncementFilter(django_filters.FilterSet):
    """What the list can be narrowed by."""

    state = django_filters.MultipleChoiceFilter(choices=Announcement.State.choices)


class LaunchAnnouncementsView(Listing, Creating):
    """The announcements of one launch."""

    serializer_class = AnnouncementSerializer
    filterset_class = AnnouncementFilter
    queryset = Announcement.objects.none()
    ordering_fields: ClassVar[dict[str, str]] = {
        "id": "pk",
        "created_at": "created_at",
        "updated_at": "updated_at",
        "starts_at": "starts_at",
    }
    default_ordering = "-created_at"

    @cached_property
    def launch(self) -> Launch:
        return launch_by_slug(self.actor, self.kwargs["slug"])

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.announcements(self.launch)

    def guard(self, obj: Any | None) -> None:
        policies.require("announcements.create", self.actor, self.launch)

    def create_from(self, values: dict[str, Any]) -> Announcement:
        item_id = values.pop("item_id", None)
        item = None
        if item_id is not None:
            item = (
                CalendarItem.objects.select_related("launch").filter(launch=self.launch, pk=item_id).first()
            )
            if item is None:
                raise Invalid("There is no such calendar item in this launch.", field="item")
        made = writing.create_announcement(actor=self.actor, launch=self.launch, values=values, item=item)
        return selectors.announcement(self.actor, made.pk)

    def location(self, obj: Any) -> str:
        return self.request.path.partition("/launches/")[0] + f"/announcements/{obj.pk}/"


class AnnouncementsView(Retrieving, Changing):
    """One announcement, and what can be done with it."""

    serializer_class = AnnouncementSerializer
    queryset = Announcement.objects.none()

    def get_object(self) -> Any:
        return selectors.announcement(self.actor, self.kwargs["pk"])

    def guard(self, obj: Any | None) -> None:
        if isinstance(obj, Announcement):
            policies.require("announcements.edit", self.actor, obj)

    def change_from(self, obj: Any, values: dict[str, Any], version: int | None) -> Announcement:
        if values.pop("item_id", None) is not None:
            raise Invalid("Its calendar item is set when the announcement is made.", field="item")
        changed = writing.change(actor=self.actor, announcement=obj, values=values, version=version)
        return selectors.announcement(self.actor, changed.pk)

    def _after(self, changed: Announcement) -> Response:
        return self.answer(selectors.announcement(self.actor, changed.pk))

    def _body(self, serializer_class: type[StrictSerializer]) -> dict[str, Any]:
        # Not `or {}`: that would take `[]`, `false` or `0` for "at once".
        body = serializer_class(data=self.request.data)
        body.is_valid(raise_exception=True)
        found: dict[str, Any] = body.validated_data
        return found

    @extend_schema(request=None)
    def submit(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for approval."""
        obj = self.get_object()
        return self._after(approving.submit(actor=self.actor, announcement=obj, version=self.version(obj)))

    @extend_schema(request=None)
    def approve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Approve it as it is now. Nobody approves their own work unless the launch allows it."""
        obj = self.get_object()
        return self._after(approving.approve(actor=self.actor, announcement=obj, version=self.version(obj)))

    @extend_schema(request=ReasonSerializer)
    def send_back(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Back to draft, with a reason."""
        obj = self.get_object()
        values = self._body(ReasonSerializer)
        return self._after(
            approving.send_back(actor=self.actor, announcement=obj, version=self.version(obj), **values)
        )

    @extend_schema(request=ScheduleSerializer)
    def schedule(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let an approved announcement go live at a time, or at once."""
        obj = self.get_object()
        policies.require("announcements.run", self.actor, obj)
        values = self._body(ScheduleSerializer)
        zone = values.get("zone") or obj.launch.zone
        window = {
            name: instant_of(values.get(name), zone=zone, field=name) for name in ("starts_at", "ends_at")
        }
        scheduled = running.schedule(
            actor=self.actor, announcement=obj, zone=zone, version=self.version(obj), **window
        )
        return self._after(scheduled)

    @extend_schema(request=None)
    def pause(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hide it until it is resumed."""
        obj = self.get_object()
        return self._after(running.pause(actor=self.actor, announcement=obj, version=self.version(obj)))

    @extend_schema(request=None)
    def resume(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Go on where it was paused."""
        obj = self.get_object()
        return self._after(running.resume(actor=self.actor, announcement=obj, version=self.version(obj)))

    @extend_schema(request=ReasonSerializer)
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End it for good."""
        obj = self.get_object()
        values = self._body(ReasonSerializer)
        return self._after(
            running.cancel(actor=self.actor, announcement=obj, version=self.version(obj), **values)
        )


class FeedEntrySerializer(serializers.Serializer[Any]):
    """An announcement as the product shows it."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    body = TextField(help_text="Markdown, for those who render it themselves.")
    html = serializers.CharField(help_text="The same, sanitised: no scripts, styles or pictures.")
    action_label = TextField()
    action_url = serializers.CharField()
    surfaces = serializers.ListField(child=serializers.CharField())
    priority = serializers.IntegerField()
    went_live_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class FeedSerializer(serializers.Serializer[Any]):
    """What one user is to see now, most pressing first."""

    announcements = FeedEntrySerializer(many=True)


class FeedView(ApiView):
    """What is live for one user of a customer's account, for the product's own server (scope `feed`)."""

    authentication_classes = [TokenAuthentication]
    read_scope = write_scope = "feed"
    http_method_names = ["get", "head"]

    @extend_schema(
        responses=FeedSerializer,
        parameters=[
            OpenApiParameter("account", str, required=True, description="The customer's account."),
            OpenApiParameter("user", str, required=True, description="The user within that account."),
            OpenApiParameter("surface", str, description="Where in the product; everything when left out."),
        ],
    )
    def get(self, request: Request) -> Response:
        """What is live, in its window and not dismissed by this user. Answers 304 if nothing changed."""
        given = {name: request.query_params.get(name, "") for name in ("account", "user", "surface")}
        for name in ("account", "user"):
            receipts.check_identity(name, given[name])
        if given["surface"] and not SURFACE.regex.match(given["surface"]):  # type: ignore[union-attr]
            raise Invalid(str(SURFACE.message), field="surface")
        shown = selectors.feed(**given)
        tag = f'"{hashlib.sha256(repr(shown).encode()).hexdigest()[:32]}"'
        if conditional.is_unchanged(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response({"announcements": shown}, headers={"ETag": tag})


class ReportSerializer(StrictSerializer):
    """What one user did with one announcement so far. Sending it again changes nothing."""

    announcement = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    # Not trimmed: the feed takes ids as they are, and the two have to mean the same user.
    account = serializers.CharField(max_length=IDENTITY_LENGTH, trim_whitespace=False)
    user = serializers.CharField(max_length=IDENTITY_LENGTH, trim_whitespace=False)
    first_seen_at = serializers.DateTimeField(required=False, allow_null=True)
    last_seen_at = serializers.DateTimeField(required=False, allow_null=True)
    clicked_at = serializers.DateTimeField(required=False, allow_null=True)
    dismissed_at = serializers.DateTimeField(required=False, allow_null=True)
    shown_count = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=receipts.MOST_SHOWN,
        help_text="How often shown so far, in all.",
    )


class ReceiptsSerializer(StrictSerializer):
    """A batch of reports."""

    receipts = serializers.ListField(
        child=ReportSerializer(), allow_empty=False, max_length=receipts.MOST_REPORTS
    )


class StoredSerializer(serializers.Serializer[Any]):
    """What became of a batch."""

    stored = serializers.IntegerField(help_text="Users and announcements whose receipt is stored.")
    unknown = serializers.ListField(
        child=serializers.IntegerField(), help_text="Announcements that never were live: left out."
    )


class ReceiptsView(ApiView):
    """What users did with announcements. For the product's own server, by a token of scope `feed`."""

    authentication_classes = [TokenAuthentication]
    write_scope = "feed"

    @extend_schema(request=ReceiptsSerializer, responses=StoredSerializer)
    def post(self, request: Request) -> Response:
        """Merge a batch: earliest first seen, latest last seen, largest count. Order never matters."""
        body = ReceiptsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        reports = [receipts.Report(**row) for row in body.validated_data["receipts"]]
        stored = receipts.store(actor=self.actor, reports=reports)
        return Response({"stored": stored.receipts, "unknown": stored.unknown})
