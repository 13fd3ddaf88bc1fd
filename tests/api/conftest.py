"""Fixtures for the tests of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kept import Kept, kept

if TYPE_CHECKING:
    from tests.api.worlds import World


built = kept("tests.api.worlds.build_world")


@pytest.fixture
def world(built: Kept, db: None) -> World:
    """Two launches with one record of every kind, and one person per role."""
    return built.fresh()  # type: ignore[no-any-return]
