"""The launch ruler: a launch from its first to its last week, laid out for `components/ruler.html`.

Pure: dates in, positions out. Positions along the ruler are percent of its width, so that the picture grows
with the page while its text does not; heights are pixels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.core.dates import city_of, day_words, monday_of, span_words, t_label
from apps.portal.ruler_parts import Column, Entry, Mark, Ruler, Segment, Step
from apps.portal.scale import WEEK, RulerWeek, Scale, build_scale, weeks_holding

__all__ = ["Ruler", "RulerData", "RulerPhase", "RulerTick", "RulerWeek", "build_ruler"]

# Pixels: the least a week may take, and the distance that keeps every tick a target of its own (WCAG 2.5.8).
LEAST_WEEK = 44
COMFORTABLE_WEEK = 160
LEAST_WIDTH = 480
READABLE_CHARACTERS = 8
TARGET = 24
TICK_LANES = 2
# "Phase 1: " before a name says nothing that its place does not.
NUMBERED = re.compile(r"^\w+ \d+\s*[:.–—-]\s*(?=\S)")
# A list and a title longer than this help nobody.
MOST_LISTED, MOST_NAMED = 100, 8
PHASE_TOP, PHASE_STEP = 26, 32
# Estimated pixels per character: names of phases (12.5 px, 600), names of weeks (12 px).
PHASE_CHARACTER, WEEK_CHARACTER = 6.6, 6.8
# What a group of ticks shows: the state that most wants to be seen.
URGENCY = ("blocked", "late", "due", "upcoming", "done", "undated", "cancelled")
WORDS = {
    "done": "done",
    "due": "due",
    "late": "late",
    "blocked": "blocked",
    "upcoming": "planned",
    "cancelled": "cancelled",
    "undated": "no date",
}


@dataclass(frozen=True)
class RulerPhase:
    """A stage of the rollout. Dates include both ends; without `starts` its place is only its order.

    `state` is planned, active, held or finished. `steps` are its undated steps and whether each is done, `gates`
    how many of its gates are signed off, and how many there are.
    """

    title: str
    percent: str = ""
    state: str = "planned"
    starts: date | None = None
    ends: date | None = None
    url: str = ""
    steps: tuple[bool, ...] = ()
    gates: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class RulerTick:
    """A dated thing. `state` is a placement's standing, or blocked. Dates include both ends."""

    title: str
    starts: date | None
    state: str = "upcoming"
    url: str = ""
    ends: date | None = None


@dataclass(frozen=True)
class RulerData:
    """All that the ruler shows. Without `weeks` they run from the first to the last date there is.

    Days are days in `zone`. `calendar_url` is where ticks lead that stand too close to draw apart.
    """

    today: date
    launch_day: date | None = None
    zone: str = "UTC"
    phases: Sequence[RulerPhase] = ()
    ticks: Sequence[RulerTick] = ()
    weeks: Sequence[RulerWeek] = ()
    calendar_url: str = ""


def build_ruler(data: RulerData, width: int = 960) -> Ruler:
    """Lay the ruler out for a place at least `width` pixels wide.

    Things without a date share a place of their own at the end, evenly spaced in their order; a launch
    without any dates is all such a place, and says that it is not to scale.
    """
    days = [*_days(data)]
    weeks = list(data.weeks) or weeks_holding([*days, data.today] if days else [], data.launch_day)
    scale = build_scale(
        weeks,
        [*days, data.today],
        loose_ticks=sum(1 for tick in data.ticks if tick.starts is None),
        loose_phases=sum(1 for phase in data.phases if phase.starts is None),
    )
    count = scale.columns
    least = int(max(min(width, count * COMFORTABLE_WEEK), count * LEAST_WEEK, LEAST_WIDTH))
    phases, phase_lanes = _phases(data, scale, least)
    top = PHASE_TOP + PHASE_STEP * phase_lanes + 2
    marks, tick_lanes = _marks(data, scale, least, top)
    to_scale = bool(weeks)
    listed = _listed(data)
    return Ruler(
        width=least,
        height=top + TARGET * tick_lanes + 4,
        columns=_columns(data, scale, least),
        phases=phases,
        marks=marks,
        today=_percent(scale.at(data.today, 0.5)) if to_scale else None,
        launch=_percent(scale.at(data.launch_day, 0.5)) if to_scale and data.launch_day else None,
        counts=_counts(data.ticks),
        phase_entries=[_phase_entry(phase, data.today.year) for phase in data.phases],
        tick_entries=[_tick_entry(tick, data) for tick in listed],
        unlisted=len(data.ticks) - len(listed),
        calendar_url=data.calendar_url,
        today_words=day_words(data.today, this_year=data.today.year),
        place=city_of(data.zone),
        to_scale=to_scale,
    )


def _percent(fraction: float) -> str:
    return f"{min(1.0, max(0.0, fraction)) * 100:.3f}".rstrip("0").rstrip(".") + "%"


def _days(data: RulerData) -> Iterable[date]:
    things: tuple[RulerPhase | RulerTick, ...] = (*data.phases, *data.ticks)
    for thing in things:
        if thing.starts:
            yield thing.starts
            yield max(thing.ends or thing.starts, thing.starts)
    if data.launch_day:
        yield data.launch_day


def _columns(data: RulerData, scale: Scale, width: int) -> list[Column]:
    single = [span for span in scale.spans if span.weeks == 1]
    pixels = single[0].size * width if single else width
    every = max(1, -(-34 // int(pixels)))
    home = monday_of(data.launch_day or (single[0].first if single else data.today))
    columns = []
    for span in scale.spans:
        x, size = _percent(span.start), _percent(span.size)
        if span.weeks > 1:
            last = span.first + WEEK * span.weeks - timedelta(days=1)
            title = f"{span.weeks} weeks with nothing in them, {span_words(span.first, last)}"
            columns.append(Column(x, size, f"{span.weeks} wk", "", title, folded=span.weeks))
            continue
        name = dated = ""
        if (span.first - home).days // 7 % every == 0:
            day = day_words(span.first, this_year=span.first.year, weekday=False)
            name, dated = _fit_week(span.label, day, pixels * every)
        title = ", from ".join(filter(None, [span.label, day_words(span.first)]))
        columns.append(Column(x, size, name, dated, title, now=span.first == monday_of(data.today)))
    if scale.loose_start < 1.0:
        name = "No date" if scale.spans else "In order"
        size = _percent(1.0 - scale.loose_start)
        columns.append(
            Column(_percent(scale.loose_start), size, name, "", "Not placed in time", undated=True)
        )
    return columns


def _fit_week(label: str, day: str, pixels: float) -> tuple[str, str]:
    """What of "Week −2" and "9 Nov" a week's head has room for."""
    if not label:
        return day, ""
    if (len(label) + len(day)) * WEEK_CHARACTER + 30 <= pixels:
        return label, day
    if len(label) * WEEK_CHARACTER + 12 <= pixels:
        return label, ""
    return label.replace("Week ", "W"), ""


def _phases(data: RulerData, scale: Scale, width: int) -> tuple[list[Segment], int]:
    """Phases as segments; those that overlap in time stand below each other."""
    ends: list[float] = []
    segments = []
    loose = [phase for phase in data.phases if phase.starts is None]
    upcoming = next((phase for phase in data.phases if phase.state == "planned"), None)
    active = any(phase.state in {"active", "held"} for phase in data.phases)
    for index, phase in enumerate(data.phases):
        if phase.starts is None:
            number = next(place for place, each in enumerate(loose) if each is phase)
            start, end = scale.loose(number, len(loose)), scale.loose(number + 1, len(loose))
        else:
            start, end = scale.at(phase.starts), _end_of(index, data.phases, scale)
        lane = next((number for number, last in enumerate(ends) if start >= last - 1e-9), len(ends))
        ends[lane : lane + 1] = [end]
        pixels = (end - start) * width
        name, percent = _fit_phase(phase, pixels)
        state = "next" if phase is upcoming and (active or phase.starts) else phase.state
        segments.append(
            Segment(
                x=_percent(start),
                width=_percent(end - start),
                y=PHASE_TOP + PHASE_STEP * lane,
                name=name,
                percent=percent,
                state=state,
                title=_phase_title(phase, data.today.year),
                url=phase.url,
                steps=_steps(phase.steps, pixels),
                unplaced=phase.starts is None,
                gate=_gate(phase),
            )
        )
    return segments, len(ends)


def _end_of(index: int, phases: Sequence[RulerPhase], scale: Scale) -> float:
    """Where a dated phase ends; one that names no end lasts until the next begins."""
    phase = phases[index]
    starts = phase.starts or date.min
    if phase.ends and phase.ends >= starts:
        return scale.at(phase.ends, 1.0)
    following = next((later.starts for later in phases[index + 1 :] if later.starts), None)
    if phase.ends is None and following and following > starts:
        return scale.at(following)
    return scale.spans[-1].end if phase.ends is None else scale.at(starts, 1.0)


def _fit_phase(phase: RulerPhase, pixels: float) -> tuple[str, str]:
    """What of a phase's name and percent has room; a stump of a name gives way to the percent."""
    share = len(phase.percent) * PHASE_CHARACTER
    shown = bool(phase.percent) and share + 16 <= pixels
    room = int((pixels - (share + 36 if shown else 24)) / PHASE_CHARACTER)
    name = phase.title if len(phase.title) <= room else NUMBERED.sub("", phase.title)
    if shown and len(name) > room and room < READABLE_CHARACTERS:
        return "", phase.percent
    return _shorten(name, room), phase.percent if shown else ""


def _steps(steps: Sequence[bool], pixels: float) -> tuple[Step, ...]:
    """Equal parts of the segment with a gap of four pixels between them."""
    inset = min(0.2, 10 / pixels) if pixels else 0.0
    share = (1 - 2 * inset) / len(steps) if steps else 0.0
    gap = min(share / 3, 4 / pixels) if pixels else 0.0
    return tuple(
        Step(_percent(inset + share * number), _percent(share - gap), done)
        for number, done in enumerate(steps)
    )


def _shorten(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    return text[: characters - 1].rstrip(" ,.:;-–&") + "…" if characters >= 4 else ""


def _marks(data: RulerData, scale: Scale, width: int, top: int) -> tuple[list[Mark], int]:
    """Ticks at their days. What shares a span of days is spread over it; what would overlap goes a lane
    down, and then together."""
    placed = sorted(_places(data.ticks, scale, data.today), key=lambda pair: pair[0])
    lanes: list[list[tuple[float, list[RulerTick]]]] = []
    gap = TARGET / width
    half = gap / 2
    for x, tick in placed:
        x = min(max(x, half), 1 - half)
        for lane in lanes:
            if x - lane[-1][0] >= gap - 1e-9:
                lane.append((x, [tick]))
                break
        else:
            if len(lanes) < TICK_LANES:
                lanes.append([(x, [tick])])
            else:
                min(lanes, key=lambda lane: lane[-1][0])[-1][1].append(tick)
    marks = [
        _mark(x, top + TARGET * number + TARGET // 2, ticks, data)
        for number, lane in enumerate(lanes)
        for x, ticks in lane
    ]
    marks.sort(key=lambda mark: (float(mark.x[:-1]), mark.y))
    return marks, len(lanes)


def _places(ticks: Sequence[RulerTick], scale: Scale, today: date) -> Iterable[tuple[float, RulerTick]]:
    groups: dict[tuple[date | None, date | None], list[RulerTick]] = {}
    for tick in ticks:
        groups.setdefault(_stretch(tick, today), []).append(tick)
    for (start, end), group in groups.items():
        if start is None:
            left, size = scale.loose_start, 1.0 - scale.loose_start
        elif end is None or end == start:
            left, size = scale.at(start, 0.5), 0.0
        else:
            left = scale.at(start)
            size = scale.at(end, 1.0) - left
        for number, tick in enumerate(group):
            yield left + size * (number + 1) / (len(group) + 1), tick


def _stretch(tick: RulerTick, today: date) -> tuple[date | None, date | None]:
    """The days a tick is spread over: its own, or of a long stretch that is due now the part of this week."""
    start, end = tick.starts, tick.ends
    if start is None or end is None or end <= start:
        return start, start
    monday = monday_of(today)
    if tick.state == "due" and end - start >= WEEK and start <= today <= end:
        return max(start, monday), min(end, monday + WEEK - timedelta(days=1))
    return start, end


def _mark(x: float, y: int, ticks: Sequence[RulerTick], data: RulerData) -> Mark:
    if len(ticks) == 1:
        entry = _tick_entry(ticks[0], data)
        return Mark(_percent(x), y, entry.state, f"{entry.title}: {entry.when}, {entry.word}", entry.url)
    state = min((_state(tick) for tick in ticks), key=URGENCY.index)
    titles = "; ".join(f"{tick.title} ({WORDS[_state(tick)]})" for tick in ticks[:MOST_NAMED])
    if len(ticks) > MOST_NAMED:
        titles += f"; and {len(ticks) - MOST_NAMED} more"
    return Mark(
        _percent(x), y, state, f"{len(ticks)} items: {titles}", data.calendar_url or ticks[0].url, len(ticks)
    )


def _state(tick: RulerTick) -> str:
    if tick.starts is None and tick.state in {"upcoming", "planned"}:
        return "undated"
    return tick.state if tick.state in WORDS else "upcoming"


def _listed(data: RulerData) -> list[RulerTick]:
    """The ticks in order of time; of very many those nearest to today, which the calendar holds in full."""

    def far(tick: RulerTick) -> tuple[bool, int]:
        return tick.starts is None, abs((tick.starts - data.today).days) if tick.starts else 0

    nearest = sorted(data.ticks, key=far)[:MOST_LISTED]
    return sorted(nearest, key=lambda tick: (tick.starts is None, tick.starts or date.min))


def _counts(ticks: Sequence[RulerTick]) -> list[tuple[str, str, int]]:
    states = [_state(tick) for tick in ticks]
    return [(state, word, states.count(state)) for state, word in WORDS.items() if state in states]


def _phase_title(phase: RulerPhase, year: int) -> str:
    entry = _phase_entry(phase, year)
    share = f", {phase.percent}" if phase.percent else ""
    signed, gates = phase.gates
    gate = f", {signed} of {gates} gates signed off" if gates else ""
    return f"{phase.title}{share}: {entry.when}, {entry.word}{gate}"


def _gate(phase: RulerPhase) -> str:
    signed, gates = phase.gates
    if not gates:
        return ""
    return "signed" if signed == gates else "open"


def _phase_entry(phase: RulerPhase, year: int) -> Entry:
    when = span_words(phase.starts, phase.ends, this_year=year) if phase.starts else "no date"
    if phase.starts and phase.ends is None:
        when = f"from {when}"
    word = {"held": "on hold", "active": "running"}.get(phase.state, phase.state)
    title = f"{phase.title} ({phase.percent})" if phase.percent else phase.title
    return Entry(when, title, phase.state, word, phase.url, phase.starts)


def _tick_entry(tick: RulerTick, data: RulerData) -> Entry:
    state = _state(tick)
    if tick.starts is None:
        when = "no date"
    elif tick.ends and tick.ends > tick.starts:
        when = span_words(tick.starts, tick.ends, this_year=data.today.year)
    else:
        when = day_words(tick.starts, this_year=data.today.year)
        if data.launch_day:
            when = f"{t_label(tick.starts, data.launch_day)}, {when}"
    return Entry(when, tick.title, state, WORDS[state], tick.url, tick.starts)
