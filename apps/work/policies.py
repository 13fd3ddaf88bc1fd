"""Who sees and does follow-ups: their owners, who made them, the launch's editors, who works with customers."""

from __future__ import annotations

from apps.accounts.models import User
from apps.audience.policies import works_with_customers
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed, NotFound
from apps.launches.policies import can_edit_launch, can_see_launch
from apps.work.models import FollowUp


def _person(actor: Actor) -> User | None:
    user = actor.user
    return user if isinstance(user, User) and user.is_active else None


def can_see(actor: Actor, follow_up: FollowUp) -> bool:
    if actor.is_system:
        return True
    person = _person(actor)
    if person is None:
        return False
    if person.pk in {follow_up.owner_id, follow_up.made_by_id}:
        return True
    launch = follow_up.launch
    if launch is not None and can_edit_launch(actor, launch):
        return True
    # Of a restricted launch only its own people see the work.
    return works_with_customers(actor) and (launch is None or can_see_launch(actor, launch))


def can_work(actor: Actor, follow_up: FollowUp) -> bool:
    """Whoever sees it may do it, but for those who only look."""
    person = _person(actor)
    reads_only = person is not None and person.role == User.Role.VIEWER
    return can_see(actor, follow_up) and not reads_only and actor.may("write")


def can_add(actor: Actor) -> bool:
    """Members may give themselves and others work; viewers of the installation may not."""
    person = _person(actor)
    return actor.is_system or (person is not None and person.role != User.Role.VIEWER and actor.may("write"))


def can_read_script(actor: Actor, follow_up: FollowUp) -> bool:
    """What to say may name a contact where there is one, or where a campaign wrote it: not for everybody."""
    return works_with_customers(actor) or not (follow_up.contact_id or follow_up.source)


permissions.register(
    {"work.see": can_see, "work.do": can_work, "work.add": can_add, "work.read_script": can_read_script}
)


def require(rule: str, actor: Actor, follow_up: FollowUp | None = None) -> None:
    """Raise `NotFound` for what the actor may not see, `NotAllowed` for what they may not do."""
    if permissions.allows(rule, actor, follow_up):
        return
    if follow_up is not None and not can_see(actor, follow_up):
        raise NotFound("There is no such follow-up, or it is not shared with you.")
    raise NotAllowed("Your role may look at follow-ups but not change them.")
