"""How late announcements go live on the embedded default: `python -m benchmarks.announcement_lateness`.

Real processes on a fresh data folder, as `make run` starts them, with the database writing to disk as it
does there. Announcements are due at random moments; lateness is what the database's own clock says between
the moment each was due and the moment from which the feed shows it. To reach: 1 s at p99.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UP_SECONDS = 60
OWN = ("DATABASE_URL", "CELERY_BROKER_URL", "PUBLIC_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "PORT")


@dataclass(frozen=True)
class Lateness:
    """Seconds between due and live of `count` announcements; `told` until calendar and inboxes knew (p99)."""

    count: int
    over_seconds: int
    p50: float
    p99: float
    worst: float
    told: float

    def row(self) -> str:
        """One row of a Markdown table: what, figures, what to reach."""
        what = f"{self.count} announcements due within {self.over_seconds} s"
        return (
            f"| {what} | p50 {self.p50:.2f} s, p99 {self.p99:.2f} s, "
            f"worst {self.worst:.2f} s, calendar and inboxes p99 {self.told:.2f} s | p99 within 1 s |"
        )


def measure(count: int = 300, over_seconds: int = 60) -> Lateness:
    """Run the measurement on a throwaway installation; takes `over_seconds` and about 20 s to set up."""
    from launchportal.embedded import Server

    with tempfile.TemporaryDirectory(prefix="lp-late-", dir="/tmp") as folder:
        environment = {name: value for name, value in os.environ.items() if name not in OWN}
        environment |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "launchportal.settings"}
        for name in OWN:
            os.environ.pop(name, None)
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "launchportal.settings"}
        with Server(Path(folder)).hold():
            subprocess.run(
                [sys.executable, "manage.py", "prepare", "--verbosity=0"],
                cwd=ROOT,
                env=environment,
                check=True,
            )
            import django

            django.setup()
            return _measure(count, over_seconds, environment)


def _measure(count: int, over_seconds: int, environment: dict[str, str]) -> Lateness:
    from django.db import connection

    from apps.announcements.models import Announcement
    from apps.announcements.selectors import database_now
    from launchportal import processes

    made = _announcements(count + 1)
    commands = processes.everything(0)
    running = [
        subprocess.Popen(
            commands[name], cwd=ROOT, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name in ("worker", "ticks", "beat")
    ]  # fmt: skip
    try:
        Announcement.objects.filter(pk=made[0]).update(starts_at=database_now())
        _wait(lambda: Announcement.objects.filter(pk=made[0], state="live").exists(), UP_SECONDS)
        begin = database_now() + timedelta(seconds=2)
        for pk in made[1:]:
            due = begin + timedelta(seconds=random.uniform(0, over_seconds))
            Announcement.objects.filter(pk=pk).update(starts_at=due)
        waiting = Announcement.objects.filter(pk__in=made[1:], followed_up_at=None)
        _wait(lambda: not waiting.exists(), over_seconds + UP_SECONDS)
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    times = Announcement.objects.filter(pk__in=made[1:]).values_list(
        "starts_at", "went_live_at", "followed_up_at"
    )
    late = sorted((live - due).total_seconds() for due, live, _ in times)
    told = sorted((known - due).total_seconds() for due, _, known in times)
    connection.close()
    assert late[0] >= 0, "something went live before its time"
    return Lateness(count, over_seconds, _at(late, 0.5), _at(late, 0.99), late[-1], _at(told, 0.99))


def _announcements(count: int) -> list[int]:
    """Scheduled announcements for a team of twenty, each with a calendar item."""
    from apps.accounts.models import Team, User
    from apps.announcements.selectors import database_now
    from apps.announcements.services import approving, running, writing
    from apps.content.models import CalendarItem
    from apps.core.actors import SYSTEM
    from apps.launches import kinds
    from apps.launches.services.launch import create_launch, set_state
    from apps.launches.services.records import add_record

    team = Team.objects.create(slug="marketing", name="Marketing")
    people = [User(email=f"p{number}@example.com", name=f"Person {number}") for number in range(20)]
    team.people.set(User.objects.bulk_create(people))
    launch = set_state(actor=SYSTEM, launch=create_launch(actor=SYSTEM, name="Lateness"), to="active")
    ids = []
    for number in range(count):
        item = add_record(
            actor=SYSTEM, launch=launch, kind=kinds.get("calendar_entry"), values={"title": f"Item {number}"}
        )
        assert isinstance(item, CalendarItem)
        values: dict[str, Any] = {"title": f"Number {number}", "body": "What is new.", "teams": [team]}
        made = writing.create_announcement(actor=SYSTEM, launch=launch, values=values, item=item)
        made = approving.approve(actor=SYSTEM, announcement=made)
        later = database_now() + timedelta(days=1)
        running.schedule(actor=SYSTEM, announcement=made, starts_at=later)
        ids.append(made.pk)
    return ids


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _wait(reached: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > until:
            raise SystemExit("the processes did not do it in time")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--announcements", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    print(measure(options.announcements, options.seconds).row())


if __name__ == "__main__":
    main()
