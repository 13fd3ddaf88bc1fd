"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.metrics.facets import TARGETS
from apps.metrics.models import Metric


def register() -> None:
    kinds.register(
        Kind(
            key="kpi",
            model=Metric,
            label="Metric",
            plural="Metrics",
            counts_key="kpis",
            section="metrics",
            icon="chart-line",
            fields=("title", "group", "text", "measure", "unit", "baseline", "owner"),
            labels={"measure": "What is measured"},
            where={"listed": True},
            summary=("group", "baseline"),
        )
    )
    kinds.add_facet(TARGETS, ["kpi", "phase", "segment"])
