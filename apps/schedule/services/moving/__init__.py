"""Moving launch day, the rollout, a phase, one item or many: the full difference, then that, or nothing."""

from apps.schedule.services.moving.applying import MoveDone, apply_move, move_item, recompute
from apps.schedule.services.moving.previewing import LANDINGS, MovePreview, Row, preview_move
from apps.schedule.services.moving.together import move_together
from apps.schedule.services.moving.undoing import put_back, undo_move
from apps.schedule.solving import Item

__all__ = [
    "LANDINGS",
    "Item",
    "MoveDone",
    "MovePreview",
    "Row",
    "apply_move",
    "move_item",
    "move_together",
    "preview_move",
    "put_back",
    "recompute",
    "undo_move",
]
