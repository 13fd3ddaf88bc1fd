"""From a fact as the reader tells it to the values of a portal record."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models

from apps.core.fields import BODY, LINE
from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.metrics.facets import MAX_TARGETS
from apps.plans.mapping.directory import Directory
from apps.reviews.models import MAX_TOPICS

# Where a record's column has another name than the plan's fact.
RENAMED: dict[str, dict[str, str]] = {
    "history": {"version": "label", "summary": "text"},
}
# Facts that have a way of their own below, or that only say again what others say.
_OWN_WAY = frozenset(
    {"text", "owner", "team", "group", "when", "starts", "ends", "targets", "channel", "done", "parts", "topics",
     "percent", "rank", "deadline_minutes"}
)  # fmt: skip
_LARGEST = Decimal(10) ** 15
# The reader tells some types apart that the portal files together.
_SYNONYMS: dict[str, dict[str, str]] = {
    "channel_kind": {"webinar": "event", "ads": "paid", "partner": "sales"},
    "resource_type": {"migration": "guide", "tour": "guide"},
    "story_kind": {"analytics": "usage", "reference": "testimonial"},
}


def kind_of(reader_kind: str, fields: Mapping[str, Any]) -> Kind:
    """The portal's kind for a kind of the reader: office hours have one of their own."""
    if reader_kind == "enablement" and fields.get("resource_type") == "office_hours":
        return kinds.get("office_hours")
    return kinds.get(reader_kind)


def values_of(
    kind: Kind, title: str, group: str, fields: Mapping[str, Any], directory: Directory
) -> dict[str, Any]:
    """Values for `records.add_records`. What a column cannot hold goes to the text: nothing is dropped."""
    spill: list[str] = []
    values: dict[str, Any] = {"group": _cut(group, 300)}
    renamed = RENAMED.get(kind.key, {})
    text = str(fields.get(_source_of(renamed, "text")) or "")
    values["title"] = _line(title, LINE, "", spill) or _line(text, LINE, "", []) or kind.label
    for name, value in fields.items():
        column = renamed.get(name, name)
        if name in _OWN_WAY or column == "text" or value in (None, "", []):
            continue
        model_field = _column(kind, column)
        if model_field is None:
            continue
        if model_field.choices:
            value = _SYNONYMS.get(column, {}).get(str(value), value)
            if str(value) in {choice for choice, _ in model_field.flatchoices}:
                values[column] = str(value)
        elif isinstance(model_field, models.CharField):
            values[column] = _line(str(value), model_field.max_length or LINE, name, spill)
        elif isinstance(model_field, models.TextField):
            values[column] = _cut(str(value), BODY)
        elif not model_field.is_relation:
            values[column] = model_field.to_python(value)
    _special(kind, fields, directory, values, spill)
    values["text"] = _cut("\n\n".join([*spill, text] if text else spill), BODY)
    return values


def _special(
    kind: Kind, fields: Mapping[str, Any], directory: Directory, values: dict[str, Any], spill: list[str]
) -> None:
    owner = str(fields.get("owner") or "").strip()
    if owner:
        person = directory.person(owner)
        if person is not None:
            values["owner"] = person
        else:
            values["owner_name"] = _line(owner, 200, "owner", spill)
    team = str(fields.get("team") or "").strip()
    if team and "team" in kind.fields:
        found = directory.team(team)
        if found is not None:
            values["team"] = found
        elif not owner and team.casefold() not in f"{values['title']}".casefold():
            values["owner_name"] = _line(team, 200, "team", spill)
    facets = kinds.facets(kind)
    if "when" in facets:
        when = fields.get("when") or span(fields.get("starts"), fields.get("ends"), spill)
        if when:
            values["when"] = when
    if "targets" in facets and fields.get("targets"):
        values["targets"] = [_bounded(target) for target in fields["targets"][:MAX_TARGETS]]
    if kind.key == "calendar_entry":
        name = str(fields.get("channel") or "").strip()
        channel = directory.channel(name)
        if channel is not None:
            values["channel"] = channel
        elif name:
            spill.append(f"Channel: {name}")
        if fields.get("done"):
            values["status"] = "published"
    elif kind.key == "segment":
        values["rank"] = fields.get("group") if fields.get("group") in ("primary", "secondary") else ""
    elif kind.key == "key_message":
        rank = fields.get("rank")
        values["rank"] = rank if isinstance(rank, int) and 0 < rank < 32_768 else None
    elif kind.key == "rollout_step":
        values["percent"] = _percent(fields.get("percent"))
    elif kind.key == "rollback_step":
        minutes = fields.get("deadline_minutes")
        values["deadline_minutes"] = minutes if isinstance(minutes, int) and 0 <= minutes <= 525_600 else None
    elif kind.key == "review":
        topics = [topic for topic in fields.get("topics") or [] if str(topic.get("title") or "").strip()]
        values["topics"] = [
            {"title": str(topic["title"]), "text": str(topic.get("text") or "")}
            for topic in topics[:MAX_TOPICS]
        ]
        spill.extend(
            f"{topic['title']}: {topic.get('text') or ''}".strip(" :") for topic in topics[MAX_TOPICS:]
        )
    elif kind.key == "kpi" and fields.get("group") and not values["group"]:
        values["group"] = _cut(str(fields["group"]), 300)


def blank(kind: Kind, name: str) -> Any:
    """The value that says nothing, for a column or facet of a kind."""
    if name in kinds.facets(kind):
        return [] if name == "targets" else None
    column: models.Field[Any, Any] = kind.model._meta.get_field(name)  # type: ignore[assignment]  # no relation back
    return column.get_default()


def changed_values(
    kind: Kind,
    old: tuple[str, str, Mapping[str, Any]],
    new: tuple[str, str, Mapping[str, Any]],
    directory: Directory,
) -> dict[str, Any]:
    """Only the values that differ between two states of a fact, each told as (title, group, fields)."""
    before, after = values_of(kind, *old, directory), values_of(kind, *new, directory)
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    changed |= {name: blank(kind, name) for name in before if name not in after}
    if "owner" in changed or "owner_name" in changed:
        changed.setdefault("owner", None)
        changed.setdefault("owner_name", "")
    return changed


def span(starts: Any, ends: Any, spill: list[str] | None = None) -> dict[str, Any] | None:
    """One time from a start and an end (JSON). An end that counts otherwise than the start stays as text."""
    if not starts and not ends:
        return None
    if not starts or not ends or starts == ends:
        return dict(starts or ends)
    whole = dict(starts)
    if starts.get("text") != ends.get("text") and starts.get("text") and ends.get("text"):
        whole["text"] = f"{starts['text']} – {ends['text']}"
    if starts.get("offset") is not None and ends.get("offset") is not None:
        same = all(starts.get(name) == ends.get(name) for name in ("anchor", "unit"))
        last = ends["end_offset"] if ends.get("end_offset") is not None else ends["offset"]
        if same and last >= starts["offset"]:
            whole["end_offset"] = last
            whole["open_ended"] = bool(ends.get("open_ended"))
            return whole
    elif starts.get("date") and ends.get("date"):
        last_day = ends.get("end_date") or ends["date"]
        if last_day >= starts["date"]:
            whole["end_date"] = last_day
            return whole
    whole["text"] = starts.get("text") or ""
    if spill is not None and ends.get("text"):
        spill.append(f"Ends: {ends['text']}")
    return whole


def _bounded(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target whose numbers the database can hold; the words stay in its text in any case."""
    kept = dict(target)
    try:
        number = None if kept.get("value") is None else Decimal(str(kept["value"]))
    except InvalidOperation:
        number = None
    if number is not None and (not number.is_finite() or abs(number) >= _LARGEST):
        number = None
    if number is None:
        kept["value"] = None
    elif not kept.get("comparator"):
        kept["comparator"] = "eq"
    for name in ("window_days", "armed_after_days"):
        part = kept.get(name)
        if not isinstance(part, int) or not 0 <= part <= 3660:
            kept[name] = None
    percentile = kept.get("percentile")
    if not isinstance(percentile, int) or not 1 <= percentile <= 100:
        kept["percentile"] = None
    return kept


def _percent(value: Any) -> Decimal:
    try:
        number = Decimal(str(value if value is not None else 0)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return Decimal(0)
    return min(max(number, Decimal(0)), Decimal(100))


def _column(kind: Kind, name: str) -> Any:
    if name not in kind.fields:
        return None
    return kind.model._meta.get_field(name)


def _source_of(renamed: Mapping[str, str], column: str) -> str:
    return next((name for name, target in renamed.items() if target == column), column)


def _line(value: str, limit: int, label: str, spill: list[str]) -> str:
    """One line of at most `limit` characters; a longer one is cut and spilled whole."""
    line = " ".join(value.split()) if "\n" in value else value.strip()
    if len(line) <= limit:
        return line
    spill.append(f"{label[:1].upper()}{label[1:]}: {value.strip()}".removeprefix(": ").replace("_", " ", 1))
    return line[: limit - 1].rstrip() + "…"


def _cut(value: str, limit: int) -> str:
    return value if len(value) <= limit else value[: limit - 1] + "…"
