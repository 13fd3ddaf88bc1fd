"""Product keys, as the feed and their page read them."""

from __future__ import annotations

import re
from datetime import datetime

from django.db.models import QuerySet

from apps.announcements.identities import DEMO_KEY, Signer, demo_signer, public_origin
from apps.announcements.models import FeedLimits, ProductKey
from apps.core.compiled import Compiled, given
from apps.core.errors import NotFound

_KEY = re.compile(r"pk_[A-Za-z0-9_-]{1,37}")


_FIELDS = ("id", "name", "key", "salt", "former_salt", "former_until", "origins", "last_used_at")
_ACTIVE = Compiled(
    lambda: ProductKey.objects.filter(key=given("key", str), is_active=True).order_by().values_list(*_FIELDS)
)


def product_keys() -> QuerySet[ProductKey]:
    """Every key, those in use first."""
    return ProductKey.objects.all()


def feed_limits() -> FeedLimits:
    """The limits of the feed; unsaved ones where nobody set any."""
    return FeedLimits.objects.first() or FeedLimits()


def most_at_once() -> int | None:
    """How many announcements one user has at once in one surface; None: no limit."""
    return FeedLimits.objects.values_list("most_at_once", flat=True).first()


def product_key(pk: int) -> ProductKey:
    """One key, or `NotFound`."""
    found = ProductKey.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such product key.")
    return found


def find_signer(key: str, at: datetime) -> Signer | None:
    """Who signs by this key now, if it is active. One query."""
    if key == DEMO_KEY:
        return demo_signer()
    rows = _ACTIVE.rows(key=key) if _KEY.fullmatch(key) else []
    if not rows:
        return None
    row = ProductKey(**dict(zip(_FIELDS, rows[0], strict=True)))
    return Signer(row.key, row.name, tuple(row.good_secrets(at)), frozenset(row.origins), row)


def origin_is_listed(origin: str, key: str = "") -> bool:
    """Whether a browser at this origin may ask: by this key, or without one by any. One query.

    For the browser's question before the request proper (preflight), which names nobody; the request itself is
    judged by the key that signed it.
    """
    if key in {"", DEMO_KEY} and origin == public_origin():
        return True
    if not 0 < len(origin) <= 300 or "\x00" in origin:
        return False
    keys = ProductKey.objects.filter(is_active=True, origins__contains=[origin])
    if key:
        return bool(_KEY.fullmatch(key)) and keys.filter(key=key).exists()
    return keys.exists()
