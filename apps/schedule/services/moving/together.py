"""Moving many things at once, each to a day of its own, as one step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction

from apps.core.actors import Actor
from apps.core.errors import Invalid, NotFound
from apps.launches.models import Launch
from apps.launches.services.launch import lock_launch
from apps.schedule.graph import reached
from apps.schedule.models import Move, Placement
from apps.schedule.services.moving import storing
from apps.schedule.services.moving.applying import keep, refuse_broken, require_all
from apps.schedule.services.moving.previewing import (
    anchors_after,
    load,
    require_movable,
    require_mover,
    rows_of,
    waits_of,
)
from apps.schedule.solving import edges, solve


def move_together(*, actor: Actor, launch: Launch, to: Mapping[int, date], words: str) -> Move | None:
    """Move placements of one launch to new first days, given by id, with what hangs on them and waits for them.

    What hangs on another of them follows that one and does not go twice. Returns the move that undoes it, None
    where everything is there already; the service that asked writes the audit. Raises `Conflict` if a dependency
    forbids it, `Invalid` for what does not move and for days too far away, `NotFound` for ids that are not this
    launch's, `NotAllowed` where something else would move that is not the actor's to change.
    """
    with transaction.atomic():
        launch = lock_launch(launch)
        targets = {each.pk: each for each in Placement.objects.filter(launch=launch, pk__in=to)}
        if len(targets) != len(to):
            raise NotFound("There is no such item in this launch.")
        for target in targets.values():
            target.launch = launch
            require_mover(actor, launch, target)
            require_movable(target)
        items, waits = load(launch, lock=True), waits_of(launch)
        anchors = anchors_after(launch, {})
        hung_on = {item.pk: item.anchor_placement_id for item in items if item.anchor == "placement"}
        own = {pk: day for pk, day in to.items() if not _follows(pk, to, hung_on)}
        solution = solve(items, anchors, waits=waits, targets=own)
        for pk in own:
            if pk not in solution.places:
                raise Invalid(
                    f"“{targets[pk].title[:80]}” cannot be moved to {own[pk]}.", code="too_far", field="to"
                )
        refuse_broken(solution.refusals, launch)
        near = reached(edges(items, waits), *own)
        rows = rows_of([item for item in items if item.pk in near], solution, anchors, own.keys())
        moving = [row for row in rows if row.moves]
        require_all(actor, launch, [row for row in moving if row.placement.pk not in to])
        if not moving:
            return None
        storing.write(moving, "keep")
        return keep(actor, launch, moving, "keep", anchor=Move.Kind.ITEMS, words=words)


def _follows(pk: int, to: Mapping[int, date], hung_on: Mapping[int, int | None]) -> bool:
    """Whether what a thing hangs on, or hangs on by way of others, is among what moves."""
    seen = {pk}
    while (leader := hung_on.get(pk)) is not None and leader not in seen:
        if leader in to:
            return True
        seen.add(leader)
        pk = leader
    return False
