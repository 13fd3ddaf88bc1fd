"""Changing many items of several launches at once, all or nothing, and taking that back as one step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from apps.content.models import BulkChange, CalendarItem
from apps.content.services import bulk
from apps.content.services.bulk import MOST_ITEMS, Outcome, Result
from apps.core.actors import Actor
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.launches.models import Launch
from apps.launches.selectors import visible_launches


@dataclass
class Across(Outcome):
    """What became of each item, and the change of each launch. Nothing was changed unless `done`."""

    changes: list[BulkChange] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return bool(self.changes)


class _Refused(Exception):
    """One launch would not do, so none is changed: the way out of the transaction."""


def change_across(
    *,
    actor: Actor,
    ids: Sequence[int],
    change: Mapping[str, Any],
    versions: Mapping[int, int] | None = None,
) -> Across:
    """As `bulk.bulk_change`, of items of any launches the actor may see: all of them or none.

    Each launch's rules hold for its items, and each launch's history keeps its part. An id of a launch the actor
    may not see is `not_found`, as one that does not exist. A channel belongs to one launch, so there is none to set.
    """
    wanted = list(dict.fromkeys(ids))
    if "channel" in change:
        raise Invalid("A channel belongs to one launch: set it on that launch's calendar.", field="channel")
    if not wanted:
        raise Invalid("Choose at least one item.", field="ids")
    if len(wanted) > MOST_ITEMS:
        raise Invalid(f"Change at most {MOST_ITEMS} items at once; these are {len(wanted)}.", field="ids")
    visible = visible_launches(actor).values("pk")
    by_launch: dict[int, list[int]] = defaultdict(list)
    for pk, launch in CalendarItem.objects.filter(pk__in=wanted, launch__in=visible).values_list(
        "pk", "launch_id"
    ):
        by_launch[launch].append(pk)
    told: dict[int, Result] = {}
    outcome = Across()
    try:
        with transaction.atomic():
            # In one order, so that two changes of the same launches do not wait for each other.
            for each in Launch.objects.filter(pk__in=by_launch).order_by("pk"):
                part = _part(actor, each, sorted(by_launch[each.pk]), change, versions)
                told |= {result.id: result for result in part.results}
                if part.change is not None:
                    outcome.changes.append(part.change)
                    outcome.along += part.along
            missing = "There is no such item."
            outcome.results = [told.get(pk) or Result(pk, "not_found", missing) for pk in wanted]
            if outcome.refused:
                raise _Refused
    except _Refused:
        outcome.changes = []
    return outcome


def _part(
    actor: Actor,
    launch: Launch,
    ids: Sequence[int],
    change: Mapping[str, Any],
    versions: Mapping[int, int] | None,
) -> Outcome:
    """One launch's share; who adds nothing to it changes none of its items."""
    try:
        return bulk.bulk_change(actor=actor, launch=launch, ids=ids, change=change, versions=versions)
    except NotAllowed as error:
        said = f"{launch.name[:80]}: {error.message}"
        return Outcome([Result(pk, error.code, said if pk == ids[0] else error.message) for pk in ids])


def undo_across(*, actor: Actor, changes: Sequence[BulkChange]) -> Across:
    """Take several launches' parts back, all or none; within them only what nobody has changed since."""
    outcome = Across()
    with transaction.atomic():
        for change in sorted(changes, key=lambda each: each.launch_id):
            part = bulk.undo(actor=actor, change=change)
            outcome.results += part.results
            outcome.changes.append(change)
    return outcome


def last_changes(actor: Actor, ids: Sequence[int]) -> list[BulkChange]:
    """Changes of launches the actor may see, each for whoever made it and that launch's editors; else `NotFound`."""
    visible = visible_launches(actor).values("pk")
    found = list(BulkChange.objects.filter(pk__in=ids, launch__in=visible).select_related("launch"))
    if not found or len(found) != len(set(ids)):
        raise NotFound("There is no such change to take back.")
    return [bulk.last_change(actor, each.launch, each.pk) for each in found]
