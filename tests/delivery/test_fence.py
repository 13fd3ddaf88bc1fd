"""What the one statement before each message holds back, and what becomes of the row then."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, OperationalError, connection

from apps.core.actors import SYSTEM
from apps.core.errors import Invalid, NotAllowed
from apps.delivery import selectors
from apps.delivery.models import Delivery, DeliveryEvent, Epoch, Mailing
from apps.delivery.quiet import FAR
from apps.delivery.services import deciding, epochs, mailings, reaping, sending, suppression
from apps.delivery.services.claiming import Claimer, release
from apps.delivery.services.exchange import Exchange
from apps.delivery.sources import Claimed, Recipient
from apps.delivery.transports import Answer, Result
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.delivery.testapp.source import Numbers, register

pytestmark = pytest.mark.django_db


def claimed(mailing: Mailing, limit: int = 100) -> list[Claimed]:
    found, rows = Claimer().claim(limit)
    assert found == mailing
    return rows


def goes(row: Claimed) -> bool:
    return Exchange().intend(row, open_until=FAR)


def state(row: Claimed) -> str:
    return Delivery.objects.get(pk=row.id).state


def expire() -> None:
    """Let every lease have ended a second ago."""
    past = selectors.database_now() - timedelta(seconds=1)
    Delivery.objects.filter(state__in=["leased", "attempting"]).update(lease_until=past)


def test_nothing_stands_in_the_way() -> None:
    (row,) = claimed(worlds.running(1))
    assert goes(row)
    assert not goes(row), "one intent for each lease"


def test_a_pause_holds_the_next_message_and_resume_lets_it_go(sink: Sink, drain: Callable[[], int]) -> None:
    mailing = worlds.running(2)
    first, second = claimed(mailing)
    assert goes(first)
    mailings.pause(actor=worlds.actor(), mailing=mailing)
    assert not goes(second)
    sending.step_back(second, not_before=selectors.database_now())
    assert state(second) == "ready"
    mailings.resume(actor=worlds.actor(), mailing=mailing)
    sending.record(first, Answer(Result.ACCEPTED, "250 OK"))
    assert drain() == 1


def test_a_cancel_settles_what_nobody_tried() -> None:
    mailing = worlds.running(3)
    first, second = claimed(mailing, 2)
    assert goes(first)
    mailings.cancel(actor=worlds.actor(), mailing=mailing)
    assert not goes(second)
    sending.step_back(second, not_before=selectors.database_now())
    sending.record(first, Answer(Result.ACCEPTED, "250 OK"))
    assert worlds.states(mailing) == {"accepted": 1, "cancelled": 2}


def test_a_cancel_marks_a_few_itself_and_the_next_worker_all_others(
    sink: Sink, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large a mailing is, the request and the launch's transaction around it are short."""
    monkeypatch.setattr(mailings, "CANCEL_AT_ONCE", 2)
    monkeypatch.setattr(mailings, "CANCEL_CHUNK", 3)
    mailing = mailings.cancel(actor=worlds.actor(), mailing=worlds.running(12))
    assert worlds.states(mailing) == {"cancelled": 2, "ready": 10}
    figures = selectors.figures(mailing)
    assert sum(figures.by_state.values()) == figures.total == mailing.recipients == 12
    assert (figures.left, figures.seconds_left, figures.next_at) == (10, None, None)
    assert drain() == 0
    assert worlds.states(mailing) == {"cancelled": 12}
    assert not sink.got


@pytest.mark.parametrize(
    ("kind", "value", "topic", "held"),
    [
        ("address", "User1@D1.example.com", "", True),
        ("address", "user1@d1.example.com", "product-news", True),
        ("address", "user1@d1.example.com", "events", False),
        ("domain", "d1.example.com", "", True),
        ("domain", "example.com", "", False),
    ],
)
def test_an_unsubscribe_in_the_last_second_counts(kind: str, value: str, topic: str, held: bool) -> None:
    (row,) = claimed(worlds.running(1))
    suppression.add(actor=worlds.administrator(), kind=kind, value=value, topic=topic)
    assert goes(row) is not held
    if held:
        sending.step_back(row, not_before=selectors.database_now())
        assert state(row) == "suppressed"


def test_a_lease_that_ended_or_is_anothers_lets_nothing_out() -> None:
    mailing = worlds.running(1)
    (row,) = claimed(mailing)
    expire()
    assert not goes(row)
    assert reaping.reap() == (1, 0)
    (again,) = claimed(mailing)
    assert not goes(row)
    assert goes(again)


def test_quiet_hours_put_it_off_until_they_end(sink: Sink, drain: Callable[[], int], settings: Any) -> None:
    now = selectors.database_now()
    start, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=2)).time()
    mailing = worlds.scheduled(
        1, quiet_from=start.replace(microsecond=0), quiet_until=end.replace(microsecond=0)
    )
    assert drain() == 0
    row = Delivery.objects.get(mailing=mailing)
    assert row.state == "ready"
    assert row.attempts == 0
    assert abs(row.not_before - (now + timedelta(hours=2))) < timedelta(seconds=3)
    assert not sink.got


def test_a_new_epoch_holds_everything_until_a_person_looked(sink: Sink, drain: Callable[[], int]) -> None:
    mailing = worlds.running(2)
    (row,) = claimed(mailing, 1)
    with pytest.raises(NotAllowed):
        epochs.advance(actor=worlds.actor(), reason="Restored")
    epochs.advance(actor=worlds.administrator(), reason="Restored from last night's copy")
    assert not goes(row)
    release([row])
    assert drain() == 0
    mailings.resume(actor=worlds.actor(), mailing=mailing)
    assert drain() == 2


def test_another_server_is_noticed_and_the_same_one_is_not(sink: Sink, drain: Callable[[], int]) -> None:
    worlds.running(1)
    assert not epochs.check()
    Epoch.objects.update(cluster="7000000000000000000:1")
    assert epochs.check()
    assert not epochs.check()
    assert drain() == 0


def test_what_a_new_epoch_holds_says_so_until_it_is_resumed(
    sink: Sink, drain: Callable[[], int], django_assert_max_num_queries: Any
) -> None:
    mailing, paused = worlds.running(2), worlds.running(1)
    mailings.pause(actor=worlds.actor(), mailing=paused)
    assert selectors.held_reason(mailing) == ""
    with pytest.raises(CommandError, match="Say why"):
        call_command("hold_mail", " ")
    out = StringIO()
    call_command("hold_mail", "Restored the copy of 3 May.", stdout=out)
    assert out.getvalue() == "Mailings held until somebody resumes each: 1\n"
    assert drain() == 0
    mailing.refresh_from_db()
    with django_assert_max_num_queries(1):
        reason = selectors.held_reason(mailing)
    since = Epoch.objects.get().since
    assert reason == (
        f"Held since {since:%Y-%m-%d %H:%M} UTC until somebody resumes it: Restored the copy of 3 May."
    )
    mailing = mailings.resume(actor=worlds.actor(), mailing=mailing)
    assert selectors.held_reason(mailing) == ""
    assert not selectors.held().exists()
    assert drain() == 2


def server_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epochs, "_cluster", lambda: "7000000000000000000:2")


def test_a_worker_that_keeps_running_notices_another_server_in_a_while(
    sink: Sink, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler in between may lead to another server over the same connection."""
    from apps.delivery.services import worker

    settings.DELIVERY_BATCH = 1
    worlds.running(3)
    lane = worker.Lane(worker.Stop(), 1)
    worker.housekeep_until_work()
    assert lane.step() == 1
    server_changes(monkeypatch)
    assert lane.step() == 1, "looked a moment ago"
    monkeypatch.setattr(epochs, "WATCH_SECONDS", 0)
    worker.housekeep()
    assert lane.step() == 0
    lane.close()
    assert len(sink.got) == 2


def test_a_server_that_changes_within_a_batch_gets_no_more_of_it(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.delivery.services import worker

    monkeypatch.setattr(epochs, "WATCH_SECONDS", 0)
    mailing = worlds.running(3)
    lane = worker.Lane(worker.Stop(), 10)
    lane.transport.open()
    send = lane.transport.send

    def change_after(message: Any) -> Answer:
        answer = send(message)
        server_changes(monkeypatch)
        return answer

    monkeypatch.setattr(lane.transport, "send", change_after)
    lane.step()
    lane.close()
    assert worlds.states(mailing) == {"accepted": 1, "ready": 2}
    assert len(sink.got) == 1


@pytest.mark.django_db(transaction=True)
def test_behind_a_new_connection_is_looked_at_once_who_answers(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.delivery.services import worker

    worlds.running(2)
    lane = worker.Lane(worker.Stop(), 1)
    assert lane.step() == 1
    server_changes(monkeypatch)
    connection.close()
    assert lane.step() == 0
    lane.close()
    assert len(sink.got) == 1


# Leases ---------------------------------------------------------------------------------------------


def test_no_row_is_claimed_twice_and_the_floor_loses_none() -> None:
    mailing = worlds.running(10)
    one, other = Claimer(), Claimer()
    first, second = one.claim(4)[1], other.claim(4)[1]
    assert not {row.id for row in first} & {row.id for row in second}
    release(first)
    rest = one.claim(100)[1]
    assert {row.id for row in rest} | {row.id for row in second} == set(
        Delivery.objects.filter(mailing=mailing).values_list("pk", flat=True)
    )


def test_a_row_that_is_locked_elsewhere_is_found_later() -> None:
    """The floor passes it by; looking from the beginning finds it."""
    mailing = worlds.running(6)
    claimer = Claimer()
    first = claimer.claim(3)[1]
    Delivery.objects.filter(pk=first[0].id).update(state="ready", lease=None, lease_until=None)
    found = [row.id for row in claimer.claim(100)[1]]
    assert first[0].id in found
    assert len(found) == 4
    assert mailing.recipients == 6


def test_mailings_take_turns() -> None:
    first, second = worlds.running(4), worlds.running(4)
    claimer = Claimer()
    assert [claimer.claim(1)[0] for _ in range(4)] == [first, second, first, second]


def test_a_dead_workers_attempt_becomes_uncertain_and_a_late_answer_lands() -> None:
    (row,) = claimed(worlds.running(1))
    assert goes(row)
    expire()
    assert reaping.reap() == (0, 1)
    assert reaping.reap() == (0, 0)
    assert state(row) == "uncertain"
    assert sending.record(row, Answer(Result.ACCEPTED, "250 OK"))
    assert state(row) == "accepted"


def test_recording_twice_records_once() -> None:
    (row,) = claimed(worlds.running(1))
    assert goes(row)
    assert sending.record(row, Answer(Result.ACCEPTED, "250 OK"))
    assert not sending.record(row, Answer(Result.FAILED, "550 no"))
    assert state(row) == "accepted"
    assert DeliveryEvent.objects.filter(delivery_id=row.id).count() == 1


def uncertain() -> tuple[Mailing, Claimed]:
    mailing = worlds.running(1)
    (row,) = claimed(mailing)
    assert goes(row)
    expire()
    reaping.reap()
    mailings.finish_done()
    return mailing, row


def test_a_persons_decision_stands_against_a_late_answer() -> None:
    _, row = uncertain()
    stored = Delivery.objects.get(pk=row.id)
    with pytest.raises(Invalid, match="how you know"):
        deciding.decide(actor=worlds.actor(), delivery=stored, decision="sent", reason=" ")
    deciding.decide(
        actor=worlds.actor(), delivery=stored, decision="not_sent", reason="Not in the relay's log"
    )
    assert state(row) == "failed"
    assert not sending.record(row, Answer(Result.ACCEPTED, "250 OK"))
    with pytest.raises(Invalid, match="by now"):
        deciding.decide(actor=worlds.actor(), delivery=stored, decision="sent", reason="x")


def test_sending_again_is_another_message_and_is_logged(sink: Sink, drain: Callable[[], int]) -> None:
    from apps.audit.models import Event

    mailing, row = uncertain()
    mailing.refresh_from_db()
    assert mailing.state == "finished"
    who = worlds.actor()
    deciding.decide(
        actor=who, delivery=Delivery.objects.get(pk=row.id), decision="send_again", reason="She asked for it"
    )
    assert drain() == 1
    assert sink.ids[0] != row.message_id
    assert sink.ids[0] == Delivery.objects.get(pk=row.id).message_id
    event = Event.objects.get(verb="delivery.decided")
    assert (event.actor_id, event.reason) == (who.id, "She asked for it")


def test_dead_rows_get_a_fresh_set_of_attempts(sink: Sink, drain: Callable[[], int], settings: Any) -> None:
    settings.DELIVERY_RETRY_SECONDS = []
    mailing = worlds.scheduled(2)
    sink.rcpt = lambda address, count: "450 busy" if count == 1 else None
    drain()
    assert worlds.states(mailing) == {"dead": 2}
    assert deciding.requeue(actor=worlds.actor(), mailing=mailing, reason="Relay repaired") == 2
    assert drain() == 2
    assert worlds.states(mailing) == {"accepted": 2}


class Closed(Numbers):
    """A source whose launch was paused."""

    def may_send(self, mailing: Mailing) -> str:
        return f"The launch of {mailing.title} is paused."


def test_a_finished_mailing_runs_again_only_if_its_source_lets_it(
    sink: Sink, drain: Callable[[], int]
) -> None:
    sink.rcpt = lambda address, count: "550 no" if count == 1 else None
    mailing = worlds.scheduled(2)
    drain()
    assert worlds.states(mailing) == {"failed": 2}
    register(Closed())
    who = worlds.actor()
    with pytest.raises(Invalid, match="The launch of News is paused") as refused:
        deciding.requeue(actor=who, mailing=mailing, reason="Relay repaired", failed=True)
    assert refused.value.code == "transition"
    assert worlds.states(mailing) == {"failed": 2}
    register()
    assert deciding.requeue(actor=who, mailing=mailing, reason="Relay repaired", failed=True) == 2
    assert drain() == 2


def test_a_row_is_sent_again_only_if_its_source_lets_it() -> None:
    _, row = uncertain()
    stored = Delivery.objects.get(pk=row.id)
    register(Closed())
    with pytest.raises(Invalid, match="paused"):
        deciding.decide(actor=worlds.actor(), delivery=stored, decision="send_again", reason="Asked for")
    assert state(row) == "uncertain"
    deciding.decide(actor=worlds.actor(), delivery=stored, decision="sent", reason="In the relay's log")
    assert state(row) == "accepted"


def test_a_mailing_starts_and_goes_on_only_if_its_source_lets_it() -> None:
    who, waiting, paused = worlds.actor(), worlds.draft(1), worlds.running(1)
    mailings.approve(actor=who, mailing=waiting)
    mailings.pause(actor=who, mailing=paused)
    register(Closed())
    for act, mailing in ((mailings.schedule, waiting), (mailings.resume, paused)):
        before = Mailing.objects.get(pk=mailing.pk).state
        with pytest.raises(Invalid, match="paused"):
            act(actor=who, mailing=mailing)
        assert Mailing.objects.get(pk=mailing.pk).state == before


# The snapshot ---------------------------------------------------------------------------------------


def test_the_snapshot_counts_duplicates_and_keeps_what_cannot_be_sent(settings: Any) -> None:

    class Odd(Numbers):
        def recipient(self, number: int) -> Recipient:
            address = {1: "Same@Example.com", 4: "same@example.COM ", 5: "nothing", 6: ""}
            return Recipient("contact", number, address.get(number, f"u{number}@example.com"), str(number))

    register(Odd())
    settings.DELIVERY_SNAPSHOT_CHUNK = 3
    suppression.add(actor=SYSTEM, value="u2@example.com")
    mailing = worlds.running(8)
    assert worlds.states(mailing) == {"ready": 4, "suppressed": 1, "failed": 2}
    assert (mailing.recipients, mailing.duplicates) == (7, 1)
    (twice,) = selectors.duplicates(mailing)
    assert (twice.recipient_id, twice.first.recipient_id, twice.first.address) == (4, 1, "same@example.com")


def test_a_chunk_and_its_cursor_are_kept_together(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.delivery.services import snapshot

    settings.DELIVERY_SNAPSHOT_CHUNK = 4
    mailing = worlds.scheduled(10)
    mailings.start_due()
    snapshot.store_chunk(mailing.pk)
    monkeypatch.setattr(snapshot.faults, "point", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        snapshot.store_chunk(mailing.pk)
    monkeypatch.undo()
    settings.DELIVERY_SNAPSHOT_CHUNK = 4
    mailing.refresh_from_db()
    assert (mailing.recipients, mailing.cursor) == (4, f"{4:012d}")
    while snapshot.continue_snapshots():
        pass
    mailing.refresh_from_db()
    assert (mailing.recipients, mailing.duplicates, mailing.state) == (10, 0, "running")


def test_a_source_that_is_gone_pauses_its_mailing() -> None:
    from apps.delivery.services import snapshot

    mailing = worlds.scheduled(1)
    Mailing.objects.update(source="gone")
    mailings.start_due()
    snapshot.continue_snapshots()
    mailing.refresh_from_db()
    assert mailing.state == "paused"
    assert "gone" in mailing.pause_reason


@pytest.mark.parametrize("error", [KeyError("attributes"), RecursionError(), DataError("too long")])
def test_a_source_that_fails_pauses_its_mailing_and_no_other(
    sink: Sink, drain: Callable[[], int], error: Exception
) -> None:

    class Failing(Numbers):
        def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
            if mailing == bad:
                raise error
            return super().recipients(mailing, after, limit)

    bad, good = worlds.scheduled(2), worlds.scheduled(3)
    register(Failing())
    assert drain() == 3
    bad.refresh_from_db()
    assert (bad.state, bad.paused_from) == ("paused", "snapshotting")
    assert type(error).__name__ in bad.pause_reason
    register()
    mailings.resume(actor=worlds.actor(), mailing=bad)
    assert drain() == 2
    assert worlds.states(good) == {"accepted": 3}


def test_a_database_that_is_away_is_not_the_mailings_fault() -> None:
    from apps.delivery.services import snapshot

    class Away(Numbers):
        def recipients(self, mailing: Mailing, after: str, limit: int) -> Sequence[Recipient]:
            raise OperationalError("server closed the connection")

    mailing = worlds.scheduled(1)
    register(Away())
    mailings.start_due()
    with pytest.raises(OperationalError):
        snapshot.continue_snapshots()
    mailing.refresh_from_db()
    assert mailing.state == "snapshotting"


def test_claiming_uses_its_index() -> None:
    worlds.running(2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE delivery_delivery")
        cursor.execute(
            "EXPLAIN SELECT id FROM delivery_delivery WHERE mailing_id = %s AND state = 'ready'"
            " AND not_before <= statement_timestamp() AND (not_before, id) > ('-infinity', 0)"
            " ORDER BY not_before, id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED",
            [Mailing.objects.latest("pk").pk],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "delivery_to_claim" in plan, plan


def test_a_forged_lease_records_nothing() -> None:
    (row,) = claimed(worlds.running(1))
    assert goes(row)
    row.lease = uuid.uuid4()
    assert not sending.record(row, Answer(Result.ACCEPTED, "250 OK"))
    assert state(row) == "attempting"


def test_times_that_are_too_short_are_refused() -> None:
    with pytest.raises(Invalid, match="15 minutes"):
        worlds.draft(quiet_from=time(20), quiet_until=time(20, 5))
    with pytest.raises(Invalid, match="beginning and an end"):
        worlds.draft(quiet_from=time(20))
    assert datetime.now(UTC)
