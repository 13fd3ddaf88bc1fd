"""Undoing a move as one step: everything as it was, or nothing and why."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Any

from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict
from apps.launches import policies
from apps.launches.services.launch import hold, set_anchors
from apps.schedule.models import Move, Placement
from apps.schedule.services.moving import storing
from apps.schedule.services.moving.applying import recompute

NAMED = 5


def undo_move(*, actor: Actor, move: Move) -> Move:
    """Put everything a move changed back as it was before, in one transaction.

    What was added since, and hangs on what goes back, is computed anew. Raises `Conflict` naming what changed
    since (moved again, published, removed), and leaves everything as it is.
    """
    policies.require("schedule.undo", actor, move)
    with transaction.atomic():
        launch = hold(move.launch_id)
        move = Move.objects.select_for_update().get(pk=move.pk)
        if move.undone_at is not None:
            raise Conflict(f"{move.words}: that was undone already.", code="undone")
        changed = [
            f"the launch's {name.replace('_', ' ')}"
            for name, (_, after) in move.anchors.items()
            if (str(getattr(launch, name)) if getattr(launch, name) else None) != (after or None)
        ]
        changed += _changed(move).values()
        if changed:
            more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
            raise Conflict(
                f"It cannot be undone: {', '.join(changed[:NAMED])}{more} changed since.",
                code="changed_since",
                current={"changed": changed[:100]},
                version=launch.version,
            )
        _restore(move)
        if move.anchors:
            set_anchors(
                actor=actor,
                launch=launch,
                changes={
                    name: [_day(name, after), _day(name, before)]
                    for name, (before, after) in move.anchors.items()
                },
                reason=f"Undone: {move.words}",
                verb="launch.move_undone",
            )
        else:
            audit.record(
                actor=actor,
                verb="launch.move_undone",
                obj=move.placement or launch,
                launch_id=launch.pk,
                changes={"move": [move.words, None]},
            )
        recompute(launch)
        move.undone_at, move.undone_by_label = now(), actor.label[:254]
        move.save()
    return move


def _day(name: str, value: str | None) -> Any:
    return date.fromisoformat(value) if value and name != "launch_day_fuzzy" else value


def put_back(*, actor: Actor, move: Move, leaving: Set[int] = frozenset()) -> set[int]:
    """Undo a move of several items as far as nobody has gone on since; returns the placements left alone.

    For services of apps above that take a change back of which this was a part; they checked permission and
    write the audit. `leaving` are placements to leave in any case.
    """
    with transaction.atomic():
        launch = hold(move.launch_id)
        move = Move.objects.select_for_update().get(pk=move.pk)
        if move.undone_at is not None:
            return {row[0] for row in move.rows.get("dates", [])}
        left = _changed(move).keys() | leaving
        _restore(move, left)
        recompute(launch)
        move.undone_at, move.undone_by_label = now(), actor.label[:254]
        move.save()
    return left


def _changed(move: Move) -> dict[int, str]:
    """What is not any more as the move left it, in words by id. Locks the rows. One query."""
    dates = {row[0]: row for row in move.rows.get("dates", [])}
    places = {row[0]: row for row in move.rows.get("places", [])}
    fields = (*storing.DATES, *storing.PLACES)
    stored = {
        row[0]: row
        for row in Placement.objects.select_for_update()
        .filter(pk__in=list(dates))
        .values_list("pk", "version", "title", "state", "fixed_at", *fields)
    }
    found: dict[int, str] = {}
    for pk, (_, version, _before, after) in dates.items():
        row = stored.get(pk)
        if row is None:
            found[pk] = "something that was removed"
            continue
        _, at_version, title, state, fixed_at, *values = row
        if at_version == version:
            continue
        plain = storing.plain(values)
        same = state == Placement.State.PLANNED and fixed_at is None and storing.same(plain[:5], after)
        if same and pk in places:
            same = storing.same(plain[5:], places[pk][2])
        if not same:
            found[pk] = f"“{title[:60]}”"
    return found


def _restore(move: Move, leaving: Set[int] = frozenset()) -> None:
    dates, places = (
        [row for row in move.rows.get(name, []) if row[0] not in leaving] for name in ("dates", "places")
    )
    if dates:
        columns = dict(zip(storing.DATES, zip(*(row[2] for row in dates), strict=True), strict=True))
        storing.store([row[0] for row in dates], columns, count=True)
    if places:
        columns = dict(zip(storing.PLACES, zip(*(row[1] for row in places), strict=True), strict=True))
        storing.store([row[0] for row in places], columns, count=False)
