"""Which view of a calendar an address asks for: view, filter, grouping, density, and the days it shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.http import urlencode

from apps.accounts.models import Preference, User
from apps.content.selectors.filters import Filter
from apps.core.actors import Actor
from apps.core.pages import integer

TIMELINE = "timeline"
VIEWS = {
    "weeks": "Relative weeks",
    "month": "Month",
    "week": "Week",
    "list": "List",
    "board": "Board",
    TIMELINE: "Timeline",
}
# Weeks count from each launch's own day, so all launches together have none in common.
VIEWS_OF_ALL = {"list": "List", "month": "Month", "week": "Week", "board": "Board"}
GROUPS = {"none": "Nothing", "team": "Team", "owner": "Owner", "channel": "Channel", "phase": "Phase"}
# What the timeline puts under headings, and which of it.
BARS_BY = {"phase": "By phase", "team": "By team", "date": "By date"}
BARS_SHOWN = {"all": "Everything", "linked": "Linked", "critical": "Critical", "late": "Late"}
DENSITIES = {"comfortable": "Comfortable", "compact": "Compact"}
PREFERENCE = "calendar"
EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 1)


@dataclass(frozen=True)
class Shown:
    """What of which calendar, and how. What the address does not say is as the person last chose it.

    `by` and `only` are the timeline's (`show` in its address).
    """

    view: str
    filter: Filter
    group: str = "none"
    density: str = "comfortable"
    first: int | None = None
    day: date | None = None
    by: str = "phase"
    only: str = "all"

    @classmethod
    def of(
        cls, query: QueryDict, *, of_all: bool = False, chosen: dict[str, str] | None = None, view: str = ""
    ) -> Shown:
        """`chosen` is what `remembered` found. Never raises: what makes no sense is left out."""
        views = VIEWS_OF_ALL if of_all else VIEWS
        chosen = chosen or {}
        view = view or query.get("view", "")
        by, only = query.get("by", ""), query.get("show", "")
        group = query.get("group", chosen.get("group", ""))
        density = query.get("density", chosen.get("density", ""))
        return cls(
            view=view if view in views else next(iter(views)),
            filter=Filter.of(query),
            group=group if group in GROUPS else "none",
            density=density if density in DENSITIES else "comfortable",
            first=integer(query.get("from")),
            day=_day(query.get("day", "")),
            by=by if by in BARS_BY else "phase",
            only=only if only in BARS_SHOWN else "all",
        )

    def as_query(self) -> dict[str, str]:
        """The parameters that bring this view back, whoever asks. The days it stands on are not of it."""
        said = {"view": self.view, **self.filter.as_query()}
        if self.view == TIMELINE:
            bars = {
                "by": self.by if self.by != "phase" else "",
                "show": self.only if self.only != "all" else "",
            }
            return said | {name: value for name, value in bars.items() if value}
        if self.group != "none":
            said["group"] = self.group
        if self.density != "comfortable":
            said["density"] = self.density
        return said

    @property
    def address(self) -> str:
        """The canonical address of this view, as a saved view keeps it."""
        return urlencode(sorted(self.as_query().items()))

    @property
    def here(self) -> str:
        """The address with the days it stands on, for what comes back to exactly this."""
        spot: dict[str, Any] = {}
        if self.first is not None and self.view == "weeks":
            spot["from"] = self.first
        if self.day is not None and self.view in {"month", "week"}:
            spot["day"] = self.day.isoformat()
        return urlencode({**self.as_query(), **spot})


def remembered(actor: Actor) -> dict[str, str]:
    """How this person last chose to see calendars. One query."""
    if not isinstance(actor.user, User):
        return {}
    found = (
        Preference.objects.filter(user=actor.user, name=PREFERENCE).values_list("value", flat=True).first()
    )
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(f"{text}-01" if len(text) == 7 else text) if len(text) <= 10 else None
    except ValueError:
        return None
    return day if day is not None and EARLIEST <= day <= LATEST else None
