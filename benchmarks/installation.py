"""A throwaway installation in this process: the embedded database as `make run` has it, migrated and empty."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = ("DATABASE_URL", "CELERY_BROKER_URL", "PUBLIC_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "PORT")


@contextmanager
def installation() -> Iterator[None]:
    """Set Django up on a fresh data folder, static files gathered; everything is gone afterwards.

    Only once in a process, since Django's settings are read once.
    """
    from launchportal.embedded import Server

    with tempfile.TemporaryDirectory(prefix="lp-bench-", dir="/tmp") as folder:
        for name in OWN:
            os.environ.pop(name, None)
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "launchportal.settings"}
        with Server(Path(folder)).hold():
            subprocess.run([sys.executable, "manage.py", "prepare", "--verbosity=0"], cwd=ROOT, check=True)
            import django

            django.setup()
            from django.core.management import call_command
            from django.db import connection

            call_command("collectstatic", interactive=False, verbosity=0)
            try:
                yield
            finally:
                connection.close()


def at_share(seconds: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(seconds)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
