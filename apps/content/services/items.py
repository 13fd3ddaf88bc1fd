"""Changing calendar items: status, publishing, splitting. Fields change by `launches.services.records`."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.audit import services as audit
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.launches import kinds, policies
from apps.launches.models import LaunchRecord
from apps.launches.services import records
from apps.schedule.facets import WHEN
from apps.schedule.models import Placement
from apps.schedule.services import placing

Status = CalendarItem.Status

_PLACEMENT_STATE = {
    Status.PUBLISHED: Placement.State.DONE,
    Status.CANCELLED: Placement.State.CANCELLED,
}


def set_status(*, actor: Actor, item: CalendarItem, status: str, version: int | None = None) -> CalendarItem:
    """Move an item to another status. Published is done: it never moves again unless it is reopened."""
    policies.require("records.work", actor, item)
    if status not in Status.values:
        raise Invalid(
            f"“{status[:40]}” is not a status. Statuses: {', '.join(Status.values)}.", field="status"
        )
    return records.change_record(actor=actor, record=item, values={"status": status}, version=version)


def mirror_status(*, actor: Actor, item: CalendarItem) -> None:
    """Bring the item's placement in line with its status."""
    wanted = _PLACEMENT_STATE.get(Status(item.status), Placement.State.PLANNED)
    placement = placing.find(item)
    if placement is not None and placement.state != wanted:
        item.__dict__["_placement"] = placing.set_state(actor=actor, placement=placement, state=wanted)


def split_item(
    *, actor: Actor, item: CalendarItem, titles: Sequence[str] | None = None, version: int | None = None
) -> list[CalendarItem]:
    """Make one item per piece of work it names; they share its time, team, owner and channel.

    The first keeps the item's identity. Raises `Invalid` when there is nothing to split.
    """
    policies.require("records.work", actor, item)
    names = [title.strip() for title in (titles or item.parts) if title.strip()]
    if len(names) < 2:
        raise Invalid("This item names one piece of work only: there is nothing to split.", field="titles")
    with transaction.atomic():
        item = records.lock(item)
        records.check_version(item, version)
        if item.status in {Status.PUBLISHED, Status.CANCELLED}:
            raise Invalid("What is published or cancelled is not split any more.", field="status")
        kind = kinds.of(item)
        when = WHEN.value(item)
        old = item.title
        CalendarItem.objects.filter(pk=item.pk).update(parts=[])
        first: LaunchRecord = records.change_record(actor=actor, record=item, values={"title": names[0]})
        made = [first]
        for offset, name in enumerate(names[1:], start=1):
            made.append(
                records.add_record(
                    actor=actor,
                    launch=item.launch,
                    kind=kind,
                    values={
                        "title": name,
                        "channel": item.channel,
                        "team": item.team,
                        "owner": item.owner,
                        "owner_name": item.owner_name,
                        "when": when,
                    },
                    position=item.position + offset,
                )
            )
        audit.record(
            actor=actor,
            verb="calendar_entry.split",
            obj=first,
            launch_id=item.launch_id,
            changes={"title": [old, names]},
        )
    return [record for record in made if isinstance(record, CalendarItem)]


def remember_parts(items: Sequence[tuple[CalendarItem, list[str]]]) -> None:
    """Keep the pieces of work that a plan names in one line, for the offer to split it. One statement."""
    for item, parts in items:
        item.parts = parts
    CalendarItem.objects.bulk_update([item for item, _ in items], ["parts"])
