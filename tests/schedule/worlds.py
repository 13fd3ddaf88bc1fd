"""A launch with dated things of every sort, for tests of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from apps.accounts.models import User
from apps.content.models import CalendarItem
from apps.core.actors import SYSTEM, Actor
from apps.launches import kinds
from apps.launches.models import Launch, Phase
from apps.launches.services.launch import create_launch
from apps.launches.services.records import add_record
from apps.schedule.models import Placement
from apps.schedule.selectors import anchors_of
from apps.schedule.services.moving import MovePreview, apply_move, preview_move
from apps.schedule.services.placing import compute

DAY = date(2026, 11, 24)  # a Tuesday


@dataclass
class Calendar:
    """One launch; `item` adds a calendar item, `placement` finds a thing's placement."""

    launch: Launch
    owner: User

    def act(self) -> Actor:
        return Actor.of(self.owner)

    def item(self, when: Any = None, **values: Any) -> CalendarItem:
        made = add_record(
            actor=SYSTEM,
            launch=self.launch,
            kind=kinds.get("calendar_entry"),
            values={"title": "Item", "when": when, **values},
        )
        assert isinstance(made, CalendarItem)
        return made

    def phase(self, when: Any = None, **values: Any) -> Phase:
        made = add_record(
            actor=SYSTEM,
            launch=self.launch,
            kind=kinds.get("phase"),
            values={"title": "Phase", "when": when, **values},
        )
        assert isinstance(made, Phase)
        return made

    def placement(self, record: Any) -> Placement:
        return Placement.objects.select_related("launch").get(kind=record.kind, record_id=record.pk)

    def follow(self, record: Any, *, phase: Phase | None = None, item: Any = None, days: int) -> Placement:
        """Anchor a thing on a phase or another thing, some days after it."""
        placement = self.placement(record)
        placement.anchor = Placement.Anchor.PHASE if phase else Placement.Anchor.PLACEMENT
        placement.anchor_phase = phase
        placement.anchor_placement = self.placement(item) if item else None
        placement.unit, placement.offset = "day", days
        placement.save()
        compute(placement, anchors_of(placement.launch))
        placement.save()
        return placement

    def preview(self, to: date, *, anchor: str = "launch_day", landing: str = "keep") -> MovePreview:
        launch = Launch.objects.get(pk=self.launch.pk)
        return preview_move(actor=self.act(), launch=launch, anchor=anchor, to=to, landing=landing)

    def move(self, to: date, *, anchor: str = "launch_day", landing: str = "keep") -> MovePreview:
        """Move as a person does: look first, then apply what was shown."""
        shown = self.preview(to, anchor=anchor, landing=landing)
        return apply_move(
            actor=self.act(),
            launch=Launch.objects.get(pk=self.launch.pk),
            anchor=anchor,
            to=to,
            landing=landing,
            fingerprint=shown.fingerprint,
        )

    def dates(self) -> dict[int, tuple[Any, ...]]:
        """All computed dates by placement."""
        return {
            row[0]: row[1:]
            for row in Placement.objects.filter(launch=self.launch).values_list(
                "pk", "starts_on", "ends_on", "starts_at", "ends_at"
            )
        }


def relative(
    unit: str, offset: int, end: int | None = None, *, anchor: str = "launch_day", **more: Any
) -> dict[str, Any]:
    """A relative time as JSON."""
    return {"anchor": anchor, "unit": unit, "offset": offset, "end_offset": end, "text": "then", **more}


def pinned(day: str, end: str | None = None, **more: Any) -> dict[str, Any]:
    return {"date": day, "end_date": end, "text": "then", **more}


def make_calendar(**fields: Any) -> Calendar:
    owner = User.objects.create_user("owner@example.com", name="Owner")
    launch = create_launch(
        actor=Actor.of(owner),
        name="Quiet settings",
        **{
            "zone": "Europe/Berlin",
            "launch_day": DAY,
            "rollout_start": DAY,
            "launch_time": time(9),
            **fields,
        },
    )
    return Calendar(launch, owner)


def one_of_each(calendar: Calendar) -> None:
    """Things with every unit, on both clocks, with and without times, ends and followers."""
    for unit in ("minute", "hour", "day", "business_day", "week", "month", "quarter"):
        for offset in (-13, -1, 0, 1, 2, 31):
            if unit == "quarter" and abs(offset) > 2:
                continue
            calendar.item(relative(unit, offset))
            calendar.item(relative(unit, offset, anchor="rollout_start"))
    calendar.item(relative("day", -3, 4))
    calendar.item(relative("week", 4, open_ended=True))
    calendar.item(relative("day", 2, time="15:00:00"))
    calendar.item(relative("day", 125, time="02:30:00", zone="America/New_York"))
    calendar.item(relative("business_day", -5, time="09:00:00", zone="Pacific/Kiritimati"))
    phase = calendar.phase(relative("week", 1, 2, anchor="rollout_start"))
    first = calendar.item(relative("day", 1))
    calendar.follow(calendar.item(), phase=phase, days=3)
    second = calendar.item()
    calendar.follow(second, item=first, days=2)
    third = calendar.item()
    calendar.follow(third, item=second, days=-4)
