"""What this app does when something below it happens, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.core.actors import Actor
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord
from apps.launches.signals import launch_dates_changed, record_changed
from apps.schedule.selectors import WORK
from apps.schedule.services import placing
from apps.schedule.services.moving import recompute


@receiver(launch_dates_changed, sender=Launch)
def bring_dates_up_to_date(launch: Launch, **_: Any) -> None:
    recompute(launch)


@receiver(record_changed)
def count_undated_work(record: LaunchRecord, actor: Actor, **_: Any) -> None:
    """Work that says no time still counts towards progress, so it gets a placement without dates."""
    if record.kind in WORK and "when" in kinds.facets(kinds.of(record)) and placing.find(record) is None:
        placing.place_record(actor=actor, record=record, when=None)
