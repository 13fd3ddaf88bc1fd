"""From a launch's dates to offsets, and from offsets to the dates of another launch. Pure: no database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from apps.plans.templating.document import Document, order_of
from apps.plans.templating.parts import Offset
from apps.schedule.models import Placement
from apps.schedule.spans import Anchors, Place, Span, is_working_day, monday_of, span_of
from apps.schedule.when import When, format_when

_DATED_WORDS = re.compile(
    r"\d{4}|\d[./]\d|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Relative:
    """A placement as an offset. `note` says what it was where it became something else."""

    offset: Offset
    note: str = ""


def offset_of(
    placement: Placement, launch_day: date | None, rollout_start: date | None, indexes: Mapping[int, int]
) -> Relative:
    """A placement without its dates; `indexes` maps placement ids to records, phases by their placement.

    What is pinned counts from launch day, else from the rollout's start; whole weeks (Monday to Sunday) stay
    weeks. What hangs on a thing that no template holds is pinned to where it falls first.
    """
    kept = Offset(
        anchor=placement.anchor,
        unit=placement.unit,
        offset=placement.offset,
        end_offset=placement.end_offset,
        open_ended=placement.open_ended,
        time=placement.local_time.isoformat() if placement.local_time else "",
        zone=placement.time_zone,
        precision=placement.precision,
        landing=placement.landing,
        wording=placement.wording,
    )
    if placement.anchor in {Placement.Anchor.LAUNCH_DAY, Placement.Anchor.ROLLOUT_START}:
        # "Week 2 (4 March 2026)" would name a day of the launch that was.
        return Relative(replace(kept, wording=_in_words(kept)) if _DATED_WORDS.search(kept.wording) else kept)
    nowhere = replace(kept, anchor="none", unit="", offset=None, end_offset=None, wording="")
    if placement.anchor == Placement.Anchor.NONE:
        return Relative(replace(nowhere, time="", zone="", precision="", open_ended=False))
    if placement.anchor in {Placement.Anchor.PHASE, Placement.Anchor.PLACEMENT}:
        leader = _leader(placement, indexes)
        if leader is not None and placement.offset is not None:
            return Relative(replace(kept, anchor="record", on=leader))
        first, last = placement.starts_on, placement.ends_on
        was = "hung on something a template does not keep"
    else:
        first, last = placement.pinned_start, placement.pinned_end
        was = f"was pinned to {first}" if first else f"was only roughly dated ({placement.fuzzy})"
    base = launch_day or rollout_start
    if first is None or base is None:
        return Relative(
            replace(nowhere, time="", zone="", precision="", open_ended=False),
            f"“{placement.title[:100]}” {was}: it has no date in the template.",
        )
    found = _counted(kept, first, last or first, base, from_launch=launch_day is not None)
    return Relative(found, f"“{placement.title[:100]}” {was}: it is {found.wording} now.")


def _leader(placement: Placement, indexes: Mapping[int, int]) -> int | None:
    if placement.anchor == Placement.Anchor.PHASE:
        phase = placement.anchor_phase
        above = getattr(phase, "placement", None) if phase is not None else None
        return indexes.get(above.pk) if above is not None else None
    return indexes.get(placement.anchor_placement_id or 0)


def _counted(kept: Offset, first: date, last: date, base: date, *, from_launch: bool) -> Offset:
    weeks = (last - first).days + 1
    whole = from_launch and kept.time == "" and first.weekday() == 0 and weeks % 7 == 0
    if whole:
        start = (first - monday_of(base)).days // 7
        end: int | None = start + weeks // 7 - 1
        unit, precision = "week", "week"
    else:
        start, end = (first - base).days, (last - base).days
        if not from_launch:
            # From the rollout's start days count from 1.
            start, end = (n + 1 if n >= 0 else n for n in (start, end))
        unit, precision = "day", "minute" if kept.time else "day"
    found = replace(
        kept,
        anchor="launch_day" if from_launch else "rollout_start",
        unit=unit,
        offset=start,
        end_offset=end if end != start else None,
        open_ended=False,
        precision=precision,
    )
    return replace(found, wording=_in_words(found))


def _in_words(offset: Offset) -> str:
    return format_when(when_of(replace(offset, wording="")))


def when_of(offset: Offset) -> When:
    """A place as a plan would say it; only for what counts from launch day, the rollout, or has no date."""
    relative = offset.anchor in {"launch_day", "rollout_start"}
    return When(
        text=offset.wording,
        anchor=offset.anchor if relative else None,
        unit=offset.unit or None,  # type: ignore[arg-type]
        offset=offset.offset,
        end_offset=offset.end_offset,
        open_ended=offset.open_ended,
        time=time.fromisoformat(offset.time) if offset.time else None,
        zone=offset.zone or None,
        precision=offset.precision or None,  # type: ignore[arg-type]
    )


def place_of(offset: Offset, *, is_phase: bool = False, landing: str = "") -> Place:
    """A place whose ids are the records' indexes plus one; `is_phase`: what it hangs on is a phase."""
    on = None if offset.on is None else offset.on + 1
    return Place(
        anchor=("phase" if is_phase else "placement") if on else offset.anchor,
        unit=offset.unit,
        offset=offset.offset,
        end_offset=offset.end_offset,
        open_ended=offset.open_ended,
        local_time=time.fromisoformat(offset.time) if offset.time else None,
        time_zone=offset.zone,
        landing=landing or offset.landing,
        anchor_phase_id=on if is_phase else None,
        anchor_placement_id=None if is_phase else on,
    )


@dataclass(frozen=True)
class Dated:
    """Where a record falls. `off_day`: on a weekend or holiday before it was told to go; `landing`: its own."""

    index: int
    span: Span
    off_day: bool = False
    landing: str = "keep"


def dates_of(document: Document, anchors: Anchors, *, landing: str = "keep") -> dict[int, Dated]:
    """Where every record with a time falls, by its index; `anchors` are the new launch's.

    `landing` is what single days do that fall on a weekend or holiday; each record's own choice goes first.
    """
    firsts: dict[int, date | None] = {}
    around = replace(anchors, phases=firsts, placements=firsts)
    found: dict[int, Dated] = {}
    for index in order_of(document):
        offset = document.records[index].when
        if offset is None:
            continue
        hung_on_phase = offset.on is not None and document.records[offset.on].kind == "phase"
        place = place_of(offset, is_phase=hung_on_phase)
        span = span_of(place, around)
        single = span.starts_on is not None and span.starts_on == span.ends_on
        off = single and not is_working_day(span.starts_on or date.min, anchors.holidays)
        own = offset.landing
        if off and own == "keep" and landing != "keep":
            own = landing
            span = span_of(place._replace(landing=own), around)
        firsts[index + 1] = span.starts_on
        found[index] = Dated(index, span, off, own)
    return found


def ends_of(spans: Sequence[Span]) -> tuple[date | None, date | None]:
    """First and last day; None where nothing has a date."""
    days = [day for span in spans for day in (span.starts_on, span.ends_on) if day is not None]
    return (min(days), max(days)) if days else (None, None)


def weeks_of(document: Document) -> list[tuple[int, int]]:
    """How much begins in which week around launch day: (week, how many), weeks without work between included.

    Launch day stands on a Wednesday for this, so that a few days before and after fall into Week 0.
    """
    day = date(2025, 1, 1)
    after = int(document.launch.get("rollout_after", 0))
    anchors = Anchors(launch_day=day, rollout_start=day + timedelta(days=after), zone="UTC")
    counted: dict[int, int] = {}
    for index, dated in dates_of(document, anchors).items():
        if dated.span.starts_on is not None and document.records[index].kind != "phase":
            week = (dated.span.starts_on - monday_of(day)).days // 7
            counted[week] = counted.get(week, 0) + 1
    if not counted:
        return []
    return [(week, counted.get(week, 0)) for week in range(min(counted), max(counted) + 1)]
