"""What this app does when something below it happens, in the same transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.delivery.models import Delivery, Mailing
from apps.delivery.signals import delivery_answered, mailing_held
from apps.launches.models import Launch, LaunchRecord
from apps.launches.signals import launch_state_changed, record_changed, record_removed
from apps.outreach.services import places, running
from apps.schedule.models import Placement
from apps.schedule.signals import placement_finished


@receiver(delivery_answered, sender=Delivery)
def stop_after_an_answer(delivery: Delivery, actor: Actor, **_: Any) -> None:
    running.note_answer(actor=actor, delivery=delivery)


@receiver(mailing_held, sender=Mailing)
def tell_who_runs_it(mailing: Mailing, reason: str, **_: Any) -> None:
    running.tell_held(mailing=mailing, reason=reason)


@receiver(launch_state_changed, sender=Launch)
def stop_with_the_launch(launch: Launch, new: str, **_: Any) -> None:
    running.follow_launch(launch=launch, state=new)


@receiver(record_changed, sender=CalendarItem)
def start_with_the_item(record: LaunchRecord, actor: Actor, created: bool, **_: Any) -> None:
    if isinstance(record, CalendarItem) and not created:
        places.follow_item(actor=actor, item=record)


@receiver(placement_finished, sender=Placement)
def stop_with_the_item(placement: Placement, actor: Actor, state: str, **_: Any) -> None:
    places.follow_placement(actor=actor, placement=placement, state=state)


@receiver(record_removed, sender=CalendarItem)
def stay_without_the_item(record: LaunchRecord, **_: Any) -> None:
    if isinstance(record, CalendarItem):
        places.leave_item(item=record)
