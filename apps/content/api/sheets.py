"""The filtered calendar as CSV."""

from __future__ import annotations

from django.http import QueryDict
from django.http.response import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from apps.content.selectors import STANDINGS, Filter, sheets
from apps.core.api import query
from apps.core.api.views import ApiView
from apps.launches.selectors import launch_by_slug
from apps.schedule.selectors import placements, visible_placements

_PARAMETERS = [
    OpenApiParameter("team", int, description="A team's id."),
    OpenApiParameter("owner", int, description="A person's id."),
    OpenApiParameter("channel", str, description="A channel's id, or its kind."),
    OpenApiParameter("state", str, enum=list(STANDINGS)),
    OpenApiParameter("kind", str, description="The kind of record, like calendar_entry."),
    OpenApiParameter("mine", str, enum=["1"], description="Only what is one's own or one's team's."),
    OpenApiParameter("q", str, description="Words in the title."),
    OpenApiParameter("bom", bool, description="Begin with a byte order mark, as some spreadsheets want it."),
]


def _chosen(request: Request) -> Filter:
    asked: QueryDict = request._request.GET
    return Filter.of(asked)


class ItemsSheetView(ApiView):
    """The calendar of one launch as a table."""

    @extend_schema(
        operation_id="launches_items_csv",
        parameters=_PARAMETERS,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Everything the filter holds, streamed as CSV in UTF-8; cells that look like formulas are defused."""
        launch = launch_by_slug(self.actor, slug)
        found = _chosen(request).apply(placements(launch), self.actor)
        return sheets.download(found, self.actor, name=launch.slug, bom=query.flag(request, "bom"))


class CalendarSheetView(ApiView):
    """The dated work of all open launches as a table."""

    @extend_schema(
        operation_id="calendar_csv",
        tags=["calendar"],
        parameters=[OpenApiParameter("launch", str, description="A launch's slug."), *_PARAMETERS],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """The same of every launch one may see."""
        found = _chosen(request).apply(visible_placements(self.actor), self.actor)
        return sheets.download(found, self.actor, name="calendar", bom=query.flag(request, "bom"))
