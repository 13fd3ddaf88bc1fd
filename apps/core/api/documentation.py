"""Pages that explain the API: its interactive documentation, and what each sort of problem means."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.problems import TITLES
from apps.core.api.views import ApiView


class ApiDocumentation(SpectacularSwaggerSplitView):
    """Swagger UI from local files, without inline script or style, as the strict CSP wants it."""

    template_name = "api/docs.html"


class ProblemTypeSerializer(serializers.Serializer[Any]):
    """What a `type` of problem details stands for."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()


class ProblemsView(ApiView):
    """What the `type` of problem details points at."""

    permission_classes = [AllowAny]

    @extend_schema(responses=ProblemTypeSerializer, auth=[])
    def get(self, request: Request, name: str) -> Response:
        """A sort of problem."""
        for status, (known, title) in TITLES.items():
            if known == name:
                return Response({"type": request.path, "title": title, "status": status})
        raise Http404
