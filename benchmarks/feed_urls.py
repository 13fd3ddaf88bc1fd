"""The portal's addresses, and the view that the feed is measured against."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from launchportal.urls import urlpatterns as portal

TABLE = "benchmark_answer"


def answer(request: HttpRequest) -> HttpResponse:
    """One SELECT by primary key, answered as it stands."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT body FROM {TABLE} WHERE id = %s", [request.GET["id"]])
        row: tuple[str] = cursor.fetchone()
    return HttpResponse(row[0], content_type="application/json")


urlpatterns = [path("benchmark/answer", answer), *portal]
