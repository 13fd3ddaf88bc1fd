"""What this app does when a provider calls: one service call for each event."""

from __future__ import annotations

from typing import Any

from anymail.signals import inbound, tracking
from django.dispatch import receiver

from apps.core.actors import SYSTEM
from apps.delivery import providers
from apps.delivery.services import feedback, inbox


@receiver(tracking)
def note_event(event: Any, esp_name: str, **_: Any) -> None:
    report = providers.report_of(event, esp_name)
    if report is not None:
        feedback.take(actor=SYSTEM, report=report)


@receiver(inbound)
def note_mail(event: Any, esp_name: str, **_: Any) -> None:
    mail = providers.mail_of(event, esp_name)
    if mail is not None:
        inbox.receive(actor=SYSTEM, mail=mail)
