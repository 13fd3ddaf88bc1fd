"""Adding people and teams and closing accounts: what administrators do for everybody else."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from apps.accounts.models import Team, User
from apps.accounts.services import require_administrator
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.errors import Invalid


def add_person(
    *,
    actor: Actor,
    email: str,
    name: str,
    role: str = User.Role.MEMBER,
    teams: Sequence[Team] = (),
    zone: str = "UTC",
    password: str = "",
    encoded: str = "",
) -> tuple[User, str]:
    """Add a person. Answers them with the password they start with (made up if none is given), shown once.

    `encoded` is that password as Django stores it, where it was worked out already: encoding takes half a
    second on purpose.
    """
    require_administrator(actor)
    email = email.strip().lower()
    start = password or secrets.token_urlsafe(12)
    person = User(email=email, name=name.strip(), role=role, zone=zone)
    if encoded:
        person.password = encoded
    else:
        person.set_password(start)
    try:
        person.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    with transaction.atomic():
        if User.objects.filter(email__iexact=email).exists():
            raise Invalid("Somebody with this address is here already.", code="taken", field="email")
        person.save(force_insert=True)
        person.teams.set(teams)
        audit.record(
            actor=actor,
            verb="user.added",
            obj=person,
            changes={"role": [None, role], "teams": [None, sorted(team.name for team in teams)]},
        )
    return person, start


def set_active(*, actor: Actor, user: User, active: bool) -> User:
    """Close an account (its sessions and tokens end) or open it again. Nobody closes their own."""
    require_administrator(actor)
    if actor.user is not None and actor.user.pk == user.pk and not active:
        raise Invalid("You cannot close your own account: somebody else has to.", code="own_account")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.is_active != active:
            user.is_active = active
            user.save(update_fields=["is_active"])
            audit.record(
                actor=actor, verb=f"user.{'opened' if active else 'closed'}", obj=user,
                changes={"is_active": [not active, active]},
            )  # fmt: skip
    return user


def add_team(*, actor: Actor, name: str, works_with_customers: bool = False) -> Team:
    """Add a team. Names differ by more than capital letters."""
    require_administrator(actor)
    name = " ".join(name.split())
    team = Team(name=name, slug=slugify(name)[:60], works_with_customers=works_with_customers)
    try:
        team.full_clean(validate_unique=False)
    except ValidationError as error:
        if "slug" in error.message_dict and "name" not in error.message_dict:
            raise Invalid("A team's name needs a Latin letter or digit.", field="name") from error
        raise Invalid.from_validation(error) from error
    with transaction.atomic():
        if Team.objects.filter(slug=team.slug).exists() or Team.objects.filter(name__iexact=name).exists():
            raise Invalid("There is a team of this name already.", code="taken", field="name")
        team.save(force_insert=True)
        audit.record(actor=actor, verb="team.added", obj=team, changes={"name": [None, name]})
    return team


def let_see_customers(*, actor: Actor, team: Team, allowed: bool) -> Team:
    """Say whether a team's people see and change customers' contacts, which are personal data."""
    require_administrator(actor)
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=team.pk)
        if team.works_with_customers != allowed:
            team.works_with_customers = allowed
            team.save(update_fields=["works_with_customers"])
            changes = {"works_with_customers": [not allowed, allowed]}
            audit.record(actor=actor, verb="team.changed", obj=team, changes=changes)
    return team
