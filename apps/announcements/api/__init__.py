"""Endpoints: announcements for colleagues and their tools; feed and receipts for the product."""

from apps.announcements.api.announcements import ACTIONS, AnnouncementsView, LaunchAnnouncementsView
from apps.announcements.api.feed import FeedView
from apps.announcements.api.keys import ProductKeysView
from apps.announcements.api.limits import FeedLimitsView
from apps.announcements.api.receipts import ReceiptsView

__all__ = [
    "ACTIONS",
    "AnnouncementsView",
    "FeedLimitsView",
    "FeedView",
    "LaunchAnnouncementsView",
    "ProductKeysView",
    "ReceiptsView",
]
