"""Who takes part in a launch."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import Team, User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.launches import policies
from apps.launches.models import Launch, Member
from apps.launches.services.launch import hold


def set_member(
    *,
    actor: Actor,
    launch: Launch,
    user: User,
    role: str,
    team: Team | None = None,
    version: int | None = None,
) -> Member:
    """Give a person a part in the launch, or change it. The last owner stays owner.

    Raises `Conflict` if the part is not the `version` the caller saw.
    """
    policies.require("launches.own", actor, launch)
    if role not in Member.Role.values:
        raise Invalid(f"“{role[:40]}” is not a role. Roles: {', '.join(Member.Role.values)}.", field="role")
    if role == Member.Role.CONTRIBUTOR and team is None:
        raise Invalid("A contributor works for a team: choose one.", field="team")
    if not user.is_active:
        raise Invalid("This person's account is not active.", field="user")
    with transaction.atomic():
        hold(launch.pk)
        member = Member.objects.filter(launch=launch, user=user).first()
        if member is None:
            member = Member.objects.create(launch=launch, user=user, role=role, team=team)
            changes = {"role": [None, role]}
        else:
            _check_version(member, version)
            if member.role == Member.Role.OWNER and role != Member.Role.OWNER:
                _keep_an_owner(member)
            changes = audit.difference(
                {"role": member.role, "team": member.team}, {"role": role, "team": team}
            )
            if not changes:
                return member
            member.role, member.team = role, team
            member.version += 1
            member.save()
        audit.record(actor=actor, verb="member.set", obj=member, launch_id=launch.pk, changes=changes)
    return member


def remove_member(*, actor: Actor, member: Member, version: int | None = None) -> None:
    """Take a person out of the launch. The last owner stays."""
    policies.require("launches.own", actor, member.launch)
    with transaction.atomic():
        hold(member.launch_id)
        stored = Member.objects.filter(pk=member.pk).first()
        if stored is None:
            raise NotFound("This person is no member any more.")
        _check_version(stored, version)
        if stored.role == Member.Role.OWNER:
            _keep_an_owner(stored)
        audit.record(
            actor=actor,
            verb="member.removed",
            obj=stored,
            launch_id=stored.launch_id,
            changes={"role": [stored.role, None]},
        )
        stored.delete()


def _check_version(member: Member, version: int | None) -> None:
    if version is not None and version != member.version:
        raise Conflict(
            "This membership was changed by somebody else since you opened it.",
            current={"role": member.role, "team": str(member.team) if member.team else None},
            version=member.version,
        )


def _keep_an_owner(member: Member) -> None:
    owners = Member.objects.filter(launch=member.launch_id, role=Member.Role.OWNER).exclude(pk=member.pk)
    if not owners.exists():
        raise Invalid(
            "A launch needs an owner: make somebody else owner first.", code="last_owner", field="role"
        )
