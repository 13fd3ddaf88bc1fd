"""JSON values of fields as the text a plan tells them in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.core.vocabulary import load
from apps.metrics.targets import TargetSpec, format_target, parse_targets
from apps.plans.writing.live import same_target, same_time
from apps.schedule.when import When, format_when, parse_when

ANCHORS = {"phase": "rollout_start"}


def expressed(language: str, kind: str, name: str, value: Any) -> str:
    """The text of a field; "" for nothing."""
    if value in (None, "", [], {}):
        return ""
    if name in ("when", "starts", "ends"):
        return time_text(language, kind, value)
    if name == "targets":
        return ", ".join(target_text(language, target) for target in value)
    if name == "deadline_minutes":
        return duration(int(value))
    if name == "done":
        return "x" if value else ""
    if name == "topics":
        return ", ".join(str(topic.get("title") or "") for topic in value)
    return str(value)


def time_text(language: str, kind: str, value: Mapping[str, Any]) -> str:
    """A time's own wording if it still says that time, else the plain form."""
    text = str(value.get("text") or "")
    if text and "\n" not in text:
        anchor = ANCHORS.get(kind, "launch_day")
        read = parse_when(text, vocab=load(language), default_anchor=anchor)
        if read is not None and same_time(read.to_json(), value):
            return text
    return format_when(When.from_json(dict(value)))


def span_text(
    language: str, kind: str, starts: Mapping[str, Any] | None, ends: Mapping[str, Any] | None
) -> tuple[str, str]:
    """A phase's time in one stretch, and what of its end does not go into it."""
    if not starts:
        return "", time_text(language, kind, ends) if ends else ""
    whole = dict(starts)
    if not ends:
        return time_text(language, kind, whole), ""
    same_clock = all(
        starts.get(name) == ends.get(name) for name in ("anchor", "unit", "time", "zone", "fuzzy")
    )
    if (
        same_clock
        and starts.get("offset") is not None
        and ends.get("offset") is not None
        and not starts.get("date")
    ):
        whole["end_offset"] = ends["offset"]
        return time_text(language, kind, whole), ""
    if same_clock and starts.get("date") and ends.get("date") and starts.get("offset") is None:
        whole["end_date"] = ends["date"]
        return time_text(language, kind, whole), ""
    return time_text(language, kind, starts), time_text(language, kind, ends)


def target_text(language: str, target: Mapping[str, Any]) -> str:
    """A target's own wording if it still says that target, else the plain form."""
    text = str(target.get("text") or "")
    if text and "\n" not in text:
        read = parse_targets(text, vocab=load(language))
        if len(read) == 1 and same_target({**read[0].to_json(), "kind": target.get("kind")}, target):
            return text
    return format_target(spec_of(target))


def spec_of(target: Mapping[str, Any]) -> TargetSpec:
    """A target from its JSON; a value that is no number counts as unsaid."""
    try:
        value = None if target.get("value") is None else Decimal(str(target["value"]))
    except InvalidOperation:
        value = None
    return TargetSpec(
        metric=str(target.get("metric") or ""),
        comparator=target.get("comparator"),
        value=value,
        unit=target.get("unit"),
        relation=target.get("relation") or "absolute",
        window_days=target.get("window_days"),
        percentile=target.get("percentile"),
        armed_after_days=target.get("armed_after_days"),
        text=str(target.get("text") or ""),
        kind=target.get("kind") or "target",
    )


def duration(minutes: int) -> str:
    """`90` -> "90 minutes", `120` -> "2 hours", `2880` -> "2 days"."""
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes and minutes % size == 0 and (size < 1440 or minutes > 1440):
            count = minutes // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return f"{minutes} minutes"


def percent(value: Any) -> str:
    """A percent without needless zeros and without the sign."""
    number = Decimal(str(value))
    return f"{number.normalize():f}"
