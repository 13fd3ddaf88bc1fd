"""From a portal record to the fact it is, in the reader's words: for export, versions and comparing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from apps.launches import kinds, selectors
from apps.launches.models import LaunchRecord
from apps.plans.mapping.inward import RENAMED

# Kinds whose facts a document files under another kind.
FILED_UNDER = {"office_hours": "enablement"}


def reader_kind(kind: str) -> str:
    return FILED_UNDER.get(kind, kind)


def facts_of(record: LaunchRecord) -> dict[str, Any]:
    """The record's columns and facets under the reader's names, JSON types only (facets are loaded)."""
    columns = selectors.as_fields(record)
    back = {column: name for name, column in RENAMED.get(record.kind, {}).items()}
    facts: dict[str, Any] = {back.get(name, name): plain(value) for name, value in columns.items()}
    facts.setdefault("group", record.group)
    if "owner" not in facts and (record.owner_id or record.owner_name):
        facts["owner"] = str(record.owner) if record.owner_id else record.owner_name
    if record.kind == "phase":
        facts["starts"], facts["ends"] = halves(facts.pop("when", None))
    elif record.kind == "rollout_step":
        facts.pop("phase", None)
        facts["percent"] = float(columns["percent"])
    elif record.kind == "calendar_entry":
        facts["done"] = columns["status"] == "published"
        facts["parts"] = list(getattr(record, "parts", []))
        facts["channel"] = columns["channel"] or ""
    elif record.kind == "segment":
        facts["heading"] = facts["group"]
        facts["group"] = facts.pop("rank")
    elif record.kind == "office_hours":
        facts["resource_type"] = "office_hours"
    if "team" in facts:
        facts["team"] = facts["team"] or ""
    return facts


def halves(when: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """A phase's one time as its start and its end."""
    if not when:
        return None, None
    starts, ends = dict(when), dict(when)
    if when.get("end_offset") is not None:
        starts["end_offset"] = None
        ends.update(offset=when["end_offset"], end_offset=None)
    elif when.get("end_date"):
        starts["end_date"] = None
        ends.update(date=when["end_date"], end_date=None)
    if when.get("open_ended"):
        starts["open_ended"] = False
    return starts, ends


def plain(value: Any) -> Any:
    """A column's value as JSON."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def kind_label(kind: str) -> str:
    return kinds.get(kind).label
