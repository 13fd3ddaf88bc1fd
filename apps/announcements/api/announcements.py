"""Announcements as endpoints, for colleagues and their tools."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Team, User
from apps.announcements import policies, selectors
from apps.announcements.api.figures import FiguresSerializer
from apps.announcements.models import (
    LANGUAGE,
    MOST_HOURS,
    MOST_SHOWS,
    MOST_SURFACES,
    SURFACE,
    Announcement,
)
from apps.announcements.services import approving, running, writing
from apps.audience.models import validate_rule
from apps.content.models import CalendarItem
from apps.core.api.fields import StrictSerializer, TextField, ZoneField
from apps.core.api.views import Changing, Creating, Listing, Retrieving
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches.models import Launch
from apps.launches.selectors import launch_by_slug
from apps.schedule.wall_times import instant_of

ACTIONS: tuple[str, ...] = ("submit", "approve", "send_back", "schedule", "pause", "resume", "cancel")


class TranslationSerializer(StrictSerializer):
    """An announcement's words in one more language."""

    language = TextField(max_length=12, validators=[LANGUAGE], help_text="de, pt-BR, zh-Hant")
    title = TextField(max_length=200)
    body = TextField(max_length=100_000, required=False, allow_blank=True, trim_whitespace=False)
    action_label = TextField(max_length=60, required=False, allow_blank=True)


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
    audience_rule = TextField(
        max_length=2000,
        required=False,
        allow_blank=True,
        validators=[validate_rule],
        help_text="Which accounts see it: plan = team and projects < 50. Empty: all.",
    )
    only_exposed = serializers.BooleanField(
        required=False, help_text="Only accounts that the launch's rollout has reached."
    )
    priority = serializers.ChoiceField(choices=Announcement.Priority.choices, required=False)
    form = serializers.ChoiceField(choices=Announcement.Form.choices, required=False)
    language = TextField(
        max_length=12, required=False, validators=[LANGUAGE], help_text="Of title and body: en, pt-BR."
    )
    translations = TranslationSerializer(
        many=True,
        required=False,
        help_text="The same in other languages. Sent ones replace those there were.",
    )
    most_shows = serializers.IntegerField(
        min_value=1,
        max_value=MOST_SHOWS,
        required=False,
        allow_null=True,
        help_text="How often one user sees it.",
    )
    hours_between = serializers.IntegerField(
        min_value=1,
        max_value=MOST_HOURS,
        required=False,
        allow_null=True,
        help_text="Hours before the same user sees it again.",
    )
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

    @extend_schema(responses=FiguresSerializer)
    def figures(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Eligible, seen, clicked, dismissed: in all, by segment and by day; and who could see it when."""
        obj = self.get_object()
        reach = selectors.reach(
            rule=obj.audience_rule, only_exposed=obj.only_exposed, launch_id=obj.launch_id
        )
        found = {
            "eligible": reach.eligible,
            "total": selectors.figures(obj),
            "segments": selectors.by_segment(obj),
            "days": selectors.by_day(obj, now()),
            "showings": selectors.showings(obj),
        }
        return Response(FiguresSerializer(found).data)

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
