"""What the clock does to the calendar by itself: things become due and late without anybody looking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.accounts.services import notify
from apps.audit import services as audit
from apps.core.actors import SYSTEM
from apps.core.clock import now
from apps.schedule.addresses import page_of
from apps.schedule.models import Placement
from apps.schedule.notices import Notices, notices_of
from apps.schedule.selectors import changed_standing
from apps.schedule.services.reminding import concerns_not

BATCH = 500
ANNOUNCED = {Placement.Standing.DUE, Placement.Standing.LATE}


def follow_the_clock(*, at: datetime | None = None) -> int:
    """Store and announce the standing of up to 500 things that became due, late or upcoming again.

    Safe to run twice, late, or at once: rows another run holds are skipped, and a row is announced only
    while its stored standing differs. Returns how many were changed.
    """
    at = at or now()
    with transaction.atomic():
        rows = list(
            changed_standing(at)
            .select_related("launch", "owner")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("pk")[:BATCH]
        )
        chosen = notices_of({placement.owner_id for placement in rows if placement.owner_id})
        # One object for each person: it remembers in which launches they take part.
        people = {placement.owner_id: placement.owner for placement in rows}
        for placement in rows:
            placement.owner = people[placement.owner_id]
            old, new = placement.standing, placement.now_standing
            Placement.objects.filter(pk=placement.pk).update(standing=new)
            if new in ANNOUNCED and placement.kind != "phase":
                audit.record(
                    actor=SYSTEM,
                    verb=f"{placement.kind}.{new}",
                    obj=placement,
                    launch_id=placement.launch_id,
                    changes={"standing": [old, new]},
                )
                _tell_owner(placement, new, chosen)
    return len(rows)


def _tell_owner(placement: Placement, standing: str, chosen: Mapping[int, Notices]) -> None:
    if placement.owner is None or concerns_not(placement.owner, placement):
        return
    notices = chosen[placement.owner.pk]
    if notices.reminders not in ("inbox", "both") or (
        standing == Placement.Standing.LATE and not notices.late
    ):
        return
    day = placement.starts_on if standing == Placement.Standing.DUE else placement.ends_on
    notify(
        users=[placement.owner],
        kind=f"item_{standing}",
        title=f"{'Due' if standing == 'due' else 'Late'}: {placement.title}"[:500],
        body=f"{placement.launch.name}: {placement.wording or day}",
        url=page_of(placement),
        # A moved thing may become due again, on another day.
        source=f"placement:{placement.pk}:{standing}:{day}",
        launch_id=placement.launch_id,
    )
