"""The targets of rollback criteria: as those of metrics, but linked from this app's side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from apps.launches.models import LaunchRecord
from apps.metrics.facets import TargetsFacet
from apps.metrics.models import Target
from apps.rollouts.models import RollbackCriterion


class CriterionTargetsFacet(TargetsFacet):
    """What a rollback criterion watches for."""

    help_text = "One a line, for example: >10s page load times"

    def _of(self, records: Sequence[LaunchRecord]) -> dict[int, list[Target]]:
        links = RollbackCriterion.targets.through.objects.filter(
            rollbackcriterion__in=[record.pk for record in records]
        ).select_related("target")
        found: dict[int, list[Target]] = defaultdict(list)
        for link in links.order_by("target__position", "target_id"):
            found[link.rollbackcriterion_id].append(link.target)
        return found

    def add_many(self, records: Sequence[LaunchRecord], targets: Sequence[list[Target]]) -> None:
        Target.objects.bulk_create([target for own in targets for target in own])
        through = RollbackCriterion.targets.through
        through.objects.bulk_create(
            [
                through(rollbackcriterion_id=record.pk, target_id=target.pk)
                for record, own in zip(records, targets, strict=True)
                for target in own
            ]
        )

    def replace(self, record: LaunchRecord, targets: list[Target]) -> None:
        self.remove(record)
        criterion = RollbackCriterion.objects.get(pk=record.pk)
        criterion.targets.set(Target.objects.bulk_create(targets))

    def remove(self, record: LaunchRecord) -> None:
        Target.objects.filter(criteria=record.pk).delete()


CRITERION_TARGETS = CriterionTargetsFacet()
