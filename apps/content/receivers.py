"""What this app does when something below it happens, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.dispatch import receiver

from apps.content.models import CalendarItem
from apps.content.services import mirror_status
from apps.content.services.changing import require_approval, require_free
from apps.core.actors import Actor
from apps.core.clock import now
from apps.launches.signals import record_changed
from apps.schedule.models import Placement
from apps.schedule.signals import placement_finished


@receiver(record_changed, sender=CalendarItem)
def keep_placement_in_line(record: CalendarItem, actor: Actor, **_: Any) -> None:
    mirror_status(actor=actor, item=record)


@receiver(placement_finished, sender=Placement)
def keep_status_in_line(placement: Placement, actor: Actor, state: str, **_: Any) -> None:
    """Done on the calendar is published here, open again is drafting: one fact, shown twice."""
    if placement.kind != CalendarItem.kind:
        return
    items = CalendarItem.objects.filter(pk=placement.record_id)
    if not actor.is_system:
        for item in items.select_related("launch"):
            _hold_rules(actor, item, state)
    if state == Placement.State.DONE:
        items, new = items.exclude(status=CalendarItem.Status.PUBLISHED), CalendarItem.Status.PUBLISHED
    elif state == Placement.State.CANCELLED:
        items, new = items.exclude(status=CalendarItem.Status.CANCELLED), CalendarItem.Status.CANCELLED
    else:
        closed = [CalendarItem.Status.PUBLISHED, CalendarItem.Status.CANCELLED]
        items, new = items.filter(status__in=closed), CalendarItem.Status.DRAFTING
    # A new version: whoever has the item open must not put its old status back unseen.
    items.update(status=new, version=F("version") + 1, updated_at=now())


def _hold_rules(actor: Actor, item: CalendarItem, state: str) -> None:
    """The rules of a status hold for the tick on the calendar that means it, too."""
    status = {
        Placement.State.DONE.value: CalendarItem.Status.PUBLISHED,
        Placement.State.CANCELLED.value: CalendarItem.Status.CANCELLED,
    }.get(state, CalendarItem.Status.DRAFTING)
    if item.status == status or (status == CalendarItem.Status.DRAFTING and not item.is_closed):
        return  # the item said so first, and its own rules were held
    require_free(item, old=item.status, new=status)
    require_approval(item, status)
