"""JSON Schema of times and placements, for the API's description of itself."""

from __future__ import annotations

from typing import Any

from apps.schedule.models import Placement

_PARTS: dict[str, Any] = {
    "text": {"type": "string", "maxLength": 500, "description": "As the plan says it."},
    "anchor": {"enum": ["launch_day", "rollout_start", None]},
    "unit": {"enum": ["minute", "hour", "day", "business_day", "week", "month", "quarter", None]},
    "offset": {"type": ["integer", "null"], "description": "How many units from the anchor."},
    "end_offset": {"type": ["integer", "null"], "description": "The last one, included; null: a single one."},
    "open_ended": {"type": "boolean", "description": "“Week 4+”."},
    "date": {"type": ["string", "null"], "format": "date"},
    "end_date": {"type": ["string", "null"], "format": "date", "description": "The last day, included."},
    "time": {"type": ["string", "null"], "description": "Wall time, like 15:00:00."},
    "zone": {"type": ["string", "null"], "description": "IANA zone of the time; null: the launch's."},
    "precision": {"enum": ["quarter", "month", "week", "day", "minute", None]},
    "fuzzy": {"type": ["string", "null"], "description": "A period nobody narrowed to a day, like 2026-Q1."},
    "missing_year": {"type": "boolean"},
    "ambiguous": {"type": "array", "items": {"type": "string"}},
}

WHEN_JSON: dict[str, Any] = {
    "type": ["object", "null"],
    "description": "When it happens, with the precision that was written.",
    "properties": _PARTS,
}
ACCEPTED_WHEN: dict[str, Any] = {
    "description": "Text such as “Week -2”, “T-5 days” or “2026-03-04 15:00”, the object, or null for none.",
    "anyOf": [
        {"type": "string", "maxLength": 200, "examples": ["T-5 days"]},
        {"type": "object", "properties": _PARTS, "additionalProperties": False},
        {"type": "null"},
    ],
}
PLACEMENT: dict[str, Any] = {
    "type": ["object", "null"],
    "readOnly": True,
    "description": "The dates that follow from “when” and how the thing stands on them; while an announcement "
    "is scheduled with it, those of its minute. `id` names it below /placements/. Dates are the launch's, "
    "instants are UTC.",
    "properties": {
        "id": {"type": "integer"},
        "version": {"type": "integer"},
        "starts_on": {"type": ["string", "null"], "format": "date"},
        "ends_on": {"type": ["string", "null"], "format": "date"},
        "starts_at": {"type": ["string", "null"], "format": "date-time"},
        "ends_at": {"type": ["string", "null"], "format": "date-time"},
        "state": {"enum": Placement.State.values},
        "standing": {"enum": Placement.Standing.values},
        "blocked_by": {"type": "string"},
    },
}
