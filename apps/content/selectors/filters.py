"""What of a calendar is shown, as its address says it, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from apps.accounts.models import Team, User
from apps.content.models import CalendarItem
from apps.content.selectors.entries import ANNOUNCEMENT, CAMPAIGN
from apps.core.actors import Actor
from apps.core.pages import integer
from apps.launches import kinds
from apps.launches.models import Channel, Launch
from apps.launches.selectors import visible_launches
from apps.schedule.models import Placement
from apps.schedule.selectors import WORK, mine
from apps.schedule.standing import PlacementNow

STANDINGS = {
    "late": "Late",
    "due": "Due",
    "upcoming": "Planned",
    "done": "Done",
    "blocked": "Blocked",
    "undated": "No date",
    "cancelled": "Cancelled",
}
# A list to choose from longer than this is one nobody reads; the address and a launch's own page know the rest.
LAUNCHES_OFFERED = 100
BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Filter:
    """What of a calendar is shown, as its address says it. Unknown values are left out."""

    launch: str = ""
    team: int | None = None
    owner: int | None = None
    channel: int | None = None
    medium: str = ""
    state: str = ""
    kind: str = ""
    mine: bool = False
    text: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filter:
        state, channel = query.get("state", ""), query.get("channel", "")
        return cls(
            launch=query.get("launch", "")[:80],
            team=_id(query.get("team")),
            owner=_id(query.get("owner")),
            channel=_id(channel),
            medium=channel if channel in Channel.Kind.values else "",
            state=state if state in STANDINGS else "",
            kind=query.get("kind", "")[:30],
            mine=query.get("mine") == "1",
            text=query.get("q", "").strip()[:200],
        )

    def as_query(self) -> dict[str, str]:
        """The parameters that say this filter."""
        given = {
            "launch": self.launch,
            "team": self.team,
            "owner": self.owner,
            "channel": self.channel or self.medium,
            "state": self.state,
            "kind": self.kind,
            "mine": "1" if self.mine else "",
            "q": self.text,
        }
        return {name: str(value) for name, value in given.items() if value}

    @property
    def is_on(self) -> bool:
        return bool(self.as_query())

    def without(self, name: str) -> Filter:
        blank: dict[str, Any] = {"team": None, "owner": None, "channel": None, "mine": False}
        return replace(self, **{"text" if name == "q" else name: blank.get(name, "")})

    def apply(self, queryset: QuerySet[PlacementNow], actor: Actor) -> QuerySet[PlacementNow]:
        """Narrow placements that carry `now_standing`."""
        if self.launch:
            queryset = queryset.filter(launch__slug=self.launch)
        if self.team is not None:
            queryset = queryset.filter(team=self.team)
        if self.owner is not None:
            queryset = queryset.filter(owner=self.owner)
        if self.channel is not None or self.medium:
            items = CalendarItem.objects.filter(
                **({"channel": self.channel} if self.channel else {"channel__channel_kind": self.medium})
            )
            queryset = queryset.filter(kind=CalendarItem.kind, record_id__in=items.values("pk"))
        if self.state == "blocked":
            queryset = queryset.filter(state="planned").exclude(blocked_by="")
        elif self.state:
            queryset = queryset.filter(now_standing=self.state)
        if self.kind:
            queryset = queryset.filter(kind=self.kind)
        if self.mine and isinstance(actor.user, User):
            queryset = mine(queryset, actor.user)
        if self.text:
            queryset = queryset.filter(title__icontains=self.text)
        return queryset

    def words(self) -> str:
        """The filter in words, for what acts on all that is in it: "late, marketing"."""
        said = []
        if self.launch:
            said.append(f"launch {self.launch}")
        if self.state:
            said.append(STANDINGS[self.state].lower())
        if self.mine:
            said.append("mine")
        if self.team is not None:
            said.append(str(Team.objects.filter(pk=self.team).first() or "an unknown team"))
        if self.owner is not None:
            said.append(str(User.objects.filter(pk=self.owner).first() or "an unknown person"))
        if self.channel is not None:
            said.append(str(Channel.objects.filter(pk=self.channel).first() or "an unknown channel"))
        if self.medium:
            said.append(str(Channel.Kind(self.medium).label))
        if self.kind:
            said.append(dict(kinds_offered()).get(self.kind, self.kind).lower())
        if self.text:
            said.append(f"“{self.text}”")
        return ", ".join(said)


def _id(value: str | None) -> int | None:
    """An id from an address; what no row can have is left out."""
    number = integer(value)
    return number if number is not None and 0 < number <= BIGGEST_ID else None


def kinds_offered() -> list[tuple[str, str]]:
    """The kinds of work a calendar holds, as a filter offers them."""
    return [
        *((kind.key, kind.plural) for kind in kinds.all_kinds() if kind.key in WORK),
        (ANNOUNCEMENT, "Announcements"),
        (CAMPAIGN, "Campaigns"),
    ]


def choices(launch: Launch | None, visible: QuerySet[PlacementNow]) -> Mapping[str, Iterable[Any]]:
    """What the filters offer: the teams and owners that occur, and a launch's channels. Three queries."""
    found = visible.order_by()
    return {
        "teams": Team.objects.filter(pk__in=found.filter(~Q(team=None)).values("team")),
        "owners": User.objects.filter(pk__in=found.filter(~Q(owner=None)).values("owner")),
        "channels": Channel.objects.filter(launch=launch) if launch else (),
        "states": STANDINGS.items(),
    }


def choices_of(launch: Launch, found: Iterable[Placement]) -> Mapping[str, Iterable[Any]]:
    """The same of work that is read already, with its teams and owners. One query."""
    teams = {each.team.pk: each.team for each in found if each.team}
    owners = {each.owner.pk: each.owner for each in found if each.owner}
    return {
        "teams": sorted(teams.values(), key=lambda team: team.name),
        "owners": sorted(owners.values(), key=str),
        "channels": Channel.objects.filter(launch=launch),
        "states": STANDINGS.items(),
    }


def choices_of_all(actor: Actor) -> Mapping[str, Iterable[Any]]:
    """What the filters of the calendar of all launches offer, without looking at the work itself. Three queries."""
    launches = visible_launches(actor).filter(state__in=["draft", "active", "paused"])
    named = launches.select_related(None).only("slug", "name", "state", "restricted")
    return {
        "launches": list(named.order_by("-launch_day", "name")[:LAUNCHES_OFFERED]),
        "teams": Team.objects.all(),
        "owners": User.objects.filter(is_active=True)[:LAUNCHES_OFFERED],
        "media": Channel.Kind.choices,
        "states": [(key, label) for key, label in STANDINGS.items() if key != "undated"],
    }
