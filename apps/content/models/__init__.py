"""The content calendar's items, and what people agree on and keep with them."""

from apps.content.models.calendar import BulkChange, SavedView
from apps.content.models.feed import Feed
from apps.content.models.item import CalendarItem
from apps.content.models.material import Asset, ChecklistEntry, ItemLink
from apps.content.models.review import Approval, ApprovalRule, ApprovalStep, Reviewer

__all__ = [
    "Approval",
    "ApprovalRule",
    "ApprovalStep",
    "Asset",
    "BulkChange",
    "CalendarItem",
    "ChecklistEntry",
    "Feed",
    "ItemLink",
    "Reviewer",
    "SavedView",
]
