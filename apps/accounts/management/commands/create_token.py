"""`manage.py create_token EMAIL --scope S...`: an API token for a person, printed this once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import User
from apps.accounts.services import SCOPES, create_token
from apps.core.actors import SYSTEM
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Makes an API token for a person and prints it. It is stored as a hash only and never shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="Whose rights the token has, within its scopes.")
        parser.add_argument(
            "--scope",
            action="extend",
            nargs="+",
            required=True,
            metavar="SCOPE",
            help=f"What it may do; repeat it or name several: {', '.join(SCOPES)}.",
        )
        parser.add_argument("--name", default="command line", help="What it is for.")
        parser.add_argument(
            "--days", type=int, default=365, help="How long it lasts (1 to 3650); 0 for no end. Default 365."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody active has the address {options['email']}.")
        # "read,write" is what people type too.
        scopes = [scope for given in options["scope"] for scope in given.split(",") if scope]
        try:
            _, text = create_token(
                actor=SYSTEM,
                user=person,
                name=options["name"],
                scopes=scopes,
                days=options["days"] or None,
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(text)
