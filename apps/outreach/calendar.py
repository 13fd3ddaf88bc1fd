"""What calendar items stand for, when it is a campaign (see `content.linked`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse

from apps.content.linked import Linked
from apps.content.models import CalendarItem
from apps.outreach.models import Campaign


def find(item_ids: Sequence[int]) -> Mapping[int, Linked]:
    """The campaigns that share the placement of these items, but for cancelled ones. One query."""
    found = (
        Campaign.objects.filter(placement__kind=CalendarItem.kind, placement__record_id__in=item_ids)
        .exclude(mailing__state="cancelled")
        .select_related("launch", "placement", "mailing")
    )
    return {
        each.placement.record_id: Linked(
            kind="campaign",
            title=each.title,
            state=each.state.replace("_", " "),
            url=reverse("outreach:detail", args=[each.launch.slug, each.pk]),
        )
        for each in found
        if each.placement is not None
    }


def write_one(item: CalendarItem) -> str:
    """Where a campaign for this item is written."""
    return f"{reverse('outreach:new', args=[item.launch.slug])}?item={item.pk}"
