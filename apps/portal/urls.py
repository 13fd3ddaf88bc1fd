"""Addresses of the portal's own pages, and of all pages of a launch, whichever app they come from."""

from __future__ import annotations

from django.urls import include, path

from apps.content.views.calendar import calendar_of_all
from apps.content.views.timeline import timeline
from apps.launches.urls import urlpatterns as launch_pages
from apps.metrics.urls import urlpatterns as metric_pages
from apps.portal.views import home, launches, mail, overview, tools
from apps.rollouts.urls import urlpatterns as phase_pages
from apps.schedule.urls import urlpatterns as date_pages

portal_patterns = [
    path("", home.home, name="home"),
    path("calendar/", calendar_of_all, name="calendar"),
    path("palette/", tools.palette, name="palette"),
    path("mail/", mail.mails, name="mails"),
    path("mail/<str:key>/", mail.mail, name="mail"),
    path("styleguide/", tools.styleguide, name="styleguide"),
]
launch_patterns = [
    path("", launches.launches, name="list"),
    *launch_pages,
    *date_pages,
    *metric_pages,
    *phase_pages,
    path("<slug:slug>/", overview.overview, name="overview"),
    path("<slug:slug>/progress/", overview.progress, name="progress"),
    path("<slug:slug>/plan/", overview.plan, name="plan"),
    path("<slug:slug>/timeline/", timeline, name="timeline"),
    path("<slug:slug>/duplicate/", launches.duplicate, name="duplicate"),
]
urlpatterns = [
    path("", include((portal_patterns, "portal"))),
    path("launches/", include((launch_patterns, "launches"))),
    path("calendar/", include("apps.content.person_urls")),
    path("launches/<slug:slug>/calendar/", include("apps.content.urls")),
]
