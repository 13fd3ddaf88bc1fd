"""The kinds of plan records this app owns, described for the section editor, the API and the import."""

from __future__ import annotations

from apps.launches import kinds
from apps.launches.kinds import Kind
from apps.support.models import MonitoringEntry, SupportEntry


def register() -> None:
    kinds.register(
        Kind(
            key="support",
            model=SupportEntry,
            label="Support plan entry",
            plural="Support plan",
            counts_key="support",
            section="support",
            icon="life-buoy",
            fields=("title", "text", "coverage", "period", "team", "owner"),
            summary=("coverage", "period"),
        ),
        Kind(
            key="monitoring",
            model=MonitoringEntry,
            label="Monitoring entry",
            plural="Monitoring and escalation",
            counts_key="monitoring",
            section="support",
            icon="activity",
            fields=("title", "monitoring_type", "text", "destination", "owner"),
            labels={"monitoring_type": "Kind"},
            summary=("monitoring_type", "destination"),
        ),
    )
