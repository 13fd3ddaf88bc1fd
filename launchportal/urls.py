"""Every address of the portal."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from apps.core.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("launchportal.api_urls")),
    path("launches/<slug:slug>/announcements/", include("apps.announcements.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.plans.urls")),
    path("", include("apps.portal.urls")),
]
