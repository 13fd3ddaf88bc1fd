"""Reading metrics with their targets and newest measurements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from apps.launches.models import Launch
from apps.metrics.models import Measurement, Metric, Target

POINTS = 12


@dataclass
class MetricAtAGlance:
    """A metric, all it aims at, and its newest measurements (oldest first, at most 12)."""

    metric: Metric
    targets: list[Target] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def latest(self) -> Measurement | None:
        return self.measurements[-1] if self.measurements else None

    @property
    def main_target(self) -> Target | None:
        own = [target for target in self.targets if target.kpi_id == self.metric.pk]
        return next(iter(own or self.targets), None)

    @property
    def verdict(self) -> str:
        """pass, fail or no_data against the main target; exactly on the limit is not a fail."""
        target, latest = self.main_target, self.latest
        if latest is None or target is None or target.value is None or target.relation != "absolute":
            return "no_data"
        value, limit = latest.value, target.value
        holds = {
            "lt": value <= limit,
            "le": value <= limit,
            "eq": value == limit,
            "ge": value >= limit,
            "gt": value >= limit,
        }[target.comparator or "ge"]
        return "pass" if holds else "fail"


def at_a_glance(launch: Launch, limit: int | None = None) -> list[MetricAtAGlance]:
    """The launch's listed metrics in order. Three queries."""
    return _with_figures(
        list(Metric.objects.filter(launch=launch, listed=True).select_related("owner")[:limit])
    )


def only_named(launch: Launch) -> list[MetricAtAGlance]:
    """Metrics that phases, segments and rollback criteria aim at, but that have no row of their own. Three
    queries."""
    named = _with_figures(list(Metric.objects.filter(launch=launch, listed=False).order_by("title", "pk")))
    return [each for each in named if each.targets]


def one_at_a_glance(metric: Metric) -> MetricAtAGlance:
    """One metric likewise. Two queries."""
    return _with_figures([metric])[0]


def _with_figures(metrics: list[Metric]) -> list[MetricAtAGlance]:
    ids = [metric.pk for metric in metrics]
    targets: dict[int, list[Target]] = defaultdict(list)
    for target in Target.objects.filter(metric__in=ids).select_related("phase", "segment"):
        targets[target.metric_id].append(target)
    points: dict[int, list[Measurement]] = defaultdict(list)
    for measurement in Measurement.objects.filter(metric__in=ids).order_by("-observed_at", "-id")[
        : POINTS * len(ids)
    ]:
        if len(points[measurement.metric_id]) < POINTS:
            points[measurement.metric_id].append(measurement)
    return [
        MetricAtAGlance(metric, targets[metric.pk], list(reversed(points[metric.pk]))) for metric in metrics
    ]
