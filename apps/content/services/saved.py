"""Saving views of a calendar under a name, and sharing them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import QueryDict

from apps.accounts.models import User
from apps.accounts.services import set_preference
from apps.audit import services as audit
from apps.content.models import SavedView
from apps.content.selectors.saved import visible_views
from apps.content.selectors.shown import DENSITIES, GROUPS, PREFERENCE, Shown, remembered
from apps.core.actors import Actor
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.launches import policies
from apps.launches.models import Launch

MOST_VIEWS = 200


def save_view(
    *, actor: Actor, name: str, launch: Launch | None, query: str, shared: bool = False
) -> SavedView:
    """Keep a view under a name of one's own. `query` is an address; of it only what a view knows is kept."""
    owner = _person(actor)
    if launch is not None:
        policies.require("launches.see", actor, launch)
    if len(query) > 2000:
        raise Invalid("That is not the address of a view.", field="query")
    if SavedView.objects.filter(owner=owner).count() >= MOST_VIEWS:
        raise Invalid(f"{MOST_VIEWS} saved views are enough: remove one first.", code="too_many")
    shown = Shown.of(QueryDict(query), of_all=launch is None)
    view = SavedView(owner=owner, name=name.strip(), launch=launch, query=shown.address, shared=shared)
    _clean(view)
    with transaction.atomic():
        _save(view)
        audit.record(
            actor=actor,
            verb="saved_view.added",
            obj=view,
            launch_id=view.launch_id,
            changes={"query": [None, view.query], "shared": [None, shared]},
        )
    return view


def change_view(
    *,
    actor: Actor,
    view: SavedView,
    name: str | None = None,
    shared: bool | None = None,
    query: str | None = None,
    version: int | None = None,
) -> SavedView:
    """Rename a view, share it or take it back, or let it show something else. Only one's own."""
    with transaction.atomic():
        view = _lock(actor, view, version)
        before = {"name": view.name, "shared": view.shared, "query": view.query}
        if name is not None:
            view.name = name.strip()
        if shared is not None:
            view.shared = shared
        if query is not None:
            view.query = Shown.of(QueryDict(query[:2000]), of_all=view.launch_id is None).address
        after = {"name": view.name, "shared": view.shared, "query": view.query}
        changes = audit.difference(before, after)
        if not changes:
            return view
        _clean(view)
        view.version += 1
        _save(view)
        audit.record(
            actor=actor, verb="saved_view.changed", obj=view, launch_id=view.launch_id, changes=changes
        )
    return view


def remove_view(*, actor: Actor, view: SavedView, version: int | None = None) -> None:
    """Forget a view. Only one's own."""
    with transaction.atomic():
        view = _lock(actor, view, version)
        audit.record(actor=actor, verb="saved_view.removed", obj=view, launch_id=view.launch_id)
        view.delete()


def choose_display(*, actor: Actor, group: str | None = None, density: str | None = None) -> dict[str, str]:
    """Remember how a person wants calendars grouped and how dense. Returns what is remembered now."""
    if group is not None and group not in GROUPS:
        raise Invalid(f"Group by one of: {', '.join(GROUPS)}.", field="group")
    if density is not None and density not in DENSITIES:
        raise Invalid(f"Density is one of: {', '.join(DENSITIES)}.", field="density")
    chosen = remembered(actor)
    chosen.update({name: value for name, value in (("group", group), ("density", density)) if value})
    set_preference(actor=actor, name=PREFERENCE, value=chosen)
    return chosen


def _person(actor: Actor) -> User:
    if not isinstance(actor.user, User) or not actor.may("write"):
        raise NotAllowed("Only a signed-in person has saved views.")
    return actor.user


def _lock(actor: Actor, view: SavedView, version: int | None) -> SavedView:
    owner = _person(actor)
    fresh = SavedView.objects.select_for_update().filter(pk=view.pk).first()
    if fresh is None or not visible_views(actor).filter(pk=view.pk).exists():
        raise NotFound("There is no such saved view, or it is not shared with you.")
    if fresh.owner_id != owner.pk:
        raise NotAllowed("Only whoever saved this view may change it. Save it under a name of your own.")
    if version is not None and version != fresh.version:
        raise Conflict(
            f"“{fresh.name}” was changed since you opened it.",
            current={"name": fresh.name, "shared": fresh.shared, "query": fresh.query},
            version=fresh.version,
        )
    return fresh


def _clean(view: SavedView) -> None:
    try:
        view.full_clean(exclude=["owner", "launch"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error


def _save(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        if "saved_view_name_once" not in str(error):
            raise
        raise Invalid(
            f"You have a view called “{view.name}” here already.", code="taken", field="name"
        ) from error
