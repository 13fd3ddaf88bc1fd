"""Reading the calendar: one query of placements, filtered as the address says, in several views."""

from apps.content.selectors.entries import ANNOUNCEMENT, CAMPAIGN, CHANNEL_ICONS, OTHERS, Entry, entries
from apps.content.selectors.filters import (
    STANDINGS,
    Filter,
    choices,
    choices_of,
    choices_of_all,
    kinds_offered,
)
from apps.content.selectors.shown import (
    BARS_BY,
    BARS_SHOWN,
    DENSITIES,
    GROUPS,
    TIMELINE,
    VIEWS,
    VIEWS_OF_ALL,
    Shown,
    remembered,
)
from apps.content.selectors.weeks import CARDS_PER_WEEK, WEEKS_SHOWN, Week, Weeks, by_week, relative_weeks

__all__ = [
    "ANNOUNCEMENT",
    "BARS_BY",
    "BARS_SHOWN",
    "CAMPAIGN",
    "CARDS_PER_WEEK",
    "CHANNEL_ICONS",
    "DENSITIES",
    "GROUPS",
    "OTHERS",
    "STANDINGS",
    "TIMELINE",
    "VIEWS",
    "VIEWS_OF_ALL",
    "WEEKS_SHOWN",
    "Entry",
    "Filter",
    "Shown",
    "Week",
    "Weeks",
    "by_week",
    "choices",
    "choices_of",
    "choices_of_all",
    "entries",
    "kinds_offered",
    "relative_weeks",
    "remembered",
]
