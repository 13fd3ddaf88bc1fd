"""A mailing's life: made, approved, scheduled, paused, resumed, cancelled."""

from __future__ import annotations

import math
import secrets
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import bell
from apps.core.actors import SYSTEM, Actor
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.fields import LINE
from apps.delivery import policies, quiet, sources
from apps.delivery.models import Delivery, Mailing
from apps.delivery.selectors import AT_WORK, database_now
from apps.delivery.services import epochs
from apps.delivery.signals import mailing_held

State = Mailing.State
BELL = "delivery.poll"
CANCEL_CHUNK = 5000
# As many a request marks itself, so that small mailings look settled at once.
CANCEL_AT_ONCE = 200
SETTINGS = ("title", "topic", "zone", "quiet_from", "quiet_until", "rate", "error_share")


def create_mailing(
    *,
    actor: Actor,
    source: str,
    source_id: int,
    title: str,
    topic: str,
    launch_id: int | None = None,
    zone: str = "UTC",
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    rate: float | None = None,
    error_share: float | None = 0.3,
) -> Mailing:
    """Make a draft for what the source calls `source_id`. Whether the actor may is the source's to check.

    Raises `Conflict` if the source has one for this id, `Invalid`, `NotFound` for an unknown source.
    """
    sources.get(source)
    mailing = Mailing(
        source=source,
        source_id=source_id,
        title=title,
        topic=topic,
        launch_id=launch_id,
        zone=zone,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        rate=rate,
        error_share=error_share,
        key=secrets.token_hex(8),
    )
    _check(mailing)
    try:
        with transaction.atomic():
            mailing.save()
            _record(mailing, actor, "created")
    except IntegrityError as error:
        raise Conflict("There is a mailing for this already.", code="exists") from error
    return mailing


def change_mailing(*, actor: Actor, mailing: Mailing, version: int | None = None, **values: Any) -> Mailing:
    """Change settings of a mailing that is not over; an approval does not cover them. Raises `Invalid`."""
    unknown = set(values) - set(SETTINGS)
    if unknown:
        raise Invalid(f"A mailing has no setting {sorted(unknown)[0]}.")
    with transaction.atomic():
        mailing = lock(mailing.pk, version)
        policies.require("change", actor, mailing)
        _require_state(mailing, *set(State) - {State.FINISHED, State.CANCELLED}, to="changed")
        before = {name: getattr(mailing, name) for name in values}
        for name, value in values.items():
            setattr(mailing, name, value)
        _check(mailing)
        _save(mailing, actor, "changed", audit.difference(before, values))
    return mailing


def approve(*, actor: Actor, mailing: Mailing, content_hash: str = "") -> Mailing:
    """Freeze the content: from here on the source renders what `content_hash` stands for, or refuses."""
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("approve", actor, mailing)
        _require_state(mailing, State.DRAFT, to="approved")
        mailing.approved_by = actor.user if isinstance(actor.user, User) else None
        mailing.approved_at = database_now()
        mailing.content_hash = content_hash
        _move(mailing, State.APPROVED, actor, "approved")
    return mailing


def reopen(*, actor: Actor, mailing: Mailing) -> Mailing:
    """Back to draft, since its content changed; only while no recipient was collected."""
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("approve", actor, mailing)
        _require_state(mailing, State.APPROVED, State.SCHEDULED, to="reopened")
        mailing.approved_at, mailing.approved_by, mailing.content_hash = None, None, ""
        mailing.starts_at = None
        _move(mailing, State.DRAFT, actor, "reopened")
    return mailing


def schedule(*, actor: Actor, mailing: Mailing, starts_at: datetime | None = None) -> Mailing:
    """Let it start at an instant (at once without one).

    Raises `Invalid` for a time that has passed, or if its source lets nothing out now.
    """
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("schedule", actor, mailing)
        _require_state(mailing, State.APPROVED, State.SCHEDULED, to="scheduled")
        _require_leave(mailing)
        at = database_now()
        if starts_at is not None:
            if starts_at.tzinfo is None:
                raise Invalid("Say in which zone this time is.", code="no_zone", field="starts_at")
            if starts_at < at - timedelta(minutes=1):
                raise Invalid("This time has passed already.", code="past", field="starts_at")
        mailing.starts_at = starts_at or at
        mailing.epoch = epochs.current()
        mailing.resumed_at = at
        _move(mailing, State.SCHEDULED, actor, "scheduled")
        bell.ring(BELL)
    return mailing


def unschedule(*, actor: Actor, mailing: Mailing, reason: str = "") -> Mailing:
    """Take it off the schedule before it began; it stays approved."""
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("schedule", actor, mailing)
        _require_state(mailing, State.SCHEDULED, to="taken off the schedule")
        mailing.starts_at = None
        _move(mailing, State.APPROVED, actor, "unscheduled", reason)
    return mailing


def pause(*, actor: Actor, mailing: Mailing, reason: str = "") -> Mailing:
    """Hold it before the next message. What a worker has handed to the relay already is not stopped."""
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("pause", actor, mailing)
        _require_state(mailing, *AT_WORK, to="paused")
        mailing.paused_from, mailing.pause_reason = mailing.state, reason[:LINE]
        _move(mailing, State.PAUSED, actor, "paused", reason)
    return mailing


def pause_by_itself(mailing_id: int, reason: str) -> bool:
    """Pause a running mailing whose errors are too many; says whether this call did."""
    with transaction.atomic():
        mailing = lock(mailing_id)
        if mailing.state != State.RUNNING:
            return False
        hold(mailing, reason)
    return True


def hold(mailing: Mailing, reason: str) -> None:
    """Pause a locked mailing in the portal's own name."""
    mailing.paused_from, mailing.pause_reason = mailing.state, reason[:LINE]
    _move(mailing, State.PAUSED, SYSTEM, "paused_itself", reason)
    mailing_held.send(sender=Mailing, mailing=mailing, reason=reason)


def resume(*, actor: Actor, mailing: Mailing) -> Mailing:
    """Go on where it was paused, or held by a new epoch. Errors from before no longer count.

    Raises `Invalid` if its source lets nothing out now.
    """
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("resume", actor, mailing)
        epoch = epochs.current()
        held = mailing.epoch != epoch
        if mailing.state != State.PAUSED and not (held and mailing.state in AT_WORK):
            raise Invalid("It is not paused.", code="transition", field="state")
        _require_leave(mailing)
        to = mailing.paused_from or mailing.state
        mailing.paused_from, mailing.pause_reason = "", ""
        mailing.epoch, mailing.resumed_at = epoch, database_now()
        _move(mailing, to, actor, "resumed")
        bell.ring(BELL)
    return mailing


def cancel(*, actor: Actor, mailing: Mailing, reason: str = "") -> Mailing:
    """End it before the next message. Rows that no worker has tried are marked by the next worker, in chunks."""
    with transaction.atomic():
        mailing = lock(mailing.pk)
        policies.require("cancel", actor, mailing)
        _require_state(mailing, *set(State) - {State.FINISHED, State.CANCELLED}, to="cancelled")
        mailing.paused_from, mailing.pause_reason = "", ""
        mailing.ended_at = database_now()
        _move(mailing, State.CANCELLED, actor, "cancelled", reason)
        bell.ring(BELL)
    mark_cancelled(mailing.pk, CANCEL_AT_ONCE)
    return mailing


def mark_cancelled(mailing_id: int, limit: int | None = None) -> int:
    """Mark up to `limit` (5,000) waiting rows of a cancelled mailing. Repeated by the poll, so a kill leaves none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH c AS MATERIALIZED (
                SELECT d.id FROM delivery_delivery d JOIN delivery_mailing m ON m.id = d.mailing_id
                 WHERE d.mailing_id = %s AND d.state = 'ready' AND m.state = 'cancelled'
                 LIMIT %s FOR NO KEY UPDATE OF d SKIP LOCKED
            ), marked AS (
                UPDATE delivery_delivery d
                   SET state = 'cancelled', reason = 'The mailing was cancelled.', lease = NULL,
                       lease_until = NULL, settled_at = statement_timestamp()
                  FROM c WHERE d.id = c.id AND d.state = 'ready'
                RETURNING d.id, d.mailing_id, d.attempts
            )
            INSERT INTO delivery_deliveryevent
                   (delivery_id, mailing_id, kind, at, attempt, detail, provider_event)
            SELECT id, mailing_id, 'cancelled', statement_timestamp(), attempts, '', '' FROM marked
            """,
            [mailing_id, limit or CANCEL_CHUNK],
        )
        return int(cursor.rowcount)


def start_due() -> int:
    """Let scheduled mailings whose time has come begin to collect recipients. Safe to run at once twice."""
    return Mailing.objects.filter(state=State.SCHEDULED, starts_at__lte=Now(), epoch=epochs.current()).update(
        state=State.SNAPSHOTTING, updated_at=Now()
    )


def finish_done() -> list[int]:
    """End running mailings that have nothing left to send; uncertain rows wait for a person regardless."""
    finished = []
    for pk in Mailing.objects.filter(state=State.RUNNING).values_list("pk", flat=True):
        if _has_work(pk):
            continue
        with transaction.atomic():
            mailing = Mailing.objects.select_for_update(no_key=True).get(pk=pk)
            if mailing.state != State.RUNNING or _has_work(pk):
                continue
            mailing.ended_at = database_now()
            _move(mailing, State.FINISHED, SYSTEM, "finished")
            finished.append(pk)
    return finished


def run_again(mailing: Mailing, actor: Actor) -> None:
    """A locked mailing that was finished has rows to send once more.

    Raises `Invalid` if its source lets nothing out now. One that is not finished runs, or is held, anyway.
    """
    if mailing.state == State.FINISHED:
        _require_leave(mailing)
        mailing.ended_at = None
        mailing.epoch, mailing.resumed_at = epochs.current(), database_now()
        _move(mailing, State.RUNNING, actor, "reopened")


def lock(pk: int, version: int | None = None) -> Mailing:
    """The mailing as stored now, locked. Raises `NotFound`, or `Conflict` for a stale version."""
    found = Mailing.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such mailing.")
    if version is not None and version != found.version:
        raise Conflict("This mailing was changed since you opened it.", version=found.version)
    return found


def _has_work(pk: int) -> bool:
    waiting = Delivery.objects.filter(mailing=pk, state=Delivery.State.READY)
    in_hand = Delivery.objects.filter(
        mailing=pk, state__in=[Delivery.State.LEASED, Delivery.State.ATTEMPTING]
    )
    return waiting.exists() or in_hand.exists()


def _require_state(mailing: Mailing, *allowed: str, to: str) -> None:
    if mailing.state not in allowed:
        raise Invalid(
            f"A mailing that is {mailing.get_state_display().lower()} cannot be {to}.",
            code="transition",
            field="state",
        )


def _require_leave(mailing: Mailing) -> None:
    reason = sources.refusal(mailing)
    if reason:
        raise Invalid(reason, code="transition", field="state")


def _move(mailing: Mailing, to: str, actor: Actor, verb: str, reason: str = "") -> None:
    before, mailing.state = mailing.state, to
    changes = {"state": [before, to]} if before != to else {}
    _save(mailing, actor, verb, changes, reason)


def _save(mailing: Mailing, actor: Actor, verb: str, changes: dict[str, list[Any]], reason: str = "") -> None:
    mailing.version += 1
    mailing.save()
    _record(mailing, actor, verb, changes, reason)


def _record(
    mailing: Mailing,
    actor: Actor,
    verb: str,
    changes: dict[str, list[Any]] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        actor=actor,
        verb=f"mailing.{verb}",
        obj=mailing,
        launch_id=mailing.launch_id,
        changes=changes,
        reason=reason,
    )


def _check(mailing: Mailing) -> None:
    for name in ("rate", "error_share"):
        value = getattr(mailing, name)
        if value is not None and not math.isfinite(value):
            raise Invalid("Write a number.", field=name)
    try:
        mailing.full_clean(validate_constraints=False, validate_unique=False)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error
    start, end = mailing.quiet_from, mailing.quiet_until
    if (start is None) != (end is None):
        raise Invalid("Quiet hours need both a beginning and an end.", field="quiet_from")
    if start is not None and end is not None:
        day = date(2000, 1, 1)
        length = (datetime.combine(day, end) - datetime.combine(day, start)) % timedelta(days=1)
        # A window shorter than the steps in which the next change is looked for might be missed.
        if not quiet.SHORTEST <= length <= timedelta(hours=23):
            raise Invalid("Quiet hours last from 15 minutes to 23 hours.", field="quiet_until")
