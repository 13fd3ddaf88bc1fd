"""What a way out must do, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from apps.delivery.sources import Claimed, Message


class Result(StrEnum):
    """What is known after an attempt."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # provably not sent, worth another try
    FAILED = "failed"  # refused for good
    UNCERTAIN = "uncertain"  # it may or may not have gone out


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one attempt with the relay's words. `bounced`: the address does not exist."""

    result: Result
    reply: str = ""
    provider_id: str = ""
    bounced: bool = False


class RelayUnavailable(Exception):
    """The relay lets nobody in just now: nothing was sent, and no attempt was made."""


class Transport(Protocol):
    """One lane's way to the relay. Not shared between threads."""

    def prepare(self, message: Message, row: Claimed) -> object:
        """What `send` will want. Raises `Unrenderable`."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether `open` would return at once."""
        ...

    def open(self) -> None:
        """Be connected. Raises `RelayUnavailable`."""
        ...

    def send(self, prepared: object) -> Answer:
        """One attempt. Raises nothing that is to be expected of networks and relays."""
        ...

    def close(self) -> None: ...
