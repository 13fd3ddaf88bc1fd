"""What others report about messages after they left: stored once, in whatever order, with what follows from it.

A row's end does not depend on the order of reports: it is worked out from all of them.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.core.actors import Actor
from apps.core.errors import Invalid
from apps.delivery import signals
from apps.delivery.addresses import normalise
from apps.delivery.models import Delivery, DeliveryEvent, Mailing, WaitingReport
from apps.delivery.reports import Outcome, Report, Stops
from apps.delivery.selectors import database_now, named_in
from apps.delivery.services import suppression, watching

logger = logging.getLogger(__name__)
Kind, State = DeliveryEvent.Kind, Delivery.State
# Each of these shows that the message went out. That a provider took it shows less: it may drop it yet.
PROOFS = frozenset({
    Kind.DELIVERED, Kind.DELAYED, Kind.BOUNCED, Kind.COMPLAINED, Kind.OPENED, Kind.CLICKED,
    Kind.UNSUBSCRIBED, Kind.REPLIED, Kind.AUTOREPLIED,
})  # fmt: skip
_ERRORS = frozenset({Kind.BOUNCED, Kind.COMPLAINED, Kind.FAILED})
WAIT_HOURS = 24
BATCH = 200


def take(*, actor: Actor, report: Report) -> Outcome:
    """Store one report with its consequences. A second time changes nothing.

    One that names a message by a provider's id nobody knows yet waits for it: the worker may be about to write
    that id down.
    """
    with transaction.atomic():
        named = named_in(report)
        outcome = _keep(report) if named is None else _store(actor, report, *named)
    if outcome is Outcome.RECORDED and named is not None and report.kind in _ERRORS:
        _watch(named[0])
    return outcome


def note(*, actor: Actor, delivery_id: int, report: Report) -> Outcome:
    """Store what came about a message that is known already, such as an answer to it."""
    with transaction.atomic():
        outcome = _store(actor, report, delivery_id, None)
    if outcome is Outcome.RECORDED and report.kind in _ERRORS:
        _watch(delivery_id)
    return outcome


def match_waiting(*, actor: Actor) -> int:
    """Store reports whose message is known by now, and forget those of messages that are not ours.

    Up to 200 in one go; returns how many. Safe to run at once in several workers.
    """
    matched = 0
    for pk in _matchable():
        with transaction.atomic():
            waiting = (
                WaitingReport.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
            )
            if waiting is None:
                continue
            report = Report(
                kind=waiting.kind, key=waiting.key, at=waiting.at, address=waiting.address,
                detail=waiting.detail, provider_id=waiting.provider_id, stops=waiting.stops,
            )  # fmt: skip
            named = named_in(report)
            if named is None:
                continue
            _store(actor, report, *named)
            waiting.delete()
            matched += 1
        if report.kind in _ERRORS:
            _watch(named[0])
    _forget()
    return matched


def _matchable() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.id FROM delivery_waitingreport w
             WHERE EXISTS (SELECT FROM delivery_delivery d
                            WHERE d.provider_id = w.provider_id AND d.provider_id <> '')
             ORDER BY w.id LIMIT %s
            """,
            [BATCH],
        )
        return [row[0] for row in cursor.fetchall()]


def _forget() -> None:
    old = WaitingReport.objects.filter(received_at__lt=database_now() - timedelta(hours=WAIT_HOURS))
    count, _ = old.delete()
    if count:
        logger.warning("%d reports were about messages that are not ours", count)


def _keep(report: Report) -> Outcome:
    """Without a known message: wait for it, if it can still turn up. Called in a transaction."""
    if report.delivery_id is not None or report.message_id or not report.provider_id:
        # Rows are there before anything goes out, so what names one by our own ids is not ours.
        logger.info("a report of %s is about no message of ours: %s", report.kind, report.key)
        return Outcome.UNKNOWN
    waiting = WaitingReport(
        key=report.key, provider_id=report.provider_id[:200], kind=report.kind, at=report.at,
        address=report.address[:254], detail=report.detail[:500], stops=report.stops, received_at=database_now(),
    )  # fmt: skip
    WaitingReport.objects.bulk_create([waiting], ignore_conflicts=True)
    logger.info("a report of %s waits for its message: %s", report.kind, report.key)
    return Outcome.WAITING


def _store(actor: Actor, report: Report, delivery_id: int, copy: int | None) -> Outcome:
    """Append the report to its message's history and draw the consequences. Called in a transaction.

    The lock on the row puts reports about one message in line, and holds the worker's record of it for a moment.
    """
    row = (
        Delivery.objects.select_for_update(of=("self",), no_key=True)
        .select_related("mailing")
        .get(pk=delivery_id)
    )
    if DeliveryEvent.objects.filter(provider_event=report.key).exists():
        return Outcome.REPEATED
    if report.kind == Kind.ACCEPTED and not _is_open(row, copy):
        return Outcome.REPEATED
    first_answer = (
        report.kind == Kind.REPLIED
        and not DeliveryEvent.objects.filter(delivery=row, kind=Kind.REPLIED).exists()
    )
    current = copy is None or copy == row.round
    _append(row, report.kind, report, attempt=row.attempts if current else 0)
    if current:
        _settle(row, report)
    _stop_mail(actor, row, report)
    if first_answer:
        signals.delivery_answered.send(sender=Delivery, delivery=row, actor=actor)
    return Outcome.RECORDED


def _append(row: Delivery, kind: str, report: Report, *, attempt: int, key: str | None = None) -> None:
    DeliveryEvent.objects.create(
        delivery=row,
        mailing_id=row.mailing_id,
        kind=kind,
        at=report.at if report.at is not None and key is None else database_now(),
        attempt=attempt,
        detail=report.detail.replace("\x00", "")[:500],
        provider_event=report.key if key is None else key,
    )


def _is_open(row: Delivery, copy: int | None) -> bool:
    """Whether it matters that this very copy was taken."""
    return row.attempts > 0 and copy in (None, row.round) and row.state in _NOT_SURE


_NOT_SURE = (State.READY, State.LEASED, State.ATTEMPTING, State.UNCERTAIN, State.DEAD)


def _settle(row: Delivery, report: Report) -> None:
    """What all reports together say about whether it went out.

    A message that somebody delivered, bounced or answered was sent: it is accepted and never tried again, also
    while a worker still waits for its own answer. One that the provider dropped failed, unless there is proof.
    """
    told = set(_told(row).values_list("kind", flat=True))
    proven, dropped, taken = bool(told & PROOFS), Kind.FAILED in told, Kind.ACCEPTED in told
    changed = []
    if report.provider_id and not row.provider_id:
        row.provider_id = report.provider_id[:200]
        changed.append("provider_id")
    sure = row.state in _NOT_SURE and row.attempts > 0
    if (sure and (proven or (taken and not dropped))) or (proven and dropped and row.state == State.FAILED):
        row.state, row.reason = State.ACCEPTED, f"The provider reported it: {report.kind}."
        if report.kind != Kind.ACCEPTED:
            _append(row, Kind.ACCEPTED, report, attempt=row.attempts, key="")
    elif dropped and not proven and row.state in (State.ATTEMPTING, State.UNCERTAIN, State.ACCEPTED):
        row.state = State.FAILED
        row.reason = f"The provider took it and dropped it: {report.detail}"[:500]
    else:
        if changed:
            row.save(update_fields=changed)
        return
    row.lease_until, row.settled_at = None, database_now()
    row.save(update_fields=[*changed, "state", "reason", "lease_until", "settled_at"])


def _told(row: Delivery) -> QuerySet[DeliveryEvent]:
    """Reports about the copy that counts: none of attempt 0, and none from before a person put it back or decided.

    Who requeued what a provider had dropped knew of that report: it says nothing of the next attempt.
    """
    by_hand = DeliveryEvent.objects.filter(delivery=row, kind__in=[Kind.REQUEUED, Kind.DECIDED])
    found = DeliveryEvent.objects.filter(delivery=row, attempt__gt=0).exclude(provider_event="")
    return found.filter(pk__gt=Coalesce(Subquery(by_hand.order_by("-pk").values("pk")[:1]), 0))


def _stop_mail(actor: Actor, row: Delivery, report: Report) -> None:
    """Suppress the address of the message; a bounce only if it is the one that bounced (it may forward)."""
    if not row.address:
        return
    if report.stops == Stops.BOUNCE and _same(report.address, row.address):
        suppression.bounced(row.address)
    elif report.stops == Stops.COMPLAINT:
        suppression.complained(row.address)
    elif report.stops == Stops.TOPIC:
        suppression.unsubscribe(actor=actor, delivery=row, told=True)


def _same(reported: str, address: str) -> bool:
    if not reported:
        return True
    try:
        return normalise(reported) == address
    except Invalid:
        return False


def _watch(delivery_id: int) -> None:
    """Bounces and complaints count among a mailing's errors, too."""
    mailing = Mailing.objects.filter(deliveries=delivery_id, state=Mailing.State.RUNNING).first()
    if mailing is not None:
        watching.pause_if_failing(mailing)
