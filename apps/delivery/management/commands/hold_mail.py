"""`manage.py hold_mail`: holds all mail of the installation, for who restored the database in place."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.actors import SYSTEM
from apps.delivery import selectors
from apps.delivery.services import epochs


class Command(BaseCommand):
    help = "Hold every mailing until a person resumes it. Run it before workers start on a restored database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("reason", help='shown with each mailing, such as "Restored the copy of 3 May."')

    def handle(self, *args: Any, **options: Any) -> None:
        reason = options["reason"].strip()
        if not reason:
            raise CommandError("Say why: people read it where they resume a mailing.")
        epochs.advance(actor=SYSTEM, reason=reason)
        self.stdout.write(f"Mailings held until somebody resumes each: {selectors.held().count()}")
