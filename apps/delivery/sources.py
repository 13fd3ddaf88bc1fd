"""What only the apps above know of a mailing: who gets it, what it says, who may run it.

Each registers a source by name in its `ready()`; a mailing carries that name and an id that means something to
the source alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from apps.core.errors import DomainError, NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from apps.core.actors import Actor
    from apps.delivery.models import Mailing


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row of an audience. `cursor` is where it stands in the source's order.

    `zone` (IANA name) may be empty: the mailing's own counts then. `context` is frozen with the row and must
    be JSON. `from_address` is the bare address it will come from, for the rate per sender. With a `not_before`
    (an instant) it waits until then, also where the mailing has started.
    """

    kind: str
    id: int
    address: str
    cursor: str
    name: str = ""
    account: str = ""
    sender_id: int | None = None
    from_address: str = ""
    zone: str = ""
    language: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None


@dataclass(slots=True)
class Claimed:
    """A row that a worker holds, as rendering and sending need it."""

    id: int
    mailing_id: int
    recipient_kind: str
    recipient_id: int
    name: str
    account: str
    sender_id: int | None
    from_address: str
    address: str
    domain: str
    zone: str
    language: str
    context: dict[str, Any]
    attempts: int
    message_id: str
    lease: UUID


@dataclass(slots=True)
class Message:
    """What goes to one recipient. Addresses may carry names (`Ada <ada@example.com>`); empty From: the default.

    `text` alone makes a plain mail, with `html` both are sent. Headers given here replace none that delivery
    sets itself (Message-ID, Date, To, List-Unsubscribe...). `track` has links lead through the portal, which counts
    who follows them, and a provider count who opens the mail; without it nobody does.
    """

    subject: str
    text: str
    html: str = ""
    from_email: str = ""
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    track: bool = False


class Unrenderable(DomainError):
    """There is no message for this one recipient; the others get theirs."""

    default_code = "unrenderable"


class Source(Protocol):
    """What a mailing needs from its maker. May be called from several threads at once.

    One that may forbid sending for reasons of its own is `Reserved` as well.
    """

    def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
        """At most `limit` recipients behind the cursor `after` ("" at first), in the order of their cursors.

        Fewer than `limit` mean the end. Called inside the transaction that stores them.
        """
        ...

    def render(self, mailing: Mailing, rows: Sequence[Claimed]) -> Iterable[Message | Unrenderable]:
        """One answer for each row, in their order. Raising stops all of them, so they are asked one by one."""
        ...

    def allows(self, actor: Actor, mailing: Mailing, action: str) -> bool:
        """Whether the actor may approve, schedule, pause, resume, cancel, requeue or decide (`action`)."""
        ...


@runtime_checkable
class Reserved(Protocol):
    """A source that does not let its mailings out at any time, such as one whose launch may be paused."""

    def may_send(self, mailing: Mailing) -> str:
        """Why nothing of this mailing may go out now, in a sentence; "" if it may.

        Asked before a person lets it start, go on, or run again after its end.
        """
        ...


@dataclass(frozen=True)
class Topic:
    """What a recipient may want or not, as the page of preferences names it.

    An `internal` one goes to the portal's own people; customers are not asked about it, nor the other way round.
    """

    slug: str
    title: str
    description: str = ""
    internal: bool = False


_sources: dict[str, Source] = {}
_topics: dict[str, Topic] = {}


def register(name: str, source: Source) -> None:
    """Make a source known; a second one of the same name replaces it."""
    _sources[name] = source


def register_topic(slug: str, title: str, description: str = "", *, internal: bool = False) -> None:
    """Make a topic known to the page of preferences."""
    _topics[slug] = Topic(slug, title, description, internal)


def get(name: str) -> Source:
    """The source of this name. Raises `NotFound`."""
    try:
        return _sources[name]
    except KeyError:
        raise NotFound(f"Nothing registered as “{name}” makes mailings.", code="no_source") from None


def refusal(mailing: Mailing) -> str:
    """Why the mailing's source lets nothing of it out now; "" if it does. Raises `NotFound` for no such source."""
    source = get(mailing.source)
    return source.may_send(mailing) if isinstance(source, Reserved) else ""


def is_known(name: str) -> bool:
    return name in _sources


def topics() -> list[Topic]:
    return sorted(_topics.values(), key=lambda topic: topic.title)


def topic(slug: str) -> Topic:
    """The topic, under its own name if nobody registered it."""
    return _topics.get(slug) or Topic(slug, slug.replace("-", " ").replace("_", " ").capitalize())
