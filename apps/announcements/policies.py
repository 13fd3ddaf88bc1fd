"""Who may do what with announcements."""

from __future__ import annotations

from apps.announcements.models import Announcement
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed
from apps.launches import policies as launch_policies
from apps.launches.models import Launch
from apps.launches.policies import (
    can_contribute,
    can_edit_launch,
    can_see_launch,
    can_work_on_record,
    roles_of,
)


def can_create(actor: Actor, launch: Launch) -> bool:
    """Whoever may add to the launch."""
    return can_contribute(actor, launch)


def can_see(actor: Actor, announcement: Announcement) -> bool:
    return can_see_launch(actor, announcement.launch)


def can_edit(actor: Actor, announcement: Announcement) -> bool:
    """Editors, and contributors what is theirs or their team's."""
    return can_work_on_record(actor, announcement)


def can_give(actor: Actor, announcement: Announcement) -> bool:
    """Whether it may belong to whom it says: editors give it to anybody, contributors keep it in their team."""
    if can_edit_launch(actor, announcement.launch):
        return True
    person = actor.user
    team = roles_of(actor).get(announcement.launch_id, (None, None))[1]
    return (
        person is not None
        and announcement.owner_id in {None, person.pk}
        and announcement.team_id in {None, team}
        and can_edit(actor, announcement)
    )


def is_others_work(actor: Actor, announcement: Announcement) -> bool:
    """Nobody approves what they wrote or submitted, unless the launch's owner allows it."""
    if actor.is_system or announcement.launch.self_approval:
        return True
    mine = {*announcement.authors, announcement.submitted_by_id}
    return actor.user is not None and actor.user.pk not in mine


def can_run(actor: Actor, announcement: Announcement) -> bool:
    """What decides when customers see it is for the owner, editors and administrators."""
    return can_edit_launch(actor, announcement.launch)


def can_approve(actor: Actor, announcement: Announcement) -> bool:
    """Whoever decides when it shows, unless it is their own work."""
    return can_run(actor, announcement) and is_others_work(actor, announcement)


RULES: dict[str, permissions.Predicate] = {
    "announcements.create": can_create,
    "announcements.see": can_see,
    "announcements.edit": can_edit,
    "announcements.give": can_give,
    "announcements.approve": can_approve,
    "announcements.run": can_run,
}
permissions.register(RULES)

_REFUSALS = {
    "announcements.create": "Only members of this launch may write announcements for it.",
    "announcements.edit": "Contributors may change the announcements that are theirs or their team's.",
    "announcements.give": "Contributors write for themselves and their own team: leave owner and team to an editor.",
    "announcements.approve": "Only the launch's owner, its editors and administrators approve announcements.",
    "announcements.run": "Only the launch's owner, its editors and administrators decide when it shows.",
}


def require(rule: str, actor: Actor, obj: Announcement | Launch) -> None:
    """Raise unless the rule holds: `NotFound` if the actor may not see the launch, else `NotAllowed`."""
    if permissions.allows(rule, actor, obj):
        return
    launch_policies.require("launches.see", actor, obj if isinstance(obj, Launch) else obj.launch)
    if rule == "announcements.approve" and isinstance(obj, Announcement) and can_run(actor, obj):
        raise NotAllowed(
            "You wrote or submitted this announcement: somebody else has to approve it.", code="own_work"
        )
    raise NotAllowed(_REFUSALS[rule])
