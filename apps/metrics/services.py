"""Recording what was measured."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches import policies
from apps.metrics.models import Measurement, Metric


def measure(
    *,
    actor: Actor,
    metric: Metric,
    value: Decimal,
    observed_at: datetime | None = None,
    sample_size: int | None = None,
    window_days: int | None = None,
    source: str = "",
) -> Measurement:
    """Store one measurement. Instants in the future and values that are no number are refused."""
    policies.require("launches.contribute", actor, metric.launch)
    observed_at = observed_at or now()
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise Invalid("A measurement is a number below a quadrillion.", field="value")
    if observed_at > now() + timedelta(minutes=5):
        raise Invalid("This was not measured yet: the time lies in the future.", field="observed_at")
    with transaction.atomic():
        measurement = Measurement.objects.create(
            metric=metric,
            value=value,
            observed_at=observed_at,
            sample_size=sample_size,
            window_days=window_days,
            source=source[:120],
        )
        audit.record(
            actor=actor,
            verb="kpi.measured",
            obj=metric,
            launch_id=metric.launch_id,
            changes={"value": [None, value], "source": [None, source]},
        )
    return measurement
