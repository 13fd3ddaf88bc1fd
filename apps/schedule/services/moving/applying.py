"""Doing what a preview showed, in one transaction, and remembering it so that it can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.dates import day_words
from apps.core.errors import Conflict, NotAllowed
from apps.launches import policies
from apps.launches.models import Launch
from apps.launches.services.launch import lock_launch, set_anchors
from apps.schedule.models import Move, Placement
from apps.schedule.services.moving import storing
from apps.schedule.services.moving.previewing import (
    MovePreview,
    Row,
    anchors_after,
    find_target,
    known,
    load,
    make_preview,
    require_mover,
    rows_of,
)
from apps.schedule.solving import Item, Refusal, solve

NAMED_IN_EVENT = 20


@dataclass(frozen=True)
class MoveDone(MovePreview):
    """What was shown, applied. `move` undoes it."""

    move: Move | None = None


def apply_move(
    *,
    actor: Actor,
    launch: Launch,
    anchor: str,
    to: date,
    fingerprint: str,
    landing: str = "keep",
    reason: str = "",
    pk: int | None = None,
) -> MoveDone:
    """Do what the preview with this fingerprint showed, in one transaction.

    Raises `Conflict` if anything it showed has changed since, or if a dependency forbids it, and leaves
    everything as it is; `NotAllowed` where it would move what is not the actor's to change.
    """
    require_mover(actor, launch, find_target(launch, anchor, pk))
    with transaction.atomic():
        launch = lock_launch(launch)
        target = find_target(launch, anchor, pk)
        preview = make_preview(launch, known(anchor), to, landing, target=target, lock=True)
        if preview.fingerprint != fingerprint:
            raise Conflict(
                "Something changed since this preview was made. Look at the new one and apply that.",
                code="preview_outdated",
                version=launch.version,
            )
        return _carry_out(actor, preview, target, reason)


def move_item(*, actor: Actor, placement: Placement, to: date) -> MoveDone:
    """Move one thing, with what hangs on it and waits for it, to the state of this very moment.

    For a hand that drags: looking and doing are one locked step, so no fingerprint is asked. Raises as
    `apply_move` does.
    """
    require_mover(actor, placement.launch, placement)
    with transaction.atomic():
        launch = lock_launch(placement.launch)
        target = find_target(launch, Move.Kind.PLACEMENT, placement.pk)
        preview = make_preview(launch, "placement", to, "keep", target=target, lock=True)
        return _carry_out(actor, preview, target, "")


def _carry_out(actor: Actor, preview: MovePreview, target: Placement | None, reason: str) -> MoveDone:
    """Do what a locked preview shows."""
    launch = preview.launch
    refuse_broken(preview.refusals, launch)
    require_all(actor, launch, preview.along)
    fuzzy = launch.launch_day_fuzzy
    if target is None:
        set_anchors(actor=actor, launch=launch, changes=preview.anchors, reason=reason)
    else:
        _record(actor, target, preview, reason)
    storing.write(preview.moving, preview.landing)
    move = _remember(actor, preview, target, reason, fuzzy)
    return MoveDone(**vars(preview), move=move)


def refuse_broken(refusals: Sequence[Refusal], launch: Launch) -> None:
    """Raise for the first dependency that stands against a move."""
    if refusals:
        raise Conflict(refusals[0].words, code="dependency", version=launch.version)


def require_all(actor: Actor, launch: Launch, along: Iterable[Row]) -> None:
    """Contributors move what is theirs; what moves along has to be theirs as well."""
    if policies.can_edit_launch(actor, launch):
        return
    for row in along:
        if not policies.can_work_on_record(actor, Owned(launch, row.placement)):
            raise NotAllowed(
                f"This would move “{row.placement.title[:80]}” too, which is not yours to change: "
                "ask one of the launch's editors."
            )


class Owned:
    """Whose a row is, for the policy that asks."""

    def __init__(self, launch: Launch, item: Item) -> None:
        self.launch, self.launch_id = launch, launch.pk
        self.owner_id, self.team_id = item.owner_id, item.team_id


def _record(actor: Actor, target: Placement, preview: MovePreview, reason: str) -> None:
    own = next(row for row in preview.rows if row.placement.pk == target.pk)
    changes: dict[str, Any] = {"starts_on": [own.old.starts_on, own.new.starts_on]}
    if own.said is not None and own.said.wording != own.placement.wording:
        changes["when"] = [own.placement.wording, own.said.wording]
    if preview.along:
        changes["moved_along"] = [len(preview.along), named(preview.along)]
    audit.record(
        actor=actor,
        verb=f"{target.kind}.moved",
        obj=target,
        launch_id=target.launch_id,
        changes=changes,
        reason=reason,
    )


def named(rows: Sequence[Row]) -> list[str]:
    """What moved, as an event keeps it: the first of many."""
    return [
        f"{row.placement.title[:80]}: {row.old.starts_on} to {row.new.starts_on}"
        for row in rows[:NAMED_IN_EVENT]
    ]


def _remember(actor: Actor, preview: MovePreview, target: Placement | None, reason: str, fuzzy: str) -> Move:
    anchors: dict[str, list[str | None]] = {
        name: [str(old) if old else None, str(new)] for name, (old, new) in preview.anchors.items()
    }
    if fuzzy and not preview.launch.launch_day_fuzzy:
        anchors["launch_day_fuzzy"] = [fuzzy, ""]
    words = f"{preview.name} to {day_words(preview.to)}"
    if preview.old:
        words = f"{preview.name} from {day_words(preview.old)} to {day_words(preview.to)}"
    return keep(
        actor,
        preview.launch,
        preview.moving,
        preview.landing,
        anchor=preview.anchor,
        placement=target,
        words=words,
        reason=reason[:2000],
        anchors=anchors,
    )


def keep(
    actor: Actor, launch: Launch, rows: Sequence[Row], landing: str, *, words: str, **values: Any
) -> Move:
    """What it takes to undo a move as one step."""
    return Move.objects.create(
        launch=launch,
        words=words[:500],
        rows=storing.remembered(rows, landing),
        moved=len(rows),
        made_by=actor.user if isinstance(actor.user, User) else None,
        made_by_label=actor.label[:254],
        **values,
    )


def recompute(launch: Launch) -> int:
    """Recompute all open placements of a launch after its zone, holidays or anchors changed otherwise."""
    with transaction.atomic():
        items, anchors = load(launch, lock=True), anchors_after(launch, {})
        rows = rows_of(items, solve(items, anchors), anchors)
        moving = [row for row in rows if row.moves or _differs(row)]
        storing.write(moving, "keep")
    return len(moving)


def _differs(row: Row) -> bool:
    # A pinned time stays on its day, but its instant follows the launch's zone; a fixed minute may change days.
    return row.placement.is_open and row.old != row.new
