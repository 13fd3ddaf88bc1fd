"""Recording what was measured, and following a metric that only targets name."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Invalid
from apps.launches import policies
from apps.launches.services.launch import hold
from apps.metrics.models import Measurement, Metric

EARLIEST_YEAR = 1990


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
    if observed_at.year < EARLIEST_YEAR:
        raise Invalid(f"A measurement is of {EARLIEST_YEAR} or later.", field="observed_at")
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


def follow(*, actor: Actor, metric: Metric) -> Metric:
    """Make a metric that only targets name one of the plan's own: it gets a row, a baseline, an owner.

    A metric that has a row stays as it is. Raises `NotAllowed`.
    """
    policies.require("launches.contribute", actor, metric.launch)
    with transaction.atomic():
        hold(metric.launch_id)
        metric.refresh_from_db(fields=["listed", "position", "version"])
        if metric.listed:
            return metric
        rows = Metric.objects.filter(launch=metric.launch_id, listed=True)
        last = rows.aggregate(last=Max("position"))["last"]
        metric.listed, metric.position = True, 0 if last is None else last + 1
        metric.version += 1
        if not policies.can_work_on_record(actor, metric) and isinstance(actor.user, User):
            metric.owner = actor.user
        metric.save(update_fields=["listed", "position", "version", "owner", "updated_at"])
        audit.record(
            actor=actor,
            verb="kpi.followed",
            obj=metric,
            launch_id=metric.launch_id,
            changes={"listed": [False, True]},
        )
    return metric
