"""Mailings, one row for each message they send, what happened to it, and who wants no mail."""

from apps.delivery.models.control import Bucket, Epoch
from apps.delivery.models.deliveries import IN_HAND, Delivery, Duplicate
from apps.delivery.models.history import RESPONSES, Click, DeliveryEvent, WaitingReport
from apps.delivery.models.limits import ADDRESS_LENGTH, TOPIC_LENGTH
from apps.delivery.models.mailings import Mailing
from apps.delivery.models.suppressions import Suppression

__all__ = [
    "ADDRESS_LENGTH",
    "IN_HAND",
    "RESPONSES",
    "TOPIC_LENGTH",
    "Bucket",
    "Click",
    "Delivery",
    "DeliveryEvent",
    "Duplicate",
    "Epoch",
    "Mailing",
    "Suppression",
    "WaitingReport",
]
