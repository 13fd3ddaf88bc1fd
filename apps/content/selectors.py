"""Reading the calendar: one query of placements, filtered as the address says, as a list or as weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncWeek
from django.http import QueryDict
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.dates import MINUS, day_words
from apps.core.pages import integer
from apps.launches import kinds, policies
from apps.launches.models import Channel, Launch
from apps.schedule.models import Placement
from apps.schedule.selectors import mine
from apps.schedule.spans import monday_of
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
ANNOUNCEMENT = "announcement"
CHANNEL_ICONS = {
    "blog": "pen-line",
    "email": "mail",
    "in_app": "megaphone",
    "docs": "file-text",
    "outreach": "message-circle",
    "social": "share-2",
    "press": "newspaper",
    "event": "presentation",
    "video": "video",
    "web": "globe",
    "community": "users",
    "paid": "badge-dollar-sign",
    "sales": "handshake",
    "internal": "building-2",
}
WEEKS_SHOWN = 5
CARDS_PER_WEEK = 20


@dataclass(frozen=True)
class Filter:
    """What of a calendar is shown, as its address says it. Unknown values are left out."""

    team: int | None = None
    owner: int | None = None
    channel: int | None = None
    state: str = ""
    kind: str = ""
    mine: bool = False
    text: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filter:
        state = query.get("state", "")
        return cls(
            team=integer(query.get("team")),
            owner=integer(query.get("owner")),
            channel=integer(query.get("channel")),
            state=state if state in STANDINGS else "",
            kind=query.get("kind", "")[:30],
            mine=query.get("mine") == "1",
            text=query.get("q", "").strip()[:200],
        )

    def as_query(self) -> dict[str, str]:
        """The parameters that say this filter."""
        given = {
            "team": self.team,
            "owner": self.owner,
            "channel": self.channel,
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
        if self.team is not None:
            queryset = queryset.filter(team=self.team)
        if self.owner is not None:
            queryset = queryset.filter(owner=self.owner)
        if self.channel is not None:
            items = CalendarItem.objects.filter(channel=self.channel).values("pk")
            queryset = queryset.filter(kind=CalendarItem.kind, record_id__in=items)
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


@dataclass
class Entry:
    """One piece of work on a calendar: its placement, what kind it is, and the calendar item if it is one."""

    placement: Placement
    item: CalendarItem | None = None
    may_work: bool = False

    @property
    def standing(self) -> str:
        return str(getattr(self.placement, "now_standing", self.placement.standing))

    @property
    def is_record(self) -> bool:
        """Whether it is a record of the plan; an announcement is not, and has pages of its own."""
        return self.placement.kind != ANNOUNCEMENT

    @property
    def kind_label(self) -> str:
        return kinds.get(self.placement.kind).label if self.is_record else "Announcement"

    @property
    def icon(self) -> str:
        """The channel's sign for what goes out, else the kind's."""
        if not self.is_record:
            return "megaphone"
        if self.item and self.item.channel:
            return CHANNEL_ICONS.get(self.item.channel.channel_kind, "radio")
        return kinds.get(self.placement.kind).icon

    @property
    def where(self) -> str:
        """What it is, in a word or two: the channel of a calendar item, the kind of anything else."""
        if self.item is None:
            return self.kind_label
        return self.channel_label or (self.placement.team.name if self.placement.team else self.kind_label)

    @cached_property
    def url(self) -> str:
        """The page of the thing."""
        slug = self.placement.launch.slug
        if self.is_record:
            return reverse("content:item", args=[slug, self.placement.pk])
        return reverse("announcements:detail", args=[slug, self.placement.record_id])

    @property
    def channel_label(self) -> str:
        return self.item.channel.title if self.item and self.item.channel else ""

    @property
    def days_late(self) -> int:
        today: date | None = getattr(self.placement, "local_today", None)
        last = self.placement.ends_on
        return max((today - last).days, 0) if self.standing == "late" and today and last else 0

    @property
    def late_words(self) -> str:
        return f"Late {self.days_late} day{'' if self.days_late == 1 else 's'}"

    @property
    def done_word(self) -> str:
        return "Mark published" if self.item else "Mark done"


@dataclass
class Week:
    """One ISO week of a relative calendar; `index` counts from the week that holds launch day."""

    index: int
    monday: date | None
    entries: list[Entry] = field(default_factory=list)
    more: int = 0
    is_now: bool = False

    @property
    def name(self) -> str:
        """Week −2, Week 0, Week +1."""
        if not self.index:
            return "Week 0"
        return f"Week {MINUS}{-self.index}" if self.index < 0 else f"Week +{self.index}"

    @property
    def short_day(self) -> str:
        return day_words(self.monday, this_year=self.monday.year, weekday=False) if self.monday else ""

    @property
    def summary(self) -> str:
        """What most wants to be known of the week, in two words."""
        counts = Counter(entry.standing for entry in self.entries)
        for standing, word in (("late", "late"), ("due", "due"), ("upcoming", "planned"), ("done", "done")):
            if counts[standing]:
                return f"{counts[standing]} {word}"
        return ""


@dataclass
class CalendarWeek:
    """The entries of one ISO week of a list."""

    monday: date
    is_now: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


@dataclass(frozen=True)
class Weeks:
    """A window of relative weeks. `earlier` and `later` are the first weeks of its neighbours, if any."""

    weeks: list[Week]
    earlier: int | None
    later: int | None


def entries(placements: Sequence[Placement], actor: Actor) -> list[Entry]:
    """Placements with their calendar items. One query."""
    ids = [placement.record_id for placement in placements if placement.kind == CalendarItem.kind]
    items = {item.pk: item for item in CalendarItem.objects.filter(pk__in=ids).select_related("channel")}
    return [
        Entry(
            placement,
            items.get(placement.record_id) if placement.kind == CalendarItem.kind else None,
            # Announcements are finished by the clock, or on their own page.
            placement.kind != ANNOUNCEMENT and policies.can_work_on_record(actor, placement),
        )
        for placement in placements
    ]


def relative_weeks(
    launch: Launch, queryset: QuerySet[PlacementNow], actor: Actor, *, today: date, first: int | None = None
) -> Weeks:
    """Five weeks around launch day's, beginning with week `first` (None: so that this week is in sight).

    Weeks count from the ISO week of launch day; while launch day is only roughly known, from the offsets the
    plan says. Three queries.
    """
    if launch.launch_day is None:
        return _undated_weeks(queryset, actor, first)
    zero = monday_of(launch.launch_day)
    ends = queryset.order_by().aggregate(first=Min("starts_on"), last=Max("starts_on"))
    lowest = _index(ends["first"] or zero, zero)
    highest = _index(ends["last"] or zero, zero)
    now = _index(today, zero)
    start = _window(lowest, highest, now if lowest <= now <= highest else 0, first)
    stop = start + WEEKS_SHOWN - 1
    weeks = {
        index: Week(index, zero + timedelta(weeks=index), is_now=index == now)
        for index in range(start, stop + 1)
    }
    shown = _first_of_each_week(
        queryset.filter(
            starts_on__gte=zero + timedelta(weeks=start), starts_on__lt=zero + timedelta(weeks=stop + 1)
        )
    )
    for entry in entries(shown, actor):
        week = weeks[_index(entry.placement.starts_on or zero, zero)]
        week.entries.append(entry)
        week.more = entry.placement.week_total - len(week.entries)  # type: ignore[attr-defined]
    return Weeks(
        list(weeks.values()),
        max(start - WEEKS_SHOWN, lowest) if start > lowest else None,
        stop + 1 if stop < highest else None,
    )


def _first_of_each_week(queryset: QuerySet[PlacementNow]) -> list[PlacementNow]:
    """At most twenty of each week, each with `week_total`: how many its week holds. One query."""
    week = TruncWeek("starts_on")
    ranked = queryset.annotate(
        week_rank=Window(RowNumber(), partition_by=[week], order_by=["starts_on", "starts_at", "id"]),
        week_total=Window(Count("pk"), partition_by=[week]),
    )
    return list(ranked.filter(week_rank__lte=CARDS_PER_WEEK))


def _undated_weeks(queryset: QuerySet[PlacementNow], actor: Actor, first: int | None) -> Weeks:
    relative = queryset.filter(anchor="launch_day", unit__in=["week", "day"]).order_by("offset", "id")
    found: dict[int, list[Placement]] = {}
    for placement in relative[:2000]:
        offset = placement.offset or 0
        found.setdefault(offset if placement.unit == "week" else offset // 7, []).append(placement)
    lowest, highest = min(found, default=0), max(found, default=0)
    start = _window(lowest, highest, 0, first)
    stop = start + WEEKS_SHOWN - 1
    weeks = {index: Week(index, None) for index in range(start, stop + 1)}
    shown: list[Placement] = []
    for index, week in weeks.items():
        own = found.get(index, [])
        shown += own[:CARDS_PER_WEEK]
        week.more = max(len(own) - CARDS_PER_WEEK, 0)
    for entry in entries(shown, actor):
        offset = entry.placement.offset or 0
        weeks[offset if entry.placement.unit == "week" else offset // 7].entries.append(entry)
    return Weeks(
        list(weeks.values()),
        max(start - WEEKS_SHOWN, lowest) if start > lowest else None,
        stop + 1 if stop < highest else None,
    )


def _index(day: date, zero: date) -> int:
    return (monday_of(day) - zero).days // 7


def _window(lowest: int, highest: int, now: int, first: int | None) -> int:
    if first is not None:
        return max(-600, min(first, 600))
    if highest - lowest < WEEKS_SHOWN:
        return lowest
    return max(lowest, min(now - 2, highest - WEEKS_SHOWN + 1))


def by_week(found: Sequence[Entry], today: date) -> list[CalendarWeek]:
    """Dated entries in their order, by the ISO week they begin in."""
    weeks: list[CalendarWeek] = []
    for entry in found:
        monday = monday_of(entry.placement.starts_on or today)
        if not weeks or weeks[-1].monday != monday:
            weeks.append(CalendarWeek(monday, monday == monday_of(today)))
        weeks[-1].entries.append(entry)
    return weeks


def choices(launch: Launch | None, visible: QuerySet[PlacementNow]) -> Mapping[str, Iterable[Any]]:
    """What the filters offer: the teams, owners and channels that occur. Three queries."""
    found = visible.order_by()
    return {
        "teams": Team.objects.filter(pk__in=found.filter(~Q(team=None)).values("team")),
        "owners": User.objects.filter(pk__in=found.filter(~Q(owner=None)).values("owner")),
        "channels": Channel.objects.filter(launch=launch) if launch else (),
        "states": STANDINGS.items(),
    }
