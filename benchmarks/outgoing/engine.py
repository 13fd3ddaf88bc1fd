"""One process of one engine: `python -m benchmarks.outgoing.engine NAME COUNT`; waits for a line, then sends.

Prints "ready", then after the line and the sending its peak memory in MiB (children's included).
"""

from __future__ import annotations

import resource
import smtplib
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path


def portal(count: int) -> None:
    """This project's: rows claimed, announced, sent and recorded, every commit on."""
    from apps.delivery.services.worker import Worker

    Worker().run()


def post_office(count: int, processes: int = 1) -> None:
    from post_office.mail import send_queued

    send_queued(processes=processes)


def mailer(count: int) -> None:
    from mailer.engine import send_all

    send_all()


def bare(count: int) -> None:
    """What somebody would write in a shell: builds each message, one connection, keeps nothing."""
    from django.conf import settings

    from benchmarks.outgoing.source import FROM, HTML, SUBJECT, TEXT, address, person

    with smtplib.SMTP("127.0.0.1", settings.EMAIL_PORT, "localhost") as smtp:
        for number in range(1, count + 1):
            values = person(number)
            message = EmailMessage()
            message["From"], message["To"] = FROM, f"{values['name']} <{address(number)}>"
            message["Subject"] = SUBJECT.format(**values)
            message["Message-ID"] = f"<bare.{number}@example.com>"
            message.set_content(TEXT.format(**values))
            message.add_alternative(HTML.format(**values), subtype="html")
            smtp.send_message(message)


ENGINES: dict[str, Callable[[int], None]] = {
    "portal": portal,
    "post_office_1": post_office,
    "post_office_2": lambda count: post_office(count, 2),
    "mailer": mailer,
    "bare": bare,
}


def main() -> None:
    import django

    django.setup()
    # A process that sends is long-lived: what it loads at first use is not what is measured.
    from django.urls import reverse

    reverse("healthz")  # the first address takes 0.4 s, as it reads every pattern there is
    run, count = ENGINES[sys.argv[1]], int(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    run(count)
    # Not our own ru_maxrss: it remembers the process that started this one.
    own = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    peak = max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(f"peak {peak / 1024:.0f}", flush=True)


if __name__ == "__main__":
    main()
