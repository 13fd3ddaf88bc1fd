"""Fixtures for the tests of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kept import Kept, kept

if TYPE_CHECKING:
    from tests.audience.worlds import World


built = kept("tests.audience.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    """Two accounts, and people who work with customers or do not."""
    return built.fresh()  # type: ignore[no-any-return]


@pytest.fixture
def stored_world(transactional_db: None) -> World:
    """A world that other connections see too."""
    from tests.audience.worlds import build_world

    return build_world()
