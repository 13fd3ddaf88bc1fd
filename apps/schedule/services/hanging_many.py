"""Giving many new things of one launch their place at once, with dates that were computed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.core.clock import now
from apps.launches.models import Launch, LaunchRecord, Phase
from apps.schedule.models import Placement
from apps.schedule.services.placing import copied_from, find
from apps.schedule.spans import Place, Span
from apps.schedule.standing import standing_of

_SET = (
    "anchor", "anchor_phase", "anchor_placement", "unit", "offset", "end_offset", "open_ended", "local_time",
    "time_zone", "precision", "landing", "wording", "starts_on", "ends_on", "starts_at", "ends_at", "standing",
    "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Hung:
    """A new record, its place (without ids), what it hangs on if that is a record, and where it falls."""

    record: LaunchRecord
    place: Place
    span: Span
    precision: str
    wording: str
    leader: LaunchRecord | None = None


def hang_many(*, launch: Launch, hung: Sequence[Hung]) -> None:
    """Store places that `placing.place_new` has no words for: on phases and items, landing beside a weekend.

    For the service that made the records, in its transaction, which checked permission and writes the audit
    event. What is hung on is among `hung` or was placed before. Three statements however many.
    """
    added: list[Placement] = []
    changed: list[Placement] = []
    for each in hung:
        placement = find(each.record)
        if placement is None:
            phase = each.record if isinstance(each.record, Phase) else None
            placement = Placement(
                launch=launch,
                kind=each.record.kind,
                record_id=each.record.pk,
                phase=phase,
                **copied_from(each.record),
            )
            each.record.__dict__["_placement"] = placement
        (changed if placement.pk else added).append(placement)
        place = each.place
        placement.anchor, placement.unit = place.anchor, place.unit
        placement.offset, placement.end_offset = place.offset, place.end_offset
        placement.open_ended, placement.landing = place.open_ended, place.landing
        placement.local_time, placement.time_zone = place.local_time, place.time_zone
        placement.precision, placement.wording = each.precision, each.wording
        placement.starts_on, placement.ends_on, placement.starts_at, placement.ends_at = each.span
        placement.standing, placement.updated_at = standing_of(placement), now()
    Placement.objects.bulk_create(added)
    for each in hung:
        placement = each.record.__dict__["_placement"]
        if isinstance(each.leader, Phase):
            placement.anchor_phase = each.leader
        elif each.leader is not None:
            placement.anchor_placement = find(each.leader)
    Placement.objects.bulk_update(changed, _SET, batch_size=500)
    late = [placement for placement in added if placement.anchor_phase_id or placement.anchor_placement_id]
    Placement.objects.bulk_update(late, ["anchor_phase", "anchor_placement"], batch_size=500)
