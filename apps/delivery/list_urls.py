"""The suppression list, below /customers/suppressions/."""

from __future__ import annotations

from django.urls import path

from apps.delivery.views import suppressions

app_name = "suppressions"
urlpatterns = [
    path("", suppressions.suppressions, name="list"),
    path("upload/", suppressions.upload, name="upload"),
    path("export/", suppressions.export, name="export"),
    path("<int:pk>/lift/", suppressions.lift, name="lift"),
]
