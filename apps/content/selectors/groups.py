"""Putting work under headings: by team, owner, channel or the phase it falls into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf

from apps.content.models import CalendarItem
from apps.content.selectors.entries import Entry
from apps.schedule.models import Placement
from apps.schedule.standing import PlacementNow

NOTHING = {"team": "No team", "owner": "Nobody yet", "channel": "No channel", "phase": "Outside the phases"}


@dataclass
class Group:
    """The entries under one heading."""

    name: str
    entries: list[Entry] = field(default_factory=list)


def grouped(queryset: QuerySet[PlacementNow], group: str) -> QuerySet[Any]:
    """Placements with `group_name` (None: nothing), ordered by it; those without one come last."""
    if group not in NOTHING:
        return queryset
    name: Any
    if group == "team":
        name = F("team__name")
    elif group == "owner":
        # People without a name are called by their address, as everywhere.
        name = Coalesce(NullIf("owner__name", Value("")), "owner__email", output_field=CharField())
    elif group == "channel":
        items = CalendarItem.objects.filter(pk=OuterRef("record_id"))
        name = Case(When(kind=CalendarItem.kind, then=Subquery(items.values("channel__title"))))
    else:
        # Of phases that overlap, the one that began last.
        phases = (
            Placement.objects.filter(launch=OuterRef("launch"), phase__isnull=False)
            .filter(Q(ends_on=None) | Q(ends_on__gte=OuterRef("starts_on")))
            .filter(starts_on__lte=OuterRef("starts_on"))
            .order_by("-starts_on", "-id")
        )
        name = Subquery(phases.values("title")[:1])
    found = queryset.annotate(group_name=name)
    return found.order_by(F("group_name").asc(nulls_last=True), "starts_on", "starts_at", "id")


def by_group(found: Sequence[Entry], group: str) -> list[Group]:
    """Entries in their order under the headings `grouped` gave them."""
    groups: list[Group] = []
    for entry in found:
        name = getattr(entry.placement, "group_name", None) or NOTHING.get(group, "")
        if not groups or groups[-1].name != name:
            groups.append(Group(name))
        groups[-1].entries.append(entry)
    return groups
