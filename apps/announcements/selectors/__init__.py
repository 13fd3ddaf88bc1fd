"""Reading announcements, one subject per module."""

from apps.announcements.selectors.clock import database_now
from apps.announcements.selectors.feed import (
    FEED_LIMIT,
    SHOWING_LAUNCHES,
    STARTING_LAUNCHES,
    feed,
    feed_entries,
    showing_now,
)
from apps.announcements.selectors.figures import (
    Figures,
    by_day,
    by_segment,
    exposure_changes,
    figures,
    showings,
)
from apps.announcements.selectors.lists import (
    announcement,
    announcements,
    holding_places,
    visible,
    waiting_for_approval,
)
from apps.announcements.selectors.reach import Reach, reach

__all__ = [
    "FEED_LIMIT",
    "SHOWING_LAUNCHES",
    "STARTING_LAUNCHES",
    "Figures",
    "Reach",
    "announcement",
    "announcements",
    "by_day",
    "by_segment",
    "database_now",
    "exposure_changes",
    "feed",
    "feed_entries",
    "figures",
    "holding_places",
    "reach",
    "showing_now",
    "showings",
    "visible",
    "waiting_for_approval",
]
