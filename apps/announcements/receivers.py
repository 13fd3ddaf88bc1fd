"""What this app does when something below it happens, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.announcements.services import running
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.launches.models import Launch, LaunchRecord
from apps.launches.signals import launch_state_changed, record_changed, record_removed
from apps.schedule.models import Placement
from apps.schedule.signals import placement_finished


@receiver(launch_state_changed, sender=Launch)
def stop_with_the_launch(launch: Launch, actor: Actor, new: str, **_: Any) -> None:
    running.follow_launch(actor=actor, launch=launch, state=new)


@receiver(record_changed, sender=CalendarItem)
def move_with_the_item(record: LaunchRecord, actor: Actor, created: bool, **_: Any) -> None:
    if isinstance(record, CalendarItem) and not created:
        running.follow_item(actor=actor, item=record)


@receiver(placement_finished, sender=Placement)
def stop_with_the_item(placement: Placement, actor: Actor, state: str, **_: Any) -> None:
    running.follow_placement(actor=actor, placement=placement, state=state)


@receiver(record_removed, sender=CalendarItem)
def stay_without_the_item(record: LaunchRecord, **_: Any) -> None:
    if isinstance(record, CalendarItem):
        running.leave_item(item=record)
