"""Who may move, link, finish and freeze dated things."""

from __future__ import annotations

from typing import Any

from apps.core import permissions
from apps.launches.policies import can_edit_launch, can_work_on_record, is_administrator


def can_finish(actor: Any, placement: Any) -> bool:
    """Whoever may work on the thing may say that it is done or blocked."""
    return bool(can_work_on_record(actor, placement))


def can_place(actor: Any, placement: Any) -> bool:
    """Phases are moved and hung by editors, a thing by whoever may work on it."""
    if placement.phase_id:
        return bool(can_edit_launch(actor, placement.launch))
    return bool(can_work_on_record(actor, placement))


def can_undo(actor: Any, move: Any) -> bool:
    """Editors undo any move; others their own, of a thing they may still work on."""
    if can_edit_launch(actor, move.launch):
        return True
    person = getattr(actor, "user", actor)
    own = move.made_by_id is not None and move.made_by_id == getattr(person, "pk", None)
    return own and move.placement is not None and can_place(actor, move.placement)


def can_freeze(actor: Any, launch: Any) -> bool:
    """Days of one launch are frozen by its editors."""
    return bool(can_edit_launch(actor, launch))


permissions.register(
    {
        "schedule.move_launch": can_edit_launch,
        "schedule.move_item": can_place,
        "schedule.link": can_place,
        "schedule.finish": can_finish,
        "schedule.undo": can_undo,
        "schedule.freeze": can_freeze,
        "schedule.freeze_all": is_administrator,
    }
)
