"""Signed links in mails, by which somebody without an account confirms, changes or cancels a sign-up."""

from __future__ import annotations

from django.core import signing

from apps.core.errors import NotFound

_SALT, _CONFIRM = "meetings.booking", "meetings.confirm"
# So long after signing up one may confirm it, in seconds.
CONFIRM_WITHIN = 48 * 3600


def booking_token(booking_id: int) -> str:
    """Names one booking and cannot be made up."""
    return signing.Signer(salt=_SALT, sep=".").sign(str(booking_id))


def booking_of(token: str) -> int:
    """The id of the booking a token was made for. Raises `NotFound`."""
    try:
        return int(signing.Signer(salt=_SALT, sep=".").unsign(token))
    except (signing.BadSignature, ValueError):
        raise _bad() from None


def confirm_token(booking_id: int) -> str:
    """As above, for 48 hours, and good for nothing but confirming."""
    return signing.TimestampSigner(salt=_CONFIRM, sep=".").sign(str(booking_id))


def to_confirm(token: str) -> int:
    """The id of the booking to confirm. Raises `NotFound`, for an expired link with the way out."""
    try:
        return int(signing.TimestampSigner(salt=_CONFIRM, sep=".").unsign(token, max_age=CONFIRM_WITHIN))
    except signing.SignatureExpired:
        raise NotFound(
            "This link was good for 48 hours. Sign up once more to get another.", code="expired"
        ) from None
    except (signing.BadSignature, ValueError):
        raise _bad() from None


def _bad() -> NotFound:
    return NotFound("This link is not one of ours, or it was cut short.", code="bad_link")
