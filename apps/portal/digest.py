"""What only pages across apps know of a person's week: what waits for their word."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from apps.accounts.models import User
from apps.core.actors import Actor
from apps.portal.selectors import approvals
from apps.schedule.weekly import MOST_LINES, Line, register


def waiting_for_approval(user: User, at: datetime) -> tuple[list[Line], int]:
    """Calendar items and announcements in review that this person may approve."""
    items, announcements = approvals(Actor.of(user))
    lines = [
        Line(each.title, reverse("announcements:detail", args=[each.launch.slug, each.pk]), each.launch.name)
        for each in announcements
    ]
    lines += [
        Line(
            each.title,
            reverse("launches:record", args=[each.launch.slug, "calendar_entry", each.pk]),
            each.launch.name,
        )
        for each in items
    ]
    return lines[:MOST_LINES], len(lines)


def register_own() -> None:
    register("approvals", "Waiting for my approval", 30, waiting_for_approval)
