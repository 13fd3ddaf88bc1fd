"""Workers that are killed, stopped and started again while they send."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.delivery.models import Delivery, Mailing
from tests.databases import ROOT
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.faults.fleet import Fleet, alive, environment, hold_invariants

Make = Callable[..., Fleet]


def kill_at_random(fleet: Fleet, mailing: Mailing, *, workers: int, lanes: int, every: float) -> int:
    """kill -9 a worker every so often until all is settled; returns the sends that may have been under way."""
    chance = random.Random(7)
    pids = [fleet.start(lanes=lanes) for _ in range(workers)]
    kills = 0
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if not Delivery.objects.filter(mailing=mailing, state="ready").exists() and (
            Mailing.objects.get(pk=mailing.pk).state != "snapshotting"
        ):
            break
        time.sleep(every)
        place = chance.randrange(workers)
        fleet.kill(pids[place])
        kills += 1
        pids[place] = fleet.start(lanes=lanes)
    fleet.wait_settled(mailing)
    return kills * lanes


def test_kill_9_every_so_often_through_a_mailing(fleet: Make, sink: Sink) -> None:
    mailing = worlds.running(600)
    in_flight = kill_at_random(fleet(), mailing, workers=2, lanes=2, every=0.3)
    assert in_flight
    found = hold_invariants(mailing, sink, size=600, in_flight=in_flight)
    assert found["accepted"] + found.get("uncertain", 0) == 600


@pytest.mark.full
def test_kill_9_every_so_often_through_a_large_mailing(fleet: Make, sink: Sink) -> None:
    mailing = worlds.scheduled(8000)
    in_flight = kill_at_random(fleet(), mailing, workers=6, lanes=2, every=0.3)
    found = hold_invariants(mailing, sink, size=8000, in_flight=in_flight)
    assert found["accepted"] + found.get("uncertain", 0) == 8000


@pytest.mark.parametrize(
    ("point", "uncertain", "sent"),
    [
        ("after_claim", 0, 0),
        ("after_intent", 1, 0),
        ("in_data", 1, 0),
        ("after_250", 1, 1),
        ("after_record", 1, 0),
    ],
)
def test_kill_9_at_each_point(fleet: Make, sink: Sink, point: str, uncertain: int, sent: int) -> None:
    mailing = worlds.running(30)
    ships = fleet(DELIVERY_BATCH="10")
    pid = ships.start(fault=f"{point}:{0 if point == 'after_claim' else 4}")
    ships.wait_gone(pid)
    ships.start()
    ships.wait_settled(mailing)
    found = hold_invariants(mailing, sink, size=30, in_flight=uncertain)
    assert found.get("uncertain", 0) == uncertain
    assert len(sink.got) == 30 - uncertain + sent


def test_stopped_past_its_lease_and_continued(fleet: Make, sink: Sink) -> None:
    """It wakes up with rows that others have sent meanwhile, and with an answer that still counts."""
    mailing = worlds.running(25)
    ships = fleet()
    sink.gate.clear()
    sleeper = ships.start()
    ships.wait(lambda: sink.waiting == 1, "one message waits for its answer")
    ships.signal(sleeper, signal.SIGSTOP)
    sink.gate.set()
    ships.start()
    ships.wait_settled(mailing)
    found = hold_invariants(mailing, sink, size=25, in_flight=1)
    assert found == {"accepted": 24, "uncertain": 1}
    ships.signal(sleeper, signal.SIGCONT)
    ships.wait(lambda: worlds.states(mailing) == {"accepted": 25}, "the late answer lands")
    # It had nineteen more rows in hand: time for it to try the next one and be told no.
    ships.signal(sleeper, signal.SIGTERM)
    ships.wait_gone(sleeper)
    assert hold_invariants(mailing, sink, size=25, in_flight=0) == {"accepted": 25}


@pytest.mark.parametrize("chunk", [0, 2])
def test_kill_9_in_the_middle_of_a_snapshot(fleet: Make, sink: Sink, chunk: int) -> None:
    mailing = worlds.scheduled(220)
    ships = fleet()
    ships.wait_gone(ships.start(fault=f"in_snapshot:{chunk}"))
    assert Delivery.objects.filter(mailing=mailing).count() == chunk * 50
    ships.start()
    ships.wait_settled(mailing)
    assert hold_invariants(mailing, sink, size=220, in_flight=0) == {"accepted": 220}


def test_the_command_drains_and_ends(sink: Sink, transactional_db: None, tmp_path: Path) -> None:
    mailing = worlds.scheduled(40)
    done = subprocess.run(
        [sys.executable, "manage.py", "deliver"], cwd=ROOT, env={**os.environ, **environment(sink, tmp_path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "40 accepted" in done.stdout
    assert hold_invariants(mailing, sink, size=40, in_flight=0) == {"accepted": 40}


def test_sigterm_finishes_the_message_in_hand_and_gives_the_rest_back(fleet: Make, sink: Sink) -> None:
    mailing = worlds.running(25)
    ships = fleet(DELIVERY_LEASE_SECONDS="600", DELIVERY_ATTEMPT_SECONDS="600")
    sink.gate.clear()
    pid = ships.start(lanes=2)
    ships.wait(lambda: sink.waiting == 2, "two messages wait for their answers")
    ships.signal(pid, signal.SIGTERM)
    sink.gate.set()
    ships.wait_gone(pid)
    assert worlds.states(mailing) == {"accepted": 2, "ready": 23}
    assert not alive(pid)
