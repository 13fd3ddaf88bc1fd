"""Folders in which a database server can live."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchportal.embedded import temporary_data_dir


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of this test's own.

    Not pytest's: every session that starts shuts that to all other users again, also to the one that
    PostgreSQL runs as when the tests run as root.
    """
    made = temporary_data_dir()
    yield made
    shutil.rmtree(made, ignore_errors=True)
