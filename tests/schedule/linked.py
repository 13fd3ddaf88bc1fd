"""Linking things in tests, as the services do it."""

from __future__ import annotations

from datetime import date
from typing import Any

from apps.accounts.models import Team, User
from apps.launches.models import Launch
from apps.launches.services.members import set_member
from apps.schedule.models import Dependency, Move, Placement
from apps.schedule.services.hanging import hang
from apps.schedule.services.linking import add_dependency
from apps.schedule.services.moving import apply_move, preview_move
from tests.schedule.worlds import Calendar


def link(calendar: Calendar, before: Any, after: Any, lag: int = 0, on_move: str = "push") -> Dependency:
    return add_dependency(
        actor=calendar.act(),
        launch=calendar.launch,
        before=calendar.placement(before).pk,
        after=calendar.placement(after).pk,
        lag=lag,
        on_move=on_move,
    )


def hang_on(calendar: Calendar, record: Any, offset: int, **asked: Any) -> Placement:
    """`item=` or `phase=` names what it hangs on."""
    item, phase = asked.pop("item", None), asked.pop("phase", None)
    if item is not None:
        asked |= {"anchor": "placement", "to": calendar.placement(item).pk}
    elif phase is not None:
        asked |= {"anchor": "phase", "to": phase.pk}
    return hang(actor=calendar.act(), placement=calendar.placement(record), offset=offset, **asked)


def see(calendar: Calendar, record: Any, to: date, landing: str = "keep", anchor: str = "placement") -> Any:
    return preview_move(
        actor=calendar.act(), launch=_launch(calendar), **_asked(calendar, record, to, landing, anchor)
    )


def shift(calendar: Calendar, record: Any, to: date, landing: str = "keep", anchor: str = "placement") -> Any:
    """Look first, then apply what was shown."""
    asked = _asked(calendar, record, to, landing, anchor)
    shown = preview_move(actor=calendar.act(), launch=_launch(calendar), **asked)
    return apply_move(actor=calendar.act(), launch=_launch(calendar), fingerprint=shown.fingerprint, **asked)


def contributor(calendar: Calendar, name: str = "c") -> User:
    """Somebody who works on what is theirs."""
    person = User.objects.create_user(f"{name}@example.com", name=name)
    team = Team.objects.get_or_create(slug="crew", defaults={"name": "Crew"})[0]
    set_member(actor=calendar.act(), launch=calendar.launch, user=person, role="contributor", team=team)
    return person


def last_move(calendar: Calendar) -> Move:
    return Move.objects.select_related("launch", "placement").filter(launch=calendar.launch)[0]


def everything(calendar: Calendar) -> list[dict[str, Any]]:
    """All that says when, of all placements and the launch: what an undo has to bring back."""
    left_out = {"version", "updated_at", "created_at"}
    rows = [
        {name: value for name, value in row.items() if name not in left_out}
        for row in Placement.objects.filter(launch=calendar.launch).order_by("pk").values()
    ]
    return [
        *Launch.objects.filter(pk=calendar.launch.pk).values(
            "launch_day", "rollout_start", "launch_day_fuzzy"
        ),
        *rows,
    ]


def _launch(calendar: Calendar) -> Launch:
    return Launch.objects.get(pk=calendar.launch.pk)


def _asked(calendar: Calendar, record: Any, to: date, landing: str, anchor: str) -> dict[str, Any]:
    pk = record.pk if anchor == "phase" else calendar.placement(record).pk
    return {"anchor": anchor, "pk": pk, "to": to, "landing": landing}
