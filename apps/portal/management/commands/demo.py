"""`manage.py demo`: an invented company with three launches to look around in."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.portal.demo import make_demo
from apps.portal.demo.people import PEOPLE


class Command(BaseCommand):
    help = "Make the demonstration's people and launches. Password: DEMO_PASSWORD, else made up and shown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="Do nothing where there are people.")

    def handle(self, *args: Any, **options: Any) -> None:
        if get_user_model().objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("There are people here already: the demonstration wants an empty portal.")
        given = os.environ.get("DEMO_PASSWORD", "")
        password = given or secrets.token_urlsafe(9)
        launches = make_demo(password)
        if options["verbosity"]:
            self.stdout.write(f"Made {len(launches)} launches and {len(PEOPLE)} people.")
            if not given:
                self.stdout.write(f"Everybody's password: {password}")
