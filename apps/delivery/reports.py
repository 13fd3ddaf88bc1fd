"""What somebody else says about a message of ours, in one form: providers' webhooks, bounce mails, complaints."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# As the snapshot writes them: kind and id of the recipient, number of the copy, key of the mailing.
_MESSAGE_ID = re.compile(
    r"<?(?P<kind>[^.<>@\s]{1,20})\.(?P<recipient>\d{1,18})\.(?P<copy>\d{1,4}\.[0-9a-f]{16})@[^<>@\s]+>?"
)
_COPY = re.compile(r"(?P<round>\d{1,4})\.(?P<key>[0-9a-f]{16})")
# RFC 3463. Codes that blame the message, a policy or a full mailbox say nothing lasting about the address.
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_PASSING = ("2.2", "2.3", "3.4", "7.")
KEY_LENGTH = 200


class Stops(StrEnum):
    """What a report means for later mail to the address."""

    NOTHING = ""
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    TOPIC = "topic"


class Outcome(StrEnum):
    """What became of a report."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    WAITING = "waiting"  # for the message's own answer
    UNKNOWN = "unknown"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Report:
    """One thing said about one message. `kind` is a `DeliveryEvent.Kind`.

    `key` names this report for good, so that it counts once however often it comes. The message is found by
    `delivery_id` with its `copy` (both go out with it), by our `message_id`, or by the provider's own id.
    `at` is an instant by the reporter's clock.
    """

    kind: str
    key: str
    at: datetime | None = None
    address: str = ""
    detail: str = ""
    provider_id: str = ""
    message_id: str = ""
    delivery_id: int | None = None
    copy: str = ""
    stops: str = Stops.NOTHING


@dataclass(frozen=True, slots=True)
class Named:
    """What a Message-ID of ours says: the recipient, the mailing's key and which copy it is."""

    recipient_kind: str
    recipient_id: int
    round: int
    key: str


def read_message_id(text: str) -> Named | None:
    """The parts of one of our Message-IDs; None for anybody else's."""
    found = _MESSAGE_ID.fullmatch(text.strip())
    if found is None:
        return None
    number, _, key = found["copy"].partition(".")
    return Named(found["kind"], int(found["recipient"]), int(number), key)


def copy_of(message_id: str) -> str:
    """`<number>.<mailing's key>`: what goes to a provider beside the row's id, as another installation has the
    same ids. Empty for a Message-ID that is not ours.
    """
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    return found["copy"] if found else ""


def read_copy(text: str) -> tuple[int, str] | None:
    """(number, mailing's key) of such a text."""
    found = _COPY.fullmatch(text)
    return (int(found["round"]), found["key"]) if found else None


def key_of(*parts: str) -> str:
    """One key of several parts, each of any length."""
    plain = ":".join(part.replace("\x00", "") for part in parts)
    if len(plain) <= KEY_LENGTH:
        return plain
    return f"{plain[:100]}:{hashlib.sha256(plain.encode('utf-8', 'replace')).hexdigest()}"


def is_lasting(words: str, *, otherwise: bool) -> bool:
    """Whether a refusal in these words means that the address will take no mail later either.

    `otherwise` counts where they hold no enhanced status code (RFC 3463).
    """
    found = _CODE.search(words)
    if found is None:
        return otherwise
    return found[1] == "5" and not f"{found[2]}.{found[3]}".startswith(_PASSING)
