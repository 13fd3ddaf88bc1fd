"""Signed identities: who is looking, vouched for by the product's own server.

`X-Launch-Identity: <payload>.<signature>`, both base64url without padding. The payload is a JSON object in UTF-8
with `key`, `account`, `user`, `exp` (seconds since 1970, at most 24 hours ahead) and perhaps `attributes`; the
signature is HMAC-SHA256 over the payload as it stands there, with the key's secret.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from apps.announcements.models import ProductKey
from apps.announcements.models.product_key import derive
from apps.announcements.product_ids import check_identity
from apps.announcements.targeting import MOST_BYTES, check_attributes
from apps.core.errors import Invalid

HEADER = "X-Launch-Identity"
LONGEST = timedelta(hours=24)
# Clocks of two machines differ: so much more than 24 hours is taken for 24.
LEEWAY = timedelta(minutes=5)
NAMES = frozenset({"key", "account", "user", "attributes", "exp"})
# The portal's own, for "see it in a product": no row, no origin but the portal itself.
DEMO_KEY = "pk_demonstration"
# What the ids of its accounts begin with; no figure counts them.
DEMO_ACCOUNT = "launchportal-demonstration-"


class Refused(Exception):
    """An identity that does not hold. `code` is stable, `message` a sentence for whoever signs them."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Signer:
    """A key that identities may be signed with now: its secrets and where its pages may stand."""

    key: str
    name: str
    secrets: tuple[str, ...]
    origins: frozenset[str]
    row: ProductKey | None = None


@dataclass(frozen=True)
class Identity:
    """One user of one account, as the product's server said."""

    signer: Signer
    account: str
    user: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


def read_identity(text: str, *, at: datetime, find: Callable[[str, datetime], Signer | None]) -> Identity:
    """The identity in a header. Raises `Refused` for what is too large, malformed, forged or over."""
    if len(text) > MOST_BYTES:
        raise Refused(f"An identity is at most {MOST_BYTES} bytes.", "identity_too_large")
    encoded, dot, signature = text.partition(".")
    given = _payload(encoded) if dot else None
    if given is None:
        raise Refused(
            "An identity is a base64url JSON object, a dot and its signature.", "identity_malformed"
        )
    signer = find(str(given.get("key", ""))[:40], at)
    if signer is None:
        raise Refused("No active key has this name.", "identity_key")
    if not any(hmac.compare_digest(_sign(encoded, secret), signature.encode()) for secret in signer.secrets):
        raise Refused("The signature does not fit the identity and its key.", "identity_forged")
    return _checked(given, signer, at)


def _checked(given: dict[str, Any], signer: Signer, at: datetime) -> Identity:
    """Told only to whoever has the secret: what in a signed payload does not hold."""
    if unknown := sorted(set(given) - NAMES):
        raise Refused(f"An identity has no “{unknown[0][:60]}”.", "identity_malformed")
    expires = given.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not 0 < expires < 10**11:
        raise Refused("“exp” is a time in seconds since 1970.", "identity_malformed")
    left = expires - at.timestamp()
    if left <= 0:
        raise Refused("This identity is over: sign a fresh one.", "identity_expired")
    if left > (LONGEST + LEEWAY).total_seconds():
        raise Refused("An identity holds for at most 24 hours.", "identity_too_long")
    account, user = given.get("account"), given.get("user")
    if not isinstance(account, str) or not isinstance(user, str):
        raise Refused("“account” and “user” are texts.", "identity_malformed")
    try:
        check_identity("account", account)
        check_identity("user", user)
        attributes = check_attributes(given.get("attributes", {}))
    except Invalid as error:
        raise Refused(error.message, "identity_malformed") from error
    return Identity(signer, account, user, attributes)


def sign_identity(payload: Mapping[str, Any], secret: str) -> str:
    """The header's text for a payload."""
    encoded = _encode(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode())
    return f"{encoded}.{_sign(encoded, secret).decode()}"


def demo_signer() -> Signer:
    """The portal's own key, for its demonstration page."""
    return Signer(
        DEMO_KEY, "Demonstration", (derive(DEMO_KEY, "demonstration"),), frozenset({public_origin()})
    )


def public_origin() -> str:
    """The origin of the portal itself."""
    return "/".join(settings.PUBLIC_URL.split("/")[:3])


def _sign(encoded: str, secret: str) -> bytes:
    return _encode(hmac.new(secret.encode(), encoded.encode("utf-8", "replace"), "sha256").digest()).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _payload(encoded: str) -> dict[str, Any] | None:
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        found = json.loads(data.decode())
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
