"""Freezing an audience into rows, killed in the middle: `python -m benchmarks.snapshot [--recipients N]`.

A process of its own collects, is killed with -9 after two fifths, and another one goes on. Both have to end up
with every recipient once. Time is what the two spent collecting, without their starts; memory is the peak of
the second one, beside what it held after its first chunk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.installation import installation

ROOT = Path(__file__).resolve().parent.parent
SHARE = 0.4
CONTACTS_PER_ACCOUNT = 10


def collect(source_id: int) -> None:
    """What the process does: every chunk, then its seconds and MiB (after the first chunk, and at most)."""
    import django

    django.setup()
    from apps.delivery import sources
    from apps.delivery.services import snapshot
    from benchmarks.outgoing.source import Numbers

    sources.register("benchmark", Numbers())
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    first = 0
    while snapshot.continue_snapshots():
        first = first or resident("VmRSS")
    print(f"{time.perf_counter() - began} {first} {resident('VmHWM')}", flush=True)


def resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) // 1024


def start() -> subprocess.Popen[str]:
    """A process that waits for its word to begin."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.snapshot", "--collect"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "launchportal.settings"},
    )  # fmt: skip
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise SystemExit("the process that collects does not start")
    return process


def go(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return time.perf_counter()


def measure(count: int) -> str:
    """One mailing of so many recipients, killed once; a row of a Markdown table."""
    from apps.core.actors import SYSTEM
    from apps.delivery import sources
    from apps.delivery.models import Delivery, Mailing
    from apps.delivery.services import mailings
    from benchmarks.outgoing.source import Numbers

    sources.register("benchmark", Numbers())
    made = mailings.create_mailing(
        actor=SYSTEM, source="benchmark", source_id=count, title="Everybody", topic="news"
    )
    made = mailings.approve(actor=SYSTEM, mailing=made)
    mailings.schedule(actor=SYSTEM, mailing=made)
    mailings.start_due()

    def stored() -> int:
        return Mailing.objects.values_list("recipients", flat=True).get(pk=made.pk)

    one, two = start(), start()
    began = go(one)
    while stored() < count * SHARE:
        time.sleep(0.05)
        if one.poll() is not None:
            raise SystemExit("it ended before it was killed")
    one.kill()
    one.wait()
    spent = time.perf_counter() - began
    kept = stored()
    go(two)
    said = two.communicate()[0].split()
    spent += float(said[0])
    made.refresh_from_db()
    rows = Delivery.objects.filter(mailing=made)
    if made.state != Mailing.State.RUNNING or not count == made.recipients == rows.count():
        raise SystemExit(f"{made.state} with {made.recipients} of {count}, {rows.count()} rows")
    if rows.values("address").distinct().count() != count:
        raise SystemExit("somebody is there twice")
    return (
        f"| freezing {count:,} recipients, killed with -9 after {kept:,} and taken up again | {spent:.1f} s "
        f"({spent / count * 1e6:.0f} µs each), {said[1]} MiB after the first chunk, {said[2]} MiB at most "
        "| 20 s for 1,000,000, flat memory, resumes |"
    )


def measure_campaign(count: int) -> str:
    """The same for a campaign, whose recipients are contacts with their accounts' facts; a row of the table."""
    from decimal import Decimal

    from apps.accounts.models import User
    from apps.audience.models import Account, Contact
    from apps.core.actors import SYSTEM
    from apps.delivery.models import Mailing
    from apps.delivery.services import mailings, snapshot
    from apps.launches.services.launch import create_launch
    from apps.outreach.services import running, writing

    owner = User.objects.create_user("ada@example.com", name="Ada", role="administrator")
    accounts = Account.objects.bulk_create(
        Account(
            external_id=f"a{number}", name=f"Account {number}", plan=("free", "team", "business")[number % 3],
            value=Decimal(number), csm=owner, attributes={"projects": number % 200, "seats": number % 90},
        )
        for number in range(count // CONTACTS_PER_ACCOUNT)
    )  # fmt: skip
    Contact.objects.bulk_create(
        (
            Contact(account=accounts[number // CONTACTS_PER_ACCOUNT], email=f"p{number}@d{number % 50}.example.com",
                    name=f"Person {number}")
            for number in range(count)
        ),
        batch_size=5000,
    )  # fmt: skip
    launch = create_launch(actor=SYSTEM, name="Measured", owner=owner)
    campaign = writing.create(
        actor=SYSTEM, launch=launch,
        values={"title": "All", "subject": "News for {{ account.name }}", "body": "Hello {{ contact.name }}"},
    )  # fmt: skip
    campaign = running.approve(actor=SYSTEM, campaign=campaign)
    running.schedule(actor=SYSTEM, campaign=campaign)
    mailings.start_due()
    Mailing.objects.exclude(source="outreach.campaign").update(
        state="cancelled", ended_at="2026-01-01T00:00Z"
    )
    began = time.perf_counter()
    while snapshot.continue_snapshots():
        pass
    spent = time.perf_counter() - began
    return (
        f"| freezing a campaign of {count:,} contacts with what its text may say of their accounts | {spent:.1f} s "
        f"({spent / count * 1e6:.0f} µs each) | |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--collect", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.collect:
        collect(options.recipients)
        return
    with installation():
        print(measure(options.recipients))
        print(measure_campaign(options.contacts))


if __name__ == "__main__":
    main()
