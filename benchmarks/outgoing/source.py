"""The audience and the message that every engine sends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.core.actors import Actor
from apps.delivery.models import Mailing
from apps.delivery.sources import Claimed, Message, Recipient, Unrenderable

SUBJECT = "{name}, your settings are simpler now"
TEXT = (
    "Hello {name},\n\n" + "Settings are set once and apply everywhere in {account}.\n" * 15 + "\nYours, Kai\n"
)
HTML = (
    "<html><body><p>Hello {name},</p>"
    + "<p>Settings are set <b>once</b> and apply everywhere in <i>{account}</i>.</p>" * 15
    + "<p>Yours, Kai</p></body></html>"
)
FROM = "Kai <kai@example.com>"


def person(number: int) -> dict[str, str]:
    return {"name": f"Person {number}", "account": f"Account {number % 100}"}


def address(number: int) -> str:
    return f"user{number}@d{number % 50}.example.com"


class Numbers:
    """The first `source_id` numbers."""

    def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
        first = int(after or 0) + 1
        return [
            Recipient(
                "contact", number, address(number), str(number), context=person(number), from_address="kai@example.com"
            )
            for number in range(first, min(mailing.source_id, first + limit - 1) + 1)
        ]  # fmt: skip

    def render(self, mailing: Mailing, rows: Sequence[Claimed]) -> Iterable[Message | Unrenderable]:
        return [
            Message(
                SUBJECT.format(**row.context), TEXT.format(**row.context), HTML.format(**row.context), FROM
            )
            for row in rows
        ]

    def allows(self, actor: Actor, mailing: Mailing, action: str) -> bool:
        return True
