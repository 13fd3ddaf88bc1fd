"""`manage.py deliver`: sends what is due, without any broker or Celery."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.delivery import selectors
from apps.delivery.services.worker import Worker


class Command(BaseCommand):
    help = "Collect recipients, send and clean up until nothing is due; with --forever, for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--forever", action="store_true", help="go on until told to stop")
        parser.add_argument("--lanes", type=int, help="connections to the relay (default DELIVERY_LANES)")

    def handle(self, *args: Any, **options: Any) -> None:
        worker = Worker(lanes=options["lanes"])
        # The message in hand is finished and what was only taken goes back.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop.told.set())
        sent = worker.run(drain=not options["forever"])
        rest = selectors.waits()
        self.stdout.write(f"{sent} accepted")
        if rest["later"]:
            self.stdout.write(
                f"{rest['later']} wait for later, the first until {rest['next_at']:%Y-%m-%d %H:%M:%S} UTC"
            )
        if rest["uncertain"]:
            self.stdout.write(f"{rest['uncertain']} uncertain: a person has to decide about them")
