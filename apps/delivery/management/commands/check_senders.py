"""`manage.py check_senders`: whether the domains mail comes from let the relay send for them."""

from __future__ import annotations

from argparse import ArgumentParser
from email.utils import parseaddr
from typing import Any

import dns.resolver
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.delivery.domains import look_up


class Command(BaseCommand):
    help = "Look up SPF, DKIM and DMARC of the domains mail comes from. Exit 1 if a record is missing or bad."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "domains", nargs="*", help="left out: those of DEFAULT_FROM_EMAIL and OUTREACH_SENDER_DOMAINS"
        )
        parser.add_argument(
            "--selector", action="append", default=[], help="a DKIM key's name; also DKIM_SELECTORS"
        )
        parser.add_argument(
            "--server", help="ADDRESS or ADDRESS:PORT of a name server to ask instead of the system's"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        domains = [domain.lower() for domain in options["domains"]] or _own_domains()
        if not domains:
            raise CommandError("No domain to look up: set DEFAULT_FROM_EMAIL, or name one.")
        resolver = _resolver(options["server"])
        selectors = options["selector"] or settings.DKIM_SELECTORS
        bad = 0
        for domain in domains:
            self.stdout.write(domain)
            for finding in look_up(domain, selectors, resolver):
                mark = {True: "ok", False: "BAD", None: "?"}[finding.ok]
                self.stdout.write(f"  {mark:<4}{finding.record:<6}{finding.words}")
                bad += finding.ok is False
        if bad:
            raise CommandError(f"{bad} to mend: receivers may refuse or hide this mail.", returncode=1)


def _own_domains() -> list[str]:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    return list(dict.fromkeys([*filter(None, [sender]), *settings.OUTREACH_SENDER_DOMAINS]))


def _resolver(server: str | None) -> dns.resolver.Resolver:
    if not server:
        return dns.resolver.Resolver()
    address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    if port and not port.isdecimal():
        raise CommandError(f"“{server}” is no address of a name server.")
    resolver = dns.resolver.Resolver(configure=False)
    try:
        resolver.nameservers = [address or server]
    except ValueError as error:
        raise CommandError(f"“{server}” is no address of a name server.") from error
    resolver.port = int(port) if port else 53
    return resolver
