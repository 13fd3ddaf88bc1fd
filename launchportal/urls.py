"""Every address of the portal."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.content.views.feeds import feed as calendar_feed
from apps.core.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("launchportal.api_urls")),
    path("launches/<slug:slug>/announcements/", include("apps.announcements.urls")),
    path("launches/<slug:slug>/outreach/", include("apps.outreach.urls")),
    path("customers/suppressions/", include("apps.delivery.list_urls")),
    path("customers/", include("apps.audience.urls")),
    path("follow-ups/", include("apps.work.urls")),
    path("u/<str:token>/", include("apps.delivery.urls")),
    path("l/<str:token>/", include("apps.delivery.link_urls")),
    path("", include("apps.announcements.product_urls")),
    path("", include("apps.schedule.notice_urls")),
    path("", include("apps.accounts.urls")),
    path("feeds/<str:secret>.ics", calendar_feed, name="calendar_feed"),
    path("", include("apps.plans.urls")),
    path("", include("apps.portal.urls")),
]
if settings.DELIVERY_WEBHOOKS:
    urlpatterns.insert(0, path("anymail/", include("apps.delivery.webhook_urls")))
