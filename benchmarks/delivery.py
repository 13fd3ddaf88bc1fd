"""This project's mail engine beside others: `python -m benchmarks.delivery [--messages N] [engine...]`.

Each sends the same personalised messages (text and HTML) into one SMTP sink, from the same database, written to
disk as `make run` does. Time counts from the word "go" to the end of the last process, so what an engine writes
down afterwards counts too; lateness is how long after "go" a message was in the sink. Queues are filled
beforehand. What is measured against is installed apart, into build/.
"""

from __future__ import annotations

import argparse
import os
import smtplib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ROOT / "build" / "benchmark-libraries"
WANTED = ROOT / "benchmarks" / "outgoing" / "requirements.txt"
RUNS = (
    # (name in the results, engine, processes)
    ("this portal, 1 process", "portal", 1),
    ("this portal, 2 processes", "portal", 2),
    ("django-post-office, 1 process of 4 threads", "post_office_1", 1),
    ("django-post-office, 2 processes of 4 threads", "post_office_2", 1),
    ("django-mailer", "mailer", 1),
    ("bare smtplib loop, keeps nothing", "bare", 1),
)


@dataclass(frozen=True)
class Outcome:
    """One run: messages a second, p99 of seconds until a message was taken, peak MiB of its largest process."""

    rate: float
    late: float
    peak: int


def libraries() -> None:
    """Install what is measured against, by hash, where the portal's own environment does not see it."""
    stamp = LIBRARIES / "installed"
    if stamp.exists() and stamp.read_text() == WANTED.read_text():
        return
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
         "--python", sys.executable, "--target", str(LIBRARIES), "-r", str(WANTED)],
        check=True,
    )  # fmt: skip
    stamp.write_text(WANTED.read_text())


def fill(engine: str, count: int) -> None:
    """Put the messages into the engine's queue."""
    from benchmarks.outgoing.source import FROM, HTML, SUBJECT, TEXT, address, person

    people = [(address(number), person(number)) for number in range(1, count + 1)]
    if engine == "portal":
        from apps.core.actors import SYSTEM
        from apps.delivery.models import Mailing
        from apps.delivery.services import mailings, snapshot

        Mailing.objects.filter(state="running").update(state="cancelled", ended_at="2026-01-01T00:00Z")
        serial = Mailing.objects.count()
        made = mailings.create_mailing(
            actor=SYSTEM, source="benchmark", source_id=count, title=f"Run {serial}", topic=f"run-{serial}"
        )
        # One source id for each run: the next one takes the place of the last.
        made = mailings.approve(actor=SYSTEM, mailing=made)
        mailings.schedule(actor=SYSTEM, mailing=made)
        mailings.start_due()
        while snapshot.continue_snapshots():
            pass
        Mailing.objects.filter(pk=made.pk).update(source_id=-made.pk)
    elif engine.startswith("post_office"):
        from post_office.models import PRIORITY, STATUS, Email

        Email.objects.all().delete()
        Email.objects.bulk_create(
            Email(
                from_email=FROM, to=[to], subject=SUBJECT.format(**values), message=TEXT.format(**values),
                html_message=HTML.format(**values), priority=PRIORITY.medium, status=STATUS.queued,
            )
            for to, values in people
        )  # fmt: skip
    elif engine == "mailer":
        from django.core.mail import EmailMultiAlternatives
        from mailer.models import PRIORITY_MEDIUM, Message, make_message

        Message.objects.all().delete()
        rows = []
        for to, values in people:
            mail = EmailMultiAlternatives(SUBJECT.format(**values), TEXT.format(**values), FROM, [to])
            mail.attach_alternative(HTML.format(**values), "text/html")
            row = make_message(from_email=FROM, to=[to], priority=PRIORITY_MEDIUM)
            row.email = mail
            rows.append(row)
        Message.objects.bulk_create(rows)


def run(engine: str, processes: int, count: int, port: int) -> Outcome:
    fill(engine, count)
    command = [sys.executable, "-m", "benchmarks.outgoing.engine", engine, str(count)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                         stderr=subprocess.DEVNULL)
        for _ in range(processes)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        while (line := process.stdout.readline()) != "ready\n":
            assert line, f"{engine} does not start"
    with smtplib.SMTP("127.0.0.1", port, "localhost") as control:
        control.docmd("RPRT")
        began, clock = time.time(), time.perf_counter()
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate()[0] for process in started]
        took = time.perf_counter() - clock
        _, answer = control.docmd("RPRT")
    taken, _, _, late, twice = answer.decode().split()
    if int(taken) != count or int(twice) and engine != "bare":
        raise SystemExit(f"{engine}: {taken} of {count} messages arrived, {twice} twice")
    peaks = [int(text.split()[-1]) for text in said]
    return Outcome(count / took, float(late) - began, max(peaks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--times", type=int, default=3, help="the best of so many runs counts")
    options = parser.parse_args()
    libraries()
    sys.path.append(str(LIBRARIES))
    os.environ["PYTHONPATH"] = str(LIBRARIES)
    port = free_port()
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "PUBLIC_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG"):
        os.environ.pop(name, None)
    from launchportal.embedded import Server

    with tempfile.TemporaryDirectory(prefix="lp-bench-", dir="/tmp") as folder:
        os.environ |= {
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "benchmarks.outgoing.settings",
            "SINK_PORT": str(port),
            "LOG_LEVEL": "ERROR",
        }
        sink = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.outgoing.sink", str(port)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert sink.stdout is not None
        sink.stdout.readline()
        try:
            with Server(Path(folder)).hold():
                subprocess.run(
                    [sys.executable, "manage.py", "prepare", "--verbosity=0"], cwd=ROOT, check=True
                )
                import django

                django.setup()
                measure(options, port)
        finally:
            sink.terminate()
            sink.wait()


def measure(options: argparse.Namespace, port: int) -> None:
    from django.db import connection

    found: dict[str, Outcome] = {}
    chosen = [one for one in RUNS if not options.engines or one[1] in options.engines]
    # In turns, so that a busy moment of the machine hits all of them.
    for _ in range(options.times):
        for name, engine, processes in chosen:
            outcome = run(engine, processes, options.messages, port)
            print(
                f"{name}: {outcome.rate:.0f}/s, p99 {outcome.late:.2f} s, {outcome.peak} MiB", file=sys.stderr
            )
            if name not in found or outcome.rate > found[name].rate:
                found[name] = outcome
    connection.close()
    for name, outcome in found.items():
        print(
            f"| {options.messages} messages, {name} | {outcome.rate:.0f}/s, p99 after {outcome.late:.2f} s, "
            f"{outcome.peak} MiB | {target(name, found)} |"
        )


def target(name: str, found: dict[str, Outcome]) -> str:
    """What this portal is to reach, with the ratios that it did reach."""
    if not name.startswith("this portal"):
        return ""
    own = found[name].rate
    two = "2 processes" in name
    parts = []
    for other, factor in (
        (RUNS[3 if two else 2][0], 2), (RUNS[4][0], 5), (RUNS[5][0], 1),
    ):  # fmt: skip
        if other in found:
            parts.append(f"{factor} x {other.split(',')[0]}: {own / found[other].rate:.1f} x")
    return "; ".join(parts)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
