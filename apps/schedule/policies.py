"""Who may move and finish dated things."""

from __future__ import annotations

from typing import Any

from apps.core import permissions
from apps.launches.policies import can_edit_launch, can_work_on_record


def can_finish(actor: Any, placement: Any) -> bool:
    """Whoever may work on the thing may say that it is done or blocked."""
    return bool(can_work_on_record(actor, placement))


permissions.register({"schedule.move_launch": can_edit_launch, "schedule.finish": can_finish})
