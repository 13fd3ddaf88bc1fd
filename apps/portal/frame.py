"""What stands around every page: navigation, unread count, and on a launch's pages its ruler and figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from apps.accounts.models import Notification
from apps.core.actors import Actor
from apps.core.clock import now, today_in
from apps.launches import policies
from apps.launches.gates import counts_of
from apps.launches.models import Launch, Phase
from apps.portal.ruler import Ruler, RulerData, RulerPhase, RulerTick, build_ruler
from apps.rollouts.selectors import PhaseLadder, phase_ladders
from apps.schedule.selectors import placements
from apps.schedule.tally import Tally, tally_for

MOST_TICKS = 400


@dataclass(frozen=True)
class NavItem:
    """One link of the navigation. `key` is its keyboard shortcut."""

    label: str
    url: str
    icon: str
    current: bool = False
    count: int | None = None
    alert: bool = False
    key: str = ""


# (label, name of the address, icon); the first letter is the second of its shortcut: g m, g l, g c.
MAIN = (
    ("My week", "portal:home", "house"),
    ("Launches", "launches:list", "rocket"),
    ("Calendar", "portal:calendar", "calendar"),
    ("Inbox", "accounts:inbox", "inbox"),
    ("Accounts", "audience:accounts", "building-2"),
    ("Follow-ups", "work:list", "list-todo"),
    ("Settings", "accounts:settings", "settings"),
)
LAUNCH = (
    ("Overview", "launches:overview", "flag"),
    ("Plan", "launches:plan", "file-text"),
    ("Content calendar", "content:calendar", "calendar"),
    ("Timeline", "launches:timeline", "chart-gantt"),
    ("Announcements", "announcements:list", "megaphone"),
    ("Outreach", "outreach:list", "send"),
)
# What stands beside the overview, as tabs.
TABS = (
    ("Overview", "launches:overview", "flag"),
    ("Phases", "launches:phases", "layers"),
    ("Metrics", "launches:metrics", "chart-line"),
    ("Team", "launches:members", "users"),
    ("Versions", "plans:versions", "history"),
    ("History", "launches:audit", "scroll-text"),
    ("Settings", "launches:settings", "settings"),
)


class LaunchFrame:
    """Figures of one launch that its pages share; each read at most once per request, and only if shown."""

    def __init__(self, launch: Launch, actor: Actor, at: datetime | None = None) -> None:
        self.launch = launch
        self.actor = actor
        self.at = at or now()

    @cached_property
    def today(self) -> date:
        """The day it is in the launch's zone."""
        return today_in(self.launch.zone, self.at)

    @cached_property
    def tally(self) -> Tally:
        return tally_for(self.launch, self.at)

    @cached_property
    def ladders(self) -> list[PhaseLadder]:
        return phase_ladders(self.launch)

    @property
    def active(self) -> PhaseLadder | None:
        """The phase that runs or is held, if any."""
        running = {Phase.State.ACTIVE, Phase.State.HELD}
        return next((ladder for ladder in self.ladders if ladder.phase.state in running), None)

    @property
    def exposed(self) -> Any:
        """The highest percent reached in any phase, None before the first."""
        return max((ladder.reached for ladder in self.ladders if ladder.reached is not None), default=None)

    @cached_property
    def ruler(self) -> Ruler:
        """The launch's band of weeks, phases and ticks. Three queries beside those of `ladders` and `tally`."""
        url = reverse("content:calendar", args=[self.launch.slug])
        return build_ruler(
            RulerData(
                today=self.today,
                launch_day=self.launch.launch_day,
                zone=self.launch.zone,
                phases=[self._ruler_phase(ladder) for ladder in self.ladders],
                ticks=self._ruler_ticks(url),
                calendar_url=url,
            )
        )

    @cached_property
    def _gates(self) -> dict[int, tuple[int, int]]:
        return counts_of(self.launch)

    def _ruler_phase(self, ladder: PhaseLadder) -> RulerPhase:
        phase = ladder.phase
        placement = getattr(phase, "placement", None)
        return RulerPhase(
            title=phase.title,
            percent=ladder.percents,
            state=phase.state,
            starts=placement.starts_on if placement else None,
            ends=placement.ends_on if placement else None,
            url=f"{reverse('launches:phases', args=[self.launch.slug])}#phase-{phase.pk}",
            steps=tuple(step.reached_at is not None for step in ladder.steps),
            gates=self._gates.get(phase.pk, (0, 0)),
        )

    def _ruler_ticks(self, calendar_url: str) -> list[RulerTick]:
        """Every dated piece of work; of very many only how many there are on a day."""
        if self.tally.overall.total > MOST_TICKS:
            return [
                RulerTick(f"{count} pieces of work", day, standing, f"{calendar_url}?view=list")
                for day, standing, count in self.tally.ticks()
            ]
        work = placements(self.launch, self.at).select_related(None).filter(state__in=["planned", "done"])
        rows = work.values_list("pk", "title", "starts_on", "ends_on", "now_standing", "blocked_by", "kind")
        dated = [row for row in rows if row[2] is not None]
        # Without a launch day the calendar is shown in its order; beside dates what has none would be noise.
        shown = dated or [row for row in rows if row[6] == "calendar_entry"]
        return [
            RulerTick(
                title, starts, "blocked" if blocked and standing != "done" else standing,
                f"{calendar_url}{pk}/", ends,
            )
            for pk, title, starts, ends, standing, blocked, _ in shown
        ]  # fmt: skip

    @cached_property
    def may_edit(self) -> bool:
        return bool(policies.can_edit_launch(self.actor, self.launch))

    @cached_property
    def may_contribute(self) -> bool:
        return bool(policies.can_contribute(self.actor, self.launch))


def frame_of(request: HttpRequest) -> LaunchFrame | None:
    """The frame of the launch this page is about; the same object throughout a request."""
    launch = getattr(request, "launch", None)
    if launch is None:
        return None
    frame: LaunchFrame | None = getattr(request, "_launch_frame", None)
    if frame is None:
        frame = LaunchFrame(launch, request.actor)  # type: ignore[attr-defined]
        request._launch_frame = frame  # type: ignore[attr-defined]
    return frame


def unread(user: Any) -> int:
    """How many notifications a person has not read. One query, at most once per request."""
    memo = user.__dict__.setdefault("_memo", {})
    if "unread" not in memo:
        memo["unread"] = Notification.objects.filter(user=user.pk, read_at=None).count()
    return int(memo["unread"])


def main_nav(request: HttpRequest) -> list[NavItem]:
    """The portal's own pages. One query, for the unread count."""
    items = []
    inside = getattr(request, "launch", None) is not None
    for label, name, icon in MAIN:
        url = _url(name)
        if url is None:
            continue
        current = request.path == url if url == "/" else request.path.startswith(url) and not inside
        count = unread(request.user) or None if name == "accounts:inbox" else None
        alert = count is not None
        items.append(NavItem(label, url, icon, current, count, alert, key=f"g {label[0].lower()}"))
    return items


def launch_nav(request: HttpRequest) -> list[NavItem]:
    """The pages of the launch this page is about; empty elsewhere. One query, for the calendar's count."""
    frame = frame_of(request)
    if frame is None:
        return []
    beside = any(tab.current for tab in launch_tabs(request))
    items = []
    for label, name, icon in LAUNCH:
        url = _url(name, frame.launch.slug)
        if url is None:
            continue
        current = beside if name == "launches:overview" else request.path.startswith(url)
        count = frame.tally.overall.total if name == "content:calendar" else None
        items.append(NavItem(label, url, icon, current, count))
    return items


def launch_tabs(request: HttpRequest) -> list[NavItem]:
    """The overview and its neighbours, on each of these pages; empty elsewhere. No query."""
    frame = frame_of(request)
    if frame is None:
        return []
    items = []
    for label, name, icon in TABS:
        url = _url(name, frame.launch.slug)
        if url is not None:
            exact = name == "launches:overview"
            current = request.path == url if exact else request.path.startswith(url)
            items.append(NavItem(label, url, icon, current))
    return items if any(item.current for item in items) else []


def _url(name: str, *args: str) -> str | None:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None
