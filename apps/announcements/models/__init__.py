"""Announcements and what belongs to them, one subject per module."""

from apps.announcements.models.announcement import (
    LANGUAGE,
    MOST_HOURS,
    MOST_SHOWS,
    MOST_SURFACES,
    SURFACE,
    Announcement,
)
from apps.announcements.models.feed_limits import FeedLimits
from apps.announcements.models.product_key import MOST_ORIGINS, ORIGIN, ProductKey
from apps.announcements.models.receipt import IDENTITY_LENGTH, Receipt
from apps.announcements.models.showing import Showing
from apps.announcements.models.translation import MOST_TRANSLATIONS, Translation

__all__ = [
    "IDENTITY_LENGTH",
    "LANGUAGE",
    "MOST_HOURS",
    "MOST_ORIGINS",
    "MOST_SHOWS",
    "MOST_SURFACES",
    "MOST_TRANSLATIONS",
    "ORIGIN",
    "SURFACE",
    "Announcement",
    "FeedLimits",
    "ProductKey",
    "Receipt",
    "Showing",
    "Translation",
]
