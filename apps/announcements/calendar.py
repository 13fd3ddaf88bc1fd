"""What calendar items stand for, when it is an announcement (see `content.linked`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse

from apps.announcements.models import Announcement
from apps.content.linked import Linked
from apps.content.models import CalendarItem


def find(item_ids: Sequence[int]) -> Mapping[int, Linked]:
    """The announcements that share the placement of these items. One query.

    A cancelled one decides nothing any more: its item is the team's own business again.
    """
    found = (
        Announcement.objects.filter(placement__kind=CalendarItem.kind, placement__record_id__in=item_ids)
        .exclude(state=Announcement.State.CANCELLED)
        .select_related("launch", "placement")
    )
    return {
        each.placement.record_id: Linked(
            kind="announcement",
            title=each.title,
            state=each.get_state_display().lower(),
            url=reverse("announcements:detail", args=[each.launch.slug, each.pk]),
        )
        for each in found
        if each.placement is not None
    }


def write_one(item: CalendarItem) -> str:
    """Where an announcement for this item is written."""
    return f"{reverse('announcements:new', args=[item.launch.slug])}?item={item.pk}"
