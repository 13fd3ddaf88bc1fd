"""A fact in words: for the preview beside the document, and for saying what changed between two versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.schedule.when import When, format_when

# How a fact's name reads in a sentence; others read as their name without underscores.
LABELS = {
    "targets": "targets",
    "starts": "start",
    "ends": "end",
    "when": "time",
    "text": "description",
    "done": "done",
    "channel_kind": "kind",
    "resource_type": "kind",
    "monitoring_type": "kind",
    "story_kind": "kind",
    "criterion_kind": "kind",
    "deadline_minutes": "deadline",
    "value_proposition": "value",
    "value": "value",
    "parts": "pieces of work",
}
# Not worth a line of their own beside a record: they say again what stands elsewhere.
_QUIET = frozenset({"key", "level", "heading"})


def label_of(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def when_words(value: Mapping[str, Any] | None) -> str:
    """A time as it was written, else as the portal writes it."""
    if not value:
        return ""
    if value.get("text"):
        return str(value["text"])
    return format_when(When.from_json(dict(value)))


def minutes_words(minutes: int) -> str:
    """A deadline: 15 minutes, 2 hours, 3 days."""
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes and minutes % size == 0 and (size == 60 or minutes > 1440):
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def target_words(target: Mapping[str, Any]) -> str:
    text = str(target.get("text") or target.get("metric") or "")
    return text if target.get("kind", "target") == "target" else f"{text} ({target['kind']})"


def words(name: str, value: Any) -> str:
    """The value of a fact in words; empty for what says nothing."""
    if value in (None, "", [], False):
        return ""
    if name in ("when", "starts", "ends") and isinstance(value, Mapping):
        return when_words(value)
    if name == "targets":
        return "; ".join(target_words(target) for target in value)
    if name == "topics":
        return "; ".join(
            f"{topic['title']}: {topic['text']}" if topic.get("text") else str(topic["title"])
            for topic in value
        )
    if name == "percent":
        return f"{value:g}%" if isinstance(value, int | float) else f"{value}%"
    if name == "deadline_minutes":
        return minutes_words(int(value))
    if name == "parts":
        return "; ".join(str(part) for part in value)
    if value is True:
        return "yes"
    if name.endswith(("_kind", "_type")) or name in ("cadence", "status"):
        return str(value).replace("_", " ")
    return str(value)


def facts_in_words(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, words) of every fact that says something, in their order; the description comes last."""
    told = []
    for name, value in fields.items():
        shown = "" if name in _QUIET or name in ("text", "group") else words(name, value)
        if name == "parts" and len(value or []) < 2:
            continue
        if name == "ends" and shown and shown == words("starts", fields.get("starts")):
            continue
        if shown:
            told.append((label_of(name), shown))
    if fields.get("text"):
        told.append((label_of("text"), str(fields["text"])))
    return told
