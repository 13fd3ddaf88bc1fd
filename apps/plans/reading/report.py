"""A reading as the JSON that the command line and the API give."""

from __future__ import annotations

from typing import Any

from apps.plans.reading.model import Reading, Record


def report(reading: Reading) -> dict[str, Any]:
    """The whole reading; see docs/plan-format.md for the shape."""
    return {
        "name": reading.name,
        "language": reading.language,
        "launch_day": reading.launch_day,
        "launch_day_precision": reading.launch_day_precision,
        "rollout_start": reading.rollout_start,
        "counts": reading.counts,
        "coverage": {
            "source_blocks": reading.coverage.source_blocks,
            "typed": reading.coverage.typed,
            "notes": reading.coverage.notes,
            "lost": reading.coverage.lost,
        },
        "questions": [question.to_json() for question in reading.questions],
        "records": [record_json(record) for record in reading.records],
    }


def record_json(record: Record) -> dict[str, Any]:
    """One record; `labels` are the plan's own words for its fields, `unread` lines that say more than
    its fields hold, `spans` every place it is told."""
    fields = dict(record.fields)
    if record.labels:
        fields["labels"] = dict(record.labels)
    if record.placeholders:
        fields["placeholders"] = dict(record.placeholders)
    if record.unread:
        fields["unread"] = list(record.unread)
    return {
        "kind": record.kind,
        "key": record.key,
        "title": record.title,
        "group": record.group,
        "parent": record.parent,
        "lines": list(record.lines),
        "spans": [list(span) for span in record.spans],
        "fields": fields,
    }
