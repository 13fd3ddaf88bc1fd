"""The records as they are today, as the writer takes them, and what counts as a changed field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.plans.reading.model import Reading
from apps.plans.writing.layout import Laid, Layout

_WHEN = ("anchor", "unit", "offset", "end_offset", "open_ended", "date", "end_date", "time", "zone", "fuzzy")
_TARGET = ("comparator", "value", "unit", "relation", "window_days", "percentile", "armed_after_days", "kind")
# Read off other fields or off the record's place; never written for their own sake.
UNWRITTEN = frozenset({"parts", "labels", "placeholders", "key", "level", "scope"})

# A kind nobody chose: what a record is of that was given none. Saying it and saying nothing is the same.
UNSAID = {
    "channel_kind": "other",
    "resource_type": "other",
    "story_kind": "other",
    "monitoring_type": "alert",
    "criterion_kind": "event",
}
# What a record that never told it takes from its kind, its title or its place in the document.
BY_PLACE = frozenset({"rank", "group", *UNSAID})


@dataclass(frozen=True)
class Live:
    """A record as it is today.

    `key` is the key of the layout's record it came from; a key the layout does not know is a new record.
    `fields` has the reader's names and JSON values; a field that is left out counts as unchanged.
    `position` orders the records of a kind; `parent` is the key of the phase of a rollout step.
    """

    kind: str
    key: str
    title: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""
    position: float = 0
    parent: str | None = None


def live_records(reading: Reading) -> list[Live]:
    """The typed records of a reading as if nothing had happened to them since."""
    keys = [record.key for record in reading.records]
    return [
        Live(
            kind=record.kind,
            key=record.key,
            title=record.title,
            fields=dict(record.fields),
            group=record.group,
            position=index,
            parent=keys[record.parent] if record.parent is not None else None,
        )
        for index, record in enumerate(reading.records)
        if record.typed
    ]


def unchanged(layout: Layout) -> list[Live]:
    """The layout's own typed records, as read."""
    return [
        Live(laid.kind, laid.key, laid.title, dict(laid.fields), laid.group, index, laid.parent)
        for index, laid in enumerate(layout.records)
        if laid.kind not in ("note", "heading")
    ]


def with_one_time(live: Live) -> Live:
    """A phase whose end says the same as its start has a single time, which documents tell once."""
    ends = live.fields.get("ends")
    if live.kind != "phase" or not ends or not same_time(live.fields.get("starts"), ends):
        return live
    return replace(live, fields={**live.fields, "ends": None})


def same(name: str, left: Any, right: Any) -> bool:
    """Whether two values of a field say the same; a time's or target's wording does not count."""
    if name in ("when", "starts", "ends"):
        return same_time(left, right)
    if name == "targets":
        return same_targets(left or [], right or [])
    if name == "topics":
        return _topics(left) == _topics(right)
    if name in UNSAID:
        return (tidy(left) or UNSAID[name]) == (tidy(right) or UNSAID[name])
    if isinstance(left, bool) or isinstance(right, bool):
        return bool(left) == bool(right)
    if isinstance(left, int | float) or isinstance(right, int | float):
        return bool(left == right)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return json.dumps(left, sort_keys=True, default=str) == json.dumps(right, sort_keys=True, default=str)
    return tidy(left) == tidy(right)


def unsaid(name: str, value: Any) -> bool:
    """Whether a field of a record that no document tells yet may be read off its place or title."""
    return name in BY_PLACE and (value in (None, "") or value == UNSAID.get(name))


def tidy(value: Any) -> str:
    """A text without space around its lines."""
    return "\n".join(line for part in str(value or "").split("\n") if (line := " ".join(part.split())))


def same_time(left: Mapping[str, Any] | None, right: Mapping[str, Any] | None) -> bool:
    if not left or not right:
        return not left and not right
    return all(
        (left.get(name) or None) == (right.get(name) or None) for name in _WHEN if name != "offset"
    ) and (left.get("offset") == right.get("offset"))


def same_target(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return all(
        (left.get(name) or None) == (right.get(name) or None) for name in _TARGET if name != "kind"
    ) and ((left.get("kind") or "target") == (right.get("kind") or "target"))


def same_targets(left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]]) -> bool:
    return len(left) == len(right) and all(same_target(a, b) for a, b in zip(left, right, strict=True))


def _topics(value: Any) -> list[tuple[str, str]]:
    return [(tidy(topic.get("title")), tidy(topic.get("text"))) for topic in value or []]


def changed_fields(laid: Laid, live: Live) -> dict[str, Any]:
    """Which fields of a record differ from what the document says, `title` among them."""
    found: dict[str, Any] = {}
    if tidy(live.title) != tidy(laid.title) and live.kind != "rollout_step":
        found["title"] = live.title
    for name, value in live.fields.items():
        if name in UNWRITTEN or name == "group":
            continue
        if not same(name, laid.fields.get(name), value):
            found[name] = value
    return found
