"""Who may do what: a mailing's source decides about the mailing, this app about the suppression list."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed
from apps.delivery import sources
from apps.delivery.models import Mailing


def can_keep_suppressions(actor: Actor, _: Any = None) -> bool:
    """Administrators and the teams that work with customers: addresses are personal data."""
    if actor.is_system:
        return True
    user = actor.user
    if not isinstance(user, User) or not user.is_active or user.role == User.Role.VIEWER:
        return False
    return actor.may("write") and (
        user.is_administrator or user.teams.filter(works_with_customers=True).exists()
    )


def can_operate(actor: Actor, _: Any = None) -> bool:
    """What holds the whole installation's mail is for administrators."""
    user = actor.user
    return actor.is_system or (
        isinstance(user, User) and user.is_active and user.is_administrator and actor.may("admin")
    )


permissions.register({"delivery.keep_suppressions": can_keep_suppressions, "delivery.operate": can_operate})


def require_suppressions(actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor keeps the list."""
    if not can_keep_suppressions(actor):
        raise NotAllowed("Only administrators and the teams that work with customers keep this list.")


def require_operator(actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor runs the installation."""
    if not can_operate(actor):
        raise NotAllowed("Only administrators may hold or release the whole installation's mail.")


def require(action: str, actor: Actor, mailing: Mailing) -> None:
    """Raise `NotAllowed` unless the mailing's source lets the actor do this; the portal itself may."""
    if actor.is_system or sources.get(mailing.source).allows(actor, mailing, action):
        return
    raise NotAllowed(f"You may not {action} this mailing.")
