"""Fixtures for the tests of campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery.conftest import drain, sink  # noqa: F401  # a real SMTP server, and sending in this thread
from tests.kept import Kept, kept

if TYPE_CHECKING:
    from tests.outreach.worlds import World


built = kept("tests.outreach.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    """A launch with an owner, an editor and a contributor who work with customers; four contacts."""
    return built.fresh()  # type: ignore[no-any-return]
