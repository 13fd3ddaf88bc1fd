"""`manage.py export_plan`: write a launch out as its document."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.actors import SYSTEM
from apps.core.errors import NotFound
from apps.launches.selectors import launch_by_slug
from apps.plans.services.export import export_plan


class Command(BaseCommand):
    help = "Write a launch to standard output as the Markdown document it came from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--live", action="store_true", help="with dates, done marks and actual figures")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            launch = launch_by_slug(SYSTEM, options["slug"])
        except NotFound as error:
            raise CommandError(error.message) from error
        text = export_plan(launch, live=options["live"])
        binary = getattr(sys.stdout, "buffer", None)
        if getattr(self.stdout, "_out", None) is sys.stdout and binary is not None:
            # Byte for byte: text streams would translate line ends.
            binary.write(text.encode())
            binary.flush()
        else:
            self.stdout.write(text, ending="")
