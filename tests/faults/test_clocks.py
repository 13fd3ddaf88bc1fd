"""Clocks that are wrong, and clocks that are changed while mail goes out."""

from __future__ import annotations

import os
import signal
import struct
import time
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.core.fields import known_zones
from apps.delivery import selectors
from apps.delivery.models import Delivery
from apps.delivery.services import mailings
from apps.delivery.sources import Recipient
from launchportal import processes
from tests.delivery import worlds
from tests.delivery.sink import Sink
from tests.delivery.testapp.source import Numbers, register
from tests.faults.fleet import Fleet, database, hold_invariants, settled
from tests.live import LivePortal

HOUR = 3600


def off_by(seconds: int) -> list[str]:
    """Beat's command, for a process whose clock is wrong."""
    python, dash_m, *rest = processes.beat()
    assert dash_m == "-m"
    return [python, "-m", "tests.faults.skewed", str(seconds), *rest]


@pytest.mark.full
def test_several_beats_of_which_two_have_wrong_clocks(portal: Callable[..., LivePortal], sink: Sink) -> None:
    """The slow one's bells have expired before they ring and the fast one's never do: neither changes anything."""
    made = portal(
        DELIVERY_TASK_SECONDS="1", DELIVERY_LANES="2", DELIVERY_POLL_SECONDS="0.5", DELIVERY_SLOTS="2"
    )
    made.commands |= {"slow beat": off_by(-HOUR), "fast beat": off_by(HOUR)}
    mailing = worlds.scheduled(150, rate=50)
    made.start("beat", "slow beat", "fast beat")

    def kinds() -> set[int]:
        """By how many hours the bells that wait would expire from now."""
        with database().connect() as connection:
            rows = connection.execute("SELECT message->'headers'->>'expires' FROM pgmq.q_default").fetchall()
        now = datetime.now(UTC)
        return {round((datetime.fromisoformat(row[0]) - now).total_seconds() / HOUR) for row in rows}

    made.wait_for(lambda: kinds() == {-1, 0, 1}, "all three ring")
    made.start("worker")
    made.wait_for(lambda: settled(mailing), "everything is settled", 60)
    assert hold_invariants(mailing, sink, size=150, in_flight=0) == {"accepted": 150}


@pytest.mark.full
def test_a_lone_beat_whose_clock_is_set_back_rings_on(portal: Callable[..., LivePortal], sink: Sink) -> None:
    made = portal()
    made.commands["fast beat"] = off_by(HOUR)
    made.start("worker", "fast beat")

    def settles_by_polls() -> None:
        """The bell of scheduling it has rung long before it is due."""
        at = selectors.database_now() + timedelta(seconds=1.5)
        mailing = mailings.approve(actor=worlds.actor(), mailing=worlds.draft(20))
        mailings.schedule(actor=worlds.actor(), mailing=mailing, starts_at=at)
        made.wait_for(lambda: settled(mailing), "everything is settled")
        assert hold_invariants(mailing, sink, size=20, in_flight=0) == {"accepted": 20}

    settles_by_polls()
    os.kill(made.running["fast beat"].pid, signal.SIGUSR2)
    settles_by_polls()


class Zones:
    """Zones of a folder's own, beside those that there are. A clock changes in each at one instant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = os.pathsep.join([str(folder), *zoneinfo.TZPATH])

    def add(self, name: str, at: datetime, before: int, after: int) -> None:
        """`before` and `after` are hours ahead of UTC. The format is RFC 9636's, in its first version."""
        names = b"BEF\0AFT\0"
        header = struct.pack(">4s16x6l", b"TZif", 0, 0, 0, 1, 2, len(names))
        changes = struct.pack(">lB", int(at.timestamp()), 1)
        kinds = struct.pack(">lBBlBB", before * HOUR, 0, 0, after * HOUR, 1, 4)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(header + changes + kinds + names)


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[Zones]:
    made = Zones(tmp_path / "zones")
    made.folder.mkdir()
    zoneinfo.reset_tzpath(to=made.path.split(os.pathsep))
    known_zones.cache_clear()
    yield made
    zoneinfo.reset_tzpath()
    known_zones.cache_clear()


FIXED = ("Pacific/Kiritimati", "Etc/GMT+12", "Etc/GMT-5")
CHANGING = ("Test/SpringsOut", "Test/FallsOut", "Test/SpringsIn", "Test/FallsIn")
EACH = 10


class Travelling(Numbers):
    """Recipients in turn from each of the zones."""

    def recipient(self, number: int) -> Recipient:
        zone = (*FIXED, *CHANGING)[number % 7]
        return Recipient("contact", number, f"user{number}@example.com", f"{number:012d}", zone=zone,
                         context={"number": number})  # fmt: skip


def test_clocks_are_changed_into_quiet_hours_and_out_of_them(
    fleet: Callable[..., Fleet], sink: Sink, zones: Zones
) -> None:
    """While a mailing runs: what was open becomes quiet before the next message, what was quiet is sent."""
    register(Travelling())
    ships = fleet(PYTHONTZPATH=zones.path, DELIVERY_BATCH="100", DELIVERY_LEASE_SECONDS="30")
    # Once one has ended the next starts at once. None may run yet: the audience is known to this process only.
    ships.wait_gone(ships.start(drain=True))
    change = (selectors.database_now() + timedelta(seconds=3)).replace(microsecond=0)
    # Quiet from half an hour ago until eight and a half hours from now, on a wall in UTC.
    begin, end = change - timedelta(minutes=30), change + timedelta(hours=8, minutes=30)
    zones.add("Test/SpringsOut", change, 8, 9)
    zones.add("Test/FallsOut", change, 0, -1)
    zones.add("Test/SpringsIn", change, -1, 0)
    zones.add("Test/FallsIn", change, 9, 8)
    # One worker has them all in hand, and is so slow that some are left when the clocks change.
    sink.data = lambda address, count: time.sleep(0.1)  # type: ignore[func-returns-value]
    mailing = worlds.running(7 * EACH, quiet_from=begin.time(), quiet_until=end.time())
    ships.start()
    rows = Delivery.objects.filter(mailing=mailing)
    for_now = (*FIXED[:2], *CHANGING[:2])
    ships.wait(
        lambda: (
            not rows.filter(state__in=["leased", "attempting"]).exists()
            and not rows.filter(zone__in=for_now).exclude(state="accepted").exists()
            and not rows.filter(state="ready", not_before__lte=selectors.database_now()).exists()
        ),
        "all is sent that may be",
    )
    found = hold_invariants(mailing, sink, size=7 * EACH, in_flight=0)
    assert set(found) == {"accepted", "ready"}
    by_zone = {zone: list(rows.filter(zone=zone)) for zone in (*FIXED, *CHANGING)}
    assert all(len(each) == EACH for each in by_zone.values())
    assert {row.state for row in by_zone["Etc/GMT-5"]} == {"ready"}
    for zone in ("Test/SpringsOut", "Test/FallsOut"):
        early = [row.attempt_at for row in by_zone[zone] if row.attempt_at is None or row.attempt_at < change]
        assert not early, (zone, change)
    for zone, opens in (("Test/SpringsIn", timedelta(hours=8.5)), ("Test/FallsIn", timedelta(hours=0.5))):
        sent = [row for row in by_zone[zone] if row.state == "accepted"]
        held = [row for row in by_zone[zone] if row.state == "ready"]
        assert sent and held, zone
        late = [row.attempt_at for row in sent if row.attempt_at is None or row.attempt_at >= change]
        assert not late, (zone, change)
        assert {row.not_before for row in held} == {change + opens}, zone
