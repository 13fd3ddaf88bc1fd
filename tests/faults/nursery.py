"""Starts sending processes within milliseconds: Django is loaded once, each worker is a fork of that.

Reads one JSON object a line (`{"lanes": 2, "fault": "after_intent:3"}`), answers with the process id. A worker is
`manage.py deliver --forever` in a process of its own, fit to be killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    # Imported before the forks, so that no worker spends its short life on it.
    import apps.delivery.management.commands.deliver  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.stdin.close()
            settings.DELIVERY_FAULT = wanted.get("fault", "")
            code = 1
            try:
                forever = [] if wanted.get("drain") else ["--forever"]
                call_command("deliver", *forever, f"--lanes={wanted['lanes']}", stdout=sys.stderr)
                code = 0
            finally:
                os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
