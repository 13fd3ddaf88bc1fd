"""Changing a series' draft: all of it, this and following, one session. Nobody but its editors sees a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.actors import Actor
from apps.core.clock import now
from apps.core.errors import Conflict, Invalid
from apps.launches import kinds
from apps.launches.models import LaunchRecord
from apps.launches.policies import require as require_in_launch
from apps.meetings import planning, policies
from apps.meetings.models import Series
from apps.meetings.planning import Change, Plan
from apps.meetings.recurrence import span_of

FIELDS = {each.name for each in fields(Plan)} - {"changes"}


def create_series(*, actor: Actor, record: LaunchRecord, plan: Plan) -> Series:
    """A draft for a record of the plan. Raises `Invalid` for what can never take place."""
    kind = kinds.of(record).key
    if kind not in Series.Kind.values:
        raise Invalid(f"There are no sessions of a {kinds.of(record).label.lower()}.")
    require_in_launch("records.work", actor, record)
    _check(plan)
    if span_of(plan.first, plan.minutes, plan.zone)[0] <= now():
        raise Invalid("The first session lies in the past.", code="past", field="first")
    with transaction.atomic():
        made = Series.objects.create(
            launch=record.launch, kind=kind, record_id=record.pk, title=plan.title, draft=plan.stored()
        )
        audit.record(actor=actor, verb="series.added", obj=made, launch_id=made.launch_id)
    return made


def change_series(
    *, actor: Actor, series: Series, values: Mapping[str, Any], version: int | None = None
) -> Series:
    """New values for the whole series; what was said of single sessions goes along. The past stays as it was."""
    with transaction.atomic():
        found = locked(actor, series, version)
        _save(actor, found, planning.revised(found.plan, **_known(values)), "changed")
    return found


def change_following(
    *, actor: Actor, series: Series, at: datetime, values: Mapping[str, Any], version: int | None = None
) -> Series:
    """End the series before the session `at` (its local start); what goes on is a series of its own, returned.

    From the first session on this is the whole series. Both are published together.
    """
    with transaction.atomic():
        found = locked(actor, series, version)
        if found.plan.first == at:
            _save(actor, found, planning.revised(found.plan, **_known(values)), "changed")
            return found
        _require_future(found.plan, at)
        before, after = planning.split(found.plan, at, **_known(values))
        _check(after)
        later = Series.objects.filter(continues=found).first()
        if later is not None:
            Series.objects.filter(pk=later.pk).update(continues=None)
        made = Series.objects.create(
            launch=found.launch, kind=found.kind, record_id=found.record_id, title=after.title,
            draft=after.stored(), continues=found,
        )  # fmt: skip
        if later is not None:
            Series.objects.filter(pk=later.pk).update(continues=made)
        audit.record(actor=actor, verb="series.added", obj=made, launch_id=made.launch_id)
        _save(actor, found, before, "split")
    return made


def change_one(*, actor: Actor, series: Series, change: Change, version: int | None = None) -> Series:
    """Say what is different about one session; a `Change` that says nothing takes back what was said."""
    with transaction.atomic():
        found = locked(actor, series, version)
        plan = found.plan
        if change.at not in set(plan.starts(after=change.at.date(), until=change.at.date())):
            raise Invalid("The series has no such session.", code="no_session", field="at")
        _require_future(plan, change.at)
        if change.moved_to is not None:
            if change.moved_to.tzinfo is not None:
                raise Invalid("A session moves to a local time, without a zone.", field="moved_to")
            if span_of(change.moved_to, change.minutes or plan.minutes, plan.zone)[0] <= now():
                raise Invalid("This time has passed already.", code="past", field="moved_to")
        if change.hosts is not None:
            _require_people(change.hosts)
        _save(actor, found, plan.with_change(change), "session_changed")
    return found


def discard(*, actor: Actor, series: Series, version: int | None = None) -> Series:
    """Back to what is published, continuations that never were included. Raises `Invalid` if nothing is."""
    with transaction.atomic():
        found = locked(actor, series, version)
        if found.published is None:
            raise Invalid("Nothing of it is published: remove it instead.", code="unpublished")
        _drop_unpublished(found)
        found.draft = found.published
        found.version += 1
        found.save(update_fields=["draft", "version", "updated_at"])
        audit.record(actor=actor, verb="series.discarded", obj=found, launch_id=found.launch_id)
    return found


def remove(*, actor: Actor, series: Series, version: int | None = None) -> None:
    """A series that was never published. One that was is cancelled by ending it, so that people are told."""
    with transaction.atomic():
        found = locked(actor, series, version)
        if found.published is not None:
            raise Invalid("People know of it: let it end today and publish that.", code="published")
        _drop_unpublished(found)
        audit.record(actor=actor, verb="series.removed", obj=found, launch_id=found.launch_id)
        found.delete()


def end(*, actor: Actor, series: Series, last: date | None = None, version: int | None = None) -> Series:
    """Let its draft end with a local day, or without one at once: what comes after is cancelled when published."""
    with transaction.atomic():
        found = locked(actor, series, version)
        plan = found.plan
        if last is None:
            plan = replace(plan, called_off=True)
        elif plan.rule is None or last < plan.first.date():
            raise Invalid("Nothing of it takes place by then: call it off.", code="past", field="last")
        else:
            plan = planning.revised(plan, rule=plan.rule.ended(last))
        _save(actor, found, plan, "ended")
    return found


def locked(actor: Actor, series: Series, version: int | None = None) -> Series:
    """The series, held for this transaction. Raises `Conflict` if somebody changed it since `version`."""
    found = (
        Series.objects.select_for_update(of=("self",), no_key=True).select_related("launch").get(pk=series.pk)
    )
    policies.require("meetings.edit", actor, found)
    if version is not None and version != found.version:
        raise Conflict(
            "Somebody changed this series while you were at it.", current=found.draft, version=found.version
        )
    return found


def following(series: Series) -> list[Series]:
    """The series and its continuations that are not published yet, in order: what one publishing publishes."""
    found = [series]
    while True:
        later = (
            Series.objects.select_related("launch")
            .filter(continues=found[-1], published__isnull=True)
            .first()
        )
        if later is None:
            return found
        found.append(later)


def _save(actor: Actor, series: Series, plan: Plan, verb: str) -> None:
    _check(plan)
    before, series.draft = series.draft, plan.stored()
    changes = audit.difference(before, series.draft)
    if not changes:
        return
    if series.published is None:
        series.title = plan.title
    series.version += 1
    series.save(update_fields=["draft", "title", "version", "updated_at"])
    audit.record(actor=actor, verb=f"series.{verb}", obj=series, launch_id=series.launch_id, changes=changes)


def _drop_unpublished(series: Series) -> None:
    family = following(series)
    after = Series.objects.filter(continues=family[-1]).first()  # a published one behind unpublished ones
    if after is not None and len(family) > 1:
        Series.objects.filter(pk=after.pk).update(continues=None)
    for each in reversed(family[1:]):
        each.delete()
    if after is not None and len(family) > 1:
        Series.objects.filter(pk=after.pk).update(continues=series)


def _known(values: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(values) - FIELDS
    if unknown:
        raise Invalid(f"A series has no “{min(unknown)[:40]}”.", code="unknown_field")
    return values


def _check(plan: Plan) -> None:
    _require_people(plan.hosts)


def _require_people(ids: tuple[int, ...]) -> None:
    known = set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True))
    if set(ids) - known:
        raise Invalid("A host is somebody who may sign in here.", code="host", field="hosts")


def _require_future(plan: Plan, at: datetime) -> None:
    change = plan.change_of(at)
    if span_of(change.moved_to or at, change.minutes or plan.minutes, plan.zone)[0] <= now():
        raise Invalid("This session has begun or is over: the past does not change.", code="past", field="at")
