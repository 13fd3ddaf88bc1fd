"""Signed links in mails: by which a recipient says what mail they want, and those whose following is counted."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.urls import reverse

from apps.core.errors import NotFound

_SALT = "delivery.unsubscribe"
_LINK_SALT = "delivery.link"


def token_for(delivery_id: int) -> str:
    """Names one delivery and cannot be made up. It never expires: old mails must stay unsubscribable."""
    return _signer(settings.SECRET_KEY).sign(str(delivery_id))


def delivery_of(token: str) -> int:
    """The id of the delivery a token was made for. Raises `NotFound`."""
    try:
        return int(signing.Signer(salt=_SALT, sep=".").unsign(token))
    except (signing.BadSignature, ValueError):
        raise NotFound("This link is not one of ours, or it was cut short.", code="bad_link") from None


def preferences_url(delivery_id: int) -> str:
    """The address of the page, for the text of a mail as well."""
    return _address(token_for(delivery_id))


def unsubscribe_headers(delivery_id: int) -> dict[str, str]:
    """https://www.rfc-editor.org/rfc/rfc8058: one click, by whoever holds the mail."""
    token = token_for(delivery_id)
    ways = [f"<{_address(token)}>"]
    if settings.DELIVERY_UNSUBSCRIBE_MAILBOX:
        subject = quote(f"unsubscribe {token}")
        ways.append(f"<mailto:{settings.DELIVERY_UNSUBSCRIBE_MAILBOX}?subject={subject}>")
    return {
        "List-Unsubscribe": ", ".join(ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def counted_url(delivery_id: int, url: str) -> str:
    """An address here that leads to exactly this one and counts that it was followed."""
    before, after = _around_link(settings.PUBLIC_URL)
    packed = urlsafe_b64encode(f"{delivery_id} {url}".encode()).rstrip(b"=").decode()
    return f"{before}{_link_signer(settings.SECRET_KEY).sign(packed)}{after}"


def counted(token: str) -> tuple[int, str]:
    """(id of the delivery, the address it leads to) of such a token. Raises `NotFound`."""
    try:
        packed = signing.Signer(salt=_LINK_SALT, sep=".").unsign(token)
        number, _, url = urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode().partition(" ")
        return int(number), url
    except (signing.BadSignature, ValueError, binascii.Error):
        raise NotFound("This link is not one of ours, or it was cut short.", code="bad_link") from None


def is_own(url: str) -> bool:
    """Whether an address is one of the above: never counted, never packed twice."""
    return url.startswith((_around(settings.PUBLIC_URL)[0], _around_link(settings.PUBLIC_URL)[0]))


def _address(token: str) -> str:
    before, after = _around(settings.PUBLIC_URL)
    return f"{before}{token}{after}"


@cache
def _around(public_url: str) -> tuple[str, str]:
    """What stands before and after the token; looked up once, as every message asks."""
    before, _, after = (public_url + reverse("delivery:preferences", args=["TOKEN"])).partition("TOKEN")
    return before, after


@cache
def _signer(key: str) -> signing.Signer:
    return signing.Signer(key=key, salt=_SALT, sep=".")


@cache
def _around_link(public_url: str) -> tuple[str, str]:
    before, _, after = (public_url + reverse("delivery_links:follow", args=["TOKEN"])).partition("TOKEN")
    return before, after


@cache
def _link_signer(key: str) -> signing.Signer:
    return signing.Signer(key=key, salt=_LINK_SALT, sep=".")
