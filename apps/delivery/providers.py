"""django-anymail's events as reports: which kind, by which key, and what they mean for the address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from anymail.signals import EventType, RejectReason

from apps.delivery.incoming import Mail, mail_key
from apps.delivery.models import DeliveryEvent
from apps.delivery.reports import Report, Stops, is_lasting, key_of

Kind = DeliveryEvent.Kind
_KINDS: dict[str, str] = {
    EventType.QUEUED: Kind.ACCEPTED,
    EventType.SENT: Kind.ACCEPTED,
    EventType.REJECTED: Kind.FAILED,
    EventType.FAILED: Kind.FAILED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.DEFERRED: Kind.DELAYED,
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.AUTORESPONDED: Kind.AUTOREPLIED,
    EventType.OPENED: Kind.OPENED,
    EventType.CLICKED: Kind.CLICKED,
    EventType.COMPLAINED: Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}
# Providers keep lists of their own; what they refuse for these reasons we need not try again either.
_REFUSED: dict[str, Stops] = {
    RejectReason.INVALID: Stops.BOUNCE,
    RejectReason.BOUNCED: Stops.BOUNCE,
    RejectReason.SPAM: Stops.COMPLAINT,
    RejectReason.UNSUBSCRIBED: Stops.TOPIC,
}
# Names some providers give to bounces that pass, where anymail tells them no further apart.
_SOFT = frozenset({"softbounce", "soft_bounce", "soft bounce", "transient", "soft"})


def report_of(event: Any, esp_name: str) -> Report | None:
    """What a tracking event says; None for one that says nothing about a message."""
    kind = _KINDS.get(event.event_type)
    if kind is None:
        return None
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    number = str(metadata.get("delivery", ""))
    # Some providers hand our own id of one message over under a name of theirs.
    provider_id = "" if event.message_id is None else str(event.message_id)
    words = " ".join(str(part) for part in (event.mta_response, event.description) if part)
    detail = f"{esp_name}: {event.click_url if kind == Kind.CLICKED and event.click_url else words}"
    return Report(
        kind=kind,
        key=event_key(event, esp_name),
        at=event.timestamp,
        address=str(event.recipient or "")[:254],
        detail=_line(detail).rstrip(": "),
        provider_id=provider_id.replace("\x00", "")[:200],
        delivery_id=int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None,
        copy=str(metadata.get("copy", "")),
        stops=_stops(event, words),
    )


def mail_of(event: Any, esp_name: str) -> Mail | None:
    """The mail of an inbound event; None if the provider could not take it."""
    if event.event_type != EventType.INBOUND or event.message is None:
        return None
    message = event.message
    return Mail(
        message=message,
        key=mail_key(message) or event_key(event, esp_name),
        sent_by=message.envelope_sender,
        sent_to=str(message.envelope_recipient or ""),
        said=esp_name,
    )


def event_key(event: Any, esp_name: str) -> str:
    """The same for every repetition of one event, and for no other."""
    raw = event.esp_event
    data = raw.get("event-data") if isinstance(raw, Mapping) else None
    if isinstance(data, Mapping) and data.get("id"):
        # Mailgun signs every repetition anew; its own id is unique within a day.
        own = f"{data['id']}:{data.get('timestamp', '')}"
    elif event.event_id:
        own = str(event.event_id)
    else:
        if hasattr(raw, "lists"):  # a form's fields, each possibly several times
            raw = dict(raw.lists())
        text = json.dumps(raw, sort_keys=True, default=str)
        own = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return key_of(esp_name, str(event.event_type), own, str(getattr(event, "recipient", "") or ""))


def _stops(event: Any, words: str) -> str:
    if event.event_type == EventType.COMPLAINED:
        return Stops.COMPLAINT
    if event.event_type == EventType.UNSUBSCRIBED:
        return Stops.TOPIC
    if event.event_type == EventType.REJECTED:
        return _REFUSED.get(event.reject_reason, Stops.NOTHING)
    if event.event_type == EventType.BOUNCED:
        hard = event.reject_reason in (None, RejectReason.BOUNCED, RejectReason.INVALID)
        if hard and not _is_soft(event.esp_event) and is_lasting(words, otherwise=True):
            return Stops.BOUNCE
    return Stops.NOTHING


def _is_soft(raw: Any) -> bool:
    if not isinstance(raw, Mapping):
        return False
    return any(str(raw.get(name, "")).lower() in _SOFT for name in ("Type", "type", "event", "bounceType"))


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:500]
