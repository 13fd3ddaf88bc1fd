"""The content calendar as endpoints."""

from apps.content.api.feeds import FeedsView
from apps.content.api.items import ItemsView
from apps.content.api.material import AssetsView, ChecklistView, LinksView
from apps.content.api.review import ApprovalRuleView, ReviewersView, ReviewView
from apps.content.api.saved import SavedViewsView
from apps.content.api.sheets import CalendarSheetView, ItemsSheetView

__all__ = [
    "ApprovalRuleView",
    "AssetsView",
    "CalendarSheetView",
    "ChecklistView",
    "FeedsView",
    "ItemsSheetView",
    "ItemsView",
    "LinksView",
    "ReviewView",
    "ReviewersView",
    "SavedViewsView",
]
