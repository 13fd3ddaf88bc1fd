"""What happened, as a feed that other tools follow."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.query import number
from apps.core.api.views import ApiView
from apps.launches import events, selectors

MOST, DEFAULT = 500, 100


class EventActorSerializer(serializers.Serializer[Any]):
    """Who did it."""

    kind = serializers.CharField(source="actor_kind", help_text="user, token, system or link")
    id = serializers.IntegerField(source="actor_id", allow_null=True)
    label = serializers.CharField(source="actor_label")  # type: ignore[assignment]  # a field of this name


class EventObjectSerializer(serializers.Serializer[Any]):
    """What it was done to."""

    type = serializers.CharField(source="object_type")
    id = serializers.IntegerField(source="object_id", allow_null=True)
    label = serializers.CharField(source="object_label")  # type: ignore[assignment]  # a field of this name


class EventSerializer(serializers.Serializer[Any]):
    """One entry of the audit log. `changes` maps field names to [old, new]."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    verb = serializers.CharField(help_text="For example launch.moved, calendar_entry.changed")
    launch = serializers.CharField(source="launch_slug", allow_null=True, help_text="The launch's slug.")
    actor = EventActorSerializer(source="*")
    object = EventObjectSerializer(source="*")
    changes = serializers.DictField()
    reason = serializers.CharField()
    request_id = serializers.CharField()


class EventPageSerializer(serializers.Serializer[Any]):
    """Events, oldest first. Ask again with `after` set to `cursor`, also when there were none."""

    results = EventSerializer(many=True)
    cursor = serializers.CharField()
    more = serializers.BooleanField(help_text="Whether there are more right now.")


class EventsView(ApiView):
    """The audit log of all launches one may see, oldest first, by cursor.

    Nothing is skipped: an event appears only once everything before it has. So one that is a moment old may
    still be missing while a longer change is under way. Events that belong to no launch go to administrators,
    and to their tokens with the scope `admin`.
    """

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "after", str, description="The `cursor` of the last answer; all events without."
            ),
            OpenApiParameter("limit", int, description=f"1 to {MOST}, else {DEFAULT}."),
            OpenApiParameter("launch", str, description="Only this launch's, by its slug."),
            OpenApiParameter("verb", str, description="Only this verb, or all that begin so: `launch.`"),
        ],
        responses=EventPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Events after a cursor."""
        query = request.query_params
        after = number(request, "after", least=0, most=2**63 - 1, default=0) or 0
        limit = number(request, "limit", least=1, most=MOST, default=DEFAULT) or DEFAULT
        launch = selectors.launch_by_slug(self.actor, query["launch"]) if query.get("launch") else None
        rows, more = events.after(
            actor=self.actor, after=after, limit=limit, launch=launch, verb=query.get("verb", "")[:64]
        )
        cursor = rows[-1].pk if rows else after
        return Response(
            {"results": EventSerializer(rows, many=True).data, "cursor": str(cursor), "more": more}
        )
