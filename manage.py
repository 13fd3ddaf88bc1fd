#!/usr/bin/env python
"""Runs one management command, holding the embedded database meanwhile unless the command needs none."""

from __future__ import annotations

import os
import sys

# `import_plan --dry-run` reads a document and prints what it found: no database either.
NEED_NO_DATABASE = {"check", "collectstatic", "diffsettings", "help", "spectacular", "version"}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchportal.settings")
    from django.core.management import execute_from_command_line

    from launchportal.embedded import EmbeddedError, Server, default_data_dir

    arguments = sys.argv[1:]
    needless = (
        os.environ.get("DATABASE_URL")
        or not arguments
        or arguments[0] in NEED_NO_DATABASE
        or arguments[0].startswith("-")
        or "--help" in arguments
        or "-h" in arguments
        or (arguments[0] == "import_plan" and "--dry-run" in arguments and "--into" not in arguments)
    )
    if needless:
        execute_from_command_line(sys.argv)
        return 0
    try:
        hold = Server(default_data_dir()).hold()
    except EmbeddedError as error:
        print(f"manage.py: {error}", file=sys.stderr)
        return 1
    with hold:
        execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
