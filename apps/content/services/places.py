"""Places on the calendar that an item shares with the announcement or campaign it is."""

from __future__ import annotations

from apps.content.models import CalendarItem
from apps.content.services.items import set_status
from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotFound
from apps.launches.services.launch import hold
from apps.schedule.models import Placement
from apps.schedule.services import placing

Status = CalendarItem.Status
OPEN = (Status.IDEA, Status.DRAFTING, Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED)


def lock_placement(placement_id: int | None) -> Placement | None:
    """Lock a placement after its launch and the calendar item it belongs to.

    The order is launch, calendar item, placement everywhere, so that two changes wait for each other instead of
    stopping each other.
    """
    if placement_id is None:
        return None
    for kind, record_id, launch_id in Placement.objects.filter(pk=placement_id).values_list(
        "kind", "record_id", "launch"
    ):
        hold(launch_id)
        if kind == CalendarItem.kind:
            CalendarItem.objects.select_for_update().filter(pk=record_id).first()
    locked = Placement.objects.select_for_update(of=("self",)).select_related("launch")
    return locked.filter(pk=placement_id).first()


def place_of(item: CalendarItem) -> Placement:
    """The item's placement, locked; made if it has none yet. Raises `NotFound` if the item was removed."""
    placement = placing.find(item)
    if placement is None:
        placing.place_record(actor=SYSTEM, record=item, when=None)
        placement = placing.find(item)
    if placement is None:
        raise Invalid("This calendar item has no place on the calendar.", field="item")
    placement = lock_placement(placement.pk)
    if placement is None:
        raise NotFound("This calendar item was removed meanwhile.", code="removed")
    return placement


def follow_status(placement: Placement, status: str, *, only_from: tuple[str, ...] = OPEN) -> None:
    """Bring the item at a placement along; what it stands for decides this, not anybody's role."""
    if placement.kind != CalendarItem.kind:
        return
    item = CalendarItem.objects.select_related("launch").filter(pk=placement.record_id).first()
    if item is not None and item.status in only_from and item.status != status:
        set_status(actor=SYSTEM, item=item, status=status)
