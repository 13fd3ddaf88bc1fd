"""What holds for everything the installation announces."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.services import require_administrator
from apps.announcements.models import FeedLimits
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid


def set_limits(*, actor: Actor, most_at_once: int | None, version: int | None = None) -> FeedLimits:
    """How many announcements one user has at once in a surface (1 to 50; None: as many as there are).

    Raises `Conflict` where somebody changed them since `version`.
    """
    require_administrator(actor)
    with transaction.atomic():
        limits, _ = FeedLimits.objects.select_for_update().get_or_create(only=True)
        if version is not None and version != limits.version:
            raise Conflict(
                "Somebody else changed the limits since you read them.",
                current={"most_at_once": limits.most_at_once},
                version=limits.version,
            )
        old, limits.most_at_once = limits.most_at_once, most_at_once
        try:
            limits.clean_fields()
        except ValidationError as error:
            raise Invalid.from_validation(error) from error
        if old != most_at_once:
            limits.version += 1
            limits.save()
            audit.record(
                actor=actor,
                verb="feed_limits.changed",
                obj=limits,
                changes={"most_at_once": [old, most_at_once]},
            )
    return limits
