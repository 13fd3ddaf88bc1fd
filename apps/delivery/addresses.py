"""Mail addresses in the one form in which they are compared."""

from __future__ import annotations

import re

from apps.core.errors import Invalid

# What SMTP carries without SMTPUTF8. Stricter than RFC 5322: no quoted local parts, no address literals.
_ADDRESS = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+|localhost)"
)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


def normalise(text: str) -> str:
    """An address in small letters with its domain in ASCII. Raises `Invalid`.

    Local parts are compared without regard to case: nobody tells Ada@ from ada@, and one of them unsubscribed.
    """
    found = text.strip().lower()
    if not found.isascii():
        local, _, domain = found.rpartition("@")
        found = f"{local}@{_ascii(domain)}"
    if len(found) > 254 or not _ADDRESS.fullmatch(found) or ".." in found or found.startswith("."):
        raise Invalid(f"“{text.strip()[:80]}” is not a mail address.", code="address", field="address")
    return found


def normalise_domain(text: str) -> str:
    """A domain in small letters and ASCII, with or without the @ in front. Raises `Invalid`."""
    found = _ascii(text.strip().lower().removeprefix("@"))
    if len(found) > 253 or not _DOMAIN.fullmatch(found):
        raise Invalid(f"“{text.strip()[:80]}” is not a domain.", code="domain", field="domain")
    return found


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
