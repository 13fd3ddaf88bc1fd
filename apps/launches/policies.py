"""Who may do what with launches and their records: one predicate per action (library `rules`)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core import permissions
from apps.core.actors import Actor
from apps.core.errors import NotAllowed, NotFound
from apps.launches.models import Launch, Member


def _person(actor: Actor | User) -> User | None:
    user = actor.user if isinstance(actor, Actor) else actor
    return user if isinstance(user, User) and user.is_active else None


def parts_of(actor: Actor | User) -> QuerySet[Member]:
    """The actor's memberships, for use inside other queries; none for who is nobody."""
    person = _person(actor)
    return Member.objects.none() if person is None else Member.objects.filter(user=person)


def roles_of(actor: Actor | User) -> dict[int, tuple[str, int | None]]:
    """The actor's part in every launch, {launch id: (role, team id)}; one query per request."""
    person = _person(actor)
    if person is None:
        return {}
    memo: dict[str, Any] = actor.memo if isinstance(actor, Actor) else person.__dict__.setdefault("_memo", {})
    if "roles" not in memo:
        memo["roles"] = {
            launch: (role, team)
            for launch, role, team in parts_of(actor).values_list("launch", "role", "team")
        }
    roles: dict[int, tuple[str, int | None]] = memo["roles"]
    return roles


def role_in(actor: Actor | User, launch: Launch) -> str | None:
    return roles_of(actor).get(launch.pk, (None, None))[0]


def _system(actor: Actor | User) -> bool:
    return isinstance(actor, Actor) and actor.is_system


def _may_write(actor: Actor | User) -> bool:
    person = _person(actor)
    if person is None or person.role == User.Role.VIEWER:
        return False
    return not isinstance(actor, Actor) or actor.may("write")


def is_signed_in(actor: Actor | User) -> bool:
    return _system(actor) or _person(actor) is not None


def is_administrator(actor: Actor | User) -> bool:
    person = _person(actor)
    if _system(actor):
        return True
    # A token administers the installation only with the scope for it; in launches it acts as its person.
    in_scope = not isinstance(actor, Actor) or actor.may("admin")
    return person is not None and person.is_administrator and in_scope


def can_write_somewhere(actor: Actor | User) -> bool:
    return _system(actor) or _may_write(actor)


def can_see_launch(actor: Actor | User, launch: Launch) -> bool:
    if _system(actor):
        return True
    person = _person(actor)
    if person is None or (isinstance(actor, Actor) and not (actor.may("read") or actor.may("write"))):
        return False
    return not launch.restricted or person.is_administrator or launch.pk in roles_of(actor)


def can_edit_launch(actor: Actor | User, launch: Launch) -> bool:
    """Its owners, its editors and administrators; nobody while it is archived."""
    if _system(actor):
        return True
    person = _person(actor)
    if person is None or not _may_write(actor) or launch.state == Launch.State.ARCHIVED:
        return False
    return person.is_administrator or role_in(actor, launch) in {Member.Role.OWNER, Member.Role.EDITOR}


def can_own_launch(actor: Actor | User, launch: Launch) -> bool:
    if _system(actor):
        return True
    person = _person(actor)
    if person is None or not _may_write(actor):
        return False
    return person.is_administrator or role_in(actor, launch) == Member.Role.OWNER


def can_contribute(actor: Actor | User, launch: Launch) -> bool:
    return can_edit_launch(actor, launch) or (
        _may_write(actor)
        and launch.state != Launch.State.ARCHIVED
        and role_in(actor, launch) == Member.Role.CONTRIBUTOR
    )


def can_work_on_record(actor: Actor | User, record: Any) -> bool:
    """Editors work on everything, contributors on what is theirs or their team's."""
    if can_edit_launch(actor, record.launch):
        return True
    person = _person(actor)
    if person is None or not can_contribute(actor, record.launch):
        return False
    team = roles_of(actor).get(record.launch_id, (None, None))[1]
    record_team = getattr(record, "team_id", None)
    return record.owner_id == person.pk or (record_team is not None and record_team == team)


def can_comment(actor: Actor | User, record: Any) -> bool:
    """Everybody who may see the launch may speak until it is archived, except the installation's viewers."""
    return _system(actor) or (
        _may_write(actor)
        and record.launch.state != Launch.State.ARCHIVED
        and can_see_launch(actor, record.launch)
    )


def can_remove_comment(actor: Actor | User, comment: Any) -> bool:
    """One's own, or any as an editor."""
    person = _person(actor)
    own = person is not None and comment.author_id == person.pk and can_comment(actor, comment)
    return own or can_edit_launch(actor, comment.launch)


def can_sign_gate(actor: Actor | User, gate: Any) -> bool:
    """Whoever the gate belongs to, and editors."""
    person = _person(actor)
    own = person is not None and gate.owner_id == person.pk and _may_write(actor)
    open_ = gate.launch.state != Launch.State.ARCHIVED
    return can_edit_launch(actor, gate.launch) or (own and open_ and can_see_launch(actor, gate.launch))


permissions.register(
    {
        "portal.administer": is_administrator,
        "launches.create": can_write_somewhere,
        "launches.see": can_see_launch,
        "launches.edit": can_edit_launch,
        "launches.own": can_own_launch,
        "launches.contribute": can_contribute,
        "records.work": can_work_on_record,
        "records.comment": can_comment,
        "comments.remove": can_remove_comment,
        "gates.sign": can_sign_gate,
    }
)


def require(rule: str, actor: Actor, obj: Any = None) -> None:
    """Raise unless the rule holds: `NotFound` if the actor may not even see it, else `NotAllowed`."""
    if permissions.allows(rule, actor, obj):
        return
    launch = obj if isinstance(obj, Launch) else getattr(obj, "launch", None)
    if isinstance(launch, Launch) and not can_see_launch(actor, launch):
        raise NotFound("There is no such launch, or it is not shared with you.", code="not_found")
    if isinstance(launch, Launch) and launch.state == Launch.State.ARCHIVED:
        raise NotAllowed("This launch is archived: restore it to change it.", code="archived")
    raise NotAllowed(_REFUSALS.get(rule, "Your role does not allow this."))


_REFUSALS = {
    "portal.administer": "Only administrators may do this.",
    "launches.create": "Your role may look at launches but not make them.",
    "launches.edit": "Only the launch's owner, its editors and administrators may change this.",
    "launches.own": "Only the launch's owner and administrators may do this.",
    "launches.contribute": "Only members of this launch may add to it.",
    "records.comment": "Your role may look but not comment.",
    "comments.remove": "Only who wrote it and the launch's editors may remove this.",
    "gates.sign": "Only whoever the gate belongs to and the launch's editors may sign it off.",
    "records.work": "Contributors may change what belongs to them or their team.",
}
