"""Which browsers may ask feed and receipts: each product key lists the origins of its pages."""

from __future__ import annotations

from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from apps.announcements.selectors.keys import origin_is_listed

PATHS = frozenset({"/api/v1/announcements/feed", "/api/v1/announcements/receipts"})


@receiver(check_request_enabled)
def allow_listed_origins(request: HttpRequest, **_: Any) -> bool:
    """A preflight is answered by the key in `?key=`, or by any; a request by the key that signed it.

    The authentication leaves what it found on the request, so that a refusal can be read by the page whose
    key lists its origin, and by no other.
    """
    if request.path not in PATHS:
        return False
    if request.method == "OPTIONS":
        return origin_is_listed(request.headers.get("Origin", ""), request.GET.get("key", ""))
    return bool(getattr(request, "cors_origin_listed", False))
