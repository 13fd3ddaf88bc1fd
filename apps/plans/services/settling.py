"""What new editions and going back share: has anything changed meanwhile, what people did, order, dates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from apps.announcements.models import Announcement
from apps.content.models import CalendarItem
from apps.core.actors import Actor
from apps.core.errors import Conflict
from apps.launches import kinds
from apps.launches.models import Launch, LaunchRecord, Phase
from apps.launches.services import launch as launches
from apps.metrics.models import Measurement, Metric
from apps.plans.models import PlanDocument
from apps.plans.services.snapshots import uid_of
from apps.rollouts.models import RolloutStep
from apps.schedule.models import Placement
from apps.schedule.services import moving


def fingerprint(launch: Launch) -> str:
    """Stands for everything a launch holds: it differs as soon as any record, date or the document changed.
    One query per kind."""
    digest = hashlib.sha256(f"{launch.pk} {launch.version}".encode())
    for kind in kinds.all_kinds():
        rows = kind.model._default_manager.filter(launch=launch, **kind.where)
        digest.update(repr(list(rows.order_by("pk").values_list("pk", "version", "position"))).encode())
    placements = Placement.objects.filter(launch=launch).order_by("pk").values_list("pk", "version", "state")
    digest.update(repr(list(placements)).encode())
    digest.update(repr(list(PlanDocument.objects.filter(launch=launch).values_list("version"))).encode())
    return digest.hexdigest()[:32]


def require_unchanged(launch: Launch, seen: str | None) -> None:
    """Raise `Conflict` unless the launch is as it was when `seen` was its fingerprint. None: do not check."""
    if seen is not None and seen != fingerprint(launch):
        raise Conflict(
            "Somebody changed this launch since you looked. Look at the difference again and apply that.",
            code="difference_outdated",
            version=launch.version,
        )


def worked_on(launch: Launch, records: Mapping[str, LaunchRecord]) -> dict[str, str]:
    """What people did with records, by uid, in words: such records are never removed by a document.

    Three queries.
    """
    found: dict[str, str] = {}
    done = Placement.objects.filter(launch=launch, state=Placement.State.DONE)
    for kind, pk in done.values_list("kind", "record_id"):
        found[f"{kind}:{pk}"] = "it is done"
    announced = Announcement.objects.filter(launch=launch).exclude(state__in=["draft", "cancelled"])
    for kind, pk in announced.values_list("placement__kind", "placement__record_id"):
        found.setdefault(f"{kind}:{pk}", "its announcement is under way")
    measured = set(
        Measurement.objects.filter(metric__launch=launch).values_list("metric_id", flat=True).distinct()
    )
    for uid, record in records.items():
        if isinstance(record, RolloutStep) and record.reached_at:
            found[uid] = "it has been reached"
            if record.phase_id:
                found.setdefault(f"phase:{record.phase_id}", "one of its steps has been reached")
        elif isinstance(record, Phase) and record.state != Phase.State.PLANNED:
            found[uid] = f"it is {record.get_state_display().lower()}"
        elif isinstance(record, Metric) and record.pk in measured:
            found[uid] = "it has been measured"
        elif isinstance(record, CalendarItem) and record.status not in ("idea", "drafting", "cancelled"):
            found.setdefault(uid, f"it is {record.get_status_display().lower()}")
    return found


def put_in_order(records: Iterable[LaunchRecord], order: Sequence[str]) -> None:
    """Give records the order of uids; those that are not named come behind, as they stood. One statement a
    kind."""
    rank = {uid: index for index, uid in enumerate(order)}
    by_kind: dict[str, list[LaunchRecord]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record)
    for group in by_kind.values():
        group.sort(key=lambda record: (rank.get(uid_of(record), len(rank)), record.position, record.pk))
        moved = []
        for position, record in enumerate(group):
            if record.position != position:
                record.position = position
                moved.append(record)
        type(group[0])._default_manager.bulk_update(moved, ["position"])


def set_day(actor: Actor, launch: Launch, anchor: str, to: date, reason: str) -> Launch:
    """Set an anchor that is open, or move one that is set with all that hangs on it."""
    if getattr(launch, anchor) == to:
        return launch
    if getattr(launch, anchor) is None:
        return launches.change_launch(actor=actor, launch=launch, values={anchor: to})
    seen = moving.preview_move(actor=actor, launch=launch, anchor=anchor, to=to)
    moving.apply_move(
        actor=actor, launch=launch, anchor=anchor, to=to, fingerprint=seen.fingerprint, reason=reason
    )
    return Launch.objects.get(pk=launch.pk)
