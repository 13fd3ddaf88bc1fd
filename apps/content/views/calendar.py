"""The content calendar of one launch, and that of all: several views over one query."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import quote, urlsplit

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from apps.accounts.models import Team, User
from apps.content import selectors
from apps.content.models import CalendarItem
from apps.content.selectors import Shown, boards, groups, months, saved, sheets
from apps.content.services.saved import choose_display
from apps.core.actors import Actor
from apps.core.clock import now, today_in
from apps.core.pages import PER_PAGE, PageRequest, done, integer, page, show
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.pages import LaunchRequest, launch_page
from apps.schedule.models import Placement
from apps.schedule.selectors import Progress, placements, progress, progress_and_ends, visible_placements
from apps.schedule.standing import PlacementNow
from apps.schedule.tally import tally_for

REGION = "content/region.html"
# A board of all launches holds what is open, and of what is over only what just ended.
ENDED_DAYS = 30
PEOPLE_OFFERED = 200
# Views of one launch whose items can be chosen to change many at once; a month has no room for the boxes.
SELECTS = ("list", "board", "week", "weeks")


@launch_page()
def calendar(request: LaunchRequest, launch: Launch) -> HttpResponse:
    """The calendar of a launch; its address holds view and filter."""
    return calendar_page(request, launch)


@page()
def calendar_of_all(request: PageRequest) -> HttpResponse:
    """The dated work of all open launches one may see."""
    return page_of_all(request)


def calendar_page(request: LaunchRequest, launch: Launch, status: int = 200, **extra: Any) -> HttpResponse:
    """The page, or for htmx its region. `extra` goes into the context (a conflict, a refused form)."""
    at = now()
    shown = Shown.of(request.GET, chosen=selectors.remembered(request.actor))
    if shown.view == selectors.TIMELINE:
        return redirect(f"{reverse('launches:timeline', args=[launch.slug])}?{shown.address}")
    everything = placements(launch, at)
    found = shown.filter.apply(everything, request.actor)
    if shown.filter.state != "cancelled":
        found = found.exclude(state=Placement.State.CANCELLED)
    if request.GET.get("format") == "csv":
        return sheet(request, found, launch.slug)
    today = today_in(launch.zone, at)
    may_add = policies.can_contribute(request.actor, launch)
    figures, ends, items = _figures(launch, shown, found, at)
    total = None if shown.filter.state == "cancelled" else figures.total
    context: dict[str, Any] = {
        "launch": launch,
        "views": selectors.VIEWS,
        "kinds": selectors.kinds_offered(),
        "progress": figures,
        "may_add": may_add,
        "selects": may_add and shown.view in SELECTS,
        "bulk_url": reverse("content:bulk", args=[launch.slug]),
        **shared(request, shown, today, launch),
        **selectors.choices(launch, everything),
        **(
            _weeks(request, shown, found, today, launch, ends, bool(figures.undated))
            if shown.view == "weeks"
            else _parts(request, shown, found, today, launch, total)
        ),
        **extra,
    }
    if context["selects"]:
        context["selectable"] = items
        context["statuses"] = CalendarItem.Status.choices
        context["filter_words"] = shown.filter.words()
        # What may be set is what may be looked for: one list serves the filter and the change.
        context["owners"] = list(User.objects.filter(is_active=True)[:PEOPLE_OFFERED])
        context["teams"] = list(Team.objects.all())
    return show(request, "content/calendar.html", context, partial=REGION, status=status)


def _figures(
    launch: Launch, shown: Shown, found: QuerySet[PlacementNow], at: datetime
) -> tuple[Progress, tuple[date | None, date | None], int]:
    """Progress, the first and last day on which work begins, and how many items; of a whole launch as its
    frame counts them anyway."""
    if shown.filter.is_on:
        return progress_and_ends(found, CalendarItem.kind)
    tally = tally_for(launch, at)
    return tally.overall, tally.starts, tally.items


def page_of_all(request: PageRequest, status: int = 200, **extra: Any) -> HttpResponse:
    """The same of all launches. Months and weeks read only the days they show."""
    at = now()
    today = today_in(getattr(request.user, "zone", "UTC"), at)
    shown = Shown.of(request.GET, of_all=True, chosen=selectors.remembered(request.actor))
    found = visible_placements(request.actor, at).filter(starts_on__isnull=False)
    if shown.view in {"month", "week"}:
        found = months.within(found, *months.window_of(shown.view, shown.day or today))
    found = shown.filter.apply(found, request.actor)
    if shown.view == "board" and not shown.filter.state:
        found = found.exclude(state="done", starts_on__lt=today - timedelta(days=ENDED_DAYS))
    if shown.filter.state != "cancelled":
        found = found.exclude(state="cancelled")
    # A list of all launches is what there is to do; the file holds what the page shows.
    is_open = shown.view == "list" and not shown.filter.state
    listed = found.filter(state="planned") if is_open else found
    if request.GET.get("format") == "csv":
        return sheet(request, listed, "calendar")
    figures = progress(found)
    total = None if shown.filter.state == "cancelled" else figures.total
    if is_open:
        total = figures.total - figures.done
    choices = selectors.choices_of_all(request.actor)
    adds_to = [each for each in choices["launches"] if policies.can_contribute(request.actor, each)]
    parts = _parts(request, shown, listed, today, None, total)
    selectable = sum(entry.item is not None and entry.may_work for entry in parts.get("rows", ()))
    context: dict[str, Any] = {
        "of_all": True,
        "may_add": bool(adds_to),
        "adds_to": adds_to,
        "launch_offered": any(each.slug == shown.filter.launch for each in choices["launches"]),
        "selects": bool(selectable),
        "selectable": selectable,
        "bulk_url": reverse("calendars:bulk"),
        "statuses": CalendarItem.Status.choices,
        "views": selectors.VIEWS_OF_ALL,
        "progress": figures,
        "show_launch": True,
        "page_title": "Calendar",
        **shared(request, shown, today, None),
        **choices,
        **parts,
        **extra,
    }
    return show(request, "content/calendar_of_all.html", context, partial=REGION, status=status)


def sheet(request: PageRequest, found: QuerySet[PlacementNow], name: str) -> HttpResponse:
    """What a view shows, as a file."""
    made = sheets.download(found, request.actor, name=name, bom=request.GET.get("bom") == "1")
    return cast(HttpResponse, made)  # to whom it is sent in one piece or in many makes no difference


def shared(request: PageRequest, shown: Shown, today: date, launch: Launch | None) -> dict[str, Any]:
    """What every view's page has: its addresses, its filter, what is saved."""
    calendar_url = reverse("content:calendar", args=[launch.slug]) if launch else reverse("portal:calendar")
    timeline_url = reverse("launches:timeline", args=[launch.slug]) if launch else ""
    base = timeline_url if shown.view == selectors.TIMELINE else calendar_url
    here = shown.here
    number = integer(request.GET.get("page"))
    if shown.view == "list" and number:
        here += f"&page={number}"
    # What came by a form stands at the form's address; the ways back lead to the calendar all the same.
    request.__dict__["_here"] = quote(f"{base}?{here}")
    return {
        "base": base,
        "calendar_url": calendar_url,
        "timeline_url": timeline_url,
        "csv_url": f"{base}?{shown.here}&format=csv",
        "shown": shown,
        "view": shown.view,
        "filter": shown.filter,
        "groups": selectors.GROUPS,
        "densities": selectors.DENSITIES,
        "may_group": shown.view in {"list", "board"},
        "today": today,
        # What every form that changes something carries, so that its answer is this very view.
        "query": here + ("" if launch else "&all=1"),
        "here_url": f"{base}?{here}",
        "save_url": f"{reverse('calendars:view_save')}?"
        + urlencode({"query": shown.address, "launch": launch.slug if launch else ""}),
        "saved_views": saved.views_of(request.actor, launch),
    }


def _parts(
    request: PageRequest,
    shown: Shown,
    found: QuerySet[PlacementNow],
    today: date,
    launch: Launch | None,
    total: int | None,
) -> dict[str, Any]:
    """What the chosen view shows. `total` is how much was found, where that was counted already."""
    if shown.view in {"month", "week"}:
        around = months.month if shown.view == "month" else months.week
        grid = around(found, request.actor, day=shown.day or today, today=today, launch=launch)
        return {"grid": grid}
    if shown.view == "board":
        return {
            "board": boards.board(
                found, request.actor, group=shown.group, closed=shown.filter.state == "cancelled"
            )
        }
    if shown.view == "list":
        pages = Paginator(groups.grouped(found, shown.group), PER_PAGE)
        if total is not None:
            pages.__dict__["count"] = total
        rows = pages.get_page(request.GET.get("page"))
        rows.object_list = selectors.entries(list(rows.object_list), request.actor)
        parts: dict[str, Any] = {"rows": rows}
        if shown.group != "none":
            parts["row_groups"] = groups.by_group(rows.object_list, shown.group)
        elif launch is None:
            parts["weeks"] = selectors.by_week(rows.object_list, today)
        return parts
    return {}


def _weeks(
    request: PageRequest,
    shown: Shown,
    found: QuerySet[PlacementNow],
    today: date,
    launch: Launch,
    ends: tuple[date | None, date | None],
    has_undated: bool,
) -> dict[str, Any]:
    """Relative weeks, which are one launch's, and below them what has no date."""
    weeks = selectors.relative_weeks(launch, found, request.actor, today=today, ends=ends, first=shown.first)
    undated = found.filter(starts_on=None)
    if launch.launch_day is None:
        undated = undated.exclude(anchor="launch_day", unit__in=["week", "day"])
    rows = list(undated[: selectors.CARDS_PER_WEEK]) if has_undated else []
    return {"weeks": weeks, "undated": selectors.entries(rows, request.actor)}


def items_in(actor: Actor, launch: Launch, shown: Shown) -> list[int]:
    """The calendar items a filter holds, as the list shows them. One query."""
    found = shown.filter.apply(placements(launch), actor).filter(kind=CalendarItem.kind)
    if shown.filter.state != "cancelled":
        found = found.exclude(state=Placement.State.CANCELLED)
    return list(found.order_by("record_id").values_list("record_id", flat=True))


@page("POST")
def display(request: PageRequest) -> HttpResponse:
    """How this person wants calendars grouped and how dense; back to the same view with it."""
    chosen = choose_display(
        actor=request.actor, group=request.POST.get("group"), density=request.POST.get("density")
    )
    back = urlsplit(back_to(request, reverse("portal:calendar")))
    query = QueryDict(back.query, mutable=True)
    for name, value in chosen.items():
        query[name] = value
    return done(request, "", to=f"{back.path}?{query.urlencode()}")


def back_to(request: PageRequest, otherwise: str) -> str:
    """The address of the portal that `next` names, if it is one."""
    wanted = request.GET.get("next") or request.POST.get("next") or ""
    known = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and known else otherwise
