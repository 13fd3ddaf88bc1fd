"""The timeline: everything dated of a launch as bars, what waits for what, and what cannot slip."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from apps.content import selectors
from apps.content.selectors import Filter, Shown
from apps.content.views.calendar import shared, sheet
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.dates import span_words
from apps.core.pages import paginate, show
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.addresses import page_of
from apps.schedule.clashes import clashes_of
from apps.schedule.gantt import Chart, Group, Line, Pull, chart
from apps.schedule.models import Placement
from apps.schedule.network import Network, dated, network_of, waits_for
from apps.schedule.solving import shortfall
from apps.schedule.spans import Span

PER_PAGE = 100
WAITS_SHOWN = 12
DELAYED_SHOWN = 5
NO_PHASE, NO_TEAM = "No phase", "No team"


@dataclass(frozen=True)
class Row:
    """One thing on the timeline, in words and as a line of the chart."""

    placement: Placement
    actor: Actor
    state: str
    is_late: bool
    days_late: int
    critical: bool
    slack: int | None
    this_year: int
    leads: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return page_of(self.placement)

    @property
    def may_move(self) -> bool:
        allowed = permissions.allows("schedule.move_item", self.actor, self.placement)
        return self.placement.moves_by_hand and allowed

    @property
    def late_words(self) -> str:
        """ "late 4 d"; what had a time of day may be late since this morning."""
        return f"late {self.days_late} d" if self.days_late else "late since today"

    @property
    def move_url(self) -> str:
        """Where it is moved: a phase by its own id."""
        asked: dict[str, str | int] = {"anchor": "placement", "id": self.placement.pk}
        if self.placement.phase_id:
            asked = {"anchor": "phase", "id": self.placement.phase_id}
        return f"{reverse('launches:move', args=[self.placement.launch.slug])}?{urlencode(asked)}"

    @property
    def when(self) -> str:
        if self.placement.starts_on is None:
            return "No date"
        words = span_words(self.placement.starts_on, self.placement.ends_on, this_year=self.this_year)
        return words if self.placement.ends_on else f"from {words}"

    @property
    def slack_words(self) -> str:
        """ "critical", "3 days slack", "delays others by 2 days", or nothing for what is not linked."""
        if self.slack is None:
            return ""
        count = f"{abs(self.slack)} day{'' if abs(self.slack) == 1 else 's'}"
        if self.slack < 0:
            return f"critical, {count} short"
        return f"{count} slack" if self.slack else "critical"

    @property
    def line(self) -> Line:
        return Line(
            self.placement.pk,
            self.placement.starts_on,
            self.placement.ends_on,
            self.state,
            self.critical,
            self.slack if self.slack and self.slack > 0 else None,
        )


@dataclass(frozen=True)
class Section:
    """A heading with its rows."""

    title: str
    rows: list[Row]


@launch_page()
def timeline(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """Bars by phase, team or date; the address says which, and which are left out.

    What hangs together is worked out over all of the launch, whatever the filter shows of it.
    """
    at = now()
    shown = Shown.of(request.GET, view=selectors.TIMELINE)
    network = network_of(launch, at)
    leads = _leads(network)
    found = _found(request, launch, network, shown.filter, at)
    rows = [_row(request, each, network, leads[each.pk]) for each in found]
    if request.GET.get("format") == "csv":
        ids = [row.placement.pk for row in rows if _is_shown(row, shown.only)]
        listed = dated(launch, at).select_related("launch", "team", "owner").filter(pk__in=ids)
        return sheet(request, listed, launch.slug)
    counts = {key: sum(1 for row in rows if _is_shown(row, key)) for key in selectors.BARS_SHOWN}
    phases = _phases(rows, network) if shown.by == "phase" else {}
    names = {row.placement.pk: phases.get(row.placement.pk) or _team(row) for row in rows}
    ordered = _in_order([row for row in rows if _is_shown(row, shown.only)], shown.by, names)
    bars = paginate(request, ordered, PER_PAGE)
    sections = _sections(list(bars.object_list), shown.by, names)
    late = [row for row in rows if row.is_late]
    waits = waits_for(request.actor, launch, at)
    if shown.filter.is_on:
        inside = {row.placement.pk for row in rows}
        waits = [wait for wait in waits if {wait.before.pk, wait.after.pk} & inside]
    context: dict[str, Any] = {
        "launch": launch,
        "views": selectors.VIEWS,
        "region_id": "timeline",
        "groupings": selectors.BARS_BY,
        "shows": [(key, label, counts[key]) for key, label in selectors.BARS_SHOWN.items()],
        "page_obj": bars,
        "sections": sections,
        "chart": _chart(sections, network, launch.launch_day),
        "total": len(network.rows),
        "late": [(row, network.delayed_by(row.placement.pk)[:DELAYED_SHOWN]) for row in late[:WAITS_SHOWN]],
        "late_more": len(late) - WAITS_SHOWN,
        "waits": waits[:WAITS_SHOWN],
        "clash_count": len(clashes_of(request.actor, launch, at)),
        "critical_end": max((_end(row) for row in network.rows if row.pk in network.critical), default=None),
        "may_edit": permissions.allows("launches.edit", request.actor, launch),
        **shared(request, shown, network.today, launch),
        **selectors.choices_of(launch, network.rows),
        "kinds": [*selectors.kinds_offered(), ("phase", "Phases")],
    }
    return show(request, "content/timeline.html", context, partial="region")


def _found(
    request: LaunchRequest, launch: Launch, network: Network, chosen: Filter, at: datetime
) -> Sequence[Placement]:
    """Of a launch's things those in the filter. One query, if there is one."""
    if not chosen.is_on:
        return network.rows
    found = chosen.apply(dated(launch, at), request.actor)
    if chosen.state == "cancelled":
        # What is cancelled links nothing, so the network does not know it.
        return list(found.select_related("launch"))
    inside = set(found.order_by().values_list("pk", flat=True))
    return [row for row in network.rows if row.pk in inside]


def _row(request: LaunchRequest, placement: Placement, network: Network, leads: Sequence[str]) -> Row:
    standing = str(placement.now_standing)  # type: ignore[attr-defined]  # annotated
    slack = network.slack.get(placement.pk)
    end = placement.ends_on
    is_late = standing == Placement.Standing.LATE
    return Row(
        placement=placement,
        actor=request.actor,
        state="blocked" if placement.blocked_by and placement.state == "planned" else standing,
        is_late=is_late,
        days_late=max((network.today - end).days, 0) if is_late and end else 0,
        critical=slack is not None and slack <= 0,
        slack=slack,
        this_year=network.today.year,
        leads=tuple(leads),
    )


def _is_shown(row: Row, only: str) -> bool:
    return {
        "linked": row.slack is not None,
        "critical": row.critical,
        "late": row.is_late,
    }.get(only, True)


def _end(placement: Placement) -> date:
    return placement.ends_on or placement.starts_on or date.min


def _in_order(rows: list[Row], by: str, names: Mapping[int, str]) -> list[Row]:
    """Rows of one group together, groups by what comes first; within a group the phase, then by date."""
    if by == "date":
        return sorted(rows, key=lambda row: row.placement.starts_on or date.max)
    firsts: dict[str, date] = {}
    for row in rows:
        name = names[row.placement.pk]
        firsts[name] = min(firsts.get(name, date.max), row.placement.starts_on or date.max)
    last = NO_PHASE if by == "phase" else NO_TEAM
    return sorted(
        rows,
        key=lambda row: (
            (name := names[row.placement.pk]) == last,
            firsts[name],
            name,
            row.placement.phase_id is None,
            row.placement.starts_on or date.max,
        ),
    )


def _team(row: Row) -> str:
    return row.placement.team.name if row.placement.team else NO_TEAM


def _phases(rows: Sequence[Row], network: Network) -> dict[int, str]:
    """The phase each thing belongs to: itself, the one it hangs on, else the one whose days hold its start."""
    found = [row for row in network.rows if row.phase_id]
    titles = {phase.phase_id: phase.title for phase in found}
    spans = sorted((phase.starts_on, phase.ends_on, phase.title) for phase in found if phase.starts_on)
    names = {}
    for row in rows:
        placement, name = row.placement, NO_PHASE
        if placement.phase_id:
            name = placement.title
        elif placement.anchor_phase_id in titles:
            name = titles[placement.anchor_phase_id]
        elif placement.starts_on:
            name = next(
                (
                    title
                    for start, end, title in spans
                    if start <= placement.starts_on and (end is None or placement.starts_on <= end)
                ),
                NO_PHASE,
            )
        names[placement.pk] = name
    return names


def _sections(rows: list[Row], by: str, names: Mapping[int, str]) -> list[Section]:
    if by == "date":
        return [Section("", rows)] if rows else []
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[names[row.placement.pk]].append(row)
    return [Section(title, group) for title, group in found.items()]


def _chart(sections: Sequence[Section], network: Network, launch_day: date | None) -> Chart:
    critical = network.critical_links
    rows = {row.pk: row for row in network.rows}
    pulls = []
    for link in network.links:
        before, after = rows.get(link.before), rows.get(link.after)
        if before is None or after is None:
            continue
        met = Placement.State.DONE in {before.state, after.state}
        short = 0 if met or link.hung else shortfall(_span(before), _span(after), link.lag)
        pulls.append(
            Pull(link.before, link.after, link.hung, (link.before, link.after) in critical, met, short > 0)
        )
    groups = [Group(section.title, [row.line for row in section.rows]) for section in sections]
    return chart(groups, pulls, today=network.today, launch_day=launch_day)


def _span(placement: Placement) -> Span:
    return Span(placement.starts_on, placement.ends_on, placement.starts_at, placement.ends_at)


def _leads(network: Network) -> dict[int, list[str]]:
    """What each thing waits for or hangs on, by title."""
    titles = network.titles
    found: dict[int, list[str]] = defaultdict(list)
    for link in network.links:
        if link.before in titles:
            found[link.after].append(titles[link.before])
    return found
