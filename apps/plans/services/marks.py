"""How things stand, in few words beside what the plan says: for the document written with live figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from apps.core.clock import now
from apps.launches.models import Launch, LaunchRecord, Phase
from apps.metrics.models import Measurement, Metric
from apps.plans.services.snapshots import uid_of
from apps.rollouts.models import RolloutStep
from apps.schedule.models import Placement
from apps.schedule.standing import standing_of


def marks_of(launch: Launch, records: Mapping[str, LaunchRecord]) -> dict[str, list[str]]:
    """Remarks by record uid. Two queries: placements and newest measurements."""
    marks: dict[str, list[str]] = defaultdict(list)
    at = now()
    for placement in Placement.objects.filter(launch=launch):
        placement.launch = launch
        uid = f"{placement.kind}:{placement.record_id}"
        if uid not in records:
            continue
        if placement.state == Placement.State.DONE:
            marks[uid].append("done" + (f" {placement.done_at:%Y-%m-%d}" if placement.done_at else ""))
        elif placement.state == Placement.State.CANCELLED:
            marks[uid].append("cancelled")
        else:
            days = _days(placement.starts_on, placement.ends_on)
            standing = standing_of(placement, at)
            if days and placement.anchor != Placement.Anchor.PINNED:
                marks[uid].append(days)
            if standing in (Placement.Standing.LATE, Placement.Standing.DUE):
                marks[uid].append(standing)
            if placement.blocked_by:
                marks[uid].append(f"waits for {placement.blocked_by.splitlines()[0][:80]}")
    latest: dict[int, Measurement] = {}
    for measurement in (
        Measurement.objects.filter(metric__launch=launch)
        .order_by("metric_id", "-observed_at", "-id")
        .distinct("metric_id")
    ):
        latest[measurement.metric_id] = measurement
    for uid, record in records.items():
        if isinstance(record, Metric) and record.pk in latest:
            newest = latest[record.pk]
            unit = f" {record.unit}" if record.unit and record.unit != "%" else record.unit
            marks[uid].append(f"now {newest.value.normalize():f}{unit} on {newest.observed_at:%Y-%m-%d}")
        elif isinstance(record, RolloutStep) and record.reached_at:
            marks[uid_of(record)].append(
                f"{record.percent.normalize():f}% reached {record.reached_at:%Y-%m-%d}"
            )
        elif isinstance(record, Phase) and record.state != Phase.State.PLANNED:
            marks[uid].append(record.get_state_display().lower())
    return dict(marks)


def _days(first: date | None, last: date | None) -> str:
    if first is None:
        return ""
    return f"{first} to {last}" if last and last != first else first.isoformat()
