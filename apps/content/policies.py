"""Who may do what with calendar items, beyond working on them."""

from __future__ import annotations

from apps.content.models import CalendarItem
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed
from apps.launches import policies as launch_policies
from apps.launches.policies import can_comment, can_edit_launch


def is_others_work(actor: Actor, item: CalendarItem) -> bool:
    """Nobody approves what they wrote or submitted, unless the launch's owner allows it."""
    if actor.is_system or item.launch.self_approval:
        return True
    return actor.user is not None and actor.user.pk not in {*item.authors, item.submitted_by}


def can_decide(actor: Actor, item: CalendarItem) -> bool:
    """Whoever may speak in the launch may be asked for approval; whether they are is the item's review."""
    return can_comment(actor, item) and is_others_work(actor, item)


permissions.register(
    {
        "content.decide": can_decide,
        "content.rules": can_edit_launch,
    }
)


def require_decide(actor: Actor, item: CalendarItem) -> None:
    """Raise unless the actor may be asked about this item, with the reason."""
    launch_policies.require("records.comment", actor, item)
    if not is_others_work(actor, item):
        raise NotAllowed(
            "This is your own work: somebody else has to approve it. The launch's owner may allow otherwise.",
            code="own_work",
        )
