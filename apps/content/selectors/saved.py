"""Reading saved views: one's own, and those that others share."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.content.models import SavedView
from apps.core.actors import Actor
from apps.core.errors import NotFound
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches

VIEWS_SHOWN = 50


def visible_views(actor: Actor) -> QuerySet[SavedView]:
    """What the actor saved, and what is shared in launches they may see."""
    if not isinstance(actor.user, User):
        return SavedView.objects.none()
    may_see = Q(launch=None) | Q(launch__in=visible_launches(actor).values("pk"))
    return (
        SavedView.objects.filter(may_see)
        .filter(Q(owner=actor.user) | Q(shared=True))
        .select_related("owner", "launch")
    )


def views_of(actor: Actor, launch: Launch | None) -> list[SavedView]:
    """Those of one calendar, by name. One query."""
    if not isinstance(actor.user, User):
        return []
    # Whoever looks at a launch's calendar may see the launch.
    found = SavedView.objects.filter(launch=launch).filter(Q(owner=actor.user) | Q(shared=True))
    views = list(found.select_related("owner").order_by("name", "id")[:VIEWS_SHOWN])
    for each in views:
        each.launch = launch
    return views


def view(actor: Actor, pk: int) -> SavedView:
    """One saved view, or `NotFound` when it is not there or not shared with the actor. One query."""
    found = visible_views(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such saved view, or it is not shared with you.")
    return found
