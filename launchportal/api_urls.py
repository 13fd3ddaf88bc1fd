"""Every address below /api/v1/."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from apps.accounts.api import MeView, PeopleView, TeamsView
from apps.announcements.api import (
    ACTIONS,
    AnnouncementsView,
    FeedLimitsView,
    FeedView,
    LaunchAnnouncementsView,
    ProductKeysView,
    ReceiptsView,
)
from apps.audience.api import (
    AccountsBulkView,
    AccountsView,
    ContactsBulkView,
    ContactsView,
    ProductUsersBulkView,
    ProductUsersView,
    ReachView,
    SavedSegmentsView,
)
from apps.content.api import (
    ApprovalRuleView,
    AssetsView,
    CalendarSheetView,
    ChecklistView,
    FeedsView,
    ItemsSheetView,
    ItemsView,
    LinksView,
    ReviewersView,
    ReviewView,
    SavedViewsView,
)
from apps.core.api.documentation import ApiDocumentation, ProblemsView
from apps.core.api.views import NoSuchAddress
from apps.delivery.api import SuppressionsView
from apps.launches.api.comments import CommentsView
from apps.launches.api.events import EventsView
from apps.launches.api.gates import GatesView
from apps.launches.api.launches import LAUNCH_ACTIONS, LaunchesView
from apps.launches.api.members import MembersView
from apps.launches.api.records import AnyRecordsView, SegmentsView
from apps.metrics.api import MeasurementsView, MetricsView
from apps.outreach.api import ACTIONS as CAMPAIGN_ACTIONS
from apps.outreach.api import CampaignsView, DuplicatesView, LaunchCampaignsView, RecipientsView
from apps.plans.api import ApplyPlanView, PlanDocumentView, ReadPlanView, VersionsView
from apps.plans.template_api import TemplatesView
from apps.rollouts.api import PHASE_ACTIONS, PhasesView, RolloutStepsView
from apps.schedule.api import (
    ClashesView,
    DependenciesView,
    FreezesView,
    LaunchFreezesView,
    MoveLaunchView,
    MovesView,
    NoticesView,
    PlacementsView,
)
from apps.work.api import FollowUpsView

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
    path("gates/", GatesView.as_view(LIST)),
    path("gates/<int:pk>/", GatesView.as_view(OBJECT)),
    path("gates/<int:pk>/evidence/", GatesView.as_view({"get": "evidence"}, pagination_class=None)),
    *actions("gates/<int:pk>", GatesView, "sign", "reopen"),
    path("moves/", MovesView.as_view({"get": "list"})),
    path("moves/<int:pk>/", MovesView.as_view({"get": "retrieve"})),
    *actions("moves/<int:pk>", MovesView, "undo"),
    path("dependencies/", DependenciesView.as_view(LIST)),
    path("dependencies/<int:pk>/", DependenciesView.as_view(OBJECT)),
    path("clashes/", ClashesView.as_view()),
    path("freezes/", LaunchFreezesView.as_view(LIST)),
    path("freezes/<int:pk>/", LaunchFreezesView.as_view({"get": "retrieve", "delete": "destroy"})),
    path("members/", MembersView.as_view(LIST)),
    path("members/<int:pk>/", MembersView.as_view(OBJECT)),
    *records("phases", PhasesView, *PHASE_ACTIONS),
    *records("segments", SegmentsView),
    *records("items", ItemsView, "split", "submit", "approve", "changes", "watch"),
    path("items/<int:item>/review/", ReviewView.as_view()),
    path("items/<int:item>/reviewers/", ReviewersView.as_view()),
    path("items/<int:item>/checklist/", ChecklistView.as_view(LIST)),
    path("items/<int:item>/checklist/<int:pk>/", ChecklistView.as_view({"delete": "destroy"})),
    *actions("items/<int:item>/checklist/<int:pk>", ChecklistView, "done"),
    path("items/<int:item>/links/", LinksView.as_view(LIST)),
    path("items/<int:item>/links/<int:pk>/", LinksView.as_view({"delete": "destroy"})),
    path("items/<int:item>/files/", AssetsView.as_view(LIST)),
    path("items/<int:item>/files/<int:pk>/", AssetsView.as_view({"get": "download", "delete": "destroy"})),
    path("channels/<int:channel>/approval/", ApprovalRuleView.as_view()),
    *actions("items", ItemsView, "bulk", "quick"),
    path("items/bulk/<int:change>/undo/", ItemsView.as_view({"post": "undo"})),
    path("items.csv", ItemsSheetView.as_view()),
    *records("metrics", MetricsView),
    path("metrics/<int:pk>/measurements/", MeasurementsView.as_view(LIST)),
    *actions("steps/<int:pk>", RolloutStepsView, "reach", "reopen"),
    path("announcements/", LaunchAnnouncementsView.as_view(LIST)),
    path("campaigns/", LaunchCampaignsView.as_view(LIST)),
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
    path("calendar.csv", CalendarSheetView.as_view()),
    path("feeds/", FeedsView.as_view(LIST)),
    path("feeds/<int:pk>/", FeedsView.as_view({"get": "retrieve", "delete": "destroy"})),
    path("saved-views/", SavedViewsView.as_view(LIST)),
    path("saved-views/<int:pk>/", SavedViewsView.as_view(OBJECT)),
    path("placements/", PlacementsView.as_view({"get": "list"})),
    path("placements/<int:pk>/", PlacementsView.as_view({"get": "retrieve"})),
    *actions("placements/<int:pk>", PlacementsView, "done", "block", "hang"),
    path("freezes/", FreezesView.as_view(LIST)),
    path("freezes/<int:pk>/", FreezesView.as_view({"get": "retrieve", "delete": "destroy"})),
    # What customers' products ask for comes without a slash too: a redirect would cost them a second request.
    path("announcements/feed", FeedView.as_view()),
    path("announcements/receipts", ReceiptsView.as_view()),
    path(
        "announcements/<int:pk>/", AnnouncementsView.as_view({"get": "retrieve", "patch": "partial_update"})
    ),
    path("announcements/limits/", FeedLimitsView.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("announcements/<int:pk>/figures/", AnnouncementsView.as_view({"get": "figures"})),
    *actions("announcements/<int:pk>", AnnouncementsView, *ACTIONS),
    path("campaigns/<int:pk>/", CampaignsView.as_view({"get": "retrieve", "patch": "partial_update"})),
    *actions("campaigns/<int:pk>", CampaignsView, *CAMPAIGN_ACTIONS),
    path("campaigns/<int:pk>/recipients/", RecipientsView.as_view({"get": "list"})),
    path("campaigns/<int:pk>/recipients/<int:row>/", RecipientsView.as_view({"get": "retrieve"})),
    path(
        "campaigns/<int:pk>/recipients/<int:row>/events/",
        RecipientsView.as_view({"get": "events"}, pagination_class=None),
    ),
    *actions("campaigns/<int:pk>/recipients/<int:row>", RecipientsView, "decide", "replied"),
    path("campaigns/<int:pk>/duplicates/", DuplicatesView.as_view({"get": "list"})),
    path("accounts/", AccountsView.as_view(LIST)),
    path("accounts/bulk/", AccountsBulkView.as_view()),
    path("accounts/<int:pk>/", AccountsView.as_view(OBJECT)),
    path("accounts/<int:pk>/contacts/", ContactsView.as_view({"get": "list"})),
    path("accounts/<int:pk>/users/", ProductUsersView.as_view({"get": "list"})),
    path("contacts/bulk/", ContactsBulkView.as_view()),
    path("product-users/bulk/", ProductUsersBulkView.as_view()),
    path("segments/", SavedSegmentsView.as_view(LIST)),
    path("segments/reach/", ReachView.as_view()),
    path("segments/<int:pk>/", SavedSegmentsView.as_view(OBJECT)),
    path("suppressions/", SuppressionsView.as_view(LIST)),
    path("suppressions/<int:pk>/", SuppressionsView.as_view({"get": "retrieve"})),
    *actions("suppressions/<int:pk>", SuppressionsView, "lift"),
    path("follow-ups/", FollowUpsView.as_view(LIST)),
    path("follow-ups/<int:pk>/", FollowUpsView.as_view({"get": "retrieve", "patch": "partial_update"})),
    *actions("follow-ups/<int:pk>", FollowUpsView, "finish", "cancel", "reopen"),
    path("product-keys/", ProductKeysView.as_view(LIST)),
    path("product-keys/<int:pk>/", ProductKeysView.as_view({"get": "retrieve", "patch": "partial_update"})),
    *actions("product-keys/<int:pk>", ProductKeysView, "rotate"),
    path("plans/read/", ReadPlanView.as_view()),
    path("plans/apply/", ApplyPlanView.as_view()),
    path("templates/", TemplatesView.as_view(LIST, pagination_class=None)),
    path("templates/<slug:slug>/", TemplatesView.as_view({"get": "retrieve", "delete": "destroy"})),
    *actions("templates/<slug:slug>", TemplatesView, "start"),
    path("events/", EventsView.as_view()),
    path("me/", MeView.as_view()),
    path("me/notices/", NoticesView.as_view({"get": "retrieve", "patch": "partial_update"})),
    path("people/", PeopleView.as_view({"get": "list"})),
    path("teams/", TeamsView.as_view({"get": "list"})),
    path("problems/<slug:name>/", ProblemsView.as_view(), name="api-problem"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", ApiDocumentation.as_view(url_name="api-schema"), name="api-docs"),
    re_path(r"", NoSuchAddress.as_view()),
]
