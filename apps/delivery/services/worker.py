"""One worker: lanes that claim, send and record side by side, and the housekeeping between them.

`manage.py deliver` and the task `delivery.poll` both run it. Any number may run at once on any machines.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Exists, OuterRef

from apps.core.actors import SYSTEM
from apps.delivery import sources
from apps.delivery.models import Delivery, Mailing
from apps.delivery.quiet import Windows
from apps.delivery.selectors import database_now
from apps.delivery.services import (
    epochs,
    feedback,
    mailings,
    reaping,
    sending,
    snapshot,
    suppression,
    watching,
)
from apps.delivery.services.claiming import Claimer, has_due, release
from apps.delivery.services.exchange import Exchange
from apps.delivery.sources import Claimed, Message, Unrenderable
from apps.delivery.tracking import with_counted_links
from apps.delivery.transports import Answer, RelayUnavailable, Result, Transport, make

logger = logging.getLogger(__name__)
SWITCH_SECONDS = 0.0005
MATCH_SECONDS = 2.0
PAST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Stop:
    """Says when lanes take no further message: when told, or when the time is up (monotonic seconds)."""

    told: threading.Event = field(default_factory=threading.Event)
    until: float = float("inf")

    def __bool__(self) -> bool:
        return self.told.is_set() or time.monotonic() >= self.until

    def wait(self, seconds: float) -> None:
        self.told.wait(max(0.0, min(seconds, self.until - time.monotonic())))


class Lane:
    """One connection to the relay and one to the database. Not shared between threads."""

    def __init__(
        self, stop: Stop, batch: int, exchange: Exchange | None = None, transport: Transport | None = None
    ) -> None:
        self.stop = stop
        self.batch = batch
        self.transport = transport or make()
        self.exchange = exchange or Exchange()
        self.claimer = Claimer()
        self.sent = 0
        self._unchecked = 0

    def step(self) -> int:
        """Take a batch and see it through; returns how many rows it held."""
        epochs.watch()
        try:
            # Before anything is taken: with the relay away rows keep their attempts and their order.
            if not self.transport.is_open:
                if not self._has_work():
                    return 0
                self.transport.open()
        except RelayUnavailable as error:
            self._relay_is_away(error)
            return 0
        mailing, rows = self.claimer.claim(self.batch)
        if mailing is None or not rows:
            return 0
        waiting = list(reversed(rows))
        try:
            self._send_all(mailing, waiting, self._prepare(mailing, rows))
        except RelayUnavailable as error:
            release(waiting, reason="The relay was not to be reached.")
            self._relay_is_away(error)
            return len(rows) - len(waiting)
        except (DatabaseError, InterfaceError):
            # What was in hand is looked after when its lease ends.
            self.transport.close()
            raise
        release(waiting)
        if self._unchecked:
            self._check_errors(mailing, every=0)
        if mailing.problem:
            watching.note_problem(mailing.pk, "")
        return len(rows)

    def _send_all(self, mailing: Mailing, waiting: list[Claimed], prepared: dict[int, object]) -> None:
        """Take rows from the end of `waiting` until it is empty or somebody said stop.

        What was accepted is recorded together with the intent of the next one, and at once if there is none or
        if something slow comes first.
        """
        began = time.monotonic()
        windows = Windows(mailing.quiet_from, mailing.quiet_until)
        last: tuple[Claimed, Answer] | None = None
        try:
            while waiting and not self.stop:
                row = waiting[-1]
                going = prepared[row.id]
                if isinstance(going, Unrenderable):
                    sending.refuse(row, going.message)
                    self._check_errors(mailing)
                    waiting.pop()
                    continue
                if not self.transport.is_open:
                    self._record(mailing, last)
                    last = None
                    self.transport.open()
                at = self.claimer.at + timedelta(seconds=time.monotonic() - began)
                window = windows.of(row.zone, at)
                epochs.watch()
                done, last = last, None
                if self.exchange.intend(row, open_until=PAST if window.quiet else window.until, after=done):
                    last = (row, self.transport.send(going))
                    if last[1].result is not Result.ACCEPTED:
                        self._record(mailing, last)
                        last = None
                    else:
                        self.sent += 1
                else:
                    quiet = window.quiet
                    sending.step_back(
                        row, not_before=window.until if quiet else at, reason="Quiet hours." if quiet else ""
                    )
                waiting.pop()
        finally:
            self._record(mailing, last)

    def _record(self, mailing: Mailing, last: tuple[Claimed, Answer] | None) -> None:
        """Write down by itself what came of an attempt, and look at what follows from it."""
        if last is None:
            return
        row, answer = last
        sending.record(row, answer)
        if answer.bounced:
            suppression.bounced(row.address)
        if answer.result is not Result.ACCEPTED:
            self._check_errors(mailing)

    def close(self) -> None:
        self.transport.close()

    def _prepare(self, mailing: Mailing, rows: list[Claimed]) -> dict[int, object]:
        """What goes to each row, or why nothing does."""
        found: dict[int, object] = {}
        for row, message in zip(rows, rendered(mailing, rows), strict=True):
            try:
                if isinstance(message, Message) and message.track:
                    message = with_counted_links(message, row.id)
                found[row.id] = (
                    message if isinstance(message, Unrenderable) else self.transport.prepare(message, row)
                )
            except Unrenderable as error:
                found[row.id] = error
        return found

    def _has_work(self) -> bool:
        running = Mailing.objects.filter(state=Mailing.State.RUNNING, epoch=epochs.current())
        return any(has_due(pk) for pk in running.values_list("pk", flat=True))

    def _relay_is_away(self, error: RelayUnavailable) -> None:
        logger.warning("the mail relay lets nobody in: %s", error)
        for pk in Mailing.objects.filter(state=Mailing.State.RUNNING).values_list("pk", flat=True):
            watching.note_problem(pk, f"The mail relay lets nobody in: {error}")
        self.stop.wait(settings.DELIVERY_RELAY_PAUSE_SECONDS)

    def _check_errors(self, mailing: Mailing, *, every: int = 10) -> None:
        """Look at the share of errors after every tenth: they come in crowds."""
        self._unchecked += 1
        if self._unchecked >= every:
            watching.pause_if_failing(mailing)
            self._unchecked = 0


def rendered(mailing: Mailing, rows: list[Claimed]) -> Iterable[Message | Unrenderable]:
    """The source's messages in the order of the rows; where it fails for all, it is asked for each."""
    try:
        source = sources.get(mailing.source)
        found = list(source.render(mailing, rows))
        if len(found) == len(rows):
            return found
        logger.error("source %s gave %d messages for %d rows", mailing.source, len(found), len(rows))
    except Exception:
        if len(rows) == 1:
            logger.exception("source %s cannot render for delivery %s", mailing.source, rows[0].id)
            return [Unrenderable("The message could not be made.")]
    else:
        if len(rows) == 1:
            return [Unrenderable("The message could not be made.")]
    return [message for row in rows for message in rendered(mailing, [row])]


class Worker:
    """Runs lanes and housekeeping until told to stop, until its time is up or until nothing is left to do."""

    def __init__(self, *, lanes: int | None = None, seconds: float | None = None) -> None:
        self.stop = Stop(until=time.monotonic() + seconds if seconds is not None else float("inf"))
        self.lanes = lanes or settings.DELIVERY_LANES
        self.sent = 0
        self.exchange = Exchange()
        self._failures: list[BaseException] = []

    def run(self, *, drain: bool = True) -> int:
        """Send what is due; returns how many were accepted. With `drain` it ends once nothing is due."""
        batch = settings.DELIVERY_BATCH
        if self.lanes == 1:
            housekeep_until_work()
            return self._run_alone(batch, drain)
        threads = [
            threading.Thread(target=self._run_lane, args=(batch,), name=f"lane-{number}", daemon=True)
            for number in range(self.lanes)
        ]
        housekeep_until_work()
        # A lane that has the database's or the relay's answer waits this long at most for one that computes.
        interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        for thread in threads:
            thread.start()
        try:
            self._keep_house(drain)
        finally:
            self.stop.told.set()
            for thread in threads:
                thread.join()
            sys.setswitchinterval(interval)
        if self._failures:
            raise self._failures[0]
        return self.sent

    def _run_alone(self, batch: int, drain: bool) -> int:
        lane = Lane(self.stop, batch, self.exchange)
        try:
            while not self.stop:
                try:
                    busy = housekeep()
                    busy = lane.step() > 0 or busy
                except (DatabaseError, InterfaceError) as error:
                    if drain:
                        raise
                    self._come_back(error)
                    continue
                if not busy and drain and nothing_due():
                    break
                if not busy:
                    self.stop.wait(settings.DELIVERY_IDLE_SECONDS)
        finally:
            lane.close()
        return lane.sent

    def _keep_house(self, drain: bool) -> None:
        looked_at = 0.0
        while not self.stop and not self._failures:
            try:
                busy = housekeep()
                if not busy and drain and time.monotonic() - looked_at > 0.1:
                    looked_at = time.monotonic()
                    if nothing_due():
                        return
            except (DatabaseError, InterfaceError) as error:
                if drain:
                    raise
                self._come_back(error)
                continue
            if not busy:
                self.stop.wait(min(0.1, settings.DELIVERY_IDLE_SECONDS))

    def _run_lane(self, batch: int) -> None:
        lane = Lane(self.stop, batch, self.exchange)
        try:
            while not self.stop:
                try:
                    if not lane.step():
                        self.stop.wait(settings.DELIVERY_IDLE_SECONDS)
                except (DatabaseError, InterfaceError) as error:
                    self._come_back(error)
        except BaseException as error:
            self._failures.append(error)
            self.stop.told.set()
            logger.exception("a lane ended")
        finally:
            self.sent += lane.sent
            lane.close()
            connection.close()

    def _come_back(self, error: BaseException) -> None:
        """The database was away, or a statement lost a fight: start again on a fresh connection."""
        logger.warning("a lane starts again: %s", str(error).strip().split("\n")[0])
        connection.close()
        self.stop.wait(0.5)


def housekeep() -> bool:
    """Start what is due, collect recipients, reap, finish, mark what was cancelled; says whether to go on at once."""
    epochs.watch()
    mailings.start_due()
    chunks = snapshot.continue_snapshots()
    reaping.reap()
    _match_reports()
    if chunks:
        return True
    mailings.finish_done()
    return _mark_cancelled()


_matched_at = 0.0


def _match_reports() -> None:
    """Every few seconds at most: most of what waits is about other systems' mail."""
    global _matched_at
    if time.monotonic() - _matched_at > MATCH_SECONDS:
        _matched_at = time.monotonic()
        feedback.match_waiting(actor=SYSTEM)


def housekeep_until_work() -> None:
    """Notice a restored database before the first message."""
    epochs.check()
    housekeep()


def nothing_due() -> bool:
    """Whether no mailing has anything to do just now, in any worker's hands."""
    epoch = epochs.current()
    now = database_now()
    active = Mailing.objects.filter(epoch=epoch)
    if active.filter(state=Mailing.State.SNAPSHOTTING).exists():
        return False
    if active.filter(state=Mailing.State.SCHEDULED, starts_at__lte=now).exists():
        return False
    running = list(active.filter(state=Mailing.State.RUNNING).values_list("pk", flat=True))
    in_hand = Delivery.objects.filter(
        state__in=[Delivery.State.LEASED, Delivery.State.ATTEMPTING], mailing__in=running
    )
    return not any(has_due(pk) for pk in running) and not in_hand.exists()


def _mark_cancelled() -> bool:
    """Mark what waits of cancelled mailings, a chunk each; says whether some have more.

    Mailings cancelled over a week ago were looked after long since.
    """
    waiting = Delivery.objects.filter(mailing=OuterRef("pk"), state=Delivery.State.READY)
    recent = Mailing.objects.filter(
        Exists(waiting), state=Mailing.State.CANCELLED, ended_at__gt=database_now() - timedelta(days=7)
    )
    marked = [mailings.mark_cancelled(pk) for pk in recent.values_list("pk", flat=True)]
    return mailings.CANCEL_CHUNK in marked
