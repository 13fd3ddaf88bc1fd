"""`manage.py alive`: whether a worker or beat of this machine has shown itself lately, for container checks."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models.functions import Now

from apps.core.models import Heartbeat


class Command(BaseCommand):
    help = "Exit 0 if a Celery process on this machine has written its heartbeat lately, else 1."

    def handle(self, *args: Any, **options: Any) -> None:
        host, limit = socket.gethostname(), settings.HEARTBEAT_STALE_SECONDS
        fresh = Heartbeat.objects.filter(
            kind__in=[Heartbeat.Kind.WORKER, Heartbeat.Kind.BEAT],
            name__startswith=f"{host}:",
            at__gt=Now() - timedelta(seconds=limit),
        )
        if not fresh.exists():
            raise CommandError(f"No worker or beat on {host} has shown itself for {limit} s.")
        self.stdout.write("alive")
