"""An audience by number: mailing 5_000_012 goes to 5,000 people (12 makes its id differ from others')."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.core.actors import Actor
from apps.delivery import sources
from apps.delivery.models import Mailing
from apps.delivery.sources import Claimed, Message, Recipient, Unrenderable

NAME = "numbers"
TOPIC = "product-news"


def size_of(mailing: Mailing) -> int:
    return mailing.source_id // 1000


class Numbers:
    """Numbered recipients; subclasses change single ones."""

    def recipient(self, number: int) -> Recipient:
        return Recipient(
            kind="contact",
            id=number,
            address=f"user{number}@d{number % 7}.example.com",
            cursor=f"{number:012d}",
            name=f"Person {number}",
            account=f"Account {number % 100}",
            from_address="csm@example.com",
            context={"number": number},
        )

    def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
        first = int(after or 0) + 1
        last = min(size_of(mailing), first + limit - 1)
        return [self.recipient(number) for number in range(first, last + 1)]

    def render(self, mailing: Mailing, rows: Sequence[Claimed]) -> Iterable[Message | Unrenderable]:
        return [self.message(row) for row in rows]

    def message(self, row: Claimed) -> Message | Unrenderable:
        return Message(
            subject=f"News for {row.name}",
            text=f"Hello {row.name},\n\nNumber {row.context['number']}.\n.A line with a dot.\n",
            html=f"<p>Hello {row.name},</p><p>Number {row.context['number']} – für {row.account}.</p>",
            from_email="Kai CSM <csm@example.com>",
            reply_to="csm@example.com",
        )

    def allows(self, actor: Actor, mailing: Mailing, action: str) -> bool:
        return actor.user is not None


def register(source: sources.Source | None = None) -> None:
    sources.register(NAME, source or Numbers())
    sources.register_topic(TOPIC, "Product news", "What is new in the product.")
    sources.register_topic("events", "Events", "")
