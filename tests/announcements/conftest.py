"""Fixtures for the tests of announcements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.announcements.worlds import World


@pytest.fixture
def world(db: None) -> World:
    """One active launch with one person per role."""
    from tests.announcements.worlds import build_world

    return build_world()
