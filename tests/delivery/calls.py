"""What providers post: Mailgun's signed events, Postmark's with a password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

SIGNING_KEY = "signing-key-for-tests"
SECRET = "hook:password-for-tests"
ANYMAIL = {
    "MAILGUN_API_KEY": "key", "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY, "POSTMARK_SERVER_TOKEN": "token",
    "WEBHOOK_SECRET": [SECRET],
}  # fmt: skip
AUTHORIZATION = "Basic " + base64.b64encode(SECRET.encode()).decode()


def signed(data: dict[str, Any], *, key: str = SIGNING_KEY) -> bytes:
    """One event as Mailgun posts it; each call signs anew, as its repetitions do."""
    stamp, token = str(int(time.time())), uuid.uuid4().hex
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return json.dumps(
        {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": data}
    ).encode()


def mailgun(
    event: str, *, row: Any = None, identity: str = "", to: str = "user1@d1.example.com", **more: Any
) -> dict[str, Any]:
    """The data of an event about a message, which `row` (id and message_id) names as our transport does."""
    from apps.delivery.reports import copy_of

    own = f"{row.id if row is not None else uuid.uuid4().hex}@elsewhere.example"
    variables = {"delivery": str(row.id), "copy": copy_of(row.message_id)} if row is not None else {}
    return {
        "event": event, "id": identity or uuid.uuid4().hex, "timestamp": 1_900_000_000.5, "recipient": to,
        "user-variables": variables, "message": {"headers": {"message-id": own}}, **more,
    }  # fmt: skip


BOUNCE: dict[str, Any] = {
    "severity": "permanent", "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 The email account does not exist"},
}  # fmt: skip
