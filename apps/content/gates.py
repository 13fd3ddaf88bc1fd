"""What calendar items say of a phase's gates (see `launches.gates`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import Q
from django.urls import reverse

from apps.content.models import CalendarItem
from apps.launches.gates import Evidence, register
from apps.launches.models import Channel, Launch, Phase
from apps.schedule.models import Placement

MOST_NAMED = 5


def register_checks() -> None:
    register("documentation_published", "Documentation published", documentation_published)
    register("items_published", "Everything planned before it is published", items_published)


def documentation_published(launch: Launch, phases: Sequence[Phase]) -> Mapping[int, list[Evidence]]:
    """The items of documentation due before each phase starts. Three queries."""
    of_docs = Q(channel__channel_kind=Channel.Kind.DOCS) | Q(format=CalendarItem.Format.DOCUMENTATION)
    items = CalendarItem.objects.filter(of_docs, launch=launch).values_list("pk", flat=True)
    return _published(launch, phases, list(items))


def items_published(launch: Launch, phases: Sequence[Phase]) -> Mapping[int, list[Evidence]]:
    """All items due before each phase starts. Two queries."""
    return _published(launch, phases, None)


def _published(
    launch: Launch, phases: Sequence[Phase], items: Sequence[int] | None
) -> dict[int, list[Evidence]]:
    starts = dict(
        Placement.objects.filter(phase__in=[phase.pk for phase in phases]).values_list("phase", "starts_on")
    )
    placed = Placement.objects.filter(launch=launch, kind=CalendarItem.kind).exclude(state="cancelled")
    if items is not None:
        placed = placed.filter(record_id__in=items)
    rows = list(placed.order_by("starts_on", "id").values_list("pk", "title", "starts_on", "state"))
    return {phase.pk: _evidence(launch, rows, starts.get(phase.pk)) for phase in phases}


def _evidence(
    launch: Launch, rows: Sequence[tuple[int, str, date | None, str]], starts_on: date | None
) -> list[Evidence]:
    """What is due before a phase without a date is not known: everything dated and undated counts then."""
    due = [row for row in rows if starts_on is None or (row[2] is not None and row[2] <= starts_on)]
    if not due:
        return [Evidence(False, "Nothing of it stands in the calendar before this phase")]
    waiting = [row for row in due if row[3] != "done"]
    found = [Evidence(not waiting, f"{len(due) - len(waiting)} of {len(due)} published")]
    found += [
        Evidence(False, f"“{title[:80]}” is not published", reverse("content:item", args=[launch.slug, pk]))
        for pk, title, _, _ in waiting[:MOST_NAMED]
    ]
    if len(waiting) > MOST_NAMED:
        found.append(Evidence(False, f"and {len(waiting) - MOST_NAMED} more"))
    return found
