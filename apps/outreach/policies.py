"""Who writes, approves and runs campaigns. They use contacts: only those who work with customers do."""

from __future__ import annotations

from apps.accounts.models import User
from apps.audience.policies import can_change_customers, works_with_customers
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed
from apps.launches import policies as launch_policies
from apps.launches.models import Launch
from apps.launches.policies import can_contribute, can_edit_launch, can_see_launch
from apps.outreach.models import Campaign


def held_by_launch(launch: Launch) -> str:
    """Why nothing of this launch goes out just now; empty while it may."""
    if launch.state in {Launch.State.DRAFT, Launch.State.ACTIVE}:
        return ""
    return f"The launch is {launch.get_state_display().lower()}: nothing of it goes out."


def can_create(actor: Actor, launch: Launch) -> bool:
    """Members of the launch who work with customers."""
    return can_change_customers(actor) and can_contribute(actor, launch)


def can_see(actor: Actor, campaign: Campaign) -> bool:
    """Whoever sees the launch; who gets it only who works with customers (`can_see_recipients`)."""
    return can_see_launch(actor, campaign.launch)


def can_see_recipients(actor: Actor, campaign: Campaign) -> bool:
    return can_see(actor, campaign) and works_with_customers(actor)


def can_edit(actor: Actor, campaign: Campaign) -> bool:
    return can_create(actor, campaign.launch)


def can_run(actor: Actor, campaign: Campaign) -> bool:
    """What customers get is decided by who edits the launch, or by the campaign's owner."""
    if not can_create(actor, campaign.launch) and not (
        works_with_customers(actor) and _edits(actor, campaign)
    ):
        return False
    return _edits(actor, campaign) or (isinstance(actor.user, User) and campaign.owner_id == actor.user.pk)


def _edits(actor: Actor, campaign: Campaign) -> bool:
    return can_edit_launch(actor, campaign.launch)


def is_others_work(actor: Actor, campaign: Campaign) -> bool:
    """Nobody approves what they wrote or submitted, unless the launch's owner allows it."""
    if actor.is_system or campaign.launch.self_approval:
        return True
    return actor.user is not None and actor.user.pk not in {*campaign.authors, campaign.submitted_by_id}


def can_approve(actor: Actor, campaign: Campaign) -> bool:
    """Editors of the launch approve, whether they work with customers or not: they see the text, not the people."""
    return _edits(actor, campaign) and is_others_work(actor, campaign)


def allows_mailing(actor: Actor, campaign: Campaign, action: str) -> bool:
    """What delivery asks before it changes the campaign's mailing."""
    return can_approve(actor, campaign) if action == "approve" else can_run(actor, campaign)


permissions.register(
    {
        "outreach.create": can_create,
        "outreach.see": can_see,
        "outreach.recipients": can_see_recipients,
        "outreach.edit": can_edit,
        "outreach.run": can_run,
        "outreach.approve": can_approve,
    }
)

_REFUSALS = {
    "outreach.create": "Only members of this launch who work with customers write campaigns.",
    "outreach.recipients": "Who gets it is shown to administrators and the teams that work with customers.",
    "outreach.edit": "Only members of this launch who work with customers change campaigns.",
    "outreach.run": "Only the launch's editors and the campaign's owner decide when it goes out.",
    "outreach.approve": "Only the launch's owner, its editors and administrators approve campaigns.",
}


def require(rule: str, actor: Actor, obj: Campaign | Launch) -> None:
    """Raise unless the rule holds: `NotFound` if the actor may not see the launch, else `NotAllowed`."""
    if permissions.allows(rule, actor, obj):
        return
    launch_policies.require("launches.see", actor, obj if isinstance(obj, Launch) else obj.launch)
    if rule == "outreach.approve" and isinstance(obj, Campaign) and _edits(actor, obj):
        raise NotAllowed(
            "You wrote or submitted this campaign: somebody else has to approve it.", code="own_work"
        )
    raise NotAllowed(_REFUSALS[rule])
