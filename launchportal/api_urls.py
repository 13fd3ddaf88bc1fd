"""Every address below /api/v1/."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from apps.accounts.api import MeView, PeopleView, TeamsView
from apps.announcements.api import (
    ACTIONS,
    AnnouncementsView,
    FeedView,
    LaunchAnnouncementsView,
    ReceiptsView,
)
from apps.content.api import ItemsView
from apps.core.api.documentation import ApiDocumentation, ProblemsView
from apps.core.api.views import NoSuchAddress
from apps.launches.api.comments import CommentsView
from apps.launches.api.events import EventsView
from apps.launches.api.launches import LAUNCH_ACTIONS, LaunchesView
from apps.launches.api.members import MembersView
from apps.launches.api.records import AnyRecordsView, SegmentsView
from apps.metrics.api import MeasurementsView, MetricsView
from apps.plans.api import ApplyPlanView, PlanDocumentView, ReadPlanView, VersionsView
from apps.rollouts.api import PHASE_ACTIONS, PhasesView, RolloutStepsView
from apps.schedule.api import MoveLaunchView, PlacementsView

LIST: dict[str, Any] = {"get": "list", "post": "create"}
OBJECT: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}


def actions(prefix: str, view: Any, *names: str) -> list[URLPattern]:
    """POST <prefix>/<name>/ for each named method of a viewset."""
    return [path(f"{prefix}/{name}/", view.as_view({"post": name})) for name in names]


def records(prefix: str, view: Any, *names: str) -> list[URLPattern]:
    """List and objects of one kind of record, with what can be done to each."""
    return [
        path(f"{prefix}/", view.as_view(LIST)),
        path(f"{prefix}/<int:pk>/", view.as_view(OBJECT)),
        *actions(f"{prefix}/<int:pk>", view, "move", *names),
    ]


# Everything that lies below one launch.
launch_urls: list[URLPattern | URLResolver] = [
    path("", LaunchesView.as_view({"get": "retrieve", "patch": "partial_update"})),
    *[path(f"{name}/", LaunchesView.as_view({"post": name})) for name in LAUNCH_ACTIONS],
    path("move/", MoveLaunchView.as_view()),
    path("members/", MembersView.as_view(LIST)),
    path("members/<int:pk>/", MembersView.as_view(OBJECT)),
    *records("phases", PhasesView, *PHASE_ACTIONS),
    *records("segments", SegmentsView),
    *records("items", ItemsView, "split"),
    *records("metrics", MetricsView),
    path("metrics/<int:pk>/measurements/", MeasurementsView.as_view(LIST)),
    *actions("steps/<int:pk>", RolloutStepsView, "reach", "reopen"),
    path("announcements/", LaunchAnnouncementsView.as_view(LIST)),
    path("plan.md", PlanDocumentView.as_view()),
    path("versions/", VersionsView.as_view(LIST)),
    path("versions/<int:number>/", VersionsView.as_view({"get": "retrieve"})),
    path("versions/<int:number>/compare/", VersionsView.as_view({"get": "compare"})),
    path("versions/<int:number>/restore/", VersionsView.as_view({"post": "restore"})),
    *records("records/<slug:kind>", AnyRecordsView),
    path("records/<slug:kind>/<int:record>/comments/", CommentsView.as_view(LIST)),
    path("records/<slug:kind>/<int:record>/comments/<int:pk>/", CommentsView.as_view({"delete": "destroy"})),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("launches/", LaunchesView.as_view(LIST)),
    path("launches/<slug:slug>/", include(launch_urls)),
    path("placements/", PlacementsView.as_view({"get": "list"})),
    path("placements/<int:pk>/", PlacementsView.as_view({"get": "retrieve"})),
    *actions("placements/<int:pk>", PlacementsView, "done", "block"),
    # What customers' products ask for comes without a slash too: a redirect would cost them a second request.
    path("announcements/feed", FeedView.as_view()),
    path("announcements/receipts", ReceiptsView.as_view()),
    path(
        "announcements/<int:pk>/", AnnouncementsView.as_view({"get": "retrieve", "patch": "partial_update"})
    ),
    *actions("announcements/<int:pk>", AnnouncementsView, *ACTIONS),
    path("plans/read/", ReadPlanView.as_view()),
    path("plans/apply/", ApplyPlanView.as_view()),
    path("events/", EventsView.as_view()),
    path("me/", MeView.as_view()),
    path("people/", PeopleView.as_view({"get": "list"})),
    path("teams/", TeamsView.as_view({"get": "list"})),
    path("problems/<slug:name>/", ProblemsView.as_view(), name="api-problem"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", ApiDocumentation.as_view(url_name="api-schema"), name="api-docs"),
    re_path(r"", NoSuchAddress.as_view()),
]
