"""What every template may read about the frame around its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.launches.policies import can_contribute
from apps.portal import frame


def portal(request: HttpRequest) -> dict[str, Any]:
    """`nav`, `launch_nav`, `unread`, `frame`, `ruler`, `read_only`, read from the database only where shown.

    Bounded: one query for the unread count, one for a launch's tally, four for its ruler.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    around = frame.frame_of(request)
    return {
        "nav": SimpleLazyObject(lambda: frame.main_nav(request)),
        "launch_nav": SimpleLazyObject(lambda: frame.launch_nav(request)),
        "tabs": SimpleLazyObject(lambda: frame.launch_tabs(request)),
        "unread": SimpleLazyObject(lambda: frame.unread(user)),
        "frame": around,
        "ruler": SimpleLazyObject(lambda: around.ruler) if around else None,
        "read_only": SimpleLazyObject(lambda: not can_contribute(around.actor, around.launch))
        if around
        else False,
    }
