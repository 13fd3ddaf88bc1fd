"""`manage.py receive_mail`: takes one mail on its input, for a pipe in the mail server."""

from __future__ import annotations

import hashlib
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from apps.core.actors import SYSTEM
from apps.core.errors import Invalid
from apps.delivery import incoming
from apps.delivery.reports import key_of
from apps.delivery.services import inbox

# What mail servers understand (sysexits.h): bounce it, or come again later.
DATA_ERROR, TRY_AGAIN = 65, 75


class Command(BaseCommand):
    help = (
        "Read one mail (RFC 5322) from the input: an answer, a bounce, a complaint or somebody unsubscribing. "
        "Exit 0: taken, whether or not it is about a mail of ours; 65: too large or unreadable; 75: come again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sender", help="the envelope's sender; empty for the null sender of machines")
        parser.add_argument("--recipient", default="", help="the envelope's recipient")

    def handle(self, *args: Any, **options: Any) -> None:
        most = settings.DELIVERY_INBOUND_BYTES
        data = sys.stdin.buffer.read(most + 1)
        if len(data) > most:
            raise CommandError(f"The mail is larger than {most} bytes.", returncode=DATA_ERROR)
        if not data.strip():
            raise CommandError("There is no mail on the input.", returncode=DATA_ERROR)
        if data.startswith(b"From "):
            # What mailbox files and some servers put in front.
            data = data.partition(b"\n")[2]
        try:
            message = incoming.read(data)
            mail = incoming.Mail(
                message=message,
                key=incoming.mail_key(message) or key_of("mail", hashlib.sha256(data).hexdigest()),
                sent_by=options["sender"],
                sent_to=options["recipient"],
                said="pipe",
            )
            outcome = inbox.receive(actor=SYSTEM, mail=mail)
        except Invalid as error:
            raise CommandError(error.message, returncode=DATA_ERROR) from error
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(f"The database does not answer: {error}", returncode=TRY_AGAIN) from error
        self.stdout.write(str(outcome))
