"""Writing what concerns people: notifications, preferences, tokens, roles."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import ApiToken, Notification, Preference, Team, User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid, NotAllowed, NotFound

SCOPES = ("read", "write", "feed", "admin")


def notify(
    *,
    users: Iterable[User],
    kind: str,
    title: str,
    source: str,
    body: str = "",
    url: str = "",
    launch_id: int | None = None,
) -> None:
    """Put one line into the inboxes of people. A person gets each `source` once, however often this runs."""
    Notification.objects.bulk_create(
        [
            Notification(
                user=user,
                kind=kind,
                title=title[:500],
                body=body,
                url=url,
                source=source,
                launch_id=launch_id,
            )
            for user in users
        ],
        ignore_conflicts=True,
    )


def notify_each(*, lines: Iterable[Notification]) -> None:
    """Put lines that differ by person into their inboxes, in one statement; each `source` once, as above."""
    Notification.objects.bulk_create(lines, ignore_conflicts=True)


def mark_read(*, actor: Actor, ids: Sequence[int] | None = None, at: datetime | None = None) -> int:
    """Mark the actor's own notifications read: the given ones, or all."""
    waiting = Notification.objects.filter(user_id=_self(actor).pk, read_at=None)
    if ids is not None:
        waiting = waiting.filter(pk__in=list(ids))
    return waiting.update(read_at=at or now())


def change_profile(*, actor: Actor, values: Mapping[str, Any]) -> User:
    """Change one's own name, zone, theme and density."""
    person = _self(actor)
    unknown = set(values) - {"name", "zone", "zone_confirmed", "theme", "density"}
    if unknown:
        raise Invalid(f"A profile has no field “{sorted(unknown)[0]}”.", code="unknown_field")
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=person.pk)
        before = {name: getattr(person, name) for name in values}
        for name, value in values.items():
            setattr(person, name, value)
        _clean(person, list(values))
        changes = audit.difference(before, values)
        if changes:
            person.save(update_fields=list(values))
            audit.record(actor=actor, verb="user.changed", obj=person, changes=changes)
    return person


def set_role(*, actor: Actor, user: User, role: str) -> User:
    """Change what a person may do in the whole installation. One administrator always remains."""
    require_administrator(actor)
    if role not in User.Role.values:
        raise Invalid(f"“{role[:40]}” is not a role. Roles: {', '.join(User.Role.values)}.", field="role")
    with transaction.atomic():
        # All administrators are locked, so that two cannot demote each other at once.
        administrators = list(
            User.objects.select_for_update()
            .filter(role=User.Role.ADMINISTRATOR, is_active=True)
            .order_by("pk")
        )
        if role != User.Role.ADMINISTRATOR and [person.pk for person in administrators] == [user.pk]:
            raise Invalid("Somebody has to stay administrator.", code="last_administrator", field="role")
        user = User.objects.select_for_update().get(pk=user.pk)
        old, user.role = user.role, role
        if old != role:
            user.save(update_fields=["role"])
            audit.record(actor=actor, verb="user.role", obj=user, changes={"role": [old, role]})
    return user


def set_teams(*, actor: Actor, user: User, teams: Sequence[Team]) -> None:
    """Put a person into exactly these teams."""
    require_administrator(actor)
    with transaction.atomic():
        old = sorted(team.name for team in user.teams.all())
        new = sorted(team.name for team in teams)
        if old != new:
            user.teams.set(teams)
            audit.record(actor=actor, verb="user.teams", obj=user, changes={"teams": [old, new]})


def create_token(
    *, actor: Actor, user: User, name: str, scopes: Sequence[str], days: int | None = 365
) -> tuple[ApiToken, str]:
    """Make a bearer token and return it with its text, which is shown this once and stored only as a hash.

    `days` until it expires (1 to 3650), None for never. A person makes their own; administrators anybody's.
    Only administrators make tokens with the scope `feed`, which read and dismiss for every customer.
    """
    person = actor.user
    if not actor.is_system and not (
        isinstance(person, User)
        and actor.kind == "user"
        and (person.pk == user.pk or person.is_administrator)
    ):
        raise NotAllowed("You can make tokens for yourself only.")
    if "feed" in scopes and not (actor.is_system or (isinstance(person, User) and person.is_administrator)):
        raise NotAllowed("Tokens for the product's own server (feed) are made by administrators.")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise Invalid(f"Choose scopes from: {', '.join(SCOPES)}.", code="scopes", field="scopes")
    if days is not None and not 1 <= days <= 3650:
        raise Invalid("A token lasts between 1 and 3650 days.", field="days")
    text = f"lp_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=user,
        name=name,
        prefix=text[:8],
        digest=token_digest(text),
        scopes=sorted(set(scopes)),
        expires_at=now() + timedelta(days=days) if days else None,
    )
    _clean(token, ["name"])
    with transaction.atomic():
        token.save()
        audit.record(actor=actor, verb="token.created", obj=token, changes={"scopes": [None, token.scopes]})
    return token, text


def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """End a token at once."""
    person = actor.user
    if not actor.is_system and not (
        isinstance(person, User) and (person.pk == token.user_id or person.is_administrator)
    ):
        raise NotFound("There is no such token.")
    with transaction.atomic():
        changed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now())
        if changed:
            audit.record(actor=actor, verb="token.revoked", obj=token)


def token_digest(text: str) -> str:
    """How a token is looked up. Tokens hold 32 random bytes, so a plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def set_preference(*, actor: Actor, name: str, value: Any) -> None:
    """Remember a choice of the actor's."""
    Preference.objects.update_or_create(user_id=_self(actor).pk, name=name[:80], defaults={"value": value})


def _self(actor: Actor) -> User:
    if not isinstance(actor.user, User):
        raise NotAllowed("Only a signed-in person has this.")
    return actor.user


def require_administrator(actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor is an administrator (a token needs the scope `admin` besides)."""
    person = actor.user
    administers = isinstance(person, User) and person.is_active and person.is_administrator
    if actor.is_system or (administers and actor.may("admin")):
        return
    raise NotAllowed("Only administrators may do this.")


def _clean(obj: Any, fields: list[str]) -> None:
    try:
        obj.clean_fields(exclude=[f.name for f in obj._meta.fields if f.name not in fields])
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
