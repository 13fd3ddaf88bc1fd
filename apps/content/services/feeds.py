"""Calendar feeds: making an address, ending it, noting that it is used."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from apps.accounts.models import Team, User
from apps.audit import services as audit
from apps.content.models import Feed, SavedView
from apps.content.selectors.saved import visible_views
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.launches import policies
from apps.launches.models import Launch

MOST_FEEDS = 50
SECRET_BYTES = 32
# Calendars ask every hour or so: more often it need not be written down.
NOTED = timedelta(hours=1)


def digest_of(secret: str) -> str:
    """SHA-256 of an address's secret, as 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_feed(
    *,
    actor: Actor,
    name: str,
    scope: str = Feed.Scope.MINE,
    team: Team | None = None,
    launch: Launch | None = None,
    view: SavedView | None = None,
) -> tuple[Feed, str]:
    """Make an address and return it with its secret, which is shown this once. Only people have feeds."""
    owner = actor.user
    if not isinstance(owner, User):
        raise NotAllowed("Only people have calendar feeds.")
    if launch is not None:
        policies.require("launches.see", actor, launch)
    if view is not None and not visible_views(actor).filter(pk=view.pk).exists():
        raise NotFound("There is no such saved view, or it is not shared with you.")
    if Feed.objects.filter(owner=owner).count() >= MOST_FEEDS:
        raise Invalid(f"{MOST_FEEDS} feeds are enough: end one first.", code="too_many")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed = Feed(
        owner=owner,
        name=name.strip(),
        scope=scope,
        team=team if scope == Feed.Scope.TEAM else None,
        launch=launch if scope == Feed.Scope.LAUNCH else None,
        view=view if scope == Feed.Scope.VIEW else None,
        prefix=secret[:6],
        digest=digest_of(secret),
    )
    named = {"team": feed.team, "launch": feed.launch, "view": feed.view}
    if scope in named and named[scope] is None:
        raise Invalid(f"Choose which {scope}.", field=scope)
    try:
        feed.full_clean(exclude=["owner", "team", "launch", "view"], validate_constraints=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    with transaction.atomic():
        feed.save()
        audit.record(
            actor=actor,
            verb="feed.created",
            obj=feed,
            launch_id=feed.launch_id,
            changes={"scope": [None, scope]},
        )
    return feed, secret


def revoke_feed(*, actor: Actor, pk: int) -> None:
    """End an address at once. One's own, or anybody's as an administrator."""
    with transaction.atomic():
        feed = Feed.objects.select_for_update().filter(pk=pk).first()
        own = feed is not None and actor.user is not None and feed.owner_id == actor.user.pk
        if feed is None or not (own or policies.is_administrator(actor)):
            raise NotFound("There is no such feed.")
        audit.record(
            actor=actor,
            verb="feed.revoked",
            obj=feed,
            launch_id=feed.launch_id,
            changes={"scope": [feed.scope, None]},
        )
        feed.delete()


def feed_of(secret: str) -> Feed:
    """The feed at an address whose owner may still sign in; `NotFound` for every other reason alike."""
    feed = (
        Feed.objects.select_related("owner", "team", "launch", "view__launch", "view__owner")
        .filter(digest=digest_of(secret), owner__is_active=True)
        .first()
    )
    if feed is None:
        raise NotFound("There is no calendar at this address.")
    return feed


def address_of(secret: str) -> str:
    """The whole address, from PUBLIC_URL."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('calendar_feed', args=[secret])}"


def note_use(feed: Feed) -> None:
    """Keep when it was last asked for, to the hour."""
    at = now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - NOTED)
    Feed.objects.filter(stale, pk=feed.pk).update(last_used_at=at)
