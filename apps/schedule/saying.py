"""A place in words: as plans say it where the grammar can, else what it hangs on by name. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from apps.schedule.spans import Place
from apps.schedule.when import When, format_when
from apps.schedule.when_value import UNIT_PRECISION

_UNITS = {
    "minute": "minute",
    "hour": "hour",
    "day": "day",
    "business_day": "business day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
}


def precision_of(place: Place, before: str = "") -> str:
    """How exactly a place says when; `before` is what it was, which a pin keeps."""
    if place.local_time is not None:
        return "minute"
    if place.anchor == "pinned":
        return "week" if before == "week" and place.pinned_end is None else "day"
    return UNIT_PRECISION.get(place.unit, "")


def words_of(place: Place, titles: Mapping[int, str], phases: Mapping[int, str], precision: str = "") -> str:
    """ "T-3 business days", "2026-03-04", or "2 days after “Draft” starts"; cut at 500 characters."""
    if place.anchor == "phase":
        return _hung(place, phases.get(place.anchor_phase_id or 0, "its phase"))
    if place.anchor == "placement":
        return _hung(place, titles.get(place.anchor_placement_id or 0, "another item"))
    return format_when(
        When(
            anchor=place.anchor if place.anchor in {"launch_day", "rollout_start"} else None,
            unit=place.unit or None,  # type: ignore[arg-type]
            offset=place.offset,
            end_offset=place.end_offset,
            open_ended=place.open_ended,
            date=place.pinned_start,
            end_date=place.pinned_end,
            time=place.local_time,
            zone=place.time_zone or None,
            precision=precision or None,  # type: ignore[arg-type]
        )
    )[:500]


def _hung(place: Place, title: str) -> str:
    name = f"“{title[:200]}”"
    first, last = place.offset or 0, place.end_offset
    unit = _UNITS[place.unit or "day"]
    if last is not None and last != first:
        words = f"{unit}s {first:+d} to {last:+d} from the start of {name}"
    elif first == 0:
        words = f"When {name} starts" if unit != "week" else f"The week {name} starts"
    else:
        side = "after" if first > 0 else "before"
        words = f"{abs(first)} {unit}{'' if abs(first) == 1 else 's'} {side} {name} starts"
    if place.local_time is not None:
        words += f", {place.local_time:%H:%M}"
        words += f" {place.time_zone}" if place.time_zone else ""
    return words
