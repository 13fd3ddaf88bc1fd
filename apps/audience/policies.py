"""Who may see and change customers: accounts are everybody's to see, the people at them are not."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed


def _person(actor: Actor | User) -> User | None:
    user = actor.user if isinstance(actor, Actor) else actor
    return user if isinstance(user, User) and user.is_active else None


def _system(actor: Actor | User) -> bool:
    return isinstance(actor, Actor) and actor.is_system


def can_see_accounts(actor: Actor | User, _: Any = None) -> bool:
    return _system(actor) or _person(actor) is not None


def works_with_customers(actor: Actor | User, _: Any = None) -> bool:
    """Administrators and the people of teams that work with customers; asked once per request."""
    if _system(actor):
        return True
    person = _person(actor)
    if person is None:
        return False
    memo: dict[str, Any] = actor.memo if isinstance(actor, Actor) else person.__dict__.setdefault("_memo", {})
    if "works_with_customers" not in memo:
        memo["works_with_customers"] = (
            person.is_administrator or person.teams.filter(works_with_customers=True).exists()
        )
    return bool(memo["works_with_customers"])


def can_change_customers(actor: Actor | User, _: Any = None) -> bool:
    if not works_with_customers(actor):
        return False
    person = _person(actor)
    reads_only = person is not None and person.role == User.Role.VIEWER
    return not reads_only and (not isinstance(actor, Actor) or _system(actor) or actor.may("write"))


permissions.register(
    {
        "accounts.see": can_see_accounts,
        "contacts.see": works_with_customers,
        "accounts.change": can_change_customers,
    }
)

_REFUSALS = {
    "accounts.see": "Sign in to see customers.",
    "contacts.see": "Contacts are shown to administrators and the teams that work with customers.",
    "accounts.change": "Only administrators and the teams that work with customers may change accounts.",
}


def require(rule: str, actor: Actor) -> None:
    """Raise `NotAllowed` unless the rule holds."""
    if not permissions.allows(rule, actor):
        raise NotAllowed(_REFUSALS[rule])
